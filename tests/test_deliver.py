"""The outbox: what is owed is tried until it is settled."""

import asyncio
import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from _stores import ACCESSION, NOW, alert, report, save, store_url

from watcher.clock import Clock
from watcher.deliver import Deliverer, Endpoint
from watcher.errors import DeliveryError, StoreError
from watcher.handler import Answer, Notifier, Post
from watcher.models import Alert, Attempt, DeliveryState, Message, Pacing
from watcher.noting import Noting
from watcher.store import deliveries, endpoints, settling
from watcher.store.database import Store
from watcher.store.notices import Owner
from watcher.store.settling import Settled
from watcher.testing import FakePost
from watcher.verdict import RETRY_SECONDS, EndpointState, Outcome

pytestmark = pytest.mark.usefixtures("either_store")

# A clock that stands still, so that every wait can be read off the rows.
STILL = Clock(scale=1e-15, start=NOW)


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
    with Store(store_url(tmp_path / "eightk.db")) as opened:
        yield opened


def deliverer(store: Store, notifier: Notifier, *, clock: Clock = STILL) -> Deliverer:
    # A limit would count in the seconds of a clock that stands still.
    desk = Endpoint(notifier, FakePost(), requests_per_second=0)
    return Deliverer(store=store, endpoints={"desk": desk}, clock=clock, jitter=lambda: 1.0)


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
        await deliverer(store, Told(DeliveryError("no")), clock=Clock(scale=1e-15, start=at)).drain("desk")
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

    await deliverer(store, notifier, clock=Clock(scale=1e-15, start=NOW + timedelta(seconds=60))).drain("desk")

    one = owed(store)
    assert (one.delivery.state, one.delivery.attempts, one.tries) == (DeliveryState.EXPIRED, 0, ())
    assert one.settled_at == NOW + timedelta(seconds=60)
    assert notifier.messages == []


async def test_what_has_not_expired_yet_is_sent(store: Store) -> None:
    save(store, report(ACCESSION, expiring(60)))

    await deliverer(store, Told(), clock=Clock(scale=1e-15, start=NOW + timedelta(seconds=59))).drain("desk")

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

    await deliverer(store, Told(), clock=Clock(scale=1e-15, start=NOW + timedelta(days=1))).drain("desk")

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


# How an endpoint fares.


def saved_with(store: Store, count: int) -> None:
    save(store, report(ACCESSION, *(alert(rule=f"r{n}") for n in range(count))))


def states(store: Store) -> list[str]:
    """In the order in which the alerts were raised."""
    return [one.delivery.state.value for one in reversed(store.read_now(deliveries.find))]


def fares(store: Store) -> EndpointState:
    return store.read_now(endpoints.load, "desk")


def later(seconds: float) -> Clock:
    return Clock(scale=1e-15, start=NOW + timedelta(seconds=seconds))


BUSY = DeliveryError("500", status=500)


async def test_a_429_pauses_all_that_the_endpoint_is_owed(store: Store) -> None:
    saved_with(store, 9)
    slow_down = DeliveryError("429", status=429, retry_after_seconds=120)
    notifier = Told(slow_down, slow_down)

    await deliverer(store, notifier).drain("desk")
    assert (len(notifier.messages), store.read_now(deliveries.due_endpoints, NOW)) == (2, ())
    await deliverer(store, notifier, clock=later(299)).drain("desk")
    assert len(notifier.messages) == 2
    await deliverer(store, notifier, clock=later(300)).drain("desk")

    assert states(store) == ["delivered"] * 9
    assert [one.delivery.attempts for one in store.read_now(deliveries.find)] == [1] * 9


async def test_after_two_timeouts_only_one_is_in_flight(store: Store) -> None:
    saved_with(store, 9)
    store.write_now(endpoints.save, EndpointState("desk", timeouts=2))
    notifier = Told()

    await deliverer(store, notifier).drain("desk")

    assert (notifier.most_at_once, fares(store).timeouts) == (1, 0)


async def test_an_open_circuit_sends_one_probe_and_the_rest_waits(store: Store) -> None:
    saved_with(store, 30)
    notifier = Told(*[BUSY] * 50)
    await deliverer(store, notifier).drain("desk")
    assert fares(store).is_open
    tried = len(notifier.messages)
    assert tried <= 6

    await deliverer(store, notifier, clock=later(300)).drain("desk")

    assert len(notifier.messages) == tried + 1
    attempts = sorted(one.delivery.attempts for one in store.read_now(deliveries.find))
    assert attempts == [0] * (30 - tried) + [1] * (tried - 1) + [2]


async def test_a_probe_that_gets_through_closes_it(store: Store) -> None:
    saved_with(store, 30)
    await deliverer(store, Told(*[BUSY] * 6)).drain("desk")

    for seconds in (1000, 2000):
        await deliverer(store, Told(), clock=later(seconds)).drain("desk")

    assert set(states(store)) == {"delivered"}


async def test_a_disabled_endpoint_is_sent_nothing_and_loses_nothing(store: Store) -> None:
    saved_with(store, 5)
    gone = DeliveryError("410", status=410, permanent=True, disables=True)
    notifier = Told(gone, gone)
    await deliverer(store, notifier).drain("desk")
    sent = len(notifier.messages)

    await deliverer(store, notifier, clock=later(10**7)).drain("desk")
    assert (len(notifier.messages), store.read_now(deliveries.due_endpoints, NOW + timedelta(days=99))) == (sent, ())
    assert store.write_now(endpoints.enable, "desk")
    await deliverer(store, notifier).drain("desk")

    assert sorted(states(store)) == ["delivered"] * (5 - sent) + ["failed"] * sent


async def test_in_order_nothing_overtakes_a_message_that_failed(store: Store) -> None:
    saved_with(store, 4)
    notifier = Told(BUSY)
    ordered = {"desk": Endpoint(notifier, FakePost(), concurrency=16, ordered=True)}

    def drained_at(clock: Clock) -> Deliverer:
        return Deliverer(store=store, endpoints=ordered, clock=clock, jitter=lambda: 1.0)

    await drained_at(STILL).drain("desk")
    assert states(store) == ["pending"] * 4
    await drained_at(later(4)).drain("desk")
    assert len(notifier.messages) == 1
    await drained_at(later(5)).drain("desk")

    assert states(store) == ["delivered"] * 4
    raised = [one.delivery.alert for one in reversed(store.read_now(deliveries.find))]
    assert [message.id for message in notifier.messages] == [raised[0], *raised]
    assert notifier.most_at_once == 1


async def test_an_endpoint_may_have_more_in_flight(store: Store) -> None:
    saved_with(store, 9)
    notifier = Told()
    wide = {"desk": Endpoint(notifier, FakePost(), concurrency=5)}

    await Deliverer(store=store, endpoints=wide, clock=STILL).drain("desk")

    assert notifier.most_at_once == 5


async def test_the_owner_is_told_by_another_endpoint_only(store: Store) -> None:
    saved_with(store, 1)
    gone = DeliveryError("410", status=410, disables=True)
    owner = Owner(("desk", "pager"), "http://127.0.0.1:8000")
    one = {"desk": Endpoint(Told(gone), FakePost())}

    await Deliverer(store=store, endpoints=one, clock=STILL, owner=lambda: owner).drain("desk")

    (owed_to_pager,) = store.read_now(deliveries.owed_to, "pager", NOW, 9)
    told = json.loads(owed_to_pager.message.payload)
    assert (told["type"], owed_to_pager.message.type) == ("endpoint.disabled", "endpoint.disabled")
    assert told["data"]["endpoint"] | {"failing_since": None} == {
        "name": "desk",
        "reason": "410",
        "failures": 1,
        "failing_since": None,
        "resumes_at": None,
        "disabled_at": "2026-01-12T17:00:00Z",
    }
    assert store.read_now(deliveries.owed_to, "desk", NOW, 9) == ()


async def test_what_cannot_be_noted_keeps_nothing_else_from_being_noted(store: Store) -> None:
    """A row that was deleted meanwhile fails its own note alone."""
    saved_with(store, 2)
    _, owed_now = store.read_now(settling.work_for, "desk", NOW, 9)
    tried = Attempt(NOW, 1, ok=True)
    lost = Settled(replace(owed_now[0].delivery, id="dlv_lost"), tried, Outcome(ok=True), NOW)
    kept = Settled(owed_now[1].delivery, tried, Outcome(ok=True), NOW)
    noting = Noting(store, Owner)

    noted = await asyncio.gather(noting.note(lost), noting.note(kept), return_exceptions=True)

    assert isinstance(noted[0], StoreError)
    assert sorted(states(store)) == ["delivered", "pending"]


def test_changed_settings_make_an_endpoint_begin_anew(store: Store) -> None:
    off = EndpointState("desk", failures=9, disabled_at=NOW, disabled_reason="410")
    store.write_now(endpoints.adopt, {"desk": "1", "ops": "1"})
    store.write_now(endpoints.save, off)

    assert store.write_now(endpoints.adopt, {"desk": "1", "ops": "1"}) == ()
    assert fares(store) == off
    assert store.write_now(endpoints.adopt, {"desk": "2", "ops": "1"}) == ("desk",)
    assert fares(store) == EndpointState("desk")


async def test_what_is_left_for_an_endpoint_whose_settings_became_others_is_told_by_them(store: Store) -> None:
    for number in range(1, 6):
        accession = f"0000000001-26-{number:06}"
        save(store, report(accession, alert(accession)))
    later = Told()
    endpoints: dict[str, Endpoint] = {}

    class Changing(Told):
        async def notify(self, message: Message, post: Post, now: float) -> Answer | None:
            endpoints["desk"] = Endpoint(later, FakePost())
            return await super().notify(message, post, now)

    first = Changing()
    endpoints["desk"] = Endpoint(first, FakePost(), concurrency=1)
    running = Deliverer(store=store, endpoints=endpoints, clock=STILL, jitter=lambda: 1.0)
    for _ in range(2):
        await running.drain("desk")

    assert (len(first.messages), len(later.messages)) == (1, 4)


async def test_what_is_owed_to_an_endpoint_that_left_the_settings_stays_owed(store: Store) -> None:
    save(store, report(ACCESSION, alert()))

    await Deliverer(store=store, endpoints={}, clock=STILL).drain("desk")

    assert owed(store).delivery.state is DeliveryState.PENDING
