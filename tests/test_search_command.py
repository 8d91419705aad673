"""``eightk search`` as its users type it."""

import csv
import io
import json
from dataclasses import replace
from datetime import timedelta

import pytest
from _running import Place
from _stores import NOW, report, save
from click.testing import CliRunner, Result

from watcher.cli import cli
from watcher.models import Document, Event, Severity
from watcher.store.database import Store


def accession(number: int) -> str:
    return f"0000000001-26-{number:06}"


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Place:
    folder = tmp_path_factory.mktemp("place")
    place = Place(folder).set_up()
    (folder / "data").mkdir()
    with Store(f"sqlite:///{folder}/data/eightk.db") as store:
        for number in (1, 2, 3):
            one = report(accession(number))
            about = replace(one.filing, accepted_at=NOW + number * timedelta(hours=1))
            texts = ("Cover page.", f"=The board\ndeclared dividend number {number}.")
            documents = tuple(Document(n, f"EX-{n}", "d.htm", "", 9, text) for n, text in enumerate(texts, 1))
            events = (Event("dividend", 0.9, severity=Severity.HIGH if number == 2 else Severity.LOW),)
            save(store, replace(one, filing=about, documents=documents, events=events))
    return place


def asked(place: Place, *arguments: str) -> Result:
    return CliRunner().invoke(cli, ["search", *arguments, "--config", str(place.config)])


def test_a_search_shows_the_passages(place: Place):
    done = asked(place, "dividend", "--limit", "1")

    assert done.exit_code == 0, done.output
    assert done.output.splitlines() == [
        f"2026-01-12 20:00  {accession(3)}  8-K     Made Up, Inc.",
        "    EX-2: =The board declared dividend number 3.",
    ]


def test_a_search_as_json_tells_where_it_stands(place: Place):
    found = json.loads(asked(place, '"declared dividend"', "--json").output)

    assert [one["accession"] for one in found] == [accession(3), accession(2), accession(1)]
    (hit,) = found[0]["hits"]
    assert (hit["document"], hit["label"], hit["start"], hit["end"]) == (2, "EX-2", 11, 28)
    assert [piece["text"] for piece in hit["pieces"] if piece["is_match"]] == ["declared dividend"]


def test_a_search_as_a_table_holds_no_formula(place: Place):
    rows = list(csv.DictReader(io.StringIO(asked(place, "dividend", "--csv").output)))

    assert [row["accession"] for row in rows] == [accession(3), accession(2), accession(1)]
    assert rows[0]["passage"] == "'=The board declared dividend number 3."


def test_a_search_for_more_than_a_page_reads_page_after_page(place: Place, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("watcher.cli.search.PAGE", 1)

    assert len(json.loads(asked(place, "dividend", "--json", "--limit", "3").output)) == 3


def test_a_search_is_narrowed_by_the_severity_of_events(place: Place):
    found = json.loads(asked(place, "dividend", "--severity", "high", "--json").output)

    assert [one["accession"] for one in found] == [accession(2)]


def test_what_is_not_found_is_told(place: Place):
    assert asked(place, "dividend", "--item", "5.02").output == "nothing found\n"


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (("d*",), "at least 3 letters or digits"),
        (("--", "-dividend"), "only what is to be left out"),
        (("dividend", "--item", "nine"), "no item of Form 8-K"),
        (("dividend", "--event", "dividnd"), "did you mean dividend?"),
        (("dividend", "--form", "9-K"), "no filing of form '9-K' is in the store"),
        (("dividend", "--json", "--csv"), "give one of --json and --csv"),
        (("dividend", "--since", "2026-02-01", "--until", "2026-01-01"), "nothing lies between them"),
    ],
    ids=str,
)
def test_what_cannot_be_asked_is_wrong_usage(place: Place, arguments: tuple[str, ...], problem: str):
    runner = CliRunner()
    done = runner.invoke(cli, ["search", "--config", str(place.config), *arguments])

    assert done.exit_code == 2
    assert problem in done.output
