"""Slack, Discord, Teams and ntfy: what is sent, what an answer means, and that no filer can do harm by them."""

import json
import logging
import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from handlers.notify import Discord, Ntfy, Slack, Teams
from handlers.notify._plain import units
from tests._telling import EDGAR, HOSTILE, NOW, PAGE, alarm, digest, hostile, hostile_digest, matched, ping
from watcher.errors import DeliveryError
from watcher.testing import FakePost

SLACK = "https://hooks.slack.com/services/T00000000/B00000000/abcdefghijklmnopqrstuvwx"
DISCORD = "https://discord.com/api/webhooks/123456789012345678/aBcDeFgHiJkLmNoPqRsTuVwXyZ-0123456789_abcdefghij"
TEAMS = "https://prod-1.westeurope.logic.azure.com/workflows/0123456789abcdef/triggers/x?sig=SECRETSECRETSECRETSECRET"
CHATS = {"slack": (Slack, SLACK), "discord": (Discord, DISCORD), "teams": (Teams, TEAMS)}
chats = pytest.mark.parametrize("kind", CHATS)
hostiles = pytest.mark.parametrize("name", HOSTILE)
messages = {"alert": matched(), "alarm": alarm(), "over": alarm(over=True), "digest": digest(30), "ping": ping()}


def made(kind: str, **settings: Any):
    class_, url = CHATS[kind]
    return class_(**({"url": url} | settings))


async def told(notifier, message, body: str = "ok") -> dict[str, Any]:
    post = FakePost(body=body)
    await notifier.notify(message, post, NOW)
    return json.loads(post.posted[0].body)


async def refused(notifier, status: int = 400, body: str = "", **headers: str) -> DeliveryError:
    with pytest.raises(DeliveryError) as caught:
        await notifier.notify(matched(), FakePost(status, headers, body), NOW)
    return caught.value


def texts_in(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        value = [*value.values()]
    if isinstance(value, list):
        for one in value:
            yield from texts_in(one)
    elif isinstance(value, str):
        yield value


async def test_slack_is_told_in_blocks():
    sent = await told(made("slack"), matched())

    assert sent["text"] == ":large_orange_circle: Made-up Corp: Regulation FD disclosure"
    assert (sent["unfurl_links"], sent["unfurl_media"]) == (False, False)
    assert sent["blocks"][1]["fields"][2]["text"] == "*Company*\nMade-up Corp (MADE), CIK 1234567"
    assert sent["blocks"][2]["text"]["text"] == ">furnishing its results"
    assert sent["blocks"][-1]["text"]["text"] == f"<{EDGAR}|EDGAR>  |  <{PAGE}|eightk>"


async def test_discord_is_told_in_an_embed_and_asked_whether_it_was_kept():
    post = FakePost()
    await made("discord").notify(matched(), post, NOW)

    sent = json.loads(post.posted[0].body)
    assert post.posted[0].url == f"{DISCORD}?wait=true"
    assert sent["content"] == "Made-up Corp: Regulation FD disclosure"
    assert sent["allowed_mentions"] == {"parse": []}
    assert sent["embeds"][0]["description"].endswith(f"[EDGAR]({EDGAR}) · [eightk]({PAGE})")
    assert sent["embeds"][0]["fields"][2]["value"] == "Made-up Corp \\(MADE\\), CIK 1234567"


def test_a_thread_of_discord_stays_in_the_url():
    discord = made("discord")

    assert discord.address(f"{DISCORD}?thread_id=7") == f"{DISCORD}?thread_id=7&wait=true"
    assert discord.address(f"{DISCORD}?wait=false") == f"{DISCORD}?wait=false"


async def test_teams_is_told_by_a_card_without_markdown():
    sent = await told(made("teams"), matched())

    attachment = sent["attachments"][0]
    assert (sent["type"], attachment["contentType"]) == ("message", "application/vnd.microsoft.card.adaptive")
    assert {block["type"] for block in attachment["content"]["body"]} == {"RichTextBlock"}
    assert [action["url"] for action in attachment["content"]["actions"]] == [EDGAR, PAGE]


async def test_ntfy_is_told_by_its_root_with_priority_tags_and_the_alerts_id():
    post = FakePost()
    await Ntfy(topic="desk", server="https://push.example.com", tags=("8k",)).notify(matched(), post, NOW)

    sent = json.loads(post.posted[0].body)
    assert post.posted[0].url == "https://push.example.com/"
    assert (sent["topic"], sent["title"]) == ("desk", "Made-up Corp: Regulation FD disclosure")
    assert (sent["priority"], sent["tags"]) == (4, ["warning", "8k"])
    assert (sent["click"], sent["sequence_id"]) == (EDGAR, "alr_0011")
    assert sent["message"].startswith("Severity: high\nRule: Regulation FD disclosure\n")
    assert "“will hold a call”" in sent["message"]


async def test_a_token_for_ntfy_is_read_from_its_file_each_time(tmp_path):
    token, post = tmp_path / "token", FakePost()
    token.write_text("tk_one\n")
    ntfy = Ntfy(topic="desk", token_file=token)
    token.write_text("tk_two\n")
    await ntfy.notify(matched(), post, NOW)

    assert post.posted[0].headers["authorization"] == "Bearer tk_two"


@pytest.mark.parametrize("message", messages)
@chats
async def test_every_type_of_message_can_be_told(kind, message):
    sent = await told(made(kind), messages[message])

    assert any(messages[message].summary in text for text in texts_in(sent))


@chats
async def test_a_digest_says_how_many_alerts_there_are_beyond_those_it_tells(kind):
    sent = "".join(texts_in(await told(made(kind), digest(30))))

    listed = sent.count("Made-up Corp: results")
    assert 5 <= listed <= 20
    assert f"and {30 - listed} more" in sent


@chats
async def test_all_that_a_person_wants_to_know_is_there(kind):
    sent = "\n".join(texts_in(await told(made(kind), matched())))

    known = ["high", "Regulation FD", "Made-up Corp", "CIK 1234567", "8-K", "7.01", "2026-05-20 16:15:03 EDT", EDGAR]
    assert [one for one in [*known, "will hold a call"] if one not in sent] == []


@chats
async def test_the_answer_is_returned(kind):
    answer = await made(kind).notify(matched(), FakePost(body="ok"), NOW)

    assert (answer.status, answer.address) == (200, "192.0.2.1:443")


async def test_discord_and_teams_say_no_word_but_their_status():
    assert (await made("discord").notify(matched(), FakePost(204), NOW)).status == 204
    assert (await made("teams").notify(matched(), FakePost(202), NOW)).status == 202


async def test_a_page_that_answers_200_in_slacks_place_is_not_slack():
    error = await refused(made("slack"), 200, "<html>Please log in</html>")

    assert (str(error), error.status, error.permanent) == ("200: Slack did not say ok", 200, False)


@chats
async def test_a_refusal_is_told_with_the_services_own_word(kind):
    error = await refused(made(kind), 403, "action\nprohibited")

    assert str(error).startswith("403: ")
    assert str(error).endswith("did not accept it (action prohibited)")
    assert (error.permanent, error.body) == (False, "action\nprohibited")


@chats
async def test_gone_ends_the_message(kind):
    assert (await refused(made(kind), 410)).permanent


@chats
async def test_a_redirect_is_a_failure(kind):
    assert "redirect" in str(await refused(made(kind), 302, location="https://evil.example/"))


@chats
async def test_too_many_requests_say_when_to_come_back(kind):
    error = await refused(made(kind), 429, **{"retry-after": "30"})

    assert error.retry_after_seconds == 30


@pytest.mark.parametrize(
    ("body", "seconds"),
    [
        ('{"retry_after": 64.57, "global": false}', 64.57),
        ('{"retry_after": 0.3}', 2.0),
        ('{"retry_after": "soon"}', 2.0),
        ('{"retry_after": -1}', 2.0),
        ('{"retry_after": true}', 2.0),
        ('{"retry_after": 1e400}', 2.0),
        ('{"retry_after": NaN}', 2.0),
        ("[1]", 2.0),
        ("slow down", 2.0),
    ],
)
async def test_discord_says_it_more_exactly_in_the_body(body, seconds):
    error = await refused(made("discord"), 429, body, **{"retry-after": "2"})

    assert error.retry_after_seconds == seconds


def test_slack_and_discord_take_one_request_a_second():
    assert (Slack.requests_per_second, Discord.requests_per_second) == (1.0, 1.0)


@chats
async def test_a_url_in_a_file_is_read_for_each_attempt(kind, tmp_path):
    file, post = tmp_path / "url", FakePost(body="ok")
    file.write_text(CHATS[kind][1] + "\n")
    notifier = made(kind, url="", url_file=file)
    file.write_text("https://other.example.com/hook\n")
    await notifier.notify(matched(), post, NOW)

    assert post.posted[0].url.startswith("https://other.example.com/hook")


@chats
async def test_a_file_that_broke_meanwhile_fails_the_attempt_and_may_be_mended(kind, tmp_path):
    file = tmp_path / "url"
    file.write_text(CHATS[kind][1])
    notifier = made(kind, url="", url_file=file)
    file.unlink()

    error = await refused(notifier)
    assert (str(error).startswith("no URL to post to: "), error.permanent) == (True, False)


@chats
@pytest.mark.parametrize("settings", [{"url": ""}, {"url_file": "x"}])
def test_one_of_url_and_url_file_is_needed(kind, settings):
    with pytest.raises(ValueError, match="give url or url_file, one of the two"):
        made(kind, **settings)


@pytest.mark.parametrize("text", ["", "\n\n", "https://a.example.com/\nhttps://b.example.com/", "\x1b[1m"])
def test_a_file_that_holds_not_one_line_is_refused(text, tmp_path):
    file = tmp_path / "url"
    file.write_text(text)

    with pytest.raises(ValueError, match=r"url_file: .* must hold one line: the URL"):
        Slack(url_file=file)


@pytest.mark.parametrize(
    "url",
    [
        SLACK.replace("https", "http"),
        SLACK.replace("https://", ""),
        SLACK.replace("hooks.slack.com", "169.254.169.254"),
        SLACK.replace("hooks.slack.com", "user:abcdefghijklmnopqrstuvwx@hooks.slack.com"),
        SLACK + " x",
        SLACK + "#x",
    ],
)
def test_a_refused_url_is_not_named(url, tmp_path):
    file = tmp_path / "url"
    file.write_text(url)
    for settings in ({"url": url}, {"url_file": file}):
        with pytest.raises(ValueError, match=r"^url") as caught:
            Slack(**settings)

        assert "abcdefghijklmnopqrstuvwx" not in str(caught.value)


@chats
async def test_a_secret_url_is_seen_nowhere(kind, caplog):
    caplog.set_level(logging.DEBUG)
    notifier, (_, url) = made(kind), CHATS[kind]
    secret = re.findall(r"[\w-]{16,}", url)[-1]
    error = await refused(notifier, 404, f"no such hook: {url}")
    answer = await notifier.notify(matched(), FakePost(body="ok" if kind == "slack" else url), NOW)

    assert secret in url
    seen = [repr(notifier), str(notifier), str(error), repr(error), error.body, answer.body, caplog.text]
    assert [text for text in seen if secret in text] == []


async def test_a_token_that_the_server_echoes_is_taken_out(tmp_path):
    token = tmp_path / "token"
    token.write_text("tk_secret")
    error = await refused(Ntfy(topic="desk", token_file=token), 401, "bad token tk_secret")

    assert (error.body, str(error)) == ("bad token …", "401: ntfy did not accept it (bad token …)")


@pytest.mark.parametrize(
    ("settings", "problem"),
    [
        ({"topic": "a b"}, "topic: expected 1 to 64"),
        (
            {"topic": "desk", "server": "http://127.0.0.1:80"},
            r'server: .*; .* allow = ."127.0.0.1:80"',
        ),
        ({"topic": "desk", "token_file": "/nowhere"}, "token_file: /nowhere cannot be read"),
    ],
)
def test_settings_that_ntfy_cannot_use_are_told(settings, problem):
    with pytest.raises(ValueError, match=problem):
        Ntfy(**settings)


# What a filer could do by a text


@hostiles
@pytest.mark.parametrize("make", [hostile, hostile_digest])
async def test_in_slack_no_text_calls_anybody_or_makes_a_link(make, name):
    sent = await told(made("slack"), make(HOSTILE[name]))

    ours = re.compile(re.escape(f"<{EDGAR}|") + r"[^<>]*>|" + re.escape(f"<{PAGE}|eightk>"))
    for text in texts_in(sent):
        rest = re.sub(r"^>", "", ours.sub("", text))
        assert not re.search(r"[<>]", rest)
        assert not re.search(r"&(?!(amp|lt|gt);)", rest)
    assert all(block["text"]["verbatim"] for block in sent["blocks"] if "text" in block)


@hostiles
@pytest.mark.parametrize("make", [hostile, hostile_digest])
async def test_slacks_limits_are_kept(make, name):
    sent = await told(made("slack"), make(HOSTILE[name]))

    texts = [block["text"]["text"] for block in sent["blocks"] if "text" in block]
    fields = [field["text"] for block in sent["blocks"] for field in block.get("fields", [])]
    assert units(sent["text"]) <= 4_000
    assert len(sent["blocks"]) <= 50
    assert all(0 < units(text) <= 3_000 for text in texts)
    assert len(fields) <= 10
    assert all(0 < units(field) <= 2_000 for field in fields)


# Discord's rule: a backslash before what is no letter, digit or space takes its meaning away.
ESCAPED = re.compile(r"\\[^0-9A-Za-z\s]")


def discord_texts(sent: dict[str, Any]) -> list[str]:
    embed = sent["embeds"][0]
    return [sent["content"], embed["description"], *(field["value"] for field in embed["fields"])]


@hostiles
@pytest.mark.parametrize("make", [hostile, hostile_digest])
async def test_in_discord_no_text_calls_anybody_or_is_markup_or_a_link(make, name):
    sent = await told(made("discord"), make(HOSTILE[name]))

    assert sent["allowed_mentions"] == {"parse": []}
    for text in discord_texts(sent):
        ours = text.replace(f"]({EDGAR})", "").replace(f"[eightk]({PAGE})", "").replace("[EDGAR", "")
        lines = [re.sub(r"^(> |- \[|- )", "", line) for line in ours.splitlines()]
        bare = ESCAPED.sub("", "\n".join(lines))
        assert not re.search(r"[`*_~|<>\[\]#@\\]|://", bare)


@hostiles
@pytest.mark.parametrize("make", [hostile, hostile_digest])
async def test_discords_limits_are_kept(make, name):
    sent = await told(made("discord"), make(HOSTILE[name]))

    embed = sent["embeds"][0]
    assert 0 < units(sent["content"]) <= 2_000
    assert units(embed["description"]) <= 4_096
    assert all(0 < units(field["value"]) <= 1_024 for field in embed["fields"])
    assert sum(units(text) for text in texts_in(embed)) <= 6_000


@hostiles
@pytest.mark.parametrize("make", [hostile, hostile_digest])
async def test_in_teams_texts_stand_in_text_runs_alone(make, name):
    sent = await told(made("teams"), make(HOSTILE[name]))

    card = sent["attachments"][0]["content"]
    runs = [run for block in card["body"] for run in block["inlines"]]
    assert {block["type"] for block in card["body"]} == {"RichTextBlock"}
    assert {run["type"] for run in runs} == {"TextRun"}
    assert {run["selectAction"]["url"] for run in runs if "selectAction" in run} <= {EDGAR}
    assert {action["url"] for action in card["actions"]} <= {EDGAR, PAGE}
    assert "entities" not in card["msteams"]


@hostiles
@pytest.mark.parametrize("make", [hostile, hostile_digest])
async def test_teams_limit_is_kept(make, name):
    post = FakePost()
    await made("teams").notify(make(HOSTILE[name]), post, NOW)

    assert len(post.posted[0].body) <= 28_000


@hostiles
@pytest.mark.parametrize("make", [hostile, hostile_digest])
async def test_ntfys_limits_are_kept_and_nothing_in_it_is_markup(make, name):
    sent = await told(Ntfy(topic="desk"), make(HOSTILE[name]))

    assert len(sent["message"].encode()) < 4_096
    assert len(sent["title"].encode()) <= 1_600
    assert "\n" not in sent["title"]
    assert "markdown" not in sent
    assert sent["click"] == (EDGAR if make is hostile else PAGE)
    assert set(sent) <= {"topic", "title", "message", "priority", "tags", "sequence_id", "click"}


async def test_an_alert_whose_id_ntfy_would_not_take_is_told_without_it():
    sent = await told(Ntfy(topic="desk"), replace(matched(), id="alr:1"))

    assert "sequence_id" not in sent
