"""The outbox: what is owed is tried until it is settled."""

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from _stores import ACCESSION, NOW, alert, report, save

from watcher.clock import Clock
from watcher.deliver import RETRY_SECONDS, Deliverer, Endpoint
from watcher.errors import DeliveryError
from watcher.handler import Answer, Notifier, Post
from watcher.models import Alert, DeliveryState, Message, Pacing
from watcher.store import deliveries
from watcher.store.database import Store
from watcher.testing import FakePost

# A clock that stands still, so that every wait can be read off the rows.
STILL = Clock(scale=1e-9, start=NOW)


class Told(Notifier):
    """Keeps what it was asked to tell; fails as told, once for each of ``errors``."""

    name = "told"

    def __init__(self, *errors: Exception) -> None:
        self.errors = list(errors)
        self.messages: list[Message] = []
        self.at_once = self.most_at_once = 0

    async def notify(self, message: Message, post: Post, now: float) -> Answer | None:
        self.at_once += 1
        self.most_at_once = max(self.at_once, self.most_at_once)
        await asyncio.sleep(0.01)
        self.at_once -= 1
        self.messages.append(message)
        if self.errors:
            raise self.errors.pop(0)
        return Answer(200, {}, "thanks", "192.0.2.1:443")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store(f"sqlite:///{tmp_path / 'eightk.db'}") as opened:
        yield opened


def deliverer(store: Store, notifier: Notifier, *, clock: Clock = STILL) -> Deliverer:
    return Deliverer(store=store, endpoints={"desk": Endpoint(notifier, FakePost())}, clock=clock, jitter=lambda: 1.0)


def owed(store: Store) -> deliveries.StoredDelivery:
    (one,) = store.read_now(deliveries.find)
    return one


async def test_a_delivery_that_is_answered_is_settled(store: Store) -> None:
    save(store, report(ACCESSION, alert()))

    await deliverer(store, Told()).drain("desk")

    assert (owed(store).delivery.state, owed(store).delivery.attempts) == (DeliveryState.DELIVERED, 1)


async def test_the_message_carries_the_alert_s_own_id(store: Store) -> None:
    save(store, report(ACCESSION, alert()))
    notifier = Told()

    await deliverer(store, notifier).drain("desk")

    assert [message.id for message in notifier.messages] == [alert().id]


async def test_every_attempt_is_kept_with_its_answer(store: Store) -> None:
    save(store, report(ACCESSION, alert()))

    await deliverer(store, Told()).drain("desk")

    (tried,) = owed(store).tries
    assert (tried.ok, tried.status, tried.answer, tried.address) == (True, 200, "thanks", "192.0.2.1:443")


async def test_what_is_settled_is_not_sent_again(store: Store) -> None:
    save(store, report(ACCESSION, alert()))
    notifier = Told()

    for _ in range(2):
        await deliverer(store, notifier).drain("desk")

    assert len(notifier.messages) == 1


async def test_a_failed_attempt_is_tried_again_after_the_first_wait(store: Store) -> None:
    save(store, report(ACCESSION, alert()))

    await deliverer(store, Told(DeliveryError("503", status=503))).drain("desk")

    one = owed(store).delivery
    assert (one.state, one.run_at, one.last_error) == (DeliveryState.PENDING, NOW + timedelta(seconds=5), "503")


async def test_the_waits_follow_the_schedule_and_then_it_is_given_up(store: Store) -> None:
    save(store, report(ACCESSION, alert()))
    waits = []
    at = NOW
    for _ in range(len(RETRY_SECONDS) + 1):
        await deliverer(store, Told(DeliveryError("no")), clock=Clock(scale=1e-9, start=at)).drain("desk")
        waits.append((owed(store).delivery.run_at - at).total_seconds())
        at = owed(store).delivery.run_at

    assert waits == [*RETRY_SECONDS, 0]
    assert owed(store).delivery.state is DeliveryState.FAILED
    assert len(owed(store).tries) == 10


async def test_a_refusal_for_good_is_not_tried_again(store: Store) -> None:
    save(store, report(ACCESSION, alert()))

    await deliverer(store, Told(DeliveryError("410 Gone", permanent=True, status=410))).drain("desk")

    assert owed(store).delivery.state is DeliveryState.FAILED


async def test_a_receiver_that_asks_for_more_time_gets_it(store: Store) -> None:
    save(store, report(ACCESSION, alert()))

    await deliverer(store, Told(DeliveryError("429", status=429, retry_after_seconds=120))).drain("desk")

    assert owed(store).delivery.run_at == NOW + timedelta(seconds=120)


async def test_a_notifier_that_breaks_is_a_failed_attempt_and_no_more(store: Store) -> None:
    save(store, report(ACCESSION, alert()))

    await deliverer(store, Told(ZeroDivisionError("oh"))).drain("desk")

    assert (owed(store).delivery.state, owed(store).delivery.last_error) == (
        DeliveryState.PENDING,
        "ZeroDivisionError: oh",
    )


async def test_a_failing_message_does_not_hold_up_the_others(store: Store) -> None:
    rules = [alert(rule=f"r{n}") for n in range(5)]
    save(store, report(ACCESSION, *rules))

    await deliverer(store, Told(DeliveryError("no"))).drain("desk")

    states = [one.delivery.state for one in store.read_now(deliveries.find)]
    assert sorted(states) == ["delivered"] * 4 + ["pending"]


async def test_no_more_than_two_are_in_flight(store: Store) -> None:
    save(store, report(ACCESSION, *(alert(rule=f"r{n}") for n in range(9))))
    notifier = Told()

    await deliverer(store, notifier).drain("desk")

    assert notifier.most_at_once == 2


def expiring(seconds: int) -> Alert:
    return replace(alert(), pacing=Pacing(expires_seconds=seconds))


async def test_what_expired_is_settled_and_not_sent(store: Store) -> None:
    save(store, report(ACCESSION, expiring(60)))
    notifier = Told()

    await deliverer(store, notifier, clock=Clock(scale=1e-9, start=NOW + timedelta(seconds=60))).drain("desk")

    one = owed(store)
    assert (one.delivery.state, one.delivery.attempts, one.tries) == (DeliveryState.EXPIRED, 0, ())
    assert one.settled_at == NOW + timedelta(seconds=60)
    assert notifier.messages == []


async def test_what_has_not_expired_yet_is_sent(store: Store) -> None:
    save(store, report(ACCESSION, expiring(60)))

    await deliverer(store, Told(), clock=Clock(scale=1e-9, start=NOW + timedelta(seconds=59))).drain("desk")

    assert owed(store).delivery.state is DeliveryState.DELIVERED


@pytest.mark.parametrize(("seconds", "state"), [(5, DeliveryState.EXPIRED), (6, DeliveryState.PENDING)])
async def test_a_failed_attempt_is_the_last_if_the_next_one_would_come_too_late(
    store: Store, seconds: int, state: DeliveryState
) -> None:
    """The first wait is five seconds."""
    save(store, report(ACCESSION, expiring(seconds)))

    await deliverer(store, Told(DeliveryError("503", status=503))).drain("desk")

    one = owed(store)
    assert (one.delivery.state, one.delivery.last_error, len(one.tries)) == (state, "503", 1)


async def test_what_expired_is_listed_so(store: Store) -> None:
    save(store, report(ACCESSION, expiring(1)))

    await deliverer(store, Told(), clock=Clock(scale=1e-9, start=NOW + timedelta(days=1))).drain("desk")

    assert len(store.read_now(deliveries.find, state=DeliveryState.EXPIRED)) == 1
    assert store.read_now(deliveries.count_by_state) == {DeliveryState.EXPIRED: 1}


async def test_a_crash_after_sending_sends_again_under_the_same_id(store: Store) -> None:
    """The row says "delivered" only after the endpoint did; a crash in between repeats the message."""
    save(store, report(ACCESSION, alert()))
    notifier = Told()
    task = asyncio.create_task(deliverer(store, notifier).drain("desk"))
    while not notifier.messages:
        await asyncio.sleep(0)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)

    await deliverer(store, notifier).drain("desk")

    assert {message.id for message in notifier.messages} == {alert().id}
    assert owed(store).delivery.state is DeliveryState.DELIVERED
