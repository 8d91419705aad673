"""The webhook and the log: what is sent, what an answer means, and which settings are refused."""

import asyncio
import json
import logging
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime

import pytest
from _telling import alarm, digest, matched, ping
from standardwebhooks.webhooks import Webhook as PublicWebhook
from standardwebhooks.webhooks import WebhookVerificationError

from handlers.notify import Log, Webhook
from handlers.notify._http import retry_after
from watcher.errors import DeliveryError, SignatureError
from watcher.handler import Answer
from watcher.models import Message
from watcher.outbound import Outbound
from watcher.signing import new_secret, verify

NOW = 1_780_000_000.75
URL = "https://hooks.example.com/8k"
MESSAGE = Message(
    id="alr_00112233",
    type="filing.matched",
    timestamp=datetime(2026, 5, 20, 20, 15, tzinfo=UTC),
    summary="Made-up Corp: Reg FD",
    url="https://www.sec.gov/Archives/edgar/data/1/000000000126000001/0000000001-26-000001-index.htm",
    payload='{"type":"filing.matched","company":"Café"}'.encode(),
)


@dataclass
class Sent:
    """One POST as a notifier asked for it."""

    url: str
    headers: Mapping[str, str]
    body: bytes


@dataclass
class Receiver:
    """Stands in for the way out: answers as told and keeps what it was given."""

    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    sent: list[Sent] = field(default_factory=list)

    async def __call__(self, url: str, headers: Mapping[str, str], body: bytes) -> Answer:
        self.sent.append(Sent(url, headers, body))
        return Answer(self.status, self.headers, "because", "192.0.2.1:443")


@pytest.fixture
def secret() -> str:
    return new_secret()


@pytest.fixture
def secret_file(tmp_path, secret):
    path = tmp_path / "desk"
    path.write_text(secret + "\n")
    return path


async def refused(secret_file, status: int, **headers: str) -> DeliveryError:
    with pytest.raises(DeliveryError) as caught:
        await Webhook(url=URL, secret_file=secret_file).notify(MESSAGE, Receiver(status, headers), NOW)
    return caught.value


async def test_the_payload_is_posted_as_it_is_to_the_url(secret_file):
    receiver = Receiver()
    await Webhook(url=URL, secret_file=secret_file).notify(MESSAGE, receiver, NOW)

    assert [(sent.url, sent.body) for sent in receiver.sent] == [(URL, MESSAGE.payload)]


async def test_a_receiver_can_verify_what_it_got(secret_file, secret):
    receiver = Receiver()
    await Webhook(url=URL, secret_file=secret_file).notify(MESSAGE, receiver, NOW)

    verify(secret, receiver.sent[0].headers, receiver.sent[0].body, NOW)


async def test_the_headers_say_what_it_is_and_from_whom(secret_file):
    receiver = Receiver()
    await Webhook(url=URL, secret_file=secret_file).notify(MESSAGE, receiver, NOW)

    headers = dict(receiver.sent[0].headers)
    assert (headers["content-type"], headers["webhook-id"]) == ("application/json", "alr_00112233")
    assert headers["webhook-timestamp"] == "1780000000"
    assert headers["user-agent"].startswith("eightk/")


async def test_each_attempt_has_the_same_id_and_its_own_time(secret_file):
    receiver, webhook = Receiver(), Webhook(url=URL, secret_file=secret_file)
    await webhook.notify(MESSAGE, receiver, NOW)
    await webhook.notify(MESSAGE, receiver, NOW + 3600)

    first, second = (sent.headers for sent in receiver.sent)
    assert first["webhook-id"] == second["webhook-id"]
    assert int(second["webhook-timestamp"]) - int(first["webhook-timestamp"]) == 3600
    assert first["webhook-signature"] != second["webhook-signature"]


async def test_a_new_secret_counts_at_the_next_attempt(secret_file, secret):
    receiver, webhook, newer = Receiver(), Webhook(url=URL, secret_file=secret_file), new_secret()
    secret_file.write_text(f"# changed in May\n{newer}\n\n{secret}\n")
    await webhook.notify(MESSAGE, receiver, NOW)

    for each in (newer, secret):
        verify(each, receiver.sent[0].headers, receiver.sent[0].body, NOW)


async def test_an_old_secret_signs_until_its_end_and_no_longer(secret_file, secret):
    receiver, webhook, newer = Receiver(), Webhook(url=URL, secret_file=secret_file), new_secret()
    end = datetime.fromtimestamp(int(NOW) + 60, UTC)
    secret_file.write_text(f"{newer}\n# until {end:%Y-%m-%dT%H:%M:%SZ}\n{secret}\n")
    await webhook.notify(MESSAGE, receiver, NOW)
    await webhook.notify(MESSAGE, receiver, NOW + 60)

    before, after = (sent.headers["webhook-signature"].split(" ") for sent in receiver.sent)
    assert (len(before), len(after)) == (2, 1)
    verify(secret, receiver.sent[0].headers, receiver.sent[0].body, NOW)
    with pytest.raises(SignatureError):
        verify(secret, receiver.sent[1].headers, receiver.sent[1].body, NOW + 60)
    verify(newer, receiver.sent[1].headers, receiver.sent[1].body, NOW + 60)


@pytest.mark.parametrize("message", [matched(), alarm(), alarm(over=True), digest(), ping()], ids=lambda one: one.type)
async def test_the_public_library_accepts_each_payload_and_no_altered_or_replayed_one(secret_file, secret, message):
    receiver, older = Receiver(), new_secret()
    secret_file.write_text(f"{secret}\n{older}\n")
    webhook, now = Webhook(url=URL, secret_file=secret_file), time.time()
    await webhook.notify(message, receiver, now)
    await webhook.notify(message, receiver, now - 301)

    fresh, replayed = receiver.sent
    for each in (secret, older):
        told = PublicWebhook(each).verify(fresh.body, dict(fresh.headers))
        assert told == json.loads(message.payload)
        assert told["type"] == message.type
        with pytest.raises(WebhookVerificationError):
            PublicWebhook(each).verify(replayed.body, dict(replayed.headers))
        with pytest.raises(WebhookVerificationError):
            PublicWebhook(each).verify(fresh.body + b" ", dict(fresh.headers))
        with pytest.raises(WebhookVerificationError):
            PublicWebhook(each).verify(fresh.body, {**fresh.headers, "webhook-id": "alr_other"})
    with pytest.raises(WebhookVerificationError):
        PublicWebhook(new_secret()).verify(fresh.body, dict(fresh.headers))


async def test_a_secret_file_that_broke_meanwhile_fails_the_attempt_and_may_be_mended(secret_file):
    webhook = Webhook(url=URL, secret_file=secret_file)
    secret_file.unlink()

    with pytest.raises(DeliveryError, match=r"cannot sign: .*cannot be read") as caught:
        await webhook.notify(MESSAGE, Receiver(), NOW)
    assert caught.value.permanent is False


async def test_headers_of_the_users_own_are_sent_along(secret_file):
    receiver = Receiver()
    await Webhook(url=URL, secret_file=secret_file, headers={"X-Team": "desk"}).notify(MESSAGE, receiver, NOW)

    assert receiver.sent[0].headers["X-Team"] == "desk"


@pytest.mark.parametrize("status", [200, 201, 202, 204, 299])
async def test_any_2xx_is_success(secret_file, status):
    answer = await Webhook(url=URL, secret_file=secret_file).notify(MESSAGE, Receiver(status), NOW)

    assert answer.status == status


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_a_redirect_is_a_failure_that_says_what_to_do(secret_file, status):
    error = await refused(secret_file, status, location="http://169.254.169.254/")

    assert (error.status, error.permanent) == (status, False)
    assert str(error) == f"{status}: a redirect, which is never followed; give the final URL"


async def test_410_ends_the_message(secret_file):
    error = await refused(secret_file, 410)

    assert (str(error), error.permanent) == ("410: the receiver wants no more of these", True)


@pytest.mark.parametrize(
    "status", [101, 304, 400, 401, 403, 404, 405, 408, 413, 422, 425, 429, 500, 502, 503, 504, 599]
)
async def test_every_other_status_is_worth_another_try(secret_file, status):
    error = await refused(secret_file, status)

    assert (error.status, error.permanent, error.retry_after_seconds) == (status, False, None)


async def test_a_failure_keeps_what_the_receiver_said_and_what_was_dialled(secret_file):
    error = await refused(secret_file, 500)

    assert (error.body, error.address) == ("because", "192.0.2.1:443")


@pytest.mark.parametrize("status", [429, 503])
async def test_retry_after_in_seconds_is_handed_on(secret_file, status):
    error = await refused(secret_file, status, **{"retry-after": "120"})

    assert error.retry_after_seconds == 120


async def test_retry_after_as_a_date_is_counted_from_now(secret_file):
    when = format_datetime(datetime.fromtimestamp(1_780_000_600, UTC), usegmt=True)
    error = await refused(secret_file, 503, **{"retry-after": when})

    assert error.retry_after_seconds == pytest.approx(599.25)


async def test_retry_after_in_the_past_means_now(secret_file):
    error = await refused(secret_file, 503, **{"retry-after": "Wed, 21 Oct 2015 07:28:00 GMT"})

    assert error.retry_after_seconds == 0


@pytest.mark.parametrize("text", ["", "soon", "-5", "1e9", "Wed, 99 Oct 2015 07:28:00 GMT"])
async def test_a_retry_after_that_means_nothing_is_not_handed_on(secret_file, text):
    error = await refused(secret_file, 429, **{"retry-after": text})

    assert error.retry_after_seconds is None


async def test_retry_after_counts_only_where_a_receiver_asks_to_wait(secret_file):
    error = await refused(secret_file, 500, **{"retry-after": "120"})

    assert error.retry_after_seconds is None


async def test_a_failure_of_the_way_out_is_passed_on(secret_file):
    async def post(url: str, headers: Mapping[str, str], body: bytes) -> Answer:
        raise DeliveryError("address not allowed", permanent=True)

    with pytest.raises(DeliveryError, match="address not allowed") as caught:
        await Webhook(url=URL, secret_file=secret_file).notify(MESSAGE, post, NOW)
    assert caught.value.permanent is True


async def test_over_a_real_connection_the_public_library_accepts_the_first_and_refuses_an_altered_one(
    secret_file, secret
):
    got: list[tuple[dict[str, str], bytes]] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        headers = dict(line.split(": ", 1) for line in head[1:] if line)
        got.append((headers, await reader.readexactly(int(headers["Content-Length"]))))
        writer.write(b"HTTP/1.1 204 No Content\r\nconnection: close\r\n\r\n")
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    place = "{}:{}".format(*server.sockets[0].getsockname())
    way_out = Outbound()
    try:
        webhook = Webhook(url=f"http://{place}/", secret_file=secret_file, allow=(place,))
        await webhook.notify(MESSAGE, way_out.post_for((place,)), time.time())
    finally:
        await way_out.aclose()
        server.close()

    headers, body = got[0]
    assert PublicWebhook(secret).verify(body, headers)["company"] == "Café"
    with pytest.raises(WebhookVerificationError):
        PublicWebhook(secret).verify(body.replace(b"matched", b"amended"), headers)


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"url": "http://hooks.example.com/"}, "url: the URL must start with https://"),
        ({"url": "https://127.0.0.1/"}, "url: address not allowed"),
        ({"url": "http://127.0.0.1:9000/", "allow": ("127.0.0.1:9001",)}, "url: address not allowed"),
        ({"allow": ("here",) * 2 + ("no where",)}, "allow: allow entry 'no where'"),
        ({"headers": {"Webhook-Id": "1"}}, "headers: 'Webhook-Id' is set by eightk and may not be given"),
        ({"headers": {"Content-Type": "text/plain"}}, "headers: 'Content-Type' is set by eightk"),
        ({"headers": {"user-agent": "me"}}, "headers: 'user-agent' is set by eightk"),
        ({"headers": {"Host": "inside"}}, "headers: 'Host' is set by eightk"),
        ({"headers": {"X Y": "1"}}, "headers: 'X Y' is not the name of a header"),
        ({"headers": {"X-Y": "1\r\nHost: inside"}}, "headers: the value of 'X-Y' must be one line"),
        ({"headers": {"X-Y": "é"}}, "headers: the value of 'X-Y' must be one line"),
    ],
)
def test_settings_that_cannot_work_are_refused_with_a_sentence(secret_file, settings, sentence):
    with pytest.raises(ValueError, match="^" + sentence.replace("(", r"\(")):
        Webhook(**{"url": URL, "secret_file": secret_file} | settings)


def test_a_missing_secret_file_is_named(tmp_path):
    with pytest.raises(ValueError, match=r"secret_file: .*/none cannot be read \(No such file or directory\)"):
        Webhook(url=URL, secret_file=tmp_path / "none")


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "holds 0 secrets, expected 1 to 11"),
        ("# none yet\n", "holds 0 secrets, expected 1 to 11"),
        ("hunter2\n", "line 1: a secret starts with 'whsec_'"),
        ("whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIz\nwhsec_c2hvcnQ=\n", "line 2: a secret holds 24 to 64 bytes"),
        ("whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIz\n" * 12, "holds 12 secrets, expected 1 to 11"),
    ],
)
def test_a_secret_file_that_holds_no_secret_is_refused_without_showing_what_it_holds(secret_file, text, sentence):
    secret_file.write_text(text)

    with pytest.raises(ValueError, match=sentence) as caught:
        Webhook(url=URL, secret_file=secret_file)
    assert "hunter2" not in str(caught.value)


def test_all_faults_of_the_settings_are_told_at_once(tmp_path):
    with pytest.raises(ValueError, match=r"url: .*; headers: .*; secret_file: ") as caught:
        Webhook(url="ftp://x", secret_file=tmp_path / "none", headers={"host": "x"})

    assert str(caught.value).count(";") >= 2


async def test_the_log_writes_one_line_with_the_facts_as_fields(caplog):
    with caplog.at_level(logging.INFO):
        await Log().notify(MESSAGE, Receiver(), NOW)

    (record,) = caplog.records
    assert (record.levelname, record.getMessage()) == ("INFO", "alert")
    assert (record.alert, record.summary, record.url) == (MESSAGE.id, MESSAGE.summary, MESSAGE.url)


async def test_the_log_uses_the_level_that_is_set(caplog):
    with caplog.at_level(logging.DEBUG):
        await Log(level="warning").notify(MESSAGE, Receiver(), NOW)

    assert caplog.records[0].levelname == "WARNING"


def test_a_level_that_does_not_exist_is_refused():
    with pytest.raises(ValueError, match="level: expected debug, info, warning or error, not 'loud'"):
        Log(level="loud")


async def test_the_log_sends_nothing():
    receiver = Receiver()
    await Log().notify(MESSAGE, receiver, NOW)

    assert receiver.sent == []


@pytest.mark.parametrize(
    ("status", "wish", "is_permanent", "disables", "aborts"),
    [
        (500, "abort-message", True, False, True),
        (500, "Disable", True, True, False),
        (500, "something else", False, False, False),
        (410, "", True, True, False),
    ],
)
async def test_a_receiver_may_say_what_it_wants(secret_file, status, wish, is_permanent, disables, aborts):
    error = await refused(secret_file, status, **{"webhook-delivery": wish})

    assert (error.permanent, error.disables, error.aborts) == (is_permanent, disables, aborts)


async def test_a_wish_may_come_with_success(secret_file):
    answer = await Webhook(url=URL, secret_file=secret_file).notify(
        MESSAGE, Receiver(200, {"webhook-delivery": "disable"}), NOW
    )

    assert answer.headers["webhook-delivery"] == "disable"


def test_an_absurd_wait_is_heeded_as_a_long_one() -> None:
    answer = Answer(503, {"retry-after": "9" * 40}, "", "192.0.2.1:443")

    assert retry_after(answer, 0.0) == 1e9
