"""``eightk endpoint``: listing the places that are told, trying one out, a new secret, enabling one again."""

import asyncio
import json
import stat
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from _running import Place, Running, wait_until
from _stores import ACCESSION, NOW, alert, report, save, store_url
from click.testing import CliRunner, Result
from sqlalchemy import Connection
from standardwebhooks import Webhook

from watcher.cli import cli
from watcher.payload.schema import validate
from watcher.simulator.generator import Generator
from watcher.simulator.receiver import Receiver, receive
from watcher.store import endpoints
from watcher.store.database import Store
from watcher.verdict import EndpointState

pytestmark = pytest.mark.usefixtures("either_store")


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


def run(place: Place, *arguments: str) -> Result:
    return CliRunner().invoke(cli, ["endpoint", *arguments, "--config", str(place.config)], catch_exceptions=False)


def fill(place: Place, *states: EndpointState) -> None:
    """A store with one delivery that is owed to the desk."""
    with Store(store_url(place.folder / "data" / "eightk.db")) as store:
        save(store, report(ACCESSION, alert()))

        def keep(connection: Connection) -> None:
            for state in states:
                endpoints.save(connection, state)

        store.write_now(keep)


def listed(place: Place) -> dict[str, Any]:
    done = run(place, "list", "--json")
    assert done.exit_code == 0, done.output
    return {row["name"]: row for row in json.loads(done.output)}


# List


def test_each_endpoint_is_listed_with_its_host_and_no_more_of_its_url(place: Place) -> None:
    secret_url = "https://hooks.slack.example/services/T0/B0/hunter2"
    (place.folder / "slack").write_text(secret_url + "\n")
    place.set_up(
        receiver="http://127.0.0.1:9",
        more='[endpoint.chat]\nkind = "slack"\nurl_file = "slack"\n[endpoint.lamp]\nkind = "command"\n'
        'command = ["/usr/bin/lamp", "--token", "hunter2"]\n[endpoint.post]\nkind = "mail"\nhost = "mail.example.com"\n'
        'sender = "a@example.com"\nto = ["b@example.com"]',
    )

    rows = listed(place)

    assert {name: (row["kind"], row["where"]) for name, row in rows.items()} == {
        "desk": ("webhook", "127.0.0.1:9"),
        "chat": ("slack", "hooks.slack.example"),
        "lamp": ("command", "lamp"),
        "post": ("mail", "mail.example.com"),
        "log": ("log", ""),
    }
    assert "hunter2" not in run(place, "list").output


def test_without_a_store_nothing_was_told_yet(place: Place) -> None:
    assert listed(place.set_up())["desk"] == {
        "name": "desk",
        "kind": "log",
        "where": "",
        "state": "not told yet",
        "owed": 0,
        "failed": 0,
        "failures": 0,
        "failing_since": None,
        "last_success_at": None,
        "last_failure_at": None,
        "last_error": None,
        "resumes_at": None,
        "disabled_at": None,
    }


def test_what_the_store_knows_of_an_endpoint_is_listed(place: Place) -> None:
    fill(place.set_up(), EndpointState("desk", failures=3, last_error="503: no", resumes_at=NOW + timedelta(days=9999)))

    row = listed(place)["desk"]

    assert (row["state"], row["owed"], row["last_error"]) == ("paused", 1, "503: no")


def test_one_that_left_the_settings_and_is_owed_something_is_listed(place: Place) -> None:
    fill(place.set_up())
    place.config.write_text(place.config.read_text().replace("[endpoint.desk]", "[endpoint.other]"))

    done = run(place, "list")

    assert "not in the settings any more" in done.output
    assert listed(place)["desk"]["owed"] == 1


# Test


async def told(place: Place, receiver: Receiver, *arguments: str) -> tuple[int, str]:
    async with receive(receiver) as url:
        place.set_up(receiver=url)
        done = await asyncio.to_thread(place.eightk, "endpoint", "test", "desk", *arguments)
    return done.returncode, done.stdout + done.stderr


async def test_a_test_is_told_and_what_came_back_is_shown(place: Place) -> None:
    receiver = Receiver(secret=place.secret)

    code, output = await told(place, receiver)

    (post,) = receiver.received
    assert (code, post.fault) == (0, "")
    assert "desk (webhook, 127.0.0.1:" in output
    assert "204 in " in output
    assert "signed    webhook-id, webhook-signature, webhook-timestamp (1 signature)" in output
    assert "without TLS" in output


async def test_a_test_is_a_payload_of_its_own_type_that_the_public_library_accepts(place: Place) -> None:
    receiver = Receiver()
    await told(place, receiver)

    (post,) = receiver.received
    content = Webhook(place.secret).verify(post.body, dict(post.headers))

    validate(post.body)
    assert (content["type"], content["data"]["id"]) == ("test.ping", post.headers["webhook-id"])


async def test_a_receiver_that_refuses_is_told_with_its_answer(place: Place) -> None:
    code, output = await told(place, Receiver(secret="whsec_" + "A" * 43 + "="))

    assert code == 1
    assert "not told: 401: the receiver did not accept it" in output
    assert "it says   no signature fits this message" in output


async def test_what_nobody_answers_is_told(place: Place) -> None:
    place.set_up(receiver="http://127.0.0.1:1")

    done = place.eightk("endpoint", "test", "desk", "--json")

    row = json.loads(done.stdout)
    assert done.returncode == 1
    assert (row["ok"], row["error"], row["status"]) == (False, "connection refused", None)


async def test_what_a_file_s_first_alert_would_tell_is_told_as_a_test_under_an_id_of_its_own(place: Place) -> None:
    made = Generator(seed=3).submission(items=("7.01", "9.01"))
    file = place.folder / "a.txt"
    file.write_bytes(made.raw)
    receiver = Receiver(secret=place.secret)

    code, output = await told(place, receiver, "--filing", str(file))

    (post,) = receiver.received
    content = json.loads(post.body)
    validate(post.body)
    assert code == 0, output
    assert (content["type"], content["data"]["filing"]["accession"]) == ("filing.matched", made.accession)
    assert content["data"]["summary"].startswith("Test: ")
    assert content["data"]["id"] == post.headers["webhook-id"] != alert(made.accession, "every").id


async def test_what_a_stored_filing_s_first_alert_would_tell_is_told(place: Place) -> None:
    fill(place)
    receiver = Receiver(secret=place.secret)

    code, _ = await told(place, receiver, "--filing", ACCESSION)

    assert code == 0
    assert json.loads(receiver.received[0].body)["data"]["filing"]["accession"] == ACCESSION


def test_a_filing_that_raises_no_alert_cannot_be_told(place: Place) -> None:
    place.set_up()
    with Store(store_url(place.folder / "data" / "eightk.db")) as store:
        save(store, report(ACCESSION))

    done = run(place, "test", "desk", "--filing", ACCESSION)

    assert (done.exit_code, "no rule raises an alert" in done.output) == (1, True)


@pytest.mark.parametrize("command", [("test",), ("rotate-secret",), ("enable",)])
def test_an_endpoint_that_is_not_there_is_a_wrong_use(place: Place, command: tuple[str, ...]) -> None:
    done = run(place.set_up(), *command, "none")

    assert (done.exit_code, "no endpoint 'none'; there are desk, log" in done.output) == (2, True)


def test_a_fault_of_another_endpoint_is_no_reason_not_to_try_this_one(place: Place) -> None:
    place.set_up(more='[endpoint.broken]\nkind = "nothing"')

    assert run(place, "test", "desk").exit_code == 0


# Rotate


def test_a_new_secret_is_put_on_top_and_the_old_one_is_kept_for_a_day(place: Place) -> None:
    place.set_up(receiver="http://127.0.0.1:9")
    done = run(place, "rotate-secret", "desk")
    file = place.folder / "secret"
    lines = file.read_text().splitlines()

    assert done.exit_code == 0
    assert lines[0].startswith("whsec_")
    assert lines[0] != place.secret == lines[2]
    assert lines[0] not in done.output
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


@pytest.mark.parametrize(("overlap", "kept"), [("0", 0), ("7d", 1), ("90m", 1)])
def test_the_overlap_may_be_chosen(place: Place, overlap: str, kept: int) -> None:
    place.set_up(receiver="http://127.0.0.1:9")

    assert run(place, "rotate-secret", "desk", "--overlap", overlap).exit_code == 0
    assert (place.folder / "secret").read_text().count(place.secret) == kept


@pytest.mark.parametrize("overlap", ["8d", "soon", "-1h"])
def test_an_overlap_that_cannot_be_is_refused(place: Place, overlap: str) -> None:
    place.set_up(receiver="http://127.0.0.1:9")

    assert run(place, "rotate-secret", "desk", "--overlap", overlap).exit_code == 2
    assert (place.folder / "secret").read_text() == place.secret + "\n"


def test_an_endpoint_without_a_secret_file_has_none_to_rotate(place: Place) -> None:
    done = run(place.set_up(), "rotate-secret", "desk")

    assert (done.exit_code, "endpoint desk has no secret_file" in done.output) == (2, True)


async def test_after_a_rotation_a_receiver_may_know_either_secret(place: Place) -> None:
    place.set_up(receiver="http://127.0.0.1:9")
    run(place, "rotate-secret", "desk")
    text = (place.folder / "secret").read_text()
    receiver = Receiver()
    async with receive(receiver) as url:
        place.set_up(receiver=url)
        (place.folder / "secret").write_text(text)
        done = await asyncio.to_thread(place.eightk, "endpoint", "test", "desk")

    (post,) = receiver.received
    assert "(2 signatures)" in done.stdout
    for secret in (text.splitlines()[0], place.secret):
        assert Webhook(secret).verify(post.body, dict(post.headers))


def test_a_secret_file_that_others_may_read_is_warned_of(place: Place) -> None:
    place.set_up(receiver="http://127.0.0.1:9")
    file = place.folder / "secret"
    warned = {}
    for mode in (0o644, 0o640, 0o600):
        file.chmod(mode)
        warned[mode] = CliRunner().invoke(cli, ["check", "--config", str(place.config)]).output

    assert f"warning: {file} (endpoint.desk.secret_file) may be read by every user" in warned[0o644]
    assert "may be read" not in warned[0o640] + warned[0o600]


# Enable


DISABLED = EndpointState("desk", disabled_at=NOW, disabled_reason="410: the receiver wants no more of these")


def test_a_disabled_endpoint_is_enabled_here_when_no_daemon_runs(place: Place) -> None:
    fill(place.set_up(), DISABLED)
    before = listed(place)["desk"]

    done = run(place, "enable", "desk")

    assert (before["state"], before["last_error"]) == ("disabled", DISABLED.disabled_reason)
    assert (done.exit_code, done.output) == (0, "desk is enabled\n")
    assert listed(place)["desk"]["state"] == "not told yet"
    assert run(place, "enable", "desk").output == "desk is enabled (it was not disabled)\n"


def test_a_disabled_endpoint_is_enabled_by_the_daemon_and_told_what_it_is_owed(place: Place) -> None:
    place.inbox.mkdir()
    place.set_up()
    with Running(place):
        pass  # notes the settings: an endpoint whose settings are others begins anew
    fill(place, DISABLED)
    with Running(place):
        assert listed(place)["desk"]["state"] == "disabled"
        done = place.eightk("endpoint", "enable", "desk")
        assert done.returncode == 0, done.stderr
        assert wait_until(lambda: listed(place)["desk"]["owed"] == 0)
