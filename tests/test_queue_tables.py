"""The queue's tables: made once, whoever starts, and brought to the version of procrastinate that is installed."""

import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest
from _postgres import drop_database, fresh_database, run_sql
from procrastinate.schema import SchemaManager
from sqlalchemy import Connection, create_engine

from watcher.engine.queue_tables import prepare
from watcher.errors import StoreError

NOTE = "SELECT obj_description('procrastinate_jobs'::regclass, 'pg_class')"
STEPS = sorted(Path(SchemaManager.get_migrations_path()).glob("*.sql"))


@pytest.fixture
def url() -> Iterator[str]:
    made = fresh_database("tables")
    yield made
    drop_database(made)


@contextmanager
def transaction(url: str) -> Iterator[Connection]:
    engine = create_engine(url.replace("postgresql://", "postgresql+psycopg://"))
    try:
        with engine.begin() as connection:
            yield connection
    finally:
        engine.dispose()


def prepared(url: str) -> None:
    with transaction(url) as connection:
        prepare(connection)


def functions(url: str) -> list[tuple[str, str]]:
    """Every function of procrastinate's and what it does, for all that upgrades are laid out differently."""
    found = run_sql(url, "SELECT proname, prosrc FROM pg_proc WHERE proname LIKE 'procrastinate%' ORDER BY 1")
    return [(name, " ".join(source.split())) for name, source in found]


def test_the_tables_are_made_and_left_alone_the_next_time(url: str):
    prepared(url)
    run_sql(url, "INSERT INTO procrastinate_workers DEFAULT VALUES")
    prepared(url)

    assert run_sql(url, "SELECT count(*) FROM procrastinate_workers") == [(1,)]
    assert run_sql(url, NOTE) == [(f"eightk: procrastinate schema {STEPS[-1].stem}",)]


def test_daemons_that_start_at_once_make_them_once(url: str):
    with ThreadPoolExecutor(4) as pool:
        for made in [pool.submit(prepared, url) for _ in range(4)]:
            made.result()

    assert run_sql(url, "SELECT count(*) FROM procrastinate_jobs") == [(0,)]


def test_a_transaction_that_fails_leaves_none(url: str):
    def fail() -> None:
        with transaction(url) as connection:
            prepare(connection)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()

    assert run_sql(url, "SELECT to_regclass('procrastinate_jobs') IS NULL") == [(True,)]


def test_tables_of_an_earlier_version_take_the_steps_that_they_lack(url: str):
    last = next(place for place, step in enumerate(STEPS) if step.name.startswith("03.01"))
    for step in STEPS[: last + 1]:
        run_sql(url, step.read_text(encoding="utf-8"))
    run_sql(url, f"COMMENT ON TABLE procrastinate_jobs IS 'eightk: procrastinate schema {STEPS[last].stem}'")
    prepared(url)
    fresh = fresh_database("tables")
    prepared(fresh)

    assert (functions(url), run_sql(url, NOTE)) == (functions(fresh), run_sql(fresh, NOTE))
    drop_database(fresh)


def test_tables_of_a_newer_version_are_refused(url: str):
    prepared(url)
    run_sql(url, "COMMENT ON TABLE procrastinate_jobs IS 'eightk: procrastinate schema 99.00.00_01'")

    with pytest.raises(StoreError, match=r"newer procrastinate \(schema 99.00.00_01, this one knows 0"):
        prepared(url)


def test_tables_of_another_program_are_refused(url: str):
    run_sql(url, SchemaManager.get_schema())

    with pytest.raises(StoreError, match="another program's procrastinate tables"):
        prepared(url)


@pytest.mark.parametrize("missing", ["psycopg", "procrastinate", "psycopg_pool"])
def test_without_the_extra_the_engine_names_it_and_the_rest_works(missing: str):
    program = (
        f"import sys; sys.modules[{missing!r}] = None; import watcher, watcher.daemon, watcher.engine.queue_tables\n"
    )
    program += "import watcher.engine.distributed"
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)

    assert ended.stderr.splitlines()[-1] == (
        "watcher.errors.StoreError: several daemons on one store need the extra: pip install 'eightk[postgres]'"
    )
