"""The outbox: what an endpoint is owed is tried until it is settled.

A delivery is a row before anything is sent, and is noted as sent only after the endpoint said so; a crash in between
sends it twice, under the same id. What an attempt means is `verdict`'s.
"""

from __future__ import annotations

import asyncio
import logging
import random
import time
from collections import deque
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field

from watcher.bucket import Bucket
from watcher.clock import Clock
from watcher.errors import DeliveryError
from watcher.handler import Answer, Notifier, Post
from watcher.logs import about
from watcher.meters import DeliveryOutcome, Meters
from watcher.models import Attempt, DeliveryState
from watcher.noting import Noting
from watcher.store import deliveries, settling
from watcher.store.database import Store
from watcher.store.deliveries import Owed
from watcher.store.notices import Owner
from watcher.store.settling import Settled, Settlement
from watcher.verdict import EndpointState, Notice, Outcome, is_stale

__all__ = ["IN_FLIGHT", "REQUESTS_PER_SECOND", "Deliverer", "Endpoint"]

log = logging.getLogger(__name__)

JITTER = 0.2
IN_FLIGHT = 2
IN_FLIGHT_IN_ALL = 256
# Those that fail are slow to fail: they may not take all places.
IN_FLIGHT_OF_FAILING = 64
REQUESTS_PER_SECOND = 10.0
IN_DOUBT = 16
JOB_SECONDS = 30.0
JOB_DELIVERIES = 100
# A receiver's wish may come with any answer; with a refusal its notifier tells it.
_WISH, _DISABLE = "webhook-delivery", "disable"


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A place to tell: its notifier, the way out that it may use, and how it may be told.

    ``ordered``: one after the other, and none while one is tried again. ``requests_per_second`` of 0 is no limit.
    """

    notifier: Notifier
    post: Post
    concurrency: int = IN_FLIGHT
    ordered: bool = False
    requests_per_second: float = REQUESTS_PER_SECOND


@dataclass(slots=True)
class _Job:
    """One drain of one endpoint."""

    endpoint: Endpoint
    state: EndpointState
    waiting: deque[Owed]
    stop_at: float
    noting: list[asyncio.Future[Settlement]] = field(default_factory=list)

    def has_more(self) -> bool:
        return bool(self.waiting) and time.monotonic() < self.stop_at

    def lanes(self) -> int:
        return 1 if self.endpoint.ordered else self.state.lanes(self.endpoint.concurrency)


class Deliverer:
    """Drains what endpoints are owed. ``owner`` is told of endpoints that fail, ``meters`` of every attempt.

    ``endpoints`` may become others while it runs.
    """

    def __init__(
        self,
        *,
        store: Store,
        endpoints: Mapping[str, Endpoint],
        clock: Clock,
        jitter: Callable[[], float] = lambda: random.uniform(1 - JITTER, 1 + JITTER),  # noqa: S311  # no secret
        owner: Callable[[], Owner] = Owner,
        meters: Meters | None = None,
    ) -> None:
        self._store = store
        self._endpoints = endpoints
        self._clock = clock
        self._jitter = jitter
        self._buckets: dict[str, tuple[Endpoint, Bucket]] = {}
        self._places = asyncio.Semaphore(IN_FLIGHT_IN_ALL)
        self._places_of_failing = asyncio.Semaphore(IN_FLIGHT_OF_FAILING)
        self._noting = Noting(store, owner)
        self._meters = meters or Meters()

    async def drain(self, name: str) -> None:
        """Try what this endpoint is owed by now, as many at once as it may have; end after 30 s or 100 deliveries.

        Raises ``StoreError`` when what became of them could not be noted.
        """
        endpoint, now = self._endpoints.get(name), self._clock.now()
        if endpoint is None:
            return  # it left the settings meanwhile
        state, owed = await self._store.read(settling.work_for, name, now, JOB_DELIVERIES, ordered=endpoint.ordered)
        job = _Job(endpoint, state, deque(owed), time.monotonic() + JOB_SECONDS)
        try:
            async with asyncio.TaskGroup() as group:
                for number in range(min(job.lanes(), len(owed))):
                    group.create_task(self._lane(job, number))
        finally:
            # The next job must not find as owed what was sent by this one.
            noted = await asyncio.gather(*job.noting, return_exceptions=True)
        for one in noted:
            if isinstance(one, BaseException):
                raise one
            _log_notices(name, one)

    async def _lane(self, job: _Job, number: int) -> None:
        # An endpoint whose settings became others is told the rest by them, in its next job.
        while self._endpoints.get(job.state.name) is job.endpoint and job.has_more() and number < job.lanes():
            await self._bucket(job.state.name, job.endpoint).take()
            async with self._place(job.state):
                if not job.has_more():
                    return
                owed = job.waiting.popleft()
                with _about(owed):
                    settled = await self._try(job.endpoint, owed)
            if settled is not None:
                with _about(owed):
                    await self._note(job, settled)

    async def _note(self, job: _Job, settled: Settled) -> None:
        """Have it noted what came of an attempt, and heed what it means for its endpoint."""
        noting = self._noting.note(settled)
        if settled.outcome.ok and not settled.outcome.disables:
            # To wait for the disk each time would halve what an endpoint can be sent. What is in doubt is bounded:
            # a crash sends it again.
            job.noting.append(noting)
            self._tell(settled)
            if len(job.noting) > IN_DOUBT:
                await job.noting[-IN_DOUBT]
            return
        settlement = await noting
        self._tell(settled, settlement)
        _log_notices(job.state.name, settlement)
        job.state = settlement.endpoint
        if job.state.is_open or job.state.rests(self._clock.now()):
            job.waiting.clear()

    def _tell(self, settled: Settled, settlement: Settlement | None = None) -> None:
        outcome = _log(settled, settlement)
        self._meters.attempted(settled.delivery.endpoint, outcome, settled.tried.milliseconds / 1000)

    def _bucket(self, name: str, endpoint: Endpoint) -> Bucket:
        """The endpoint's own; it is full at first, and when its settings became others."""
        found = self._buckets.get(name)
        if found is None or found[0] is not endpoint:
            found = self._buckets[name] = endpoint, Bucket(endpoint.requests_per_second, self._clock)
        return found[1]

    @asynccontextmanager
    async def _place(self, state: EndpointState) -> AsyncIterator[None]:
        async with AsyncExitStack() as stack:
            if state.failures:
                await stack.enter_async_context(self._places_of_failing)
            await stack.enter_async_context(self._places)
            yield

    async def _try(self, endpoint: Endpoint, owed: Owed) -> Settled | None:
        """Send it once; None when it was no news any more."""
        one, at = owed.delivery, self._clock.now()
        if is_stale(one, at):
            await self._store.write(deliveries.expire, one, at)
            log.warning("expired, not sent", extra={"alert": one.alert, "endpoint": one.endpoint})
            self._meters.attempted(one.endpoint, DeliveryOutcome.EXPIRED, None)
            return None
        begun = time.monotonic()
        error: DeliveryError | None = None
        answer: Answer | None = None
        try:
            answer = await endpoint.notifier.notify(owed.message, endpoint.post, self._clock.time())
        except DeliveryError as failed:
            error = failed
        except Exception as broken:
            # The border to someone else's notifier: its fault is this attempt's failure, told with its traceback.
            log.exception("notifier failed", extra={"endpoint": one.endpoint, "alert": one.alert})
            error = DeliveryError(f"{type(broken).__name__}: {broken}")
        tried = Attempt(
            at=at,
            milliseconds=round((time.monotonic() - begun) * 1000),
            ok=error is None,
            status=answer.status if answer else error.status if error else None,
            error=None if error is None else str(error),
            address=answer.address if answer else error.address if error else None,
            answer=answer.body if answer else error.body if error else "",
        )
        outcome = _outcome(answer, error)
        return Settled(one, tried, outcome, self._clock.now(), self._jitter(), endpoint.ordered)


def _outcome(answer: Answer | None, error: DeliveryError | None) -> Outcome:
    if error is None:
        wish = answer.headers.get(_WISH, "") if answer else ""
        return Outcome(ok=True, disables=wish.strip().lower() == _DISABLE)
    return Outcome(
        ok=False,
        reason=str(error),
        permanent=error.permanent,
        status=error.status,
        retry_after_seconds=error.retry_after_seconds,
        timed_out=error.timed_out,
        disables=error.disables,
        aborts=error.aborts,
    )


def _about(owed: Owed) -> AbstractContextManager[None]:
    """Have the lines that are written inside say which delivery they are about."""
    one = owed.delivery
    return about(accession=owed.accession, alert=one.alert, delivery=one.id, endpoint=one.endpoint)


def _log(settled: Settled, settlement: Settlement | None) -> DeliveryOutcome:
    """Write what came of an attempt, and return it in a word."""
    one, tried = settled.delivery, settled.tried
    fields: dict[str, object] = {"alert": one.alert, "endpoint": one.endpoint, "attempt": one.attempts + 1}
    if tried.ok:
        log.info("delivered", extra=fields | {"milliseconds": tried.milliseconds})
        return DeliveryOutcome.DELIVERED
    if settlement is None or settlement.state is DeliveryState.PENDING:
        again = settlement and settlement.run_at and settlement.run_at.isoformat()
        log.warning("delivery failed, will be tried again", extra=fields | {"reason": tried.error, "run_at": again})
        return DeliveryOutcome.RETRIED
    if settlement.state is DeliveryState.EXPIRED:
        words = "delivery failed, and would be no news at the next attempt"
        log.error(words, extra=fields | {"reason": tried.error})
        return DeliveryOutcome.EXPIRED
    log.error("delivery given up", extra=fields | {"reason": tried.error})
    return DeliveryOutcome.FAILED


def _log_notices(name: str, settlement: Settlement) -> None:
    for notice in settlement.notices:
        level = logging.INFO if notice is Notice.RECOVERED else logging.ERROR
        log.log(level, "endpoint %s", notice, extra={"endpoint": name, "reason": settlement.endpoint.last_error})
