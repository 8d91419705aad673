"""The line: handlers in a row, and what they may leave behind."""

from datetime import UTC, datetime

import pytest

from watcher.errors import HandlerError, ReadError, Skip
from watcher.handler import Handler, Stage
from watcher.line import Line
from watcher.models import Alert, Document, Event, Filing, Report, Severity, alert_id

FILING = Filing("0000000001-26-000001", "8-K")


class Doing(Handler):
    """Does to a report what it is told."""

    name = "doing"
    stage = Stage.PARSE

    def __init__(self, do) -> None:
        self.handle = do


def found(**changes) -> Report:
    """Run a line of one handler, which sets these fields."""

    def set_fields(report: Report) -> None:
        for name, value in changes.items():
            setattr(report, name, value)

    return Line([Doing(set_fields)]).run(FILING, b"raw")


def fails(error: BaseException) -> HandlerError:
    """Run a line of one handler, which raises this; return what came out."""

    def raise_it(report: Report) -> None:
        raise error

    with pytest.raises(HandlerError) as raised:
        Line([Doing(raise_it)]).run(FILING, b"raw")
    return raised.value


def alert(identity: str) -> Alert:
    return Alert(identity, "r", "t", Severity.LOW, "1", ("desk",))


def test_handlers_run_in_the_order_given():
    seen = []
    Line([Doing(lambda report: seen.append(1)), Doing(lambda report: seen.append(2))]).run(FILING, b"raw")

    assert seen == [1, 2]


def test_a_handler_sees_the_raw_bytes():
    seen = []
    Line([Doing(lambda report: seen.append(report.raw))]).run(FILING, b"raw")

    assert seen == [b"raw"]


def test_the_raw_bytes_do_not_go_on_with_the_report():
    assert found().raw == b""


def test_the_raw_bytes_are_let_go_even_when_a_handler_fails():
    report = Report(FILING, b"raw")

    def fail(_: Report) -> None:
        raise ValueError

    with pytest.raises(HandlerError):
        Line([Doing(fail)]).fill(report)

    assert report.raw == b""


@pytest.mark.parametrize("error", [Skip("not wanted"), ReadError("not a filing"), HandlerError("gave up")])
def test_what_a_handler_decides_passes_as_it_is(error: Exception):
    def decide(report: Report) -> None:
        raise error

    with pytest.raises(type(error)) as raised:
        Line([Doing(decide)]).run(FILING, b"raw")

    assert raised.value is error


def test_a_failing_handler_is_named_with_its_cause_and_its_place():
    text = str(fails(KeyError("date")))

    assert text.startswith("handler 'doing': KeyError: 'date' (test_line.py, line ")


def test_the_cause_of_a_failure_is_kept():
    cause = ZeroDivisionError("one by none")

    assert fails(cause).__cause__ is cause


def test_a_handler_that_exits_ends_its_filing_and_not_the_program():
    assert "SystemExit: 3" in str(fails(SystemExit(3)))


def test_a_handler_cannot_turn_one_filing_into_another():
    with pytest.raises(HandlerError, match=r"filing\.accession: was '0000000001-26-000001', became '9'"):
        found(filing=Filing("9"))


def test_a_handler_may_find_the_accession_of_a_file_that_had_none():
    def name_it(report: Report) -> None:
        report.filing = FILING

    assert Line([Doing(name_it)]).run(Filing(""), b"raw").filing == FILING


@pytest.mark.parametrize(
    ("field", "value", "problem"),
    [
        ("events", ({"event": "buyback"},), "events: expected Event, got dict"),
        ("events", (Event("buyback", float("nan")),), "Out of range float values are not JSON compliant"),
        ("cover", {"seen": b"bytes"}, "Object of type bytes is not JSON serializable"),
        ("cover", {"at": datetime(2026, 1, 1)}, "a time without a zone"),  # noqa: DTZ001
        ("warnings", ["half a character: \ud83d"], "surrogates not allowed"),
        ("documents", (Document(1, "8-K", "a.htm", "", 3, "\ud83d"),), "surrogates not allowed"),
        ("documents", (Document(1, "8-K", "a", "", 3), Document(1, "EX-99", "b", "", 3)), "two of them have one"),
        ("alerts", (alert("mine"),), "the id of rule 'r' is not alert_id"),
        ("signature", 3, "'int' object is not subscriptable"),
    ],
)
def test_what_could_not_be_saved_is_this_filings_failure(field: str, value: object, problem: str):
    with pytest.raises(HandlerError, match=problem):
        found(**{field: value})


def test_times_dates_and_alerts_that_can_be_saved_pass():
    one = alert(alert_id(FILING.accession, "r"))
    cover = {"at": datetime(2026, 1, 1, tzinfo=UTC), "day": datetime(2026, 1, 1, tzinfo=UTC).date(), "tags": ("a",)}

    assert found(alerts=(one,), cover=cover).alerts == (one,)
