"""Runs the tests of rules: each on a replay of its own, by a clock that stands where the test says."""

from __future__ import annotations

import gzip
import zlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from watcher.errors import ConfigError, EightkError, ReadError, Skip
from watcher.models import Report
from watcher.plan import Why
from watcher.rulebook import Expectation, RuleBook, RuleTest
from watcher.rules.replay import Replay, Taken
from watcher.small_files import read_small

__all__ = ["Reader", "Trial", "read_submission", "run_test"]

# Reads the bytes of a full submission as the daemon's line does, but for its rules.
Reader = Callable[[str, bytes], Report]

_NOW = datetime(2026, 1, 12, 17, 0, tzinfo=UTC)  # for filings that tell no time of their own
_MAX_BYTES = 200 * 2**20
# A rule that wants nobody told is not muted.
_MUTED = frozenset(Why) - {Why.RECORD_ONLY}


@dataclass(frozen=True, slots=True)
class Trial:
    """How one test ended: in order when there are no ``faults``."""

    test: RuleTest
    faults: tuple[str, ...]  # what was expected and what came, a line each

    @property
    def is_ok(self) -> bool:
        """Whether all came as expected."""
        return not self.faults


def run_test(test: RuleTest, book: RuleBook, read: Reader, endpoints: Iterable[str]) -> Trial:
    """Run one test. A filing that cannot be read, or lists that cannot be used, are its faults, too."""
    try:
        report = read_submission(test.filing, read) if isinstance(test.filing, Path) else test.filing
        if test.lists:
            book = book.with_lists(test.lists)
    except ConfigError as error:
        return Trial(test, tuple(str(fault) for fault in error.faults))
    except (EightkError, Skip, OSError) as error:
        return Trial(test, (f"{type(error).__name__}: {error}",))
    names = {*endpoints, *(name for rule in book.rules for name in rule.notify)}
    replay = Replay(endpoints=names)
    now = test.clock or report.filing.accepted_at or _NOW
    taken = [replay.take(book, report, now) for _ in range(test.repeat)]
    return Trial(test, tuple(_faults(test, book, report, taken)))


def read_submission(path: Path, read: Reader) -> Report:
    """Read a full submission, which may be compressed with gzip. Raises ``OSError`` and ``ReadError``."""
    raw = read_small(path, _MAX_BYTES)
    if raw.startswith(b"\x1f\x8b"):
        try:
            with gzip.open(path) as unpacked:
                raw = unpacked.read(_MAX_BYTES + 1)
        except (EOFError, zlib.error, gzip.BadGzipFile) as error:
            raise ReadError(f"{path}: not whole: {error}") from error
    if len(raw) > _MAX_BYTES:
        raise ReadError(f"{path}: larger than {_MAX_BYTES} bytes")
    return read(path.name, raw)


def _faults(test: RuleTest, book: RuleBook, report: Report, taken: list[Taken]) -> Iterator[str]:
    expected, last = test.expectation, taken[-1]
    fired = {alert.rule: alert for alert in last.alerts if test.rule in (None, alert.rule)}
    if expected.fires is None:
        named = {*expected.evidence, *(expected.muted or ())}
        yield from _set_faults("fires", named, {name: alert for name, alert in fired.items() if name in named})
    else:
        yield from _set_faults("fires", expected.fires, fired)
    if expected.muted is not None:
        # An alert is raised once, however often its filing comes.
        reasons = {id_: one for each in reversed(taken) for id_, one in each.untold.items() if one.why in _MUTED}
        untold = {name: str(reasons[one.id]) for name, one in fired.items() if one.id in reasons}
        yield from _set_faults("muted", expected.muted, untold)
    for rule, quoted in expected.evidence.items():
        if rule in fired:
            yield from _evidence_faults(rule, quoted, book, report)
    if expected.deliveries is not None:
        came = sum((one.endpoints for one in taken), Counter[str]())
        yield from _delivery_faults(expected, came)


def _set_faults(what: str, expected: Iterable[str], came: Mapping[str, object]) -> Iterator[str]:
    wanted = set(expected)
    for name in sorted(wanted - came.keys()):
        yield f"{what}: expected {name}, which did not"
    for name in sorted(came.keys() - wanted):
        reason = f" ({came[name]})" if isinstance(came[name], str) else ""
        yield f"{what}: {name} did, unexpectedly{reason}"


def _evidence_faults(rule: str, quoted: Mapping[str, str], book: RuleBook, report: Report) -> Iterator[str]:
    clues = [clue for one in book.explain(rule, report).selections for alt in one.alternatives for clue in alt]
    for field, words in quoted.items():
        texts = [
            one.text for clue in clues if clue.clause.partition("|")[0].partition(":")[0] == field
            for one in clue.evidence
        ]  # fmt: skip
        if not any(_holds_in_order(words, text) for text in (*texts, " ".join(texts))):
            yield f"evidence: {rule}: {field}: expected {words!r}, came {texts or 'none'}"


def _holds_in_order(words: str, text: str) -> bool:
    """Whether the text holds these words, whose ``...`` stands for any others. Case and white space do not count."""
    place, plain = 0, " ".join(text.split()).casefold()
    for part in words.split("..."):
        wanted = " ".join(part.split()).casefold()
        found = plain.find(wanted, place)
        if found < 0:
            return False
        place = found + len(wanted)
    return True


def _delivery_faults(expected: Expectation, came: Mapping[str, int]) -> Iterator[str]:
    for endpoint, count in sorted((expected.deliveries or {}).items()):
        if came.get(endpoint, 0) != count:
            yield f"deliveries: expected {count} to {endpoint}, came {came.get(endpoint, 0)}"
    for endpoint in sorted(came.keys() - (expected.deliveries or {}).keys()):
        yield f"deliveries: {came[endpoint]} to {endpoint}, unexpectedly"
