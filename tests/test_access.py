"""Who may look at the page and use the API, and who may change things."""

import asyncio
import errno
import html
import os
import re
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from urllib.parse import urlencode

import httpx
import pytest
from _stores import ACCESSION, report, save
from click.testing import CliRunner

from watcher.cli import cli
from watcher.errors import ConfigError, EightkError
from watcher.keyring import Keyring, read_keyring, write_keyring
from watcher.ready import examine
from watcher.sources.audit import AuditResult
from watcher.sources.backfill_progress import BackfillRequest, Progress
from watcher.store import filings
from watcher.store.database import Store
from watcher.web.access import COOKIE, Access, KeyringFile, signing_key
from watcher.web.app import make_app
from watcher.web.desk import Desk, Health
from watcher.web.tries import Tries

PASSWORD = "correct horse battery"
SITE = "http://127.0.0.1:8000"
FORM = {"Origin": SITE, "Content-Type": "application/x-www-form-urlencoded"}


class Idle:
    progress: Progress | None = None

    async def ask(self, request: BackfillRequest) -> Progress:
        raise EightkError("no backfill here")

    async def stop(self) -> Progress | None:
        return None


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store(f"sqlite:///{tmp_path / 'eightk.db'}") as opened:
        yield opened


def client_of(store: Store, access: Access, site: str = SITE) -> httpx.AsyncClient:
    async def retry(accession: str) -> None:
        await store.read(filings.get, accession)

    async def audit(day: date | None) -> AuditResult:
        raise EightkError("no audit here")

    desk = Desk(
        store=store,
        token="of-the-lock-file",
        retry=retry,
        audit=audit,
        backfill=Idle(),
        health=lambda: Health(is_well=True, edgar="polling"),
        access=access,
    )
    return httpx.AsyncClient(transport=httpx.ASGITransport(app=make_app(desk)), base_url=site)


def guarded(*, may_write: bool = False) -> tuple[Access, str]:
    keyring, token = Keyring().with_password(PASSWORD).with_token("desk", may_write=may_write)
    return Access("of-the-lock-file", read=lambda: keyring), token


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


async def logged_in(client: httpx.AsyncClient, password: str = PASSWORD, target: str = "/") -> httpx.Response:
    return await client.post("/login", data={"password": password, "next": target}, headers=FORM)


async def test_without_a_password_whoever_reaches_the_page_may_look(store: Store):
    async with client_of(store, Access("of-the-lock-file")) as client:
        assert (await client.get("/")).status_code == 200
        assert (await client.get("/v1/filings")).status_code == 200


@pytest.mark.parametrize("path", ["/", f"/filings/{ACCESSION}", "/nowhere"])
async def test_with_a_password_a_page_leads_to_the_log_in_and_back(store: Store, path: str):
    save(store, report())
    async with client_of(store, guarded()[0]) as client:
        refused = await client.get(path)
        asked = await client.get(refused.headers["location"])
        answer = await logged_in(client, target=path)

        assert refused.status_code == answer.status_code == 303
        assert f'value="{path}"' in asked.text
        assert answer.headers["location"] == path
        assert (await client.get(path)).status_code == (404 if path == "/nowhere" else 200)


@pytest.mark.parametrize("path", ["/v1/filings", "/metrics", "/v1/openapi.json", "/v1/nowhere"])
async def test_with_a_password_a_program_is_told_that_it_needs_a_token(store: Store, path: str):
    async with client_of(store, guarded()[0]) as client:
        answer = await client.get(path)

    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == "Bearer"
    assert answer.headers["content-type"] == "application/problem+json"


async def test_the_cookie_is_for_this_browser_and_no_script(store: Store):
    async with client_of(store, guarded()[0]) as client:
        cookie = (await logged_in(client)).headers["set-cookie"]

    assert cookie.startswith(f"{COOKIE}=")
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie
    assert "Secure" not in cookie


async def test_over_https_the_cookie_is_for_https_alone(store: Store):
    access = guarded()[0]
    async with client_of(store, access, "https://eightk.example") as client:
        answer = await client.post(
            "/login", data={"password": PASSWORD}, headers=FORM | {"Origin": "https://eightk.example"}
        )

    assert "Secure" in answer.headers["set-cookie"]


async def test_behind_a_proxy_that_speaks_https_the_cookie_is_for_https_alone_whoever_is_trusted(store: Store):
    keyring = Keyring().with_password(PASSWORD)
    access = Access("of-the-lock-file", read=lambda: keyring, public_url="https://eightk.example")
    async with client_of(store, access, "http://eightk.example") as client:
        answer = await client.post(
            "/login", data={"password": PASSWORD}, headers=FORM | {"Origin": "https://eightk.example"}
        )

    assert "Secure" in answer.headers["set-cookie"]


async def test_a_wrong_password_is_told_and_five_are_enough(store: Store):
    async with client_of(store, guarded()[0]) as client:
        answers = [await logged_in(client, "not the password") for _ in range(5)]
        last = await logged_in(client)

    assert [answer.status_code for answer in answers] == [403] * 5
    assert "That is not the password." in answers[0].text
    assert last.status_code == 429
    assert 0 < int(last.headers["retry-after"]) <= 300


async def test_tries_side_by_side_are_no_more_than_those_one_after_the_other(store: Store):
    async with client_of(store, guarded()[0]) as client:
        answers = await asyncio.gather(*(logged_in(client, f"not the password {number}") for number in range(30)))
        last = await logged_in(client)

    assert sum(answer.status_code == 403 for answer in answers) == 5
    assert last.status_code == 429


async def test_a_token_sends_no_forms(store: Store):
    access, token = guarded(may_write=True)
    async with client_of(store, access) as client:
        page = await client.get("/draft", headers=bearer(token))
        visitor = await access.visitor(f"Bearer {token}", "", "")
        assert visitor is not None
        data = {"csrf": access.form_token(visitor), "rule": "r", "hours": "5", "why": "w", "by": "b", "back": "/"}
        answer = await client.post("/silences", data=data, headers=FORM | bearer(token))

    assert answer.status_code == 403
    assert re.findall(r'name="csrf" value="[^"]+"', page.text) == []


async def test_a_copied_cookie_ends_with_the_session(store: Store):
    access = guarded()[0]
    async with client_of(store, access) as client:
        await logged_in(client)
        copy = client.cookies[COOKIE]
        session = await access.visitor("", copy, "")
        assert session is not None
        await client.post("/logout", data={"csrf": access.form_token(session)}, headers=FORM)

        assert await access.visitor("", copy, "") is None


async def test_cookies_of_other_programs_do_not_hide_ours(store: Store):
    access = guarded()[0]
    async with client_of(store, access) as client:
        await logged_in(client)
        mixed = f'prefs={{"a":1}}; a[b]=1; {COOKIE}={client.cookies[COOKIE]}'
        client.cookies.clear()
        answer = await client.get("/", headers={"Cookie": mixed})

    assert answer.status_code == 200


@pytest.mark.parametrize("data", [{"csrf": "é"}, {"csrf": "\ud800"}])
async def test_odd_form_tokens_are_wrong_ones(store: Store, data: dict[str, str]):
    body = urlencode(data, errors="surrogatepass")
    async with client_of(store, Access("t")) as client:
        answer = await client.post("/logout", content=body, headers=FORM)
        broken = await client.post("/logout", content=body, headers=FORM | {"Origin": "http://["})

    assert answer.status_code in (403, 422)
    assert broken.status_code == 403


async def test_a_probe_tells_a_stranger_no_more_than_how_it_is(store: Store):
    access, token = guarded()
    async with client_of(store, access) as client:
        stranger = (await client.get("/healthz")).json()
        known = (await client.get("/healthz", headers=bearer(token))).json()

    assert stranger == {"status": "ok"}
    assert "filings" in known


def test_a_token_that_was_right_is_remembered_through_a_change_of_the_file(tmp_path: Path):
    keyring, token = Keyring().with_token("desk", may_write=False)
    write_keyring(tmp_path / "web", keyring)
    read = KeyringFile(tmp_path / "web", is_needed=True)
    read().token(token)

    more, _ = keyring.with_token("other", may_write=False)
    write_keyring(tmp_path / "web", more)
    assert read().remembered(token) is not None
    write_keyring(tmp_path / "web", more.without_token("desk"))
    assert read().remembered(token) is None


def test_a_passing_error_does_not_keep_an_old_keyring(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    write_keyring(tmp_path / "web", Keyring().with_password(PASSWORD))
    read = KeyringFile(tmp_path / "web", is_needed=True)
    write_keyring(tmp_path / "web", Keyring().with_password("another good one"))

    def fails(path: Path) -> Keyring:
        raise OSError(errno.EMFILE, "Too many open files")

    with monkeypatch.context() as patch:
        patch.setattr("watcher.web.access.read_keyring", fails)
        assert read().is_password(PASSWORD)
    assert read().is_password("another good one")


def test_an_emptied_file_opens_nothing(tmp_path: Path):
    write_keyring(tmp_path / "web", Keyring().with_password(PASSWORD))
    read = KeyringFile(tmp_path / "web", is_needed=False)
    (tmp_path / "web").write_text("")

    assert read().is_password(PASSWORD)
    with pytest.raises(ValueError, match="is empty"):
        read_keyring(tmp_path / "web")


def test_a_public_url_needs_a_password_first_and_keeps_the_last_one(tmp_path: Path):
    settings = tmp_path / "eightk.toml"
    settings.write_text('[web]\nurl = "https://eightk.example"\nlisten = "127.0.0.1:0"\n[rules]\npath = "."\n')

    with pytest.raises(ConfigError, match=r"web\.url"):
        examine(settings)
    for words, text, code in ((("password",), f"{PASSWORD}\n", 0), (("password", "--remove"), "", 2)):
        done = CliRunner().invoke(cli, ["web", *words, "--config", str(settings)], input=text)
        assert done.exit_code == code, done.output
    examine(settings)


async def test_guessed_tokens_are_counted_too(store: Store):
    wrong = bearer("eightk_desk_" + "x" * 43)
    async with client_of(store, guarded()[0]) as client:
        statuses = [(await client.get("/v1/filings", headers=wrong)).status_code for _ in range(6)]

    assert statuses == [401] * 5 + [429]


async def test_a_token_that_was_right_before_is_let_in_while_others_guess(store: Store):
    access, token = guarded()
    wrong = bearer("eightk_desk_" + "x" * 43)
    async with client_of(store, access) as client:
        first = await client.get("/v1/filings", headers=bearer(token))
        for _ in range(6):
            await client.get("/v1/filings", headers=wrong)
        again = await client.get("/v1/filings", headers=bearer(token))

    assert first.status_code == again.status_code == 200


@pytest.mark.parametrize(("may_write", "status"), [(True, 202), (False, 403)])
async def test_a_token_writes_only_if_it_may(store: Store, may_write: bool, status: int):
    save(store, report())
    access, token = guarded(may_write=may_write)
    async with client_of(store, access) as client:
        answer = await client.post(f"/v1/filings/{ACCESSION}/retry", headers=bearer(token))

    assert answer.status_code == status


async def test_the_token_of_the_lock_file_always_writes(store: Store):
    save(store, report())
    async with client_of(store, guarded()[0]) as client:
        answer = await client.post(f"/v1/filings/{ACCESSION}/retry", headers=bearer("of-the-lock-file"))

    assert answer.status_code == 202


async def test_a_session_may_read_the_api_and_not_write_to_it(store: Store):
    save(store, report())
    async with client_of(store, guarded()[0]) as client:
        await logged_in(client)
        read = await client.get("/v1/filings")
        written = await client.post(f"/v1/filings/{ACCESSION}/retry")

    assert (read.status_code, written.status_code) == (200, 401)


async def test_a_session_ends_with_the_password_and_with_logging_out(store: Store):
    keyrings = [Keyring().with_password(PASSWORD)]
    access = Access("t", read=lambda: keyrings[0])
    async with client_of(store, access) as client:
        await logged_in(client)
        before = await client.get("/v1/filings")
        keyrings[0] = Keyring().with_password("another good one")
        after = await client.get("/v1/filings")

    assert (before.status_code, after.status_code) == (200, 401)


async def test_logging_out_takes_a_form_of_ours(store: Store):
    access = guarded()[0]
    async with client_of(store, access) as client:
        await logged_in(client)
        forged = await client.post("/logout", data={"csrf": "x"}, headers=FORM)
        session = await access.visitor("", client.cookies[COOKIE], "")
        assert session is not None
        real = await client.post("/logout", data={"csrf": access.form_token(session)}, headers=FORM)

        assert forged.status_code == 403
        assert real.status_code == 303
        assert COOKIE not in client.cookies


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        (FORM | {"Origin": "http://evil.example"}, 403),
        ({"Content-Type": FORM["Content-Type"]}, 403),
        (FORM | {"Origin": "null"}, 403),
        (FORM | {"Content-Type": "text/plain"}, 415),
        (FORM | {"Content-Type": "multipart/form-data; boundary=x"}, 415),
    ],
)
async def test_a_form_from_elsewhere_is_not_read(store: Store, headers: dict[str, str], status: int):
    async with client_of(store, guarded()[0]) as client:
        answer = await client.post("/login", content=f"password={PASSWORD}", headers=headers)

    assert answer.status_code == status
    assert "set-cookie" not in answer.headers


async def test_an_endless_form_is_not_read_to_its_end(store: Store):
    async with client_of(store, guarded()[0]) as client:
        answer = await client.post("/login", content=b"password=" + b"x" * 2_000_000, headers=FORM)

    assert answer.status_code == 413


@pytest.mark.parametrize(
    "target", ["//evil.example", "/\\evil.example", "https://evil.example", "/\tx", "javascript:alert(1)", ""]
)
async def test_after_the_log_in_nobody_is_led_elsewhere(store: Store, target: str):
    async with client_of(store, guarded()[0]) as client:
        answer = await logged_in(client, target=target)

    assert answer.headers["location"] == "/"


async def test_probes_are_answered_without_a_log_in(store: Store):
    async with client_of(store, guarded()[0]) as client:
        assert (await client.get("/healthz")).status_code == 200
        assert (await client.get("/style.css")).status_code == 200


async def test_a_name_that_is_not_ours_is_turned_away_while_nobody_is_asked(store: Store):
    async with client_of(store, Access("t", public_url="https://eightk.example")) as client:
        hosts = ("evil.example", "eightk.example", "127.0.0.1:8000", "localhost", "")
        statuses = [(await client.get("/v1/filings", headers={"Host": host})).status_code for host in hosts]

    assert statuses == [421, 200, 200, 200, 421]


async def test_forms_of_the_open_page_carry_a_token(store: Store):
    access = Access("t")
    async with client_of(store, access) as client:
        visitor = await access.visitor("", "", "")
        assert visitor is not None
        right = await client.post("/logout", data={"csrf": access.form_token(visitor)}, headers=FORM)
        wrong = await client.post("/logout", data={"csrf": "0" * 64}, headers=FORM)

    assert (right.status_code, wrong.status_code) == (303, 403)


def test_one_network_cannot_try_from_many_addresses():
    now = [0.0]
    tries = Tries(lambda: now[0])
    for number in range(5):
        tries.note_failure(f"2001:db8::{number}")

    assert tries.wait_seconds("2001:db8::ffff") == 300
    assert tries.wait_seconds("2001:db8:0:1::1") == 0
    assert tries.wait_seconds("::ffff:192.0.2.1") == tries.wait_seconds("192.0.2.1") == 0
    now[0] = 300.1
    assert tries.wait_seconds("2001:db8::1") == 0


def test_many_addresses_together_are_stopped_as_well():
    tries = Tries(lambda: 0.0)
    for number in range(60):
        tries.note_failure(f"192.0.2.{number}")

    assert tries.wait_seconds("198.51.100.1") == 300


def test_a_changed_file_counts_at_once_and_a_broken_one_opens_nothing(tmp_path: Path):
    path = tmp_path / "web"
    write_keyring(path, Keyring().with_password(PASSWORD))
    read = KeyringFile(path, is_needed=False)
    write_keyring(path, Keyring().with_password("another good one"))
    assert read().is_password("another good one")

    path.write_text("nonsense")
    assert read().is_password("another good one")
    path.unlink()
    assert read().is_password("another good one")


def test_a_file_that_is_needed_cannot_be_emptied(tmp_path: Path):
    write_keyring(tmp_path / "web", Keyring().with_password(PASSWORD))
    needed, free = KeyringFile(tmp_path / "web", is_needed=True), KeyringFile(tmp_path / "web", is_needed=False)
    write_keyring(tmp_path / "web", Keyring())

    assert not needed().is_empty
    assert free().is_empty


def test_the_signing_key_outlives_a_restart(tmp_path: Path):
    key = signing_key(tmp_path / "web.key")

    assert signing_key(tmp_path / "web.key") == key
    assert (tmp_path / "web.key").stat().st_mode & 0o077 == 0
    (tmp_path / "web.key").write_bytes(b"short")
    with pytest.raises(EightkError, match="damaged"):
        signing_key(tmp_path / "web.key")


def test_a_disk_that_is_full_leaves_no_half_of_a_key_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr("watcher.web.access.os.fsync", full)
    with pytest.raises(EightkError, match=r"web\.key: cannot be made or read: .*make room on its disk"):
        signing_key(tmp_path / "web.key")
    monkeypatch.undo()

    assert len(signing_key(tmp_path / "web.key")) == 32


def test_an_address_for_others_needs_a_password_first(tmp_path: Path):
    settings = tmp_path / "eightk.toml"
    settings.write_text('[web]\nlisten = "0.0.0.0:0"\n[rules]\npath = "."\n')

    with pytest.raises(ConfigError) as raised:
        examine(settings)
    (fault,) = raised.value.faults
    assert "eightk web password" in str(fault)

    done = CliRunner().invoke(cli, ["web", "password", "--config", str(settings)], input=f"{PASSWORD}\n")
    assert done.exit_code == 0, done.output
    assert examine(settings).settings.web.reached_at("http://0.0.0.0:80") == "http://127.0.0.1:80"


def test_the_command_makes_lists_and_removes_tokens(tmp_path: Path):
    settings = tmp_path / "eightk.toml"
    settings.write_text("")

    def run(*words: str, text: str = "") -> str:
        done = CliRunner().invoke(cli, ["web", *words, "--config", str(settings)], input=text)
        assert done.exit_code == 0, done.output
        return done.stdout

    token = run("token", "add", "desk", "--write").strip()
    assert re.fullmatch(r"eightk_desk_[A-Za-z0-9_-]{43}", token)
    assert "desk" in run("token", "list")
    found = read_keyring(tmp_path / "secrets/web").token(token)
    assert found is not None
    assert found.may_write
    run("token", "remove", "desk")
    assert run("token", "list") == "no tokens\n"


@pytest.mark.parametrize(
    ("words", "text", "told"),
    [
        (("password",), "short\n", "12 to 1000 characters"),
        (("password", "--remove"), "", "there is no password"),
        (("token", "add", "A B"), "", "small letters"),
        (("token", "remove", "nobody"), "", "there is no token nobody"),
    ],
)
def test_wrong_usage_is_told(tmp_path: Path, words: tuple[str, ...], text: str, told: str):
    (tmp_path / "eightk.toml").write_text("")

    done = CliRunner().invoke(cli, ["web", *words, "--config", str(tmp_path / "eightk.toml")], input=text)

    assert done.exit_code == 2
    assert told in html.unescape(done.output)
