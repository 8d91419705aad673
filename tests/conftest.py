"""Fixtures shared by every test, and what makes them run side by side."""

import gc
import os
from collections.abc import Generator, Iterator
from pathlib import Path

import pytest
from _memory import folder_in_memory
from _stores import on_postgresql


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of real filings that lies beside a developer's checkout."""
    folder = Path(__file__).resolve().parents[2] / "shared"
    if not (folder / "corpus").is_dir():
        pytest.skip("no folder of real filings beside this checkout")
    return folder


@pytest.fixture(params=["sqlite", "postgresql"])
def either_store(request: pytest.FixtureRequest) -> Iterator[str]:
    """Run the test once for each database: see `_stores`."""
    if request.param == "sqlite":
        yield "sqlite"
        return
    with on_postgresql():
        yield "postgresql"


def pytest_configure() -> None:
    """Have ``tmp_path`` in memory; whoever would have it elsewhere sets the variable."""
    if folder := folder_in_memory():
        os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", folder)


def pytest_xdist_auto_num_workers() -> int:
    """Half as many again as there are processors: a test of a daemon waits for a third of its time."""
    return max(2, (os.cpu_count() or 1) * 3 // 2)


def pytest_collection_finish() -> None:
    """Ten thousand tests are a heap that the garbage collector would go through again and again, for nothing."""
    gc.collect()
    gc.freeze()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """What a test logged may hold half a character, which cannot be sent from one process to another."""
    report = yield
    report.sections = [(name, text.encode("utf-8", "backslashreplace").decode()) for name, text in report.sections]
    return report
