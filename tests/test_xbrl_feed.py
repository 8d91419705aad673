"""EDGAR's RSS feeds of filings with XBRL, read entry by entry."""

from datetime import UTC, date, datetime
from pathlib import Path
from xml.sax.saxutils import escape

import pytest

from watcher.edgar.feed import merge_co_filers
from watcher.edgar.xbrl_feed import XbrlFeed, parse_xbrl_feed
from watcher.errors import EdgarError
from watcher.models import EIGHT_K_FORMS, Filer, Filing

NAMESPACE = "https://www.sec.gov/Archives/edgar"


def item(
    *,
    accession: str = "0000912345-24-000007",
    namespace: str = NAMESPACE,
    others: str = "",
    without: tuple[str, ...] = (),
    **facts: str,
) -> str:
    """One made-up entry, as EDGAR would write it; ``facts`` stand in place of the plain ones."""
    plain = {
        "companyName": "Larkspur Instruments, Inc.",
        "formType": "8-K",
        "filingDate": "05/06/2024",
        "cikNumber": "0000912345",
        "accessionNumber": accession,
        "fileNumber": "001-01234",
        "acceptanceDatetime": "20240506163105",
        "period": "20240503",
        "otherCikNumbers": others,
        "assignedSic": "3826",
        "fiscalYearEnd": "0331",
    }
    told = {name: text for name, text in (plain | facts).items() if text and name not in without}
    folder = f"https://www.sec.gov/Archives/edgar/data/912345/{accession.replace('-', '')}"
    return (
        f"<item>\n<title>Larkspur (0000912345) (Filer)</title>\n<link>{folder}/{accession}-index.htm</link>\n"
        f"<guid>{folder}/{accession}-xbrl.zip</guid>\n<description>{told.get('formType', '')}</description>\n"
        f'<pubDate>Mon, 06 May 2024 16:31:05 EDT</pubDate>\n<edgar:xbrlFiling xmlns:edgar="{namespace}">\n'
        + "".join(f"<edgar:{name}>{escape(text)}</edgar:{name}>\n" for name, text in told.items())
        + f'<edgar:xbrlFiles><edgar:xbrlFile edgar:sequence="1" edgar:url="{folder}/lrks.htm" /></edgar:xbrlFiles>\n'
        "</edgar:xbrlFiling>\n</item>\n"
    )


def feed(*items: str, built: str = "Mon, 06 May 2024 20:00:00 EDT") -> bytes:
    """A made-up feed."""
    return (
        '<?xml version="1.0" encoding="windows-1252"?>\n<rss version="2.0">\n<channel>\n<title>Filings</title>\n'
        f"<pubDate>{built}</pubDate>\n<lastBuildDate>{built}</lastBuildDate>\n"
        + "".join(items)
        + "</channel>\n</rss>\n"
    ).encode("windows-1252")


def only(body: bytes) -> Filing:
    """The one filing of a feed without a problem."""
    read = parse_xbrl_feed(body)
    assert read.problems == ()
    assert len(read.filings) == 1
    return read.filings[0]


def test_an_entry_tells_accession_form_filer_and_dates_but_no_items() -> None:
    assert only(feed(item())) == Filing(
        accession="0000912345-24-000007",
        form="8-K",
        filers=(
            Filer(
                cik=912345,
                name="Larkspur Instruments, Inc.",
                sic="3826",
                fiscal_year_end="0331",
                file_number="001-01234",
            ),
        ),
        filed_on=date(2024, 5, 6),
        accepted_at=datetime(2024, 5, 6, 20, 31, 5, tzinfo=UTC),
        items=(),
    )


@pytest.mark.parametrize("namespace", ["http://www.sec.gov/Archives/edgar", "urn:another"])
def test_the_namespace_does_not_matter(namespace: str) -> None:
    assert only(feed(item(namespace=namespace))) == only(feed(item()))


def test_only_the_8_k_family_is_taken_and_all_entries_are_counted() -> None:
    forms = ["8-K", "10-Q", "8-K/A", "8-K12B", "424B3", "8-KX"]
    read = parse_xbrl_feed(
        feed(*(item(accession=f"0000912345-24-{place:06}", formType=form) for place, form in enumerate(forms)))
    )

    assert [filing.form for filing in read.filings] == ["8-K", "8-K/A", "8-K12B"]
    assert (read.entries, read.problems) == (6, ())


def test_co_registrants_are_filers_whose_names_are_not_told() -> None:
    filing = only(feed(item(others="0000000042,0000000043, 0000912345,0000000042")))

    assert [(filer.cik, filer.name) for filer in filing.filers] == [
        (912345, "Larkspur Instruments, Inc."),
        (42, ""),
        (43, ""),
    ]


def test_a_filing_that_stands_there_once_for_each_filer_is_one_filing_with_every_name() -> None:
    first = item(others="0000000042")
    second = item(others="0000912345", cikNumber="0000000042", companyName="Salt & Sons")
    filing = only(feed(first, second))

    assert [(filer.cik, filer.name) for filer in filing.filers] == [
        (912345, "Larkspur Instruments, Inc."),
        (42, "Salt & Sons"),
    ]


def test_a_filing_of_this_feed_and_of_the_live_list_has_each_filer_once() -> None:
    listed = Filing("0000912345-24-000007", "8-K", (Filer(42, "Salt"), Filer(912345, "Larkspur")), items=("5.02",))
    merged = merge_co_filers([only(feed(item(others="0000000042"))), listed])

    assert [[(filer.cik, filer.name) for filer in filing.filers] for filing in merged] == [
        [(912345, "Larkspur Instruments, Inc."), (42, "Salt")]
    ]
    assert merged[0].items == ("5.02",)


@pytest.mark.parametrize(
    ("written", "instant"),
    [
        ("20240108163105", datetime(2024, 1, 8, 21, 31, 5, tzinfo=UTC)),
        ("20240708163105", datetime(2024, 7, 8, 20, 31, 5, tzinfo=UTC)),
    ],
)
def test_a_time_of_acceptance_is_the_clock_in_new_york(written: str, instant: datetime) -> None:
    assert only(feed(item(acceptanceDatetime=written))).accepted_at == instant


@pytest.mark.parametrize(
    ("built", "instant"),
    [
        ("Thu, 23 Jan 2025 19:00:00 EST", datetime(2025, 1, 24, tzinfo=UTC)),
        ("Mon, 06 May 2024 20:00:00 EDT", datetime(2024, 5, 7, tzinfo=UTC)),
        ("Mon, 06 May 2024 20:00:00 +0000", datetime(2024, 5, 6, 20, tzinfo=UTC)),
        ("", None),
    ],
)
def test_a_feed_tells_when_it_was_made(built: str, instant: datetime | None) -> None:
    read = parse_xbrl_feed(feed(item(), built=built))

    assert (read.generated_at, read.problems) == (instant, ())


@pytest.mark.parametrize(
    "built",
    [
        *("yesterday", "Mon, 06 May 2024 20:00:00", "Mon, 06 May 9999 20:00:00 EDT"),
        *("Mon, 06 May 2024 20:00:00 +9999999999999999999999", "Mon, 06 May 99999999999999999 20:00:00 +0000"),
    ],
)
def test_a_time_of_making_that_is_none_is_named(built: str) -> None:
    read = parse_xbrl_feed(feed(item(), built=built))

    assert (read.generated_at, read.problems) == (None, (f"the feed: no time with a zone in {built!r}",))


def test_the_newest_filing_tells_how_fresh_the_feed_is() -> None:
    older = item(accession="0000912345-24-000006", acceptanceDatetime="20240506100000")

    assert parse_xbrl_feed(feed(older, item())).newest_at == datetime(2024, 5, 6, 20, 31, 5, tzinfo=UTC)
    assert parse_xbrl_feed(feed()).newest_at is None


def test_a_feed_without_entries_is_empty() -> None:
    assert parse_xbrl_feed(feed()) == XbrlFeed(generated_at=datetime(2024, 5, 7, tzinfo=UTC))


@pytest.mark.parametrize(
    ("facts", "problem"),
    [
        ({"filingDate": "2024-05-06"}, "no filing date in '2024-05-06'"),
        ({"filingDate": "31/05/2024"}, "no filing date in '31/05/2024'"),
        ({"filingDate": "05/06/0001"}, "no filing date in '05/06/0001'"),
        ({"acceptanceDatetime": "20240506"}, "no time in '20240506'"),
        ({"acceptanceDatetime": "20240506253105"}, "no time in '20240506253105'"),
        ({"acceptanceDatetime": "20241103013000"}, "no time in '20241103013000'"),
        ({"companyName": ""}, "no filer in '', '0000912345'"),
        ({"cikNumber": "none"}, None),
    ],
)
def test_an_odd_entry_is_kept_and_named(facts: dict[str, str], problem: str | None) -> None:
    read = parse_xbrl_feed(feed(item(**facts), item(accession="0000912345-24-000008")))

    assert [filing.accession for filing in read.filings] == ["0000912345-24-000007", "0000912345-24-000008"]
    assert read.problems == (() if problem is None else (f"0000912345-24-000007: {problem}",))
    assert [filer.cik for filer in read.filings[0].filers] == [912345]


def test_an_entry_without_a_form_may_be_an_8_k_and_is_kept() -> None:
    read = parse_xbrl_feed(feed(item(formType="")))

    assert [(filing.accession, filing.form) for filing in read.filings] == [("0000912345-24-000007", None)]
    assert read.problems == ("0000912345-24-000007: no form type",)


def test_the_accession_number_is_found_in_the_link_when_the_filing_does_not_tell_it() -> None:
    assert only(feed(item(without=("accessionNumber",)))).accession == "0000912345-24-000007"


def test_an_entry_without_an_accession_number_is_left_out_and_named() -> None:
    read = parse_xbrl_feed(feed(item(accession="none"), item()))

    assert [filing.accession for filing in read.filings] == ["0000912345-24-000007"]
    assert read.problems == ("entry 1 ('Larkspur (0000912345) (Filer)'): no accession number",)


def test_a_raw_ampersand_in_one_name_costs_no_other_entry() -> None:
    damaged = item().replace("Larkspur Instruments, Inc.", "Salt & Sons")
    whole = [item(accession=f"0000912345-24-00000{digit}") for digit in (6, 8)]
    read = parse_xbrl_feed(feed(whole[0], damaged, whole[1]))

    assert [filing.accession for filing in read.filings] == [f"0000912345-24-00000{digit}" for digit in (6, 7, 8)]
    assert read.filings[1].company == "Salt & Sons"
    assert read.filings[1].accepted_at == datetime(2024, 5, 6, 20, 31, 5, tzinfo=UTC)
    assert [problem.partition(":")[0] for problem in read.problems] == ["0000912345-24-000007"]
    assert read.generated_at == datetime(2024, 5, 7, tzinfo=UTC)


def test_letters_of_windows_are_read() -> None:
    assert only(feed(item(companyName="Société “Larkspur” – ™"))).company == "Société “Larkspur” – ™"


NO_FEEDS = {
    "nothing": b"",
    "a page": b"<!DOCTYPE html><html><head><title>SEC.gov</title></head><body></body></html>",
    "the archive's error": b"<?xml version='1.0'?><Error><Code>AccessDenied</Code></Error>",
    "the live list": b'<feed xmlns="http://www.w3.org/2005/Atom"></feed>',
    "no channel": b"<rss></rss>",
    "cut off": feed(item(), item())[:-40],
    "cut off in its head": feed(item())[:60],
    "without its end": feed(item(), item()).replace(b"</rss>", b""),
    "a prefix that nothing declares": b"<edgar:rss></edgar:rss>",
    "damaged and too long": feed("&" + " " * 4_000_000),
}


@pytest.mark.parametrize("body", NO_FEEDS.values(), ids=NO_FEEDS)
def test_what_is_not_a_whole_feed_is_an_error_and_never_an_empty_one(body: bytes) -> None:
    with pytest.raises(EdgarError, match="XBRL feed: expected an RSS feed"):
        parse_xbrl_feed(body)


def test_a_feed_with_entities_of_its_own_is_refused() -> None:
    bomb = '<!DOCTYPE rss [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]>'
    body = feed(item()).replace(b"<rss", bomb.encode() + b"<rss").replace(b"Larkspur Instruments", b"&b;")

    with pytest.raises(EdgarError, match="document of type"):
        parse_xbrl_feed(body)


def test_a_feed_of_more_entries_than_any_is_refused() -> None:
    with pytest.raises(EdgarError, match="at most 20,000 entries"):
        parse_xbrl_feed(feed("<item/>" * 20_001))


def test_of_many_problems_the_first_twenty_are_named_and_the_rest_is_counted() -> None:
    read = parse_xbrl_feed(feed("<item/>" * 1_000))

    assert (read.entries, len(read.problems), read.problems[-1]) == (1_000, 21, "and 980 more")


def test_a_captured_feed_is_read_without_a_problem(shared: Path) -> None:
    read = parse_xbrl_feed((shared / "edgar" / "samples" / "rss" / "usgaap.rss.xml").read_bytes())

    assert (read.entries, len(read.filings), read.problems) == (200, 161, ())
    assert all(filing.form in EIGHT_K_FORMS and filing.company and filing.accepted_at for filing in read.filings)
    assert {filing.filed_on for filing in read.filings} == {date(2025, 1, 24)}
    assert read.newest_at == datetime(2025, 1, 24, 22, 8, 44, tzinfo=UTC)
    assert sum(len(filing.filers) > 1 for filing in read.filings) == 1


def test_a_captured_feed_with_one_damaged_entry_loses_none(shared: Path) -> None:
    body = (shared / "edgar" / "samples" / "rss" / "usgaap.rss.xml").read_bytes()
    read = parse_xbrl_feed(body.replace(b"&amp; ", b"& ", 1))

    assert (len(read.filings), len(read.problems)) == (161, 1)


def test_no_captured_error_page_is_taken_for_the_feed(shared: Path) -> None:
    for file in sorted((shared / "edgar" / "samples" / "errors").iterdir()):
        with pytest.raises(EdgarError):
            parse_xbrl_feed(file.read_bytes())
