"""Bulk work: one pure function over many items, in chunks on an executor, with the results in the items' own order.

It never passes the engine: nothing of it is urgent, and whoever asks for it follows it to its end. A thread reads
ahead, so many items and bytes and no more; a chunk goes out as soon as a worker would else be idle, so how items fall
into chunks may differ from run to run, and what comes of them does not.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass, field
from queue import Empty, SimpleQueue
from typing import Any, Protocol

from watcher._worker import ACCESSION, Answer, tellable
from watcher.errors import HandlerError
from watcher.logs import about

__all__ = ["Done", "Item", "Place", "Portion", "in_order"]

JOIN_SECONDS = 0.2


@dataclass(frozen=True, slots=True)
class Item:
    """One thing to work on: ``args`` go to the function; ``kept`` stays here, for whoever takes the result."""

    name: str  # for errors and the log: an accession number, where it is a filing
    args: tuple[Any, ...] = ()
    size: int = 0  # bytes that it holds
    kept: Any = None
    error: Exception | None = None  # why there is nothing to work on; it is passed on in its place


@dataclass(frozen=True, slots=True)
class Done:
    """What came of an item: a value, or the error that concerns it alone."""

    item: Item
    value: Any = None
    error: Exception | None = None


@dataclass(frozen=True, slots=True)
class Portion:
    """How much goes into one chunk, and how much is held at once, those that wait for an earlier one included."""

    items: int = 32
    bytes: int = 2 * 2**20
    held_bytes: int = 256 * 2**20
    held_chunks: int = 4  # for each worker


class Place(Protocol):
    """Where the work is done: a `concurrent.futures` executor whose calls have names, and bounds."""

    @property
    def slots(self) -> int:
        """How many calls it works on at once."""

    def submit(self, name: str, function: Callable[..., Any], /, *args: Any) -> Future[Any]:
        """Have a function of an importable module called.

        The future raises ``Skip``, ``ReadError`` or ``HandlerError`` for what was called, which includes a process that
        died of it or did not end in time; any other error says that there is no place to work any more.
        """


def in_order(
    place: Place, function: Callable[..., Any], items: Iterable[Item], portion: Portion | None = None
) -> Generator[Done, None, None]:
    """Give what comes of each item, in their order. ``items`` are read in a thread of their own.

    A chunk whose process died or overran its bounds is worked on again item by item, so that the culprit alone is to
    blame. Raises what reading the items raises, once all before it are given, and what the place raises. To be closed,
    or read to its end: what is under way is given up then.
    """
    run = _Run(place, function, portion or Portion())
    reader = threading.Thread(target=run.read, args=(items,), name="bulk input", daemon=True)
    reader.start()
    try:
        yield from run.results()
    finally:
        run.give_up()
        # It may wait for a pipe that nobody writes to: then it ends with the program.
        reader.join(JOIN_SECONDS)


def work_through(function: Callable[..., Any], calls: Sequence[tuple[str, tuple[Any, ...]]]) -> list[Answer]:
    """Call the function for each, in a worker. Raises what is no single item's own word, such as a full memory."""
    return [_answer(function, name, args) for name, args in calls]


def _answer(function: Callable[..., Any], name: str, args: tuple[Any, ...]) -> Answer:
    with about(accession=name if ACCESSION.fullmatch(name) else None):
        try:
            return Answer(function(*args))
        except Exception as error:
            told = tellable(error)
            if told is None:
                raise
            return Answer(error=told)


@dataclass(slots=True)
class _Chunk:
    """Some items that stand together; what cannot be worked on stands between the others and is not sent."""

    items: list[Item]
    future: Future[list[Answer]] | None = None

    @property
    def is_done(self) -> bool:
        return self.future is None or self.future.done()

    @property
    def calls(self) -> list[tuple[str, tuple[Any, ...]]]:
        return [(one.name, one.args) for one in self.items if one.error is None]

    def results(self) -> Iterator[Done]:
        """Give what came of each item. Raises what the chunk's call raised."""
        answers = iter(self.future.result() if self.future is not None else ())
        for one in self.items:
            answer = Answer(error=one.error) if one.error is not None else next(answers)
            yield Done(one, answer.value, answer.error)


class _End:
    """The last item has been read, or reading broke off."""

    def __init__(self, error: BaseException | None = None) -> None:
        self.error = error


class _Run:
    """One run. All but `read` is called by one thread."""

    def __init__(self, place: Place, function: Callable[..., Any], portion: Portion) -> None:
        self._place = place
        self._function = function
        self._portion = portion
        self._room = _Room(portion)
        self._events: SimpleQueue[Item | _End | None] = SimpleQueue()  # None: a call has ended
        self._pending: deque[Item] = deque()
        self._ahead: deque[_Chunk] = deque()
        self._under_way = 0
        self._end: _End | None = None

    def read(self, items: Iterable[Item]) -> None:
        """Read the items, as far as there is room."""
        try:
            for one in items:
                if not self._room.take(one.size, self._place.slots):
                    return
                self._events.put(one)
        except BaseException as error:  # noqa: BLE001  # raised where the results are taken
            self._events.put(_End(error))
        else:
            self._events.put(_End())

    def results(self) -> Iterator[Done]:
        """Give what comes of each item, and work on meanwhile."""
        while True:
            yield from self._settled()
            self._send()
            if self._end is not None and not self._pending and not self._ahead:
                break
            if not (self._ahead and self._ahead[0].is_done):
                self._wait()
        if self._end.error is not None:
            raise self._end.error

    def give_up(self) -> None:
        """Begin nothing more."""
        self._room.close()
        for chunk in self._ahead:
            if chunk.future is not None:
                chunk.future.cancel()

    def _settled(self) -> Iterator[Done]:
        """Give the results of those at the head that are done."""
        while self._ahead and self._ahead[0].is_done:
            chunk = self._ahead.popleft()
            try:
                results = list(chunk.results())
            except HandlerError as error:
                if len(chunk.calls) > 1:
                    self._ahead.extendleft(reversed([self._sent([one]) for one in chunk.items]))
                    continue
                results = [Done(one, error=one.error or error) for one in chunk.items]
            for one in results:
                self._room.give(one.item.size)
                yield one

    def _send(self) -> None:
        """Send off what is there: to idle workers all of it, shared out; to busy ones whole chunks, one ahead."""
        while self._pending:
            slots = self._place.slots
            idle = slots - self._under_way
            chunk, is_full = self._cut(-(-len(self._pending) // idle) if idle > 0 else self._portion.items)
            if self._under_way >= 2 * slots or (idle <= 0 and not is_full and self._end is None):
                return
            for _ in chunk:
                self._pending.popleft()
            self._ahead.append(self._sent(chunk))

    def _cut(self, most: int) -> tuple[list[Item], bool]:
        """Return the next chunk, and whether no more goes into it."""
        chunk: list[Item] = []
        size = 0
        for one in self._pending:
            if chunk and (len(chunk) >= min(most, self._portion.items) or size + one.size > self._portion.bytes):
                return chunk, True
            chunk.append(one)
            size += one.size
        return chunk, len(chunk) >= self._portion.items or size >= self._portion.bytes

    def _sent(self, items: list[Item]) -> _Chunk:
        chunk = _Chunk(items)
        calls = chunk.calls
        if calls:
            name = calls[0][0] if len(calls) == 1 else f"{len(calls)} filings from {calls[0][0]}"
            chunk.future = self._place.submit(name, work_through, self._function, calls)
            self._under_way += 1
            chunk.future.add_done_callback(lambda _: self._events.put(None))
        return chunk

    def _wait(self) -> None:
        """Take what happened meanwhile; wait until something has."""
        self._take(self._events.get())
        with suppress(Empty):
            while True:
                self._take(self._events.get_nowait())

    def _take(self, event: Item | _End | None) -> None:
        if event is None:
            self._under_way -= 1
        elif isinstance(event, _End):
            self._end = event
        else:
            self._pending.append(event)


@dataclass(slots=True)
class _Room:
    """How much is held: the reader waits for room, unless nothing is held at all."""

    portion: Portion
    items: int = 0
    bytes: int = 0
    is_closed: bool = False
    _changed: threading.Condition = field(default_factory=threading.Condition)

    def take(self, size: int, slots: int) -> bool:
        """Wait until there is room for so many bytes; False once it is closed."""
        most = self.portion.held_chunks * self.portion.items * max(1, slots)

        def has_room() -> bool:
            fits = self.items < most and self.bytes + size <= self.portion.held_bytes
            return self.is_closed or not self.items or fits

        with self._changed:
            self._changed.wait_for(has_room)
            self.items += 1
            self.bytes += size
            return not self.is_closed

    def give(self, size: int) -> None:
        """Give room free."""
        with self._changed:
            self.items -= 1
            self.bytes -= size
            self._changed.notify()

    def close(self) -> None:
        """Let the reader go."""
        with self._changed:
            self.is_closed = True
            self._changed.notify()
