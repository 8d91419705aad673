"""The bench of a large store: what it makes is a store like any other, and each of its questions finds something."""

import json
from pathlib import Path

import pytest
from sqlalchemy import Connection

from bench import million, million_store
from bench.million_pages import PAGES
from watcher.models import FilingState
from watcher.store import filings, reports
from watcher.store.database import Store

FILINGS = 400


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("million")


def test_every_question_is_asked_of_both_stores(folder: Path, capsys: pytest.CaptureFixture[str]):
    told = folder / "figures.json"
    million.main([str(folder), "--filings", str(FILINGS), "--small", "100", "--repeat", "1", "--json", str(told)])

    assert [one["question"] for one in json.loads(told.read_text())["figures"]] == [*million.QUESTIONS, *PAGES]
    assert "search, median of its questions" in capsys.readouterr().out


def test_what_was_made_is_a_store_like_any_other(folder: Path):
    def whole(connection: Connection) -> list[tuple[object, ...]]:
        connection.exec_driver_sql("INSERT INTO search (search, rank) VALUES ('integrity-check', 1)")
        return [tuple(row) for row in connection.exec_driver_sql("PRAGMA foreign_key_check")]

    with Store(f"sqlite:///{folder / str(FILINGS) / 'eightk.db'}") as store:
        counts = store.read_now(filings.count_by_state)
        report = store.read_now(reports.load, million_store.accession(FILINGS - 1))
        assert store.write_now(whole) == []

    assert sum(counts.values()) == FILINGS
    assert counts[FilingState.SAVED] > FILINGS / 2
    assert report.filing.accepted_at == million_store.LAST
    assert report.documents[0].text.startswith(report.filing.company)
