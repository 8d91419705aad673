"""The simulator's lies: each does what it says, when it says, and the same again with the same seed."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from datetime import datetime
from pathlib import Path

import httpx
import pytest
from _asking import CONTACT, FEED, NOON, Hands, accessions, ask, feed, opened

from watcher.edgar.answers import Answer, reason_of_block
from watcher.edgar.calendar import NEW_YORK
from watcher.edgar.feed import parse_current
from watcher.simulator.exchange import Ask, Reply
from watcher.simulator.faults import EVERY_FAULT, KINDS, Fault, Faults
from watcher.simulator.generator import Generator
from watcher.simulator.server import Simulator, serve

LIST = "/cgi-bin/browse-edgar"


def faulty(*faults: str, count: int = 30, at: datetime = NOON) -> Simulator:
    """A simulator at noon in New York that has listed its filings and begins to err."""
    simulator = opened(Simulator.from_generator(7, count, clock=Hands(at)))
    for fault in faults:
        simulator.faults.switch_on(fault)
    return simulator


def listed(simulator: Simulator, **query: str) -> Reply:
    return ask(simulator, LIST, **(FEED | query))


def document_of(simulator: Simulator, place: int = 0) -> str:
    filing = simulator.catalog.filings[place]
    return f"/Archives/edgar/data/{filing.filers[0].cik}/{filing.accession}.txt"


# --- how they are written


def test_a_fault_is_read_with_all_its_parts() -> None:
    fault = Fault.parse("slow=2.5:current%5@2025-03-04T10:30/90")

    assert (fault.kind, fault.value, fault.family, fault.share) == ("slow", 2.5, "current", 0.05)
    assert fault.began(datetime(2025, 3, 4, 10, 31, tzinfo=NEW_YORK).timestamp()) is not None


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_the_kind_alone_is_enough(kind: str) -> None:
    fault = Fault.parse(kind)

    assert (fault.value, fault.family, fault.share) == (KINDS[kind].value, KINDS[kind].family, 1.0)


@pytest.mark.parametrize(
    "text", ["", "storm", "block@", "block@25", "slow=fast", "odd%200", "block@10:00/-5", "late %1"]
)
def test_what_names_no_fault_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="expected"):
        Fault.parse(text)


def test_every_kind_is_among_every_fault() -> None:
    assert {Fault.parse(text).kind for text in EVERY_FAULT} == set(KINDS)


@pytest.mark.parametrize(
    ("text", "when", "applies"),
    [
        ("block@12:00/600", (12, 12, 0), True),
        ("block@12:00/600", (12, 12, 10), False),
        ("block@12:00", (12, 12, 9), True),
        ("block@2026-01-12T12:00/600", (12, 12, 5), True),
        ("block@2026-01-12T12:00/600", (13, 12, 5), False),
        ("block@23:55/600", (13, 0, 4), True),
        ("block", (13, 3, 0), True),
    ],
)
def test_a_fault_applies_in_its_span(text: str, when: tuple[int, int, int], applies: bool) -> None:
    day, hour, minute = when
    at = datetime(2026, 1, day, hour, minute, tzinfo=NEW_YORK)

    assert (Fault.parse(text).began(at.timestamp()) is not None) == applies


def test_chance_is_the_same_for_the_same_seed() -> None:
    def befallen(seed: int) -> list[bool]:
        faults = Faults(["empty%30"], seed=seed)
        return [faults.of("empty", 0.0, f"request {number}") is not None for number in range(300)]

    assert befallen(1) == befallen(1)
    assert befallen(1) != befallen(2)
    assert 60 <= sum(befallen(1)) <= 120


def test_a_request_that_is_made_again_has_another_chance() -> None:
    simulator = faulty("empty%50")

    assert len({listed(simulator).body == b"" for _ in range(40)}) == 2


def test_faults_are_switched_on_and_off() -> None:
    simulator = faulty()
    before = listed(simulator).status
    simulator.faults.switch_on("outage")
    during = listed(simulator).status
    simulator.faults.switch_off("outage")

    assert (before, during, listed(simulator).status) == (200, 503, 200)
    assert simulator.faults.on == ()


def test_every_kind_is_in_the_document() -> None:
    text = (Path(__file__).resolve().parents[1] / "docs" / "simulator.md").read_text(encoding="utf-8")

    assert [kind for kind in KINDS if f"| `{kind}` |" not in text] == []


# --- another answer


@pytest.mark.parametrize(("text", "status"), [("block", 403), ("block=429", 429), ("undeclared", 403)])
def test_a_block_page_comes_to_whatever_is_asked(text: str, status: int) -> None:
    simulator = faulty(text)

    for path in (LIST, document_of(simulator), "/files/company_tickers.json"):
        simulator.traffic.blocked_until = 0.0
        reply = ask(simulator, path)
        assert reply.status == status
        assert reason_of_block(Answer(path, reply.status, reply.body))


def test_a_block_lasts_ten_minutes_even_when_its_fault_is_over() -> None:
    simulator = faulty("block@12:00/60")
    listed(simulator)
    simulator.clock.move(599)  # type: ignore[attr-defined]
    still = listed(simulator).status
    simulator.clock.move(2)  # type: ignore[attr-defined]

    assert (still, listed(simulator).status) == (403, 200)
    assert simulator.traffic.while_blocked == 2


def test_an_outage_takes_the_list_and_leaves_documents() -> None:
    simulator = faulty("outage")

    assert b"temporarily unavailable" in listed(simulator).body
    assert ask(simulator, document_of(simulator)).status == 200


def test_maintenance_takes_everything() -> None:
    simulator = faulty("maintenance")

    assert {listed(simulator).status, ask(simulator, document_of(simulator)).status} == {503}


@pytest.mark.parametrize(
    ("text", "status", "body"),
    [
        ("error=500", 500, rb"\{.{34}\}"),
        ("denied:submission", 403, rb".*<Code>AccessDenied</Code>.*"),
        ("missing", 404, rb".*<Code>NoSuchKey</Code>.*"),
        ("empty", 200, rb""),
        ("html", 200, rb"<!DOCTYPE html.*"),
    ],
)
def test_another_answer_comes_in_place_of_a_submission(text: str, status: int, body: bytes) -> None:
    simulator = faulty(text)

    reply = ask(simulator, document_of(simulator))

    assert reply.status == status
    assert re.fullmatch(body, reply.body, re.DOTALL)


def test_a_fault_of_one_family_leaves_the_others() -> None:
    simulator = faulty("empty:submission")

    assert len({*accessions(feed(simulator))}) == 30


# --- the answer, spoiled


def test_a_short_answer_is_its_first_half() -> None:
    simulator = faulty()
    path = document_of(simulator)
    whole = ask(simulator, path).body
    simulator.faults.switch_on("short")

    assert ask(simulator, path).body == whole[: len(whole) // 2]


async def test_a_cut_answer_breaks_the_connection() -> None:
    simulator = faulty("cut:submission")
    async with serve(simulator) as url, httpx.AsyncClient(base_url=url, headers={"User-Agent": CONTACT}) as client:
        whole = (await client.get(LIST, params=FEED)).status_code
        with pytest.raises(httpx.RemoteProtocolError):
            await client.get(document_of(simulator))

    assert whole == 200


async def test_a_slow_answer_takes_seconds_of_the_simulators_clock() -> None:
    simulator = faulty("slow=20:current")
    slept: list[float] = []

    async def sleep(seconds: float) -> None:
        slept.append(seconds)

    simulator._sleep = sleep
    async with serve(simulator) as url, httpx.AsyncClient(base_url=url, headers={"User-Agent": CONTACT}) as client:
        await client.get(LIST, params=FEED)

    assert slept == [20.0]


# --- another view of the lists


def test_a_frozen_list_shows_the_state_of_when_it_froze() -> None:
    simulator = faulty("frozen@12:10/600")
    simulator.clock.move(660)  # type: ignore[attr-defined]
    simulator.add(Generator(2).submission(accession="0009500012-26-000777"))
    frozen = feed(simulator)
    told = parse_current(listed(simulator).body).generated_at
    simulator.clock.move(600)  # type: ignore[attr-defined]

    assert len({*accessions(frozen)}) == 30
    assert told == datetime(2026, 1, 12, 12, 10, tzinfo=NEW_YORK)
    assert len({*accessions(feed(simulator))}) == 31


def test_a_companys_file_can_lag_behind_the_list() -> None:
    simulator = faulty("lag=300")
    made = Generator(2).submission(accession="0009500012-26-000777")
    simulator.add(made)
    path = f"/submissions/CIK{made.filers[0].cik:010d}.json"
    before = made.accession.encode() in ask(simulator, path).body
    simulator.clock.move(301)  # type: ignore[attr-defined]

    assert (before, made.accession.encode() in ask(simulator, path).body) == (False, True)


def test_the_lists_own_time_can_be_off_while_its_entries_are_right() -> None:
    right = parse_current(listed(faulty()).body)
    wrong = parse_current(listed(faulty("clock=-3600")).body)

    assert right.generated_at
    assert wrong.generated_at
    assert (right.generated_at - wrong.generated_at).total_seconds() == 3600
    assert [one.accepted_at for one in wrong.filings] == [one.accepted_at for one in right.filings]


def test_entries_pushed_down_between_two_pages_come_twice() -> None:
    simulator = faulty("pushed=7", count=150)

    first, second = accessions(feed(simulator)), accessions(feed(simulator, start="100"))

    assert second[:7] == first[-7:]
    assert len({*first, *second}) == 150


def test_odd_entries_cost_the_page_no_other_entry() -> None:
    simulator = faulty("odd%60", count=60)

    page = parse_current(listed(simulator).body)

    assert len({one.accession for one in page.filings}) == 60
    assert page.problems
    assert any("not well-formed" in problem for problem in page.problems)
    assert any("no filer" in problem for problem in page.problems)
    assert any(not one.items for one in page.filings)


def test_an_entry_can_come_again_with_another_role() -> None:
    simulator = faulty("roles", count=5)
    titles = [entry.findtext("{http://www.w3.org/2005/Atom}title") or "" for entry in feed(simulator)]

    assert sum(title.endswith("(Depositor)") for title in titles) == 5
    assert len({*accessions(feed(simulator))}) == 5


def test_a_bare_index_has_a_header_and_no_row() -> None:
    simulator = faulty("bare:daily-index")

    lines = ask(simulator, "/Archives/edgar/daily-index/2026/QTR1/master.20260112.idx").body.splitlines()

    assert lines[-2].startswith(b"CIK|")


# --- who asks too fast


def test_the_rate_is_counted_for_each_host() -> None:
    simulator = Simulator.from_generator(7, 3, clock=Hands(), enforce_rate=True)
    paths = [*["/files/company_tickers.json"] * 9, *["/submissions/CIK0000000001.json"] * 9, "/LATEST/search-index"]

    statuses = {ask(simulator, path).status for path in paths}

    assert 403 not in statuses
    assert simulator.traffic.peak_by_host == {"www.sec.gov": 9, "data.sec.gov": 9, "efts.sec.gov": 1}
    assert simulator.traffic.peak_per_second == 19


def test_who_asked_for_what_can_be_told() -> None:
    simulator = faulty(count=3)
    path = document_of(simulator, 1)
    simulator.clock.move(5)  # type: ignore[attr-defined]
    simulator.answer(Ask(path, {}, "Somebody else@example.com"))

    (request,) = simulator.traffic.asked("submission", simulator.catalog.filings[1].accession)

    assert (request.at, request.status, request.agent) == (NOON.timestamp() + 5, 200, "Somebody else@example.com")
    assert [one.shown for one in simulator.traffic.asked("current")] == [
        f"{LIST}?action=getcurrent&type=8-K&owner=include&start=0&count=100&output=atom"
    ]


def test_a_page_with_every_fault_off_is_xml() -> None:
    assert ET.fromstring(listed(faulty()).body).tag == "{http://www.w3.org/2005/Atom}feed"
