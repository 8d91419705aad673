"""The outbox: what an endpoint is owed is tried until it is settled.

A delivery is a row before anything is sent, and is noted as sent only after the endpoint said so; a crash in between
sends it twice, under the same id.
"""

from __future__ import annotations

import asyncio
import logging
import random
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from watcher.clock import Clock
from watcher.errors import DeliveryError
from watcher.handler import Answer, Notifier, Post
from watcher.models import Attempt, Delivery, DeliveryState
from watcher.store import deliveries
from watcher.store.database import Store
from watcher.store.deliveries import Owed

__all__ = ["Deliverer", "Endpoint"]

log = logging.getLogger(__name__)

# The waits of Standard Webhooks' example schedule: ten attempts in about three days, past a weekend.
RETRY_SECONDS = (5, 300, 1800, 7200, 18000, 36000, 50400, 72000, 86400)
JITTER = 0.2
IN_FLIGHT = 2
JOB_SECONDS = 30.0
JOB_DELIVERIES = 100
MAX_RETRY_AFTER_SECONDS = 86400


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A place to tell: its notifier, and the way out that it may use."""

    notifier: Notifier
    post: Post


class Deliverer:
    """Drains what endpoints are owed."""

    def __init__(
        self,
        *,
        store: Store,
        endpoints: Mapping[str, Endpoint],
        clock: Clock,
        jitter: Callable[[], float] = lambda: random.uniform(1 - JITTER, 1 + JITTER),  # noqa: S311  # no secret
    ) -> None:
        self._store = store
        self._endpoints = endpoints
        self._clock = clock
        self._jitter = jitter

    async def drain(self, name: str) -> None:
        """Try what this endpoint is owed by now, two at a time; end after 30 s or 100 deliveries."""
        endpoint = self._endpoints[name]
        stop_at = time.monotonic() + JOB_SECONDS
        batch = deque(await self._store.read(deliveries.owed_to, name, self._clock.now(), JOB_DELIVERIES))

        async def lane() -> None:
            while batch and time.monotonic() < stop_at:
                await self._try(endpoint, batch.popleft())

        async with asyncio.TaskGroup() as group:
            for _ in range(IN_FLIGHT):
                group.create_task(lane())

    async def _try(self, endpoint: Endpoint, owed: Owed) -> None:
        at = self._clock.now()
        if _is_stale(owed.delivery, at):
            await self._store.write(deliveries.expire, owed.delivery, at)
            log.warning("expired, not sent", extra={"alert": owed.delivery.alert, "endpoint": owed.delivery.endpoint})
            return
        begun = time.monotonic()
        error: DeliveryError | None = None
        answer: Answer | None = None
        try:
            answer = await endpoint.notifier.notify(owed.message, endpoint.post, self._clock.time())
        except DeliveryError as failed:
            error = failed
        except Exception as broken:
            # The border to someone else's notifier: its fault is this attempt's failure, told with its traceback.
            log.exception("notifier failed", extra={"endpoint": owed.delivery.endpoint, "alert": owed.delivery.alert})
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
        await self._settle(owed, tried, error)

    async def _settle(self, owed: Owed, tried: Attempt, error: DeliveryError | None) -> None:
        one = owed.delivery
        fields = {"alert": one.alert, "endpoint": one.endpoint, "attempt": one.attempts + 1}
        if error is None:
            await self._store.write(deliveries.settle, one, tried, DeliveryState.DELIVERED)
            log.info("delivered", extra=fields | {"milliseconds": tried.milliseconds})
            return
        wait = self._wait_seconds(one.attempts, error)
        if wait is None:
            await self._store.write(deliveries.settle, one, tried, DeliveryState.FAILED)
            log.error("delivery given up", extra=fields | {"reason": str(error)})
            return
        run_at = self._clock.now() + timedelta(seconds=wait)
        if _is_stale(one, run_at):
            await self._store.write(deliveries.settle, one, tried, DeliveryState.EXPIRED)
            log.error(
                "delivery failed, and would be no news at the next attempt", extra=fields | {"reason": str(error)}
            )
            return
        await self._store.write(deliveries.settle, one, tried, DeliveryState.PENDING, run_at)
        log.warning(
            "delivery failed, will be tried again", extra=fields | {"reason": str(error), "retry_seconds": wait}
        )

    def _wait_seconds(self, attempts: int, error: DeliveryError) -> float | None:
        """Seconds until the next attempt after so many earlier ones; None when it is given up."""
        if error.permanent or attempts >= len(RETRY_SECONDS):
            return None
        wait = RETRY_SECONDS[attempts] * self._jitter()
        return round(max(wait, min(error.retry_after_seconds or 0, MAX_RETRY_AFTER_SECONDS)), 3)


def _is_stale(one: Delivery, at: datetime) -> bool:
    return one.expires_at is not None and at >= one.expires_at
