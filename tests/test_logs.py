"""The log: one line per step, for people or for machines, and no filing can write into it."""

import io
import json
import logging
import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta, timezone

import pytest

from watcher.logs import JsonFormatter, Seldom, TextFormatter, set_up_logging

FAKE = "\n2026-01-12T17:00:00Z INFO    saved accession=0000000001-26-000001"


def record(message: str = "saved", error: Exception | None = None, **facts) -> logging.LogRecord:
    made = logging.makeLogRecord(
        {"name": "watcher.dispatch", "levelno": 20, "levelname": "INFO", "msg": message, **facts}
    )
    made.created = datetime(2026, 1, 12, 17, 0, 0, 250_000, tzinfo=UTC).timestamp()
    if error is not None:
        made.exc_info = (type(error), error, error.__traceback__)
    return made


def text(*args, **facts) -> str:
    return TextFormatter().format(record(*args, **facts))


def line(*args, **facts) -> dict[str, object]:
    written = JsonFormatter().format(record(*args, **facts))
    assert "\n" not in written
    return json.loads(written)


def raised(words: str) -> Exception:
    try:
        raise ValueError(words)
    except ValueError as error:
        return error


def test_a_step_is_one_line_with_its_facts_as_fields():
    assert text(accession="0000000001-26-000001", items=3) == (
        "2026-01-12T17:00:00Z INFO    saved accession=0000000001-26-000001 items=3"
    )


@pytest.mark.parametrize("sort", ["\n", "\r", "\u2028", "\x1b[31m", "\x00", "\x85"])
def test_no_fact_can_bring_a_line_or_a_colour_of_its_own(sort: str):
    written = text(company=f"Made Up{sort}Inc.")

    assert written.endswith(f"company={json.dumps(f'Made Up{sort}Inc.')}")
    assert written.isprintable()


def test_a_fact_cannot_look_like_two():
    assert text(company='A" items=9').endswith(r'company="A\" items=9"')


@pytest.mark.parametrize("value", ["", "a b", "a=b"])
def test_a_fact_that_is_not_one_plain_word_is_quoted(value: str):
    assert text(reason=value).endswith(f'reason="{value}"')


def test_the_message_itself_cannot_fake_a_line():
    assert "\n" not in text(f"odd{FAKE}")


def test_the_text_of_an_error_cannot_fake_a_line():
    lines = text(error=raised(f"odd{FAKE}")).splitlines()

    assert [one for one in lines[1:] if re.match(r"\d{4}-", one)] == []


def test_the_text_of_an_error_cannot_colour_a_terminal():
    assert "\x1b" not in text(error=raised("\x1b[31mred"))


def test_the_trace_of_an_error_is_kept():
    assert "    raise ValueError(words)" in text(error=raised("odd"))


def test_a_line_for_machines_is_json_with_fixed_names():
    assert line(items=3) == {
        "at": "2026-01-12T17:00:00.250Z",
        "level": "info",
        "logger": "watcher.dispatch",
        "message": "saved",
        "items": 3,
    }


def test_a_line_for_machines_stays_one_line_whatever_it_tells():
    assert line(company=f"odd{FAKE}", error=raised(f"odd{FAKE}"))["company"] == f"odd{FAKE}"


def test_a_trace_is_told_to_machines_too():
    assert "ValueError: odd" in str(line(error=raised("odd"))["trace"])


def test_facts_of_any_type_can_be_told_to_machines():
    assert line(at_time=datetime(2026, 1, 1, tzinfo=UTC), raw=b"x")["raw"] == "b'x'"


@pytest.fixture
def root() -> Iterator[logging.Logger]:
    """The root logger, put back afterwards as it was found."""
    logger = logging.getLogger()
    handlers, level = logger.handlers[:], logger.level
    yield logger
    logger.handlers[:] = handlers
    logger.setLevel(level)


def test_what_is_below_the_level_is_not_logged(root: logging.Logger):
    stream = io.StringIO()
    set_up_logging("warning", "text", stream)
    logging.getLogger("watcher.any").info("quiet")
    logging.getLogger("watcher.any").warning("loud")

    assert "loud" in stream.getvalue()
    assert "quiet" not in stream.getvalue()


def test_the_steps_of_libraries_are_not_told(root: logging.Logger):
    stream = io.StringIO()
    set_up_logging("info", "text", stream)
    logging.getLogger("httpx").info("HTTP Request: GET https://example.com")

    assert stream.getvalue() == ""


def test_setting_up_twice_does_not_tell_everything_twice(root: logging.Logger):
    stream = io.StringIO()
    set_up_logging("info", "json", stream)
    set_up_logging("info", "json", stream)
    logging.getLogger("watcher.any").info("once")

    assert stream.getvalue().count("once") == 1


def test_times_look_alike_wherever_they_stand():
    at = datetime(2026, 1, 12, 18, 0, 0, 5, tzinfo=timezone(timedelta(hours=1)))

    assert text(run_at=at).endswith("run_at=2026-01-12T17:00:00Z")
    assert line(run_at=at)["run_at"] == "2026-01-12T17:00:00Z"
    assert text(day=date(2026, 1, 12)).endswith("day=2026-01-12")


def test_what_strangers_can_cause_is_written_once_a_minute_with_a_count():
    seldom, written = Seldom(), []
    for second in range(150):
        one = record("socket.accept() out of system resource\nsocket: <3>")
        one.created += second
        if seldom.filter(one):
            written.append((second, getattr(one, "left_out", 0)))

    assert written == [(0, 0), (60, 59), (120, 59)]


def test_lines_of_our_own_are_never_left_out():
    seldom = Seldom()

    assert all(seldom.filter(record("saved", accession=str(number))) for number in range(3))


def test_a_clock_set_back_does_not_silence_a_line():
    seldom = Seldom()
    late, early = record("connections turned away"), record("connections turned away")
    early.created -= 3600

    assert (seldom.filter(late), seldom.filter(early)) == (True, True)


def test_a_flood_of_accept_errors_is_one_line_of_the_log():
    stream = io.StringIO()
    set_up_logging("info", "text", stream)
    for _ in range(1000):
        logging.getLogger("asyncio").error("socket.accept() out of system resource")

    assert len(stream.getvalue().splitlines()) == 1
