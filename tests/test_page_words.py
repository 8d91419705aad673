"""What the pages say of what waits, of what is not known, and of what can be asked next."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
from _running import Place
from _stores import ACCESSION, NOW, alert, report, save, store_url
from click.testing import CliRunner

from watcher.cli import cli
from watcher.errors import EightkError
from watcher.models import Event, Filer, Severity
from watcher.rules.drafts import RuleDrafts, RuleFile
from watcher.store import endpoints, journal
from watcher.store.database import Store
from watcher.verdict import EndpointState
from watcher.web.app import make_app
from watcher.web.desk import Desk, Health

pytestmark = pytest.mark.usefixtures("either_store")

HOME = "http://127.0.0.1:8000"
FILING = f"/filings/{ACCESSION}"
DISABLED = EndpointState("desk", disabled_at=NOW, disabled_reason="410")
PAUSED = EndpointState("desk", failures=6, resumes_at=NOW + timedelta(minutes=5))
LATER = datetime(2999, 1, 1, 12, tzinfo=UTC)
EXPLAINED = {
    "rule": "r",
    "fires": True,
    "reason": "all that it asks for holds",
    "condition": "match",
    "in_force": True,
    "revision": "abc",
    "text": "id: r",
    "renamed": [],
    "earlier": [],
    "selections": [
        {
            "name": "match",
            "holds": True,
            "alternatives": [
                [
                    {
                        "clause": 'items|has: "7.01"',
                        "holds": True,
                        "had": "7.01",
                        "evidence": [{"document": 1, "start": 3, "end": 8, "text": "words"}],
                    }
                ]
            ],
        }
    ],
}


class Rules:
    """Rules as a page asks for them: two files, and an explanation."""

    def __init__(self, *names: str, ids: tuple[str, ...] = ()) -> None:
        self._names, self._ids = names, ids

    async def files(self) -> tuple[RuleFile, ...]:
        return tuple(RuleFile(name, 1, NOW, "e", "") for name in self._names)

    async def in_force(self) -> Any:
        return SimpleNamespace(rules=[SimpleNamespace(id=one) for one in self._ids])

    async def explain(self, rule: str, accession: str) -> dict[str, Any]:
        if rule != "r":
            raise EightkError(f"it cannot be explained: there is no rule {rule!r}")
        return EXPLAINED


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store(store_url(tmp_path / "eightk.db")) as opened:
        yield opened


@pytest.fixture
def client_of(store: Store) -> Callable[..., httpx.AsyncClient]:
    async def nothing(*_: Any) -> Any:
        raise EightkError("not here")

    def make(rules: Rules | None = None, events: frozenset[str] = frozenset()) -> httpx.AsyncClient:
        kept: RuleDrafts | None = rules  # type: ignore[assignment]
        desk = Desk(
            store=store,
            token="right",
            retry=nothing,
            audit=nothing,
            backfill=SimpleNamespace(progress=None),  # type: ignore[arg-type]
            health=lambda: Health(is_well=True, edgar="polling"),
            now=lambda: NOW,
            rules=kept,
            events=lambda: events,
        )
        return httpx.AsyncClient(transport=httpx.ASGITransport(app=make_app(desk)), base_url=HOME)

    return make


@pytest.mark.parametrize("path", ["/deliveries", FILING, "/alerts"])
@pytest.mark.parametrize(
    ("state", "words"),
    [(DISABLED, "pending (endpoint disabled)"), (PAUSED, "pending (endpoint paused until 17:05:00 UTC)")],
)
async def test_a_delivery_that_waits_for_its_endpoint_says_so(
    client_of: Callable[..., httpx.AsyncClient], store: Store, path: str, state: EndpointState, words: str
) -> None:
    save(store, report(ACCESSION, alert()))
    store.write_now(endpoints.save, state)

    page = (await client_of().get(path)).text

    assert words in page
    assert ("/deliveries#endpoints" in page) == (state is DISABLED and path != "/alerts")


async def test_a_delivery_that_waits_for_nothing_is_pending_without_more(
    client_of: Callable[..., httpx.AsyncClient], store: Store
) -> None:
    save(store, report(ACCESSION, alert()))
    store.write_now(endpoints.save, replace(PAUSED, resumes_at=NOW))

    assert "(endpoint" not in (await client_of().get("/deliveries")).text


@pytest.mark.parametrize(
    ("state", "words", "hint"),
    [
        (DISABLED, "pending (endpoint disabled) attempts 0  a summary", "until: eightk endpoint enable desk"),
        (replace(PAUSED, resumes_at=LATER), "pending (endpoint paused until 12:00:00 UTC) attempts 0  a summary", ""),
    ],
)
def test_the_command_says_what_a_delivery_waits_for(
    tmp_path: Path, state: EndpointState, words: str, hint: str
) -> None:
    place = Place(tmp_path).set_up()
    (tmp_path / "data").mkdir()
    with Store(store_url(tmp_path / "data" / "eightk.db")) as opened:
        save(opened, report(ACCESSION, alert()))
        opened.write_now(endpoints.save, state)

    done = CliRunner().invoke(cli, ["deliveries", "--config", str(place.config)])

    assert words in done.stdout
    assert done.stderr.strip().endswith(hint)


async def test_an_alert_leads_to_why_its_rule_fired(client_of: Callable[..., httpx.AsyncClient], store: Store) -> None:
    save(store, report(ACCESSION, alert()))
    client = client_of(Rules())

    pages = [(await client.get(path)).text for path in (FILING, "/alerts")]
    why = (await client.get(f"{FILING}/why/r")).text
    unknown = await client.get(f"{FILING}/why/other")

    assert all(f'href="{FILING}/why/r"' in page for page in pages)
    assert "items|has: &#34;7.01&#34;" in why
    assert f'href="{FILING}?at=1-3-8#d1-3"' in why
    assert (unknown.status_code, "there is no rule" in unknown.text) == (409, True)


async def test_where_no_rules_are_kept_nothing_leads_to_why(
    client_of: Callable[..., httpx.AsyncClient], store: Store
) -> None:
    save(store, report(ACCESSION, alert()))

    assert "/why/" not in (await client_of().get(FILING)).text
    assert (await client_of().get(f"{FILING}/why/r")).status_code == 404


async def test_a_filing_s_page_follows_what_comes_after_it(
    client_of: Callable[..., httpx.AsyncClient], store: Store
) -> None:
    save(store, report(ACCESSION, alert()))
    place = store.read_now(journal.last)

    page = (await client_of().get(FILING)).text

    assert f'data-stream="/v1/stream?kind=filing&amp;after={place}&amp;cik=320"' in page
    assert "This filing was read again since." in page


async def test_a_score_is_called_one(client_of: Callable[..., httpx.AsyncClient], store: Store) -> None:
    save(store, replace(report(), events=(Event("buyback", 0.934, severity=Severity.HIGH),)))

    assert "score 0.93</span>" in (await client_of().get(FILING)).text
    assert 'title="high, score 0.93 of 1"' in (await client_of().get("/")).text


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("/?event=cfo-depature", "did you mean cfo-departure?"),
        ("/?item=5.2", "did you mean 5.02?"),
        ("/?form=9-K", "no filing of form &#39;9-K&#39; is in the store"),
        ("/search?q=words&event=cfo-depature", "did you mean cfo-departure?"),
        ("/alerts?severity=hih", "did you mean high?"),
        ("/alerts?rule=nowhere", "there is no rule nowhere"),
        ("/deliveries?state=pendng", "did you mean pending?"),
        ("/deliveries?endpoint=desc", "did you mean desk?"),
    ],
)
async def test_what_nobody_knows_is_no_empty_list(
    client_of: Callable[..., httpx.AsyncClient], store: Store, path: str, words: str
) -> None:
    save(store, report(ACCESSION, alert()))
    store.write_now(endpoints.adopt, {"desk": "a"})

    page = (await client_of(events=frozenset({"cfo-departure"})).get(path)).text

    assert words in page


@pytest.mark.parametrize("path", ["/?event=CFO departure", "/?item=502", "/?form=8-k", "/alerts?rule=r"])
async def test_what_is_written_otherwise_is_understood(
    client_of: Callable[..., httpx.AsyncClient], store: Store, path: str
) -> None:
    save(store, report(ACCESSION, alert()))

    assert 'role="alert"' not in (await client_of(events=frozenset({"cfo-departure"})).get(path)).text


@pytest.mark.parametrize(
    ("names", "ids", "name", "rule"),
    [
        ((), (), "mine.yaml", "my-disclosures"),
        (("mine.yaml", "mine-2.yaml"), ("my-disclosures",), "mine-3.yaml", "my-disclosures-2"),
        (("other.yaml",), ("my-disclosures-2",), "mine.yaml", "my-disclosures"),
        ((), ("My-Disclosures",), "mine.yaml", "my-disclosures-2"),
    ],
)
async def test_a_new_draft_has_a_name_and_an_id_that_are_free(
    client_of: Callable[..., httpx.AsyncClient],
    names: tuple[str, ...],
    ids: tuple[str, ...],
    name: str,
    rule: str,
) -> None:
    page = (await client_of(Rules(*names, ids=ids)).get("/draft")).text

    assert f'name="name" value="{name}"' in page
    assert f"- id: {rule}\n" in page


@pytest.mark.parametrize(
    ("days_ago", "words", "since"),
    [
        (None, "There is no filing in the store yet to try it on.", "2025-12-13"),
        (3, "Unless you choose other days it is tried on the last 30 days.", "2025-12-13"),
        (60, "The newest filing in the store is of 2025-11-13: unless you choose other days", "2025-10-14"),
    ],
)
async def test_a_draft_says_on_which_days_it_is_tried(
    client_of: Callable[..., httpx.AsyncClient], store: Store, days_ago: int | None, words: str, since: str
) -> None:
    if days_ago is not None:
        one = report()
        save(store, replace(one, filing=replace(one.filing, accepted_at=NOW - timedelta(days=days_ago))))

    page = (await client_of(Rules()).get("/draft")).text

    assert words in page
    assert f'name="since" value="{since}"' in page


async def test_a_name_turns_nothing_around_on_a_page(client_of: Callable[..., httpx.AsyncClient], store: Store) -> None:
    found = report(ACCESSION, replace(alert(), title="A \u202eeltit"))
    save(store, replace(found, filing=replace(found.filing, filers=(Filer(320, "Made \u202epU\u2066"),))))
    client = client_of(Rules())

    for path in ("/", FILING, "/companies/320", "/alerts", "/deliveries"):
        page = (await client.get(path)).text
        assert not set("\u202e\u2066") & set(page), path
        assert "Made \\u202epU" in page or "A \\u202eeltit" in page or path == "/deliveries", path


async def test_each_count_of_the_front_page_says_what_is_counted_and_since_when(
    client_of: Callable[..., httpx.AsyncClient], store: Store
) -> None:
    save(store, replace(report(ACCESSION, alert()), events=(Event("cfo-departure", 0.9, severity=Severity.HIGH),)))

    page = (await client_of().get("/")).text
    told = [" ".join(re.sub("<[^>]+>", " ", one).split()) for one in re.findall("<li[^>]*><.*</li>", page)]

    assert [one for one in told if one[0].isdigit()] == [
        "1 filing accepted today",
        "1 grave event today grave: high or critical",
        "1 alert today",
        "1 filing saved in all",
        "1 delivery still to be made",
    ]
