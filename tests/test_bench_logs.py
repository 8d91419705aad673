"""How a bench reads the log of a daemon that was killed: no whole line is passed over, and half of one is no fault."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest

from bench.logs import log_lines, saves
from watcher.logs import JsonFormatter


def written(message: str, **facts: object) -> str:
    """A line as the daemon writes it, without its end."""
    record = logging.makeLogRecord({"name": "watcher", "levelno": 20, "levelname": "INFO", "msg": message, **facts})
    return JsonFormatter().format(record)


FIRST, SECOND, THIRD = (written("saved", accession=str(number)) for number in (1, 2, 3))


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "daemon.log"


def test_a_log_that_is_not_there_yet_has_no_lines(log: Path) -> None:
    assert list(log_lines(log)) == []


def test_whole_lines_are_read_with_their_facts(log: Path) -> None:
    log.write_text(f"{written('began', folders={'inbox': 1})}\n{FIRST}\n")

    assert [line["message"] for line in log_lines(log)] == ["began", "saved"]
    assert next(log_lines(log))["folders"] == {"inbox": 1}


def test_a_line_behind_half_of_another_is_read_wherever_that_was_cut(log: Path) -> None:
    read = {}
    for cut in range(len(FIRST)):
        log.write_text(f"{FIRST[:cut]}{SECOND}\n{THIRD}\n")
        read[cut] = saves(log)

    assert {cut: found for cut, found in read.items() if found != ["2", "3"]} == {}


def test_two_halves_before_a_line_are_passed_over(log: Path) -> None:
    log.write_text(f"{FIRST[:30]}{SECOND[:-1]}{THIRD}\n")

    assert saves(log) == ["3"]


def test_a_whole_line_that_lacks_but_its_end_is_read_and_so_is_the_next(log: Path) -> None:
    log.write_text(f"{FIRST}{SECOND}\n")

    assert saves(log) == ["1", "2"]


def test_half_a_line_behind_a_whole_one_takes_nothing_with_it(log: Path) -> None:
    log.write_text(f"{FIRST}{SECOND[:40]}\n{THIRD}\n")

    assert saves(log) == ["1", "3"]


def test_half_a_line_at_the_end_is_passed_over(log: Path) -> None:
    log.write_text(f"{FIRST}\n{SECOND[:40]}")

    assert saves(log) == ["1"]


def test_what_others_print_is_no_line_and_hides_none(log: Path) -> None:
    log.write_text(f"Traceback (most recent call last):\nKeyError: {{1}}\nworker: {FIRST}\n{{}}\n")

    assert saves(log) == ["1"]


def test_a_line_that_quotes_another_is_one_line(log: Path) -> None:
    log.write_text(f"{written('odd', quoted=FIRST, inner={'message': 'saved', 'accession': '9'})}\n")

    assert [line["message"] for line in log_lines(log)] == ["odd"]
