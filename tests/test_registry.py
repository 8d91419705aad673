"""The registry: handlers come in by entry point and by plain file, in order, with settings that were checked."""

import importlib
import pickle
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from watcher.config import load_settings
from watcher.errors import ConfigError
from watcher.handler import Context, Handler, Stage
from watcher.ready import examine
from watcher.registry import LineSpec, build_handlers, build_notifiers, discover

BUILT_IN = frozenset(one.name for one in discover(None))
HEAD = """
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal
from watcher import ConfigError, Fault, Handler, Notifier, Report, Stage
"""
QUIET = """
class Quiet(Handler):
    name = "quiet"
    stage = Stage.CLASSIFY

    def handle(self, report): ...
"""
SETTABLE = """
class Settable(Handler):
    name = "settable"
    stage = Stage.ALERT

    def __init__(
        self, *, minimum: float, mode: Literal["a", "b"] = "a", names: tuple[str, ...] = (), file: Path = Path("x")
    ):
        if minimum < 0:
            raise ValueError(f"minimum: expected 0 or more, got {minimum}")
        self.got = (minimum, mode, names, file)

    def handle(self, report): ...
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "config" / "handlers"
    made.mkdir(parents=True)
    return made


def spec(folder: Path, **changes) -> LineSpec:
    """A line of the folder's handlers alone."""
    disabled = BUILT_IN | changes.pop("disabled", frozenset())
    return LineSpec(Context(), folder, disabled=disabled, where="eightk.toml", base=folder.parent.parent, **changes)


def put(folder: Path, text: str, name: str = "mine.py") -> None:
    (folder / name).write_text(HEAD + text)


def handler(name: str, stage: str = "PARSE", after: tuple[str, ...] = ()) -> str:
    head = f"class H{name}(Handler):\n    name = {name!r}\n    stage = Stage.{stage}\n    after = {after!r}\n"
    return head + "    def handle(self, report): ...\n"


def faults_of(build: Callable[..., object], *args) -> list[str]:
    with pytest.raises(ConfigError) as raised:
        build(*args)
    return [str(fault) for fault in raised.value.faults]


def names(folder: Path, **changes) -> list[str]:
    return [one.name for one in build_handlers(spec(folder, **changes))]


# Plain files.


def test_a_handler_in_a_plain_file_is_found_with_its_place(folder: Path):
    put(folder, QUIET)
    found = {one.name: one for one in discover(folder)}["quiet"]

    assert (found.stage, found.origin) == (Stage.CLASSIFY, str(folder / "mine.py"))


def test_what_a_file_merely_imports_or_marks_as_its_own_base_is_no_handler(folder: Path):
    put(folder, QUIET + "class _Base(Handler): pass\ndef helper(): pass\nAlso = Quiet\n")

    assert names(folder) == ["quiet"]


def test_a_folder_that_is_not_there_holds_no_handlers(tmp_path: Path):
    assert {one.name for one in discover(tmp_path / "nowhere")} == BUILT_IN


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("import nowhere_at_all", "cannot be imported: ModuleNotFoundError: No module named 'nowhere_at_all'"),
        ("def broken(:", "cannot be imported: SyntaxError"),
        ("sys.exit(0)", "cannot be imported: SystemExit: 0"),
        ("class Mine(Handler): stage = Stage.PARSE", "Mine: a handler needs a name"),
        ("class Mine(Handler):\n    name = 'mine'; stage = Stage.PARSE", "Mine: a handler needs a method handle"),
        (
            "class Mine(Handler):\n    name = 'mine'; stage = Stage.PARSE\n    async def handle(self, report): ...",
            "Mine: handle is a plain `def`",
        ),
        ("class Mine(Notifier):\n    name = 'mine'", "Mine: a notifier needs a method async def notify"),
        (
            "class Mine(Notifier):\n    name = 'mine'\n    def notify(self, message, post, now): ...",
            "Mine: notify is an `async def`",
        ),
        ("class Mine(Handler): name = 'mine'", "Mine: a handler needs a stage: Stage.PARSE"),
        ("class Mine(Handler):\n    name = 'mine'; stage = Stage.NOTIFY", "Mine: a handler needs a stage"),
        ("class Mine(Notifier):\n    name = 'mine'; stage = Stage.PARSE", "Mine: a notifier's stage is Stage.NOTIFY"),
        (
            "class Mine(Handler):\n    name = 'mine'; stage = Stage.PARSE; after = ('a')",
            "Mine: `after` must be a tuple",
        ),
        (
            "class Mine(Handler):\n    name = 'mine'; stage = Stage.CLASSIFY; events = ('recall')",
            "Mine: `events` must be a tuple of names, such as ('vehicle-recall',)",
        ),
    ],
)
def test_a_file_that_brings_no_proper_handler_is_named_with_the_reason(folder: Path, text: str, problem: str):
    put(folder, text)
    (fault,) = faults_of(discover, folder)

    assert fault.startswith(f"{folder / 'mine.py'}: {problem}")


def test_two_handlers_of_one_name_are_named_with_their_places(folder: Path):
    put(folder, QUIET, "a.py")
    put(folder, QUIET, "b.py")

    assert faults_of(discover, folder) == [
        f"{folder / 'a.py'} and {folder / 'b.py'}: quiet: two handlers of this name (rename one, or remove one)"
    ]


def test_a_broken_file_does_not_hide_the_faults_of_the_others(folder: Path):
    put(folder, "import nowhere_at_all", "broken.py")
    put(folder, SETTABLE)
    faults = faults_of(build_handlers, spec(folder, settings={"settable": {"minimum": "much"}}))

    assert [fault.split(":")[0] for fault in faults] == [str(folder / "broken.py"), "eightk.toml"]


def test_a_name_that_a_broken_file_may_hold_is_not_called_unknown(folder: Path):
    put(folder, "import nowhere_at_all")

    assert len(faults_of(build_handlers, spec(folder, settings={"mine": {}}))) == 1


# Entry points.


@pytest.fixture
def install(tmp_path: Path) -> Iterator[Callable[[str, str], None]]:
    """Make a distribution with one module and one entry point, as an installer would leave it."""
    place = tmp_path / "site"
    place.mkdir()

    def make(text: str, value: str = "made_up_package:Quiet") -> None:
        (place / "made_up_package.py").write_text(HEAD + text)
        info = place / "made_up-1.0.dist-info"
        info.mkdir()
        (info / "METADATA").write_text("Metadata-Version: 2.1\nName: made-up\nVersion: 1.0\n")
        (info / "entry_points.txt").write_text(f"[watcher.handlers]\nanything = {value}\n")
        importlib.invalidate_caches()

    sys.path.insert(0, str(place))
    yield make
    sys.path.remove(str(place))
    sys.modules.pop("made_up_package", None)
    importlib.invalidate_caches()


def test_a_handler_of_an_installed_package_is_found_with_its_place(install):
    install(QUIET)
    found = {one.name: one for one in discover(None)}["quiet"]

    assert (found.stage, found.origin) == (Stage.CLASSIFY, "made_up_package:Quiet")


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("import nowhere_at_all", "cannot be imported: ModuleNotFoundError"),
        ("sys.exit(0)", "cannot be imported: SystemExit: 0"),
        ("", "cannot be imported: AttributeError"),
        ("Quiet = 3", "is not a Handler or Notifier"),
        ("class Quiet(Handler): name = 'quiet'", "a handler needs a stage"),
    ],
)
def test_an_installed_package_that_brings_no_proper_handler_is_named(install, text: str, problem: str):
    install(text)
    (fault,) = faults_of(discover, None)

    assert fault.startswith(f"made_up_package:Quiet: anything: {problem}")


def test_a_plain_file_cannot_quietly_stand_in_for_an_installed_handler(install, folder: Path):
    install(QUIET)
    put(folder, QUIET)

    assert faults_of(discover, folder)[0].startswith(f"made_up_package:Quiet and {folder / 'mine.py'}: quiet: two")


def test_the_built_in_handlers_come_in_by_the_same_door():
    assert {"parse", "titles", "timing", "rules", "webhook", "log"} <= BUILT_IN


# Order.


def test_stages_run_one_after_the_other(folder: Path):
    put(folder, handler("a", "ALERT") + handler("b", "CLASSIFY") + handler("c", "PARSE"))

    assert names(folder) == ["c", "b", "a"]


def test_inside_a_stage_each_runs_after_what_it_names(folder: Path):
    put(folder, handler("a", after=("b",)) + handler("b", after=("c",)) + handler("c"))

    assert names(folder) == ["c", "b", "a"]


def test_what_waits_for_nothing_runs_by_name(folder: Path):
    put(folder, handler("c") + handler("a") + handler("b"))

    assert names(folder) == ["a", "b", "c"]


def test_one_that_is_left_out_is_waited_for_by_no_one(folder: Path):
    put(folder, handler("a", after=("b", "never_heard_of")) + handler("b"))

    assert names(folder, disabled=frozenset({"b"})) == ["a"]


def test_handlers_that_wait_for_each_other_are_a_fault(folder: Path):
    put(folder, handler("a", after=("b",)) + handler("b", after=("a",)))
    (fault,) = faults_of(build_handlers, spec(folder))

    assert "each must run after the other" in fault
    assert "a > b" in fault or "b > a" in fault


def test_the_line_can_end_before_its_last_stage(folder: Path):
    put(folder, handler("a", "PARSE") + handler("b", "CLASSIFY") + handler("c", "ALERT"))

    assert names(folder, until=Stage.CLASSIFY) == ["a", "b"]


# Names in the settings.


def test_settings_of_a_handler_that_nobody_brought_are_a_fault(folder: Path):
    put(folder, QUIET)
    (fault,) = faults_of(build_handlers, spec(folder, settings={"quite": {}}))

    assert fault.startswith("eightk.toml: handler.quite: no handler of this name (known: ")
    assert "quiet" in fault


def test_settings_of_a_notifier_belong_to_an_endpoint(folder: Path):
    (fault,) = faults_of(build_handlers, spec(folder, settings={"webhook": {"url": "https://example.com"}}))

    assert fault == ("eightk.toml: handler.webhook: this one notifies (its settings stand in a table [endpoint.NAME])")


def test_leaving_out_what_nobody_brought_is_a_fault(folder: Path):
    (fault,) = faults_of(build_handlers, spec(folder, disabled=frozenset({"quiet"})))

    assert fault.startswith("eightk.toml: handlers.disabled: no handler 'quiet'")


# Settings of a handler.


def built(folder: Path, values: dict[str, object]) -> Handler:
    put(folder, SETTABLE)
    (one,) = build_handlers(spec(folder, settings={"settable": values}))
    return one


def test_a_handler_is_built_with_its_settings(folder: Path):
    one = built(folder, {"minimum": 2, "mode": "b", "names": ["x", "y"]})

    assert one.got == (2.0, "b", ("x", "y"), Path("x"))


def test_a_relative_path_starts_at_the_settings_base(folder: Path, tmp_path: Path):
    assert built(folder, {"minimum": 2, "file": "secrets/desk"}).got[3] == tmp_path / "secrets" / "desk"


def test_a_path_may_begin_at_home(folder: Path):
    assert built(folder, {"minimum": 2, "file": "~/desk"}).got[3] == Path.home() / "desk"


def test_all_faults_of_a_handlers_settings_are_told_at_once(folder: Path):
    put(folder, SETTABLE)
    faults = faults_of(build_handlers, spec(folder, settings={"settable": {"mode": "c", "names": 3, "minimun": 1}}))

    known = "(settings of 'settable': minimum, mode, names, file)"
    assert sorted(faults) == [
        f"eightk.toml: handler.settable.minimum: is missing {known}",
        f"eightk.toml: handler.settable.minimun: unknown key {known}",
        "eightk.toml: handler.settable.mode: should be 'a' or 'b' (got 'c')",
        "eightk.toml: handler.settable.names: should be a list (got 3)",
    ]


def test_what_the_constructor_itself_refuses_is_told_in_its_words(folder: Path):
    put(folder, SETTABLE)
    faults = faults_of(build_handlers, spec(folder, settings={"settable": {"minimum": -1}}))

    assert faults == ["eightk.toml: handler.settable: minimum: expected 0 or more, got -1.0"]


def test_a_handler_without_settings_says_so(folder: Path):
    put(folder, QUIET)
    faults = faults_of(build_handlers, spec(folder, settings={"quiet": {"level": 1}}))

    assert faults == ["eightk.toml: handler.quiet.level: unknown key (settings of 'quiet': none)"]


@pytest.mark.parametrize(
    ("constructor", "problem"),
    [
        ("def __init__(self): raise KeyError('url')", "cannot be built: KeyError: 'url'"),
        ("def __init__(self, *, a: 'Nowhere' = 1): pass", "cannot be built: NameError"),
        ("def __init__(self, needed): pass", "missing 1 required positional argument"),
    ],
)
def test_a_constructor_that_fails_is_a_fault_and_no_crash(folder: Path, constructor: str, problem: str):
    put(folder, QUIET + f"    {constructor}\n")
    (fault,) = faults_of(build_handlers, spec(folder))

    assert fault.startswith("eightk.toml: handler.quiet: ")
    assert problem in fault


def test_faults_that_a_handler_finds_by_itself_are_told_as_they_are(folder: Path):
    put(folder, QUIET + "    def __init__(self): raise ConfigError([Fault('rules.yaml', 'r', 'odd')])\n")

    assert faults_of(build_handlers, spec(folder)) == ["rules.yaml: r: odd"]


def test_a_setting_may_be_called_what_it_likes_and_be_of_any_type(folder: Path):
    put(
        folder,
        "@dataclass\nclass Pair:\n    one: int\n"
        + QUIET
        + "    def __init__(self, *, json: bool, schema: str, pair: Pair, model_config: int = 1):\n"
        + "        self.got = (json, schema, pair.one)\n",
    )
    (one,) = build_handlers(spec(folder, settings={"quiet": {"json": True, "schema": "s", "pair": {"one": 1}}}))

    assert one.got == (True, "s", 1)


def test_a_handler_is_told_where_the_rules_are_and_which_endpoints_there_are(folder: Path):
    put(
        folder,
        QUIET + "    @classmethod\n    def build(cls, context, **settings):\n"
        "        one = cls(**settings)\n        one.context = context\n        return one\n",
    )
    context = Context(Path("rules"), frozenset({"desk"}))
    (one,) = build_handlers(LineSpec(context, folder, disabled=BUILT_IN))

    assert one.context == context


def test_what_a_worker_is_told_survives_the_way_to_it(folder: Path):
    sent = spec(folder, settings={"quiet": {"a": [1]}})

    assert pickle.loads(pickle.dumps(sent)) == sent


# Notifiers.

BELL = """
class Bell(Notifier):
    name = "bell"

    def __init__(self, *, tone: str, file: Path | None = None):
        self.got = (tone, file)

    async def notify(self, message, post, now): ...

class Asks(Notifier):
    name = "asks"

    def __init__(self, *, allow: tuple[str, ...] = ()):
        self.got = allow

    async def notify(self, message, post, now): ...
"""


def settings(folder: Path, text: str) -> Path:
    put(folder, BELL)
    file = folder.parent / "eightk.toml"
    file.write_text(f"[handlers]\ndisabled = {sorted(BUILT_IN)}\n{text}")
    return file


def notifiers(folder: Path, text: str) -> dict[str, object]:
    built = build_notifiers(load_settings(settings(folder, text), {}))
    return {name: one.got for name, one in built.items()}


def test_each_endpoint_has_a_notifier_of_its_own_with_its_settings(folder: Path, tmp_path: Path):
    text = '[endpoint.a]\nkind = "bell"\ntone = "c"\nfile = "f"\n[endpoint.b]\nkind = "bell"\ntone = "d"\n'

    assert notifiers(folder, text) == {"a": ("c", tmp_path / "f"), "b": ("d", None)}


def test_the_list_of_allowed_addresses_goes_to_notifiers_that_ask_for_it(folder: Path):
    allow = 'allow = ["127.0.0.1:9000"]\n'
    text = f'[endpoint.a]\nkind = "bell"\ntone = "c"\n{allow}[endpoint.b]\nkind = "asks"\n{allow}'

    assert notifiers(folder, text) == {"a": ("c", None), "b": ("127.0.0.1:9000",)}


def test_all_faults_of_all_endpoints_are_told_at_once(folder: Path):
    file = settings(folder, '[endpoint.a]\nkind = "bel"\n[endpoint.b]\nkind = "bell"\nfone = "c"\n')

    assert sorted(faults_of(build_notifiers, load_settings(file, {}))) == [
        f"{file}: endpoint.a.kind: no notifier 'bel' (known: asks, bell)",
        f"{file}: endpoint.b.fone: unknown key (settings of 'bell': tone, file)",
        f"{file}: endpoint.b.tone: is missing (settings of 'bell': tone, file)",
    ]


# Everything in one go.


def test_faults_of_settings_handlers_endpoints_and_folders_are_told_together(folder: Path, tmp_path: Path):
    (tmp_path / "inbox").write_text("a file where the folder should be")
    put(folder, "import nowhere_at_all", "broken.py")
    file = settings(folder, '[edgar]\npoll_seconds = -1\n[endpoint.b]\nkind = "bell"\n')

    assert [fault.removeprefix(str(file)).split(":")[1].strip() for fault in faults_of(examine, file)] == [
        "edgar.poll_seconds",
        "cannot be imported",
        "endpoint.b.tone",
        "folder.path",
    ]


def test_a_rule_is_not_blamed_for_the_endpoint_that_it_names(tmp_path: Path):
    rules = tmp_path / "config" / "rules"
    rules.mkdir(parents=True)
    rule = "{id: r, title: t, match: {items|has: '7.01'}, notify: [desk]}"
    (rules / "mine.yaml").write_text(f"version: 1\ngroups: [{{name: g, rules: [{rule}]}}]\n")
    file = tmp_path / "config" / "eightk.toml"
    file.write_text('[endpoint.desk]\nurl = "https://example.com/hook"\n')

    assert faults_of(examine, file) == [
        f"{file}: endpoint.desk.kind: is missing (the notifier: webhook, log, or one of your own)"
    ]


def test_no_folder_is_made_in_place_of_one_that_was_named_wrongly(folder: Path, tmp_path: Path):
    file = settings(folder, "")
    file.write_text(f"data_dir = 3\nfolder = 4\n{file.read_text()}")
    faults_of(examine, file)

    assert sorted(path.name for path in tmp_path.iterdir()) == ["config"]


def test_settings_that_can_be_used_give_what_they_build(folder: Path):
    put(folder, QUIET, "quiet.py")
    ready = examine(settings(folder, '[endpoint.a]\nkind = "asks"\n'))

    assert ([one.name for one in ready.handlers], list(ready.notifiers)) == (["quiet"], ["a"])


def test_a_misspelt_neighbour_is_told(folder: Path):
    put(folder, handler("mine", after=("sumz",)) + handler("sums"))

    (fault,) = faults_of(build_handlers, spec(folder))

    assert fault.endswith("mine: must run after 'sumz', which is no handler (did you mean 'sums'?)")


def test_no_handler_can_run_after_one_of_a_later_stage(folder: Path):
    put(folder, handler("a", stage="PARSE", after=("b",)) + handler("b", stage="ALERT"))

    (fault,) = faults_of(build_handlers, spec(folder))

    assert fault.endswith("a: must run after 'b', which is of a later stage (drop it)")
