"""The schema of the payload: every kind of message is described to its last key, and the published copy is fresh."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from _telling import alarm, digest, matched, report, saved

from watcher.models import Alert, Delivery, DeliveryState, Message, Severity
from watcher.payload.alert import numbered, ping_message
from watcher.payload.notice import notice_message, notice_words
from watcher.payload.schema import json_schema, validate
from watcher.verdict import EndpointState, Notice

PUBLISHED = Path(__file__).resolve().parents[1] / "docs" / "webhook.schema.json"
AT = datetime(2026, 5, 20, 20, 30, tzinfo=UTC)
PAGE = "http://127.0.0.1:8000"


def notice(kind: Notice) -> Message:
    state = EndpointState("desk", failures=4, last_error="503: the receiver did not accept it", failing_since=AT)
    one = Delivery("dlv_1", "alr_1", "desk", DeliveryState.PENDING, AT)
    words = notice_words(kind, state, one)
    told = Alert("notice_1", f"eightk.endpoint-{kind}", words, Severity.HIGH, "", (), summary=words)
    return notice_message(told, kind, state, one, AT, url=PAGE)


MESSAGES = [
    matched(),
    matched(about=report(form="8-K/A")),
    matched(about=report(filers=(), accepted_at=None, filed_on=None)),
    saved(),
    saved(report(form="8-K/A", filers=(), accepted_at=None, filed_on=None)),
    alarm(),
    alarm(over=True),
    digest(),
    *map(notice, Notice),
    ping_message("ping_1", "desk", at=AT, url=PAGE),
]


@pytest.mark.parametrize("message", MESSAGES, ids=lambda message: message.type)
def test_every_kind_of_message_is_described_to_its_last_key(message: Message) -> None:
    validate(message.payload)
    validate(numbered(message.payload, 7))


def test_every_type_that_is_described_is_made() -> None:
    found = json.loads(json_schema())

    assert set(found["discriminator"]["mapping"]) == {message.type for message in MESSAGES}


@pytest.mark.parametrize("key", ["id", "sequence", "rule", "match", "more"])
def test_a_key_that_is_missing_or_new_is_seen(key: str) -> None:
    content = json.loads(matched().payload)
    if key == "more":
        content["data"][key] = 1
    else:
        del content["data"][key]

    with pytest.raises(ValueError, match=key):
        validate(json.dumps(content).encode())


def test_a_reader_may_pass_over_keys_that_it_does_not_know() -> None:
    assert "additionalProperties" not in json.dumps(
        json.loads(json_schema())["$defs"]["FilingData"]["properties"]["id"]
    )
    assert '"additionalProperties": false' not in json_schema()


def test_the_published_schema_is_fresh() -> None:
    assert PUBLISHED.read_text(encoding="utf-8") == json_schema(), "python -m watcher.payload.schema > it"
