"""Bulk work: whatever the executor does, results come whole, in order, and each trouble stays with its own item."""

import os
import random
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from itertools import count, islice
from pathlib import Path
from typing import Any

import pytest

from watcher.bulk.chunks import Done, Item, Portion, in_order
from watcher.errors import EightkError, HandlerCrash, HandlerError, HandlerTimeout, ReadError, Skip
from watcher.handler import Context
from watcher.registry import LineSpec, discover
from watcher.workers import Bounds, Workers


class Desk:
    """A place of threads, which may crash as a worker does, and knows how many calls it was given."""

    def __init__(self, slots: int = 2) -> None:
        self.slots = slots
        self.names: list[str] = []
        self._threads = ThreadPoolExecutor(slots)

    def __enter__(self) -> "Desk":
        return self

    def __exit__(self, *exception: object) -> None:
        self._threads.shutdown()

    def submit(self, name: str, function: Callable[..., Any], /, *args: Any) -> Future[Any]:
        self.names.append(name)
        return self._threads.submit(function, *args)


def square(number: int) -> int:
    time.sleep(random.random() / 500)
    if number == 13:
        raise HandlerError("13: of all numbers")
    return number**2


def items(numbers: Iterator[int]) -> Iterator[Item]:
    for number in numbers:
        yield Item(str(number), (number,), 10)


def told(done: Done) -> Any:
    return str(done.error) if done.error is not None else done.value


@pytest.mark.parametrize("slots", [1, 2, 5])
def test_results_come_in_the_order_of_the_items(slots: int) -> None:
    with Desk(slots) as desk:
        made = [told(one) for one in in_order(desk, square, items(iter(range(500))), Portion(items=7))]

    assert made == ["13: of all numbers" if one == 13 else one**2 for one in range(500)]


def test_nothing_comes_of_nothing() -> None:
    with Desk() as desk:
        assert list(in_order(desk, square, ())) == []


def test_what_cannot_be_had_is_told_in_its_place() -> None:
    lost = Item("lost", error=ReadError("is gone"))

    with Desk() as desk:
        made = [told(one) for one in in_order(desk, square, [lost, Item("2", (2,)), lost, Item("3", (3,)), lost])]

    assert made == ["is gone", 4, "is gone", 9, "is gone"]


def test_only_so_much_is_held_however_much_there_is() -> None:
    read = 0

    def endless() -> Iterator[Item]:
        nonlocal read
        for number in count():
            read += 1
            yield Item(str(number), (number,), 1000)

    portion = Portion(items=4, held_bytes=10_000)
    with Desk() as desk, closing(in_order(desk, square, endless(), portion)) as made:
        for place, one in enumerate(islice(made, 200)):
            assert one.item.args == (place,)
            assert read <= place + 12


def test_one_item_that_is_larger_than_the_room_is_worked_on_alone() -> None:
    sizes = [10, 2000, 400, 400, 10]
    numbered = [Item(str(place), (place,), size) for place, size in enumerate(sizes)]

    with Desk() as desk:
        made = [told(one) for one in in_order(desk, square, numbered, Portion(held_bytes=1000))]

    assert made == [0, 1, 4, 9, 16]


class Frail(Desk):
    """Gives up a whole chunk for one of its items, as a process that dies."""

    def __init__(self, error: Exception, bad: int) -> None:
        super().__init__()
        self._error, self._bad = error, bad

    def submit(self, name: str, function: Callable[..., Any], /, *args: Any) -> Future[Any]:
        if any(call_args == (self._bad,) for _, call_args in args[1]):
            self.names.append(name)
            failed: Future[Any] = Future()
            failed.set_exception(self._error)
            return failed
        return super().submit(name, function, *args)


def test_of_a_chunk_that_was_lost_the_culprit_alone_is_to_blame() -> None:
    with Frail(HandlerCrash("died"), 40) as desk:
        made = [told(one) for one in in_order(desk, square, items(iter(range(100, 0, -1))))]

    assert made == ["died" if one == 40 else "13: of all numbers" if one == 13 else one**2 for one in range(100, 0, -1)]
    assert "40" in desk.names


def test_a_place_that_is_gone_ends_the_run() -> None:
    with Frail(EightkError("no place to work"), 40) as desk, pytest.raises(EightkError, match="no place to work"):
        list(in_order(desk, square, items(iter(range(100)))))


def test_what_goes_wrong_while_reading_comes_out_after_what_was_read() -> None:
    def broken() -> Iterator[Item]:
        yield from items(iter(range(5)))
        raise ValueError("broken")

    made: list[Any] = []
    with Desk() as desk, pytest.raises(ValueError, match="broken"):
        made.extend(one.value for one in in_order(desk, square, broken()))

    assert made == [0, 1, 4, 9, 16]


def test_what_was_read_is_given_while_the_next_is_waited_for() -> None:
    is_free = threading.Event()

    def slow() -> Iterator[Item]:
        yield from items(iter(range(3)))
        assert is_free.wait(60)
        yield Item("3", (3,))

    with Desk() as desk, closing(in_order(desk, square, slow())) as made:
        first = [one.value for one in islice(made, 3)]
        is_free.set()

        assert (first, [one.value for one in made]) == ([0, 1, 4], [9])


def test_who_stops_taking_ends_the_reading(recwarn: pytest.WarningsRecorder) -> None:
    with Desk() as desk, closing(in_order(desk, square, items(count()))) as made:
        next(made)

    assert [one.name for one in threading.enumerate() if one.name == "bulk input"] == []


def obey(word: str) -> str:
    """In a worker: do what is asked."""
    if word == "die":
        os._exit(3)
    if word == "hang":
        time.sleep(60)
    if word == "eat":
        return str(len(bytearray(2**30)))
    if word == "skip":
        raise Skip("not wanted")
    if word == "break":
        raise ValueError("broken")
    return word.upper()


@pytest.fixture(scope="module")
def workers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workers]:
    folder = tmp_path_factory.mktemp("handlers")
    spec = LineSpec(Context(), folder, disabled=frozenset(one.name for one in discover(None)))
    made = Workers(spec, count=2, bounds=Bounds(seconds=3, memory_megabytes=200))
    yield made
    made.close()


@pytest.mark.parametrize(
    ("word", "kind", "words"),
    [
        ("die", HandlerCrash, r"^die: its worker process died \(exit code 3\)$"),
        ("hang", HandlerTimeout, r"^hang: not done within 3 s"),
        ("eat", HandlerCrash, "more memory than one filing may take"),
        ("skip", Skip, "^not wanted$"),
        ("break", HandlerError, "^ValueError: broken$"),
    ],
)
def test_one_bad_item_harms_no_other_of_its_chunk(workers: Workers, word: str, kind: type, words: str) -> None:
    said = [*map(str, range(20)), word, *map(str, range(20))]

    made = list(in_order(workers, obey, [Item(one, (one,)) for one in said]))

    assert [one.value for one in made if one.error is None] == [*map(str, range(20)), *map(str, range(20))]
    (bad,) = [one for one in made if one.error is not None]
    assert (bad.item.name, type(bad.error)) == (word, kind)
    with pytest.raises(kind, match=words):
        raise bad.error if bad.error is not None else AssertionError


def test_closing_the_workers_ends_what_is_under_way(tmp_path: Path) -> None:
    spec = LineSpec(Context(), tmp_path, disabled=frozenset(one.name for one in discover(None)))
    made = Workers(spec, count=1, bounds=Bounds(seconds=60, memory_megabytes=200))
    said = [Item("a", ("a",)), *(Item("hang", ("hang",)) for _ in range(9))]
    with closing(in_order(made, obey, said, Portion(items=1))) as results:
        assert next(results).value == "A"
        made.close()
