"""Signing: what a receiver accepts, and what it does not."""

import base64
import time
from datetime import UTC, datetime

import pytest
from standardwebhooks.webhooks import Webhook as PublicWebhook
from standardwebhooks.webhooks import WebhookVerificationError

from watcher.errors import SignatureError
from watcher.signing import new_secret, parse_secret, sign, verify

SECRET = "whsec_" + base64.b64encode(bytes(range(32))).decode()
OTHER = "whsec_" + base64.b64encode(bytes(range(32, 64))).decode()
NOW = 1_780_000_000
BODY = '{"type":"filing.matched","company":"Café Ångström, Inc."}'.encode()


def signed(body=BODY, *, at=NOW, secrets=(SECRET,), message_id="alr_1"):
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(at),
        "webhook-signature": sign([parse_secret(text) for text in secrets], message_id, at, body),
    }


def test_a_message_as_it_was_signed_is_accepted():
    verify(SECRET, signed(), BODY, NOW)


def test_the_signature_is_the_one_that_the_public_library_makes():
    public = PublicWebhook(SECRET).sign("alr_1", datetime.fromtimestamp(NOW, UTC), BODY.decode())

    assert signed()["webhook-signature"] == public


def test_the_public_library_accepts_our_signature():
    headers = signed(at=int(time.time()))

    assert PublicWebhook(SECRET).verify(BODY, headers)["type"] == "filing.matched"


def test_the_public_library_refuses_our_signature_on_another_body():
    headers = signed(at=int(time.time()))

    with pytest.raises(WebhookVerificationError):
        PublicWebhook(SECRET).verify(BODY + b" ", headers)


def test_we_accept_what_the_public_library_signs():
    headers = signed() | {
        "webhook-signature": PublicWebhook(SECRET).sign("alr_1", datetime.fromtimestamp(NOW, UTC), BODY.decode())
    }

    verify(SECRET, headers, BODY, NOW)


def test_header_names_may_come_in_any_case():
    verify(SECRET, {name.title(): value for name, value in signed().items()}, BODY, NOW)


@pytest.mark.parametrize("secret", [SECRET, OTHER])
def test_while_a_secret_is_changed_both_the_new_and_the_old_one_verify(secret):
    verify(secret, signed(secrets=[SECRET, OTHER]), BODY, NOW)


def test_the_first_signature_is_made_with_the_first_secret():
    both = signed(secrets=[OTHER, SECRET])["webhook-signature"]

    assert both.split(" ") == [
        signed(secrets=[OTHER])["webhook-signature"],
        signed(secrets=[SECRET])["webhook-signature"],
    ]


@pytest.mark.parametrize("name", ["webhook-id", "webhook-timestamp", "webhook-signature"])
def test_a_missing_header_is_named(name):
    headers = signed()
    del headers[name]

    with pytest.raises(SignatureError, match=f"header {name} is missing"):
        verify(SECRET, headers, BODY, NOW)


@pytest.mark.parametrize(
    ("changed", "body"),
    [
        ({}, BODY.replace(b"matched", b"amended")),
        ({"webhook-id": "alr_2"}, BODY),
        ({"webhook-timestamp": str(NOW + 1)}, BODY),
        ({"webhook-signature": "v1," + base64.b64encode(bytes(32)).decode()}, BODY),
        ({"webhook-signature": "v1,not base64!"}, BODY),
        ({"webhook-signature": "v1,"}, BODY),
        ({"webhook-signature": "nonsense"}, BODY),
    ],
)
def test_whatever_is_altered_the_message_is_refused(changed, body):
    with pytest.raises(SignatureError, match="no signature fits"):
        verify(SECRET, signed() | changed, body, NOW)


def test_a_message_signed_with_another_secret_is_refused():
    with pytest.raises(SignatureError, match="no signature fits"):
        verify(OTHER, signed(), BODY, NOW)


def test_a_signature_of_another_version_does_not_count():
    headers = signed()
    headers["webhook-signature"] = headers["webhook-signature"].replace("v1,", "v1a,")

    with pytest.raises(SignatureError, match="no signature fits"):
        verify(SECRET, headers, BODY, NOW)


@pytest.mark.parametrize(("later", "accepted"), [(300, True), (301, False), (-300, True), (-301, False)])
def test_a_message_is_good_for_five_minutes_either_way(later, accepted):
    try:
        verify(SECRET, signed(), BODY, NOW + later)
    except SignatureError:
        assert not accepted
    else:
        assert accepted


@pytest.mark.parametrize("timestamp", ["-1", "1.5", "nan", "٣", "9" * 400, "1780000000 "])
def test_a_timestamp_that_is_no_whole_number_is_refused(timestamp):
    with pytest.raises(SignatureError, match="not a whole number"):
        verify(SECRET, signed() | {"webhook-timestamp": timestamp}, BODY, NOW)


def test_a_new_secret_holds_32_bytes():
    assert len(parse_secret(new_secret())) == 32


def test_two_new_secrets_differ():
    assert new_secret() != new_secret()


def test_a_secret_may_come_with_a_line_end_and_without_its_padding():
    assert parse_secret(SECRET.rstrip("=") + "\n") == bytes(range(32))


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "starts with 'whsec_'"),
        ("hunter2hunter2hunter2hunter2", "starts with 'whsec_'"),
        ("whsec_***************", "not base64"),
        ("whsec_éé", "not base64"),
        ("whsec_" + base64.b64encode(bytes(23)).decode(), "holds 24 to 64 bytes, this one holds 23"),
        ("whsec_" + base64.b64encode(bytes(65)).decode(), "holds 24 to 64 bytes, this one holds 65"),
    ],
)
def test_what_is_no_secret_is_told_apart(text, problem):
    with pytest.raises(ValueError, match=problem):
        parse_secret(text)


def test_a_refused_secret_does_not_come_out_in_the_error():
    with pytest.raises(ValueError, match="a secret") as caught:
        parse_secret("whsec_hunter2-and-more")

    assert "hunter2" not in str(caught.value)


def test_a_message_id_with_a_dot_is_not_signed():
    with pytest.raises(ValueError, match="message id"):
        sign([bytes(32)], "alr.1", NOW, BODY)


def test_nothing_is_signed_without_a_secret():
    with pytest.raises(ValueError, match="no secret"):
        sign([], "alr_1", NOW, BODY)
