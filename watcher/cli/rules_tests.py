"""``eightk rules test``: whether rules do what their tests say."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

import click

from watcher.cli._options import config_option, rule_settings
from watcher.cli._printing import say_line
from watcher.settings import Settings

if TYPE_CHECKING:
    from watcher.rulebook import RuleBook, RuleBookHandler, RuleTest
    from watcher.rules.trials import Reader, Trial

__all__ = ["test"]

EXIT_NO = 1


@click.command()
@click.argument("paths", nargs=-1, type=click.Path(exists=True, path_type=Path), metavar="[PATH]...")
@config_option
@click.option("--verbose", "-v", is_flag=True, help="Name the tests that passed, too.")
@click.option("--junit", type=click.Path(dir_okay=False, path_type=Path), help="Write the outcome as JUnit XML.")
def test(paths: tuple[Path, ...], config: Path | None, verbose: bool, junit: Path | None) -> None:
    """Run the tests that stand in rule files, and those in files of tests.

    PATH is a rule file, a file of tests, or a folder of rules with its own folder "tests"; without it, that of the
    settings. Rules that a test does not name must not fire. Nothing reads the real clock, and nobody is told. Exit
    code 0: all passed; 1: some did not; 2: files or settings cannot be used.
    """
    from watcher.rules.telling import trial_lines
    from watcher.rules.trials import run_test

    settings = rule_settings(config)
    read = _reader(settings)
    trials = [run_test(one, book, read, settings.endpoint) for book, one in _tests(settings, paths)]
    for line in trial_lines(trials, verbose=verbose):
        say_line(line)
    if junit is not None:
        junit.write_bytes(_junit(trials))
    sys.exit(0 if all(one.is_ok for one in trials) else EXIT_NO)


def _tests(settings: Settings, paths: Sequence[Path]) -> Iterator[tuple[RuleBook, RuleTest]]:
    """Give each test with the rules that it is about: those in rule files first, then the files of tests."""
    from watcher.rules.books import read_book, rule_paths, rules_handler

    handler = rules_handler(settings)
    places = rule_paths(settings, paths)
    test_files = [one for place in places for one in _test_files(place, handler)]
    if rule_places := [place for place in places if place not in test_files]:
        book = read_book(settings, rule_places)
        yield from ((book, one) for one in book.tests)
    for path in test_files:
        about = read_book(settings, handler.rule_files_of(path))
        yield from ((about, one) for one in handler.read_tests(path, about))


def _test_files(place: Path, handler: RuleBookHandler) -> list[Path]:
    """The files of tests that a path stands for: itself, or those in the folder ``tests`` of a folder of rules."""
    if place.is_dir():
        return sorted((place / "tests").glob("*.yaml"))
    return [place] if handler.is_test_file(place) else []


def _reader(settings: Settings) -> Reader:
    """What reads a submission as the daemon's line does, but for its rules."""
    from watcher.handler import Stage
    from watcher.line import Line
    from watcher.models import Filing, Report
    from watcher.registry import build_handlers, line_spec

    line: list[Line] = []

    def read(name: str, raw: bytes) -> Report:
        if not line:  # only the tests that name a file need it
            line.append(Line(build_handlers(line_spec(settings, until=Stage.CLASSIFY, rules=False))))
        return line[0].run(Filing(accession=""), raw)

    return read


def _junit(trials: Sequence[Trial]) -> bytes:
    failed = sum(not one.is_ok for one in trials)
    suite = ET.Element("testsuite", name="eightk rules", tests=str(len(trials)), failures=str(failed))
    for one in trials:
        case = ET.SubElement(suite, "testcase", classname=one.test.rule or one.test.where, name=one.test.name)
        if not one.is_ok:
            ET.SubElement(case, "failure", message=one.faults[0]).text = "\n".join((one.test.where, *one.faults))
    ET.indent(suite)
    written: bytes = ET.tostring(suite, encoding="utf-8", xml_declaration=True)
    return written
