"""The house rules that a test can hold: who imports whom, how big a file may grow, where each library lives."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import watcher

ROOT = Path(__file__).resolve().parents[1]
SOURCES = sorted(path for folder in ("watcher", "handlers") for path in (ROOT / folder).rglob("*.py"))
MAX_LINES = 450
MAX_FUNCTION_LINES = 60

# Each big library has one home; whoever else needs it asks that home.
HOMES = {
    "apscheduler": {"watcher/schedule.py"},
    "watchdog": {"watcher/sources/_observer.py"},
    "httpx": {"watcher/edgar/client.py", "watcher/outbound.py"},
    "httpcore": {"watcher/outbound.py"},
    "sqlite3": {"watcher/store/sqlite.py", "watcher/store/backup.py", "watcher/store/inspection.py"},
    "prometheus_client": {"watcher/monitoring/metrics.py"},
    "uvicorn": {"watcher/serving.py"},
    "nats": {"handlers/notify/_jetstream.py"},
    "nkeys": {"handlers/notify/_jetstream.py"},
    "argon2": {"watcher/keyring.py"},
    "itsdangerous": {"watcher/web/access.py"},
    "yaml": {"handlers/alert/", "handlers/classify/events/"},
    "sqlalchemy": {"watcher/store/"},
    "psycopg": {"watcher/store/postgresql.py", "watcher/engine/"},
    "procrastinate": {"watcher/engine/"},
    "distributed": {"watcher/bulk/cluster.py"},
    "dask": {"watcher/bulk/cluster.py"},
    "alembic": {"watcher/store/"},
}
# A transaction's connection is handed through the port, so that a job can be submitted inside it.
TYPES_ONLY = {"sqlalchemy": {"Connection"}}

# The pure core, in the order in which it may import: each only what stands before it.
LAYERS = (
    "watcher.errors",
    "watcher.models",
    "watcher.handler",
    "watcher.registry",
    "watcher.dispatch",
    "watcher.daemon",
)


def name_of(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def imports_of(path: Path) -> Iterator[tuple[str, str]]:
    """Every (module, name) that a file imports, anywhere in it; name is "" for a plain import."""
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            yield from ((alias.name, "") for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from ((node.module or "", alias.name) for alias in node.names)


def short(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def test_no_file_outgrows_a_reader() -> None:
    lines = {short(path): len(path.read_text(encoding="utf-8").splitlines()) for path in SOURCES}

    assert {path: count for path, count in lines.items() if count > MAX_LINES} == {}


def test_no_function_outgrows_a_screen() -> None:
    lengths = {
        f"{short(path)}:{node.name}": (node.end_lineno or 0) - node.lineno
        for path in SOURCES
        if "migrations" not in path.parts
        for node in ast.walk(tree(path))
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))
    }

    assert {name: length for name, length in lengths.items() if length >= MAX_FUNCTION_LINES} == {}


def test_a_handler_imports_the_doors_and_its_own_package_only() -> None:
    strays = [
        (short(path), module)
        for path in SOURCES
        for module, _ in imports_of(path)
        if name_of(path).startswith("handlers")
        and module.split(".")[0] in ("watcher", "handlers")
        and module not in ("watcher", "watcher.words")
        and not module.startswith(".".join(name_of(path).split(".")[:2]))
    ]

    assert strays == []


def test_the_watcher_imports_neither_handlers_nor_its_own_door() -> None:
    strays = [
        (short(path), module)
        for path in SOURCES
        for module, _ in imports_of(path)
        if name_of(path).startswith("watcher") and (module.split(".")[0] == "handlers" or module == "watcher")
    ]

    assert strays == []


def test_each_big_library_has_one_home() -> None:
    strays = [
        (short(path), module)
        for path in SOURCES
        for module, name in imports_of(path)
        if (homes := HOMES.get(module.split(".")[0])) is not None
        and not short(path).startswith(tuple(homes))
        and name not in TYPES_ONLY.get(module, set())
    ]

    assert strays == []


def test_only_the_settings_read_the_environment() -> None:
    reads = {
        short(path)
        for path in SOURCES
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Attribute) and node.attr in ("environ", "getenv")
    }

    assert reads <= {"watcher/config.py"}


def test_imports_between_the_layers_go_one_way() -> None:
    graph = {name_of(path): {module for module, _ in imports_of(path)} for path in SOURCES}

    def reaches(start: str) -> set[str]:
        seen: set[str] = set()
        ahead = [start]
        while ahead:
            for module in graph.get(ahead.pop(), ()):
                if module in graph and module not in seen:
                    seen.add(module)
                    ahead.append(module)
        return seen

    for place, layer in enumerate(LAYERS):
        assert reaches(layer) & set(LAYERS[place + 1 :]) == set(), layer


def test_the_door_names_what_it_gives() -> None:
    public = {name for name in vars(watcher) if not name.startswith("_")}
    modules = {name for name in public if type(getattr(watcher, name)).__name__ == "module"}

    assert public - modules == set(watcher.__all__)


def test_the_door_is_light_to_import() -> None:
    """Nothing outside the standard library comes in with it."""
    seen = "import sys, watcher; print(*sorted({name.split('.')[0] for name in sys.modules}))"
    loaded = subprocess.run([sys.executable, "-c", seen], capture_output=True, text=True, check=True).stdout.split()

    heavy = {"lxml", "httpx", "sqlalchemy", "pydantic", "fastapi", "uvicorn", "click", "rich", "yaml", "asyncio"}
    assert heavy & set(loaded) == set()
