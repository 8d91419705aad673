"""What the bench asks of other processes and of settings either is done, or is told: never passed over."""

from pathlib import Path

import pytest

from bench.chaos.network import changed
from bench.errors import BenchError
from bench.measuring import measured


def test_what_a_process_measured_is_returned(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text('{"seconds": 1.5}', encoding="utf-8")

    assert measured("table", "json.tool", tmp_path / "a.json", most_seconds=60.0) == {"seconds": 1.5}


def test_a_process_that_fails_is_told_with_its_last_words() -> None:
    with pytest.raises(BenchError, match=r"^linear: HTML: (?s:.*)No module named bench\.no_such_module"):
        measured("linear: HTML", "bench.no_such_module", most_seconds=60.0)


def test_a_process_that_takes_too_long_is_ended() -> None:
    with pytest.raises(BenchError, match=r"^rules: each: not done within 0 seconds$"):
        measured("rules: each", "http.server", "0", "--bind", "127.0.0.1", most_seconds=0.2)


def test_settings_are_changed_wherever_it_is_asked() -> None:
    assert changed("a = 1\nb = 1\nc = 1\n", {"a = 1": "a = 2", "= 1\nc": "= 3\nc"}) == "a = 2\nb = 3\nc = 1\n"


def test_settings_that_lack_what_is_to_be_changed_are_refused() -> None:
    with pytest.raises(BenchError, match=r"settings: no 'poll_seconds = 0\.5' to change"):
        changed("poll_seconds = 1\n", {"poll_seconds = 0.5": "poll_seconds = 60"})
