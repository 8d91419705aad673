"""What a filing says steers no terminal, whichever command prints it."""

import json
import re
import unicodedata
from dataclasses import replace
from pathlib import Path

import pytest
from _running import Place
from _stores import ACCESSION, NOW, alert, message, report
from click.testing import CliRunner, Result

from watcher.cli import cli
from watcher.models import Event, Evidence, Filer
from watcher.printable import json_text, printable, unturned
from watcher.simulator.generator import Generator
from watcher.store import companies, filings, reports, silences
from watcher.store.database import Store

# Sets a title, colours, clears the screen (by its one-byte form), fakes a line, and turns what follows around.
HOSTILE = "EVIL\x1b]0;pwned\x07\x1b[31m\x9b2J\r\nfaked \u202egnp\u2066.\x7f"


@pytest.mark.parametrize("code", [*range(0x20), *range(0x7F, 0xA0), 0x202E, 0x2066, 0x200F, 0x061C, 0x2028, 0xD800])
def test_what_steers_a_terminal_is_written_out(code: int) -> None:
    shown = printable(f"a{chr(code)}b", is_line=True)

    assert shown == (f"a\\x{code:02x}b" if code < 0x100 else f"a\\u{code:04x}b")
    assert shown.isprintable()


def test_all_else_stays() -> None:
    text = "Société Générale – 東京 \U0001f600 שלום\n\ttabbed"

    assert printable(text) == text
    assert json.loads(json_text({"a": text})) == {"a": text}
    assert "東京" in json_text({"a": text})


def test_a_character_beyond_the_first_plane_is_written_out_whole() -> None:
    assert printable("a\U000e0041b") == "a\\U000e0041b"
    assert json.loads(json_text("a\U000e0041b")) == "a\U000e0041b"
    assert "\U000e0041" not in json_text("a\U000e0041b")


def test_a_page_writes_out_only_what_turns_a_text_around() -> None:
    assert unturned("a\u202eb\u2066\u2028 \x92 שלום") == "a\\u202eb\\u2066\u2028 \x92 שלום"


def test_json_means_the_same() -> None:
    text = json_text({HOSTILE: [HOSTILE]}, indent=1)

    assert json.loads(text) == {HOSTILE: [HOSTILE]}
    assert "\\u009b2J" in text
    assert not steering(text)


@pytest.fixture
def place(tmp_path: Path) -> Place:
    """A place whose store holds a filing in which each text is hostile, with an alert that was not taken."""
    place = Place(tmp_path).set_up()
    raised = alert()
    words = (Evidence(1, 0, 5, HOSTILE),)
    raised = replace(raised, title=HOSTILE, summary=HOSTILE, evidence=words)
    found = report(ACCESSION, raised)
    found.filing = replace(found.filing, filers=(Filer(320, HOSTILE, former_names=(HOSTILE,)),))
    found.items = (replace(found.items[0], title=HOSTILE, text=HOSTILE),)
    found.cover = {"Registrant": HOSTILE}
    found.warnings = [HOSTILE]
    found.events = (Event("buyback", 1.0, words),)
    tmp_path.joinpath("data").mkdir()
    with Store(f"sqlite:///{tmp_path}/data/eightk.db") as store:
        store.write_now(filings.spot, [found.filing], NOW)
        told = {raised.id: replace(message(raised), summary=HOSTILE)}
        store.write_now(reports.save, found, told, NOW, late_hours=72, endpoints=frozenset({"desk"}))
        store.write_now(companies.note_filers, found.filing.filers, NOW)
        store.write_now(filings.postpone, ACCESSION, HOSTILE, NOW)
        store.write_now(
            silences.add, rule=HOSTILE, cik=None, why=HOSTILE, by=HOSTILE, now=NOW, until=NOW.replace(year=9999)
        )
    return place


def steering(text: str) -> list[str]:
    return [one for one in text if one not in "\n\t" and unicodedata.category(one) in ("Cc", "Cf", "Cs")]


def asked(place: Place, *arguments: str) -> Result:
    return CliRunner().invoke(cli, [*arguments, "--config", str(place.config)])


COMMANDS = [
    ("filings",),
    ("filings", "--json"),
    ("filings", "--csv"),
    ("show", ACCESSION),
    ("show", ACCESSION, "--json"),
    ("alerts",),
    ("alerts", "--json"),
    ("deliveries",),
    ("deliveries", "--json"),
    ("company", "320"),
    ("company", "320", "--json"),
    ("silence", "list"),
    ("silence", "list", "--json"),
    ("rules", "explain", "every", ACCESSION),
    ("rules", "explain", "every", ACCESSION, "--json"),
    ("rules", "backtest", "--samples", "3"),
    ("rules", "backtest", "--json"),
]


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_no_command_prints_what_steers_a_terminal(place: Place, command: tuple[str, ...]) -> None:
    done = asked(place, *command)

    assert done.exit_code == 0, done.output
    assert "EVIL" in done.stdout or command[0] == "rules"
    assert steering(done.output) == []


@pytest.mark.parametrize("command", [("filings",), ("alerts",), ("deliveries",), ("silence", "list")], ids=" ".join)
def test_a_row_stays_one_line(place: Place, command: tuple[str, ...]) -> None:
    done = asked(place, *command)

    assert len(done.stdout.splitlines()) == 1


def test_a_name_in_a_filing_fakes_no_line_of_its_page(place: Place) -> None:
    lines = asked(place, "show", ACCESSION).stdout.splitlines()

    # The text of an item keeps its lines; nothing else has any.
    assert [line for line in lines if line.startswith("faked")] == ["faked \\u202egnp\\u2066.\\x7f"]


def test_process_prints_no_control_character_raw(tmp_path: Path) -> None:
    raw = Generator(seed=4).submission(items=("7.01",)).raw
    name = re.search(rb"COMPANY CONFORMED NAME:\s+(\S+)", raw)
    assert name
    hostile = "EVIL\x1b[31m\x9b2J\u202e".encode()
    (tmp_path / "a.txt").write_bytes(raw.replace(name[1], hostile))
    (tmp_path / "b\x9b.txt").write_bytes(b"none")

    done = CliRunner().invoke(cli, ["process", str(tmp_path)])

    assert "\\u009b2J" in done.stdout
    assert steering(done.output) == []


def test_on_a_terminal_a_list_has_heads_and_no_row_is_wider(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("watcher.cli.filings.is_terminal", lambda: True)
    monkeypatch.setattr("watcher.cli._printing.is_terminal", lambda: True)
    monkeypatch.setenv("COLUMNS", "100")

    heads, row = asked(place, "filings").stdout.splitlines()

    assert heads.split() == ["ACCEPTED", "(UTC)", "ACCESSION", "FORM", "STATE", "ITEMS", "COMPANY"]
    assert heads.index("ACCESSION") == row.index(ACCESSION)
    assert (len(row), row[-1]) == (100, "…")


def test_elsewhere_a_row_is_told_whole(place: Place) -> None:
    assert len(asked(place, "filings").stdout.splitlines()[0]) > 200
