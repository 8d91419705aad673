"""What is fetched of all that is listed: by form, company and industry, and what becomes of the rest."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from _stores import ACCESSION, NOW, alert, filing, report, store_url

from watcher.clock import Clock
from watcher.dispatch import Dispatcher, Policy
from watcher.edgar.companies import Company, CompanyList, Listing
from watcher.errors import BlockedError, NotListedYet
from watcher.models import Filer, Filing, FilingState, Origin, Report
from watcher.sources.intake import Intake, is_below
from watcher.sources.wanted import EVERYTHING, UNDECIDED, Wanted, is_undecided, reason_not_wanted
from watcher.store import companies, deliveries, filings, reports
from watcher.store.archive import Archive
from watcher.store.database import Store

pytestmark = pytest.mark.usefixtures("either_store")

PHARMA = Filer(1, "Larkspur Pharma", sic="2834", tickers=("LARK", "SALT-B"))
BANK = Filer(2, "Bank of Salt", sic="6022")
UNKNOWN = Filer(3, "Newcomer")
FARM = Filer(4, "Barley & Sons", sic="100")


def by(*filers: Filer, form: str | None = "8-K") -> Filing:
    return Filing(ACCESSION, form, filers)


def wanted(*, forms: str = "", ciks: tuple[int, ...] = (), tickers: str = "", sics: str = "") -> Wanted:
    return Wanted(frozenset(forms.split()), frozenset(ciks), frozenset(tickers.split()), tuple(sics.split()))


# The decision.


@pytest.mark.parametrize(
    ("one", "want", "reason"),
    [
        pytest.param(by(PHARMA), EVERYTHING, "", id="nothing is set"),
        pytest.param(by(PHARMA), wanted(forms="8-K 8-K/A"), "", id="the form"),
        pytest.param(by(PHARMA, form="8-K/A"), wanted(forms="8-K"), "not wanted: form 8-K/A", id="another form"),
        pytest.param(by(PHARMA), wanted(ciks=(1,)), "", id="the CIK"),
        pytest.param(by(PHARMA), wanted(ciks=(2,)), "not wanted: of none of the companies", id="another CIK"),
        pytest.param(by(BANK, PHARMA), wanted(ciks=(1,)), "", id="the CIK of one of two filers"),
        pytest.param(by(PHARMA), wanted(tickers="SALT-B"), "", id="a ticker"),
        pytest.param(by(replace(PHARMA, tickers=("salt.b",))), wanted(tickers="SALT-B"), "", id="written otherwise"),
        pytest.param(by(BANK), wanted(tickers="LARK"), "not wanted: of none of the companies", id="no ticker"),
        pytest.param(by(BANK), wanted(ciks=(2,), tickers="LARK"), "", id="CIKs and tickers both name companies"),
        pytest.param(by(PHARMA), wanted(sics="2834"), "", id="the industry"),
        pytest.param(by(PHARMA), wanted(sics="60 28"), "", id="a part of the industry's code"),
        pytest.param(by(PHARMA, BANK), wanted(sics="1311"), "not wanted: industry 2834, 6022", id="other industries"),
        pytest.param(by(FARM), wanted(sics="01"), "", id="a code that some lists give without its zero"),
        pytest.param(by(FARM), wanted(sics="10"), "not wanted: industry 100", id="and which is another one with it"),
        pytest.param(by(PHARMA), wanted(ciks=(1,), sics="60"), "not wanted: industry 2834", id="all must be met"),
        pytest.param(by(PHARMA, BANK), wanted(ciks=(1,), sics="60"), "not wanted: industry 2834, 6022", id="by one"),
        pytest.param(by(UNKNOWN), wanted(sics="28"), "", id="an industry that is not told yet"),
        pytest.param(by(PHARMA, form=None), wanted(forms="8-K"), "", id="a form that is not told yet"),
        pytest.param(by(), wanted(ciks=(1,)), "", id="no filer is told yet"),
    ],
)
def test_the_reason_says_what_is_not_wanted(one: Filing, want: Wanted, reason: str) -> None:
    assert reason_not_wanted(one, want) == reason


@pytest.mark.parametrize(
    ("one", "want", "is_open"),
    [
        pytest.param(by(UNKNOWN), EVERYTHING, False, id="nothing is set"),
        pytest.param(by(UNKNOWN), wanted(sics="28"), True, id="the industry is not told"),
        pytest.param(by(UNKNOWN, PHARMA), wanted(sics="28"), False, id="the other filer decides"),
        pytest.param(by(UNKNOWN, BANK), wanted(sics="28"), True, id="the other filer is not wanted"),
        pytest.param(by(UNKNOWN), wanted(ciks=(9,), sics="28"), False, id="its company is not wanted anyway"),
        pytest.param(by(PHARMA, form=None), wanted(forms="8-K"), True, id="the form is not told"),
        pytest.param(by(), wanted(ciks=(1,)), True, id="no filer is told"),
        pytest.param(by(BANK), wanted(tickers="LARK"), False, id="it has no ticker"),
    ],
)
def test_what_is_not_told_leaves_it_undecided(one: Filing, want: Wanted, is_open: bool) -> None:
    assert is_undecided(one, want) is is_open


def test_without_the_list_of_companies_a_filer_without_tickers_may_have_some() -> None:
    want = wanted(ciks=(9,), tickers="LARK")

    assert reason_not_wanted(by(BANK), want, knows_tickers=False) == ""
    assert is_undecided(by(BANK), want, knows_tickers=False)
    assert not is_undecided(by(PHARMA), want, knows_tickers=False)


@pytest.mark.parametrize(
    ("accepted_at", "filed_on", "is_old"),
    [
        (NOW - timedelta(seconds=1), None, True),
        (NOW, None, False),
        (None, NOW.date(), False),
        (None, NOW.date() - timedelta(days=1), True),
        (None, None, False),
    ],
)
def test_what_lies_below_the_floor_is_from_before_the_watcher_began(
    accepted_at: datetime | None, filed_on: object, is_old: bool
) -> None:
    one = replace(filing(), accepted_at=accepted_at, filed_on=filed_on)

    assert is_below(one, NOW) is is_old
    assert not is_below(one, None)


# Taking in.


RAW = Path("raw")  # in the test's own folder


@pytest.fixture(autouse=True)
def _own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store(store_url(tmp_path / "eightk.db")) as opened:
        yield opened


def take(store: Store, want: Wanted, *found: Filing, run_as: Origin | None = None) -> list[str]:
    """Take filings in, and return what work was asked for."""
    asked: list[str] = []
    intake = Intake(lambda connection, one: asked.append(one), want)
    taken = store.write_now(intake.take, found, NOW, run_as=run_as)
    assert list(taken) == asked
    return asked


def stored(store: Store, accession: str = ACCESSION) -> filings.StoredFiling:
    return store.read_now(filings.get, accession)


def name_companies(store: Store, *named: tuple[int, str], at: datetime = NOW) -> None:
    made = tuple(Company(cik, f"Company {cik}", (Listing(ticker, "NYSE"),)) for cik, ticker in named)
    store.write_now(companies.note_list, CompanyList(made, at))


def test_what_is_not_wanted_is_listed_with_its_reason(store: Store) -> None:
    assert take(store, wanted(ciks=(1,)), by(BANK)) == []

    one = stored(store)
    assert (one.state, one.reason) == (FilingState.LISTED, "not wanted: of none of the companies")


def test_a_ticker_is_resolved_by_the_list_of_companies(store: Store) -> None:
    name_companies(store, (2, "SALT-B"), (3, "LARK"))
    other = replace(by(UNKNOWN), accession="0000000001-26-000002")

    assert take(store, wanted(tickers="SALT-B"), by(BANK), other) == [ACCESSION]


def test_an_earlier_filing_of_the_company_tells_its_industry(store: Store) -> None:
    earlier = replace(filing("0000000001-26-000002"), filers=(replace(UNKNOWN, sic="6022"),))
    store.write_now(filings.spot, [earlier], NOW)

    assert take(store, wanted(sics="28"), by(UNKNOWN)) == []
    assert stored(store).reason == "not wanted: industry 6022"


def test_where_nothing_tells_the_industry_the_header_is_to_be_asked(store: Store) -> None:
    assert take(store, wanted(sics="28"), by(UNKNOWN)) == [ACCESSION]
    assert (stored(store).state, stored(store).reason) == (FilingState.SPOTTED, UNDECIDED)


def test_a_filing_that_was_not_wanted_is_when_a_wanted_filer_is_shown_later(store: Store) -> None:
    take(store, wanted(ciks=(1,)), by(BANK))

    assert take(store, wanted(ciks=(1,)), by(PHARMA)) == [ACCESSION]
    assert (stored(store).state, stored(store).reason) == (FilingState.SPOTTED, None)


def test_other_settings_alone_fetch_nothing_that_was_left(store: Store) -> None:
    """It is fetched by a backfill, or one by one."""
    take(store, wanted(ciks=(1,)), by(BANK))

    assert take(store, wanted(ciks=(2,)), by(BANK)) == []
    assert take(store, EVERYTHING, by(BANK)) == []


def test_a_backfill_fetches_what_was_left_and_is_wanted_now(store: Store) -> None:
    other = replace(by(UNKNOWN), accession="0000000001-26-000002")
    take(store, wanted(forms="8-K/A"), by(BANK), other)
    asked: list[str] = []
    intake = Intake(lambda connection, one: asked.append(one), wanted(ciks=(2,)))

    found = store.write_now(intake.want, [by(BANK), other], NOW, run_as=Origin.BACKFILL)

    assert (found, asked) == ((ACCESSION,), [ACCESSION])
    assert (stored(store).run_as, stored(store).reason) == (Origin.BACKFILL, None)


def test_work_counts_under_the_origin_that_is_asked_for(store: Store) -> None:
    take(store, wanted(ciks=(2,)), replace(by(BANK), origin=Origin.BACKFILL), run_as=Origin.LIVE)

    assert (stored(store).filing.origin, stored(store).run_as) == (Origin.BACKFILL, Origin.LIVE)


# The header decides.

HEADER = """<SEC-HEADER>{accession}.hdr.sgml : 20260112
<ACCEPTANCE-DATETIME>20260112120000
ACCESSION NUMBER:\t\t{accession}
CONFORMED SUBMISSION TYPE:\t{form}
FILER:
\tCOMPANY DATA:
\t\tCOMPANY CONFORMED NAME:\t\t\tNEWCOMER INC
\t\tCENTRAL INDEX KEY:\t\t\t0000000003
{sic}</SEC-HEADER>
"""
SIC_LINE = "\t\tSTANDARD INDUSTRIAL CLASSIFICATION:\tMADE UP [{sic}]\n"


class Edgar:
    """Gives a header with this industry, or none; and says what was asked for."""

    def __init__(self, sic: str = "", form: str = "8-K") -> None:
        self.sic = SIC_LINE.format(sic=sic) if sic else ""
        self.form = form
        self.errors: list[Exception] = []
        self.asked: list[str] = []

    async def submission(self, cik: int, accession: str, *, is_live: bool) -> bytes:
        self.asked.append("submission")
        return b"<SEC-DOCUMENT>made up</SEC-DOCUMENT>"

    async def header(self, cik: int, accession: str, *, is_live: bool) -> bytes:
        self.asked.append("header")
        if self.errors:
            raise self.errors.pop(0)
        return HEADER.format(accession=accession, form=self.form, sic=self.sic).encode()


class Examiner:
    async def examine(self, one: Filing, raw: bytes) -> Report:
        return replace(report(one.accession, alert(one.accession)), filing=one)


async def dispatch(
    store: Store, edgar: Edgar, want: Wanted, *, after_seconds: float = 0, accession: str = ACCESSION
) -> filings.StoredFiling:
    dispatcher = Dispatcher(
        store=store,
        archive=Archive(RAW, store.id),
        examiner=Examiner(),
        fetcher=edgar,
        clock=Clock(scale=1e-15, start=NOW + timedelta(seconds=after_seconds)),
        policy=Policy(frozenset({"desk"}), wanted=want),
        owed=lambda endpoint: None,
    )
    await dispatcher.dispatch(accession)
    return stored(store, accession)


async def test_a_header_of_a_wanted_industry_has_the_submission_fetched(store: Store) -> None:
    take(store, wanted(sics="28"), by(UNKNOWN))
    edgar = Edgar("2834")

    one = await dispatch(store, edgar, wanted(sics="28"))

    assert (one.state, edgar.asked) == (FilingState.SAVED, ["header", "submission"])


async def test_a_header_of_another_industry_leaves_the_filing_listed(store: Store) -> None:
    take(store, wanted(sics="28"), by(UNKNOWN))
    edgar = Edgar("6022")

    one = await dispatch(store, edgar, wanted(sics="28"))

    assert (one.state, one.reason, one.run_at) == (FilingState.LISTED, "not wanted: industry 6022", None)
    assert edgar.asked == ["header"]


async def test_the_next_filing_of_that_company_needs_no_header(store: Store) -> None:
    take(store, wanted(sics="28"), by(UNKNOWN))
    await dispatch(store, Edgar("6022"), wanted(sics="28"))
    take(store, wanted(sics="28"), replace(by(UNKNOWN), accession="0000000001-26-000002"))

    second = stored(store, "0000000001-26-000002")
    assert (second.state, second.reason) == (FilingState.LISTED, "not wanted: industry 6022")


async def test_a_header_that_tells_no_industry_leaves_the_filing_listed(store: Store) -> None:
    take(store, wanted(sics="28"), by(UNKNOWN))

    one = await dispatch(store, Edgar(), wanted(sics="28"))

    assert (one.state, one.reason) == (FilingState.LISTED, "not wanted: its header does not tell that it is")


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (NotListedYet("not there yet", status=404), f"{UNDECIDED}: not there yet"),
        (BlockedError("blocked"), f"{UNDECIDED}: blocked"),
    ],
)
async def test_a_header_that_cannot_be_had_is_asked_for_again(store: Store, error: Exception, reason: str) -> None:
    take(store, wanted(sics="28"), by(UNKNOWN))
    edgar = Edgar("6022")
    edgar.errors = [error]

    first = await dispatch(store, edgar, wanted(sics="28"))
    second = await dispatch(store, edgar, wanted(sics="28"), after_seconds=601)

    assert (first.state, first.reason) == (FilingState.SPOTTED, reason)
    assert (second.state, edgar.asked) == (FilingState.LISTED, ["header", "header"])


async def test_what_a_person_asks_for_is_fetched_whether_it_is_wanted_or_not(store: Store) -> None:
    take(store, wanted(sics="28"), by(UNKNOWN))
    await dispatch(store, Edgar("6022"), wanted(sics="28"))
    store.write_now(filings.retry, ACCESSION, NOW)
    edgar = Edgar("6022")

    one = await dispatch(store, edgar, wanted(sics="28"))

    assert (one.state, edgar.asked) == (FilingState.SAVED, ["submission"])


@pytest.mark.parametrize(("hours", "owes"), [(1, True), (80, False)])
async def test_what_was_left_is_told_as_a_late_one_when_a_person_asks_for_it(
    store: Store, hours: int, owes: bool
) -> None:
    take(store, wanted(forms="8-K/A"), by(BANK))
    left = stored(store)
    store.write_now(filings.retry, ACCESSION, NOW + timedelta(hours=hours))

    one = await dispatch(store, Edgar(), wanted(forms="8-K/A"), after_seconds=3600 * hours)

    assert (left.run_as, left.state) == (Origin.LIVE, FilingState.LISTED)
    assert (one.run_as, one.state) == (Origin.LATE, FilingState.SAVED)
    assert bool(store.read_now(deliveries.find, ACCESSION)) is owes


def test_what_was_there_before_the_watcher_began_stays_history_when_a_person_asks_for_it(store: Store) -> None:
    old = replace(by(BANK), origin=Origin.BACKFILL)
    store.write_now(filings.spot, [old], NOW, state=FilingState.LISTED)

    assert store.write_now(filings.retry, ACCESSION, NOW).run_as is Origin.BACKFILL


async def test_a_file_that_is_put_into_the_folder_is_wanted_whatever_it_is(store: Store) -> None:
    archive = Archive(RAW, store.id)
    kept = archive.keep(ACCESSION, NOW.date(), b"<SEC-DOCUMENT>made up</SEC-DOCUMENT>")
    store.write_now(filings.spot, [replace(by(BANK), source="folder")], NOW, archived=kept)
    edgar = Edgar()

    one = await dispatch(store, edgar, wanted(sics="28", forms="8-K/A"))

    assert (one.state, edgar.asked) == (FilingState.SAVED, [])


async def test_without_the_list_of_companies_it_waits_for_it_and_counts_nothing(store: Store) -> None:
    take(store, wanted(tickers="LARK"), by(BANK))
    edgar = Edgar()

    waiting = await dispatch(store, edgar, wanted(tickers="LARK"))
    name_companies(store, (2, "LARK"))
    done = await dispatch(store, edgar, wanted(tickers="LARK"), after_seconds=61)

    assert (waiting.state, waiting.attempts) == (FilingState.SPOTTED, 0)
    assert waiting.reason == f"{UNDECIDED}: EDGAR's list of companies is awaited"
    assert (done.state, edgar.asked) == (FilingState.SAVED, ["submission"])


async def test_on_a_cold_start_nothing_is_left_before_the_list_of_companies_is_there(store: Store) -> None:
    want, edgar = wanted(tickers="LARK"), Edgar()
    found = [by(BANK), replace(by(UNKNOWN), accession="0000000001-26-000002")]

    taken = take(store, want, *found)
    await dispatch(store, edgar, want)
    await dispatch(store, edgar, want, accession=taken[1])
    waiting = [stored(store, one).state for one in taken]
    name_companies(store, (2, "LARK"))
    first = await dispatch(store, edgar, want, after_seconds=61)
    second = await dispatch(store, edgar, want, after_seconds=61, accession=taken[1])

    assert (waiting, edgar.asked) == ([FilingState.SPOTTED] * 2, ["submission"])
    assert (first.state, second.state) == (FilingState.SAVED, FilingState.LISTED)
    assert second.reason == "not wanted: of none of the companies"


# Tickers for the report.


async def test_a_report_has_the_tickers_of_the_list_and_says_which_list_that_was(store: Store) -> None:
    name_companies(store, (2, "SALT-B"))
    take(store, EVERYTHING, by(BANK))

    await dispatch(store, Edgar(), EVERYTHING)

    found = store.read_now(reports.load, ACCESSION)
    assert found.filing.filers[0].tickers == ("SALT-B",)
    assert found.versions["companies"] == f"{NOW.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


async def test_tickers_that_the_filing_tells_itself_stay(store: Store) -> None:
    name_companies(store, (1, "OTHER"))
    take(store, EVERYTHING, by(PHARMA))

    await dispatch(store, Edgar(), EVERYTHING)

    found = store.read_now(reports.load, ACCESSION)
    assert (found.filing.filers[0].tickers, found.versions) == (PHARMA.tickers, {})


async def test_a_reread_is_made_with_the_tickers_of_the_first_reading(store: Store) -> None:
    name_companies(store, (2, "SALT-B"))
    take(store, EVERYTHING, by(BANK))
    await dispatch(store, Edgar(), EVERYTHING)
    name_companies(store, (2, "RENAMED"), at=NOW + timedelta(days=1))
    store.write_now(filings.retry, ACCESSION, NOW)

    await dispatch(store, Edgar(), EVERYTHING)

    found = store.read_now(reports.load, ACCESSION)
    assert found.filing.filers[0].tickers == ("SALT-B",)
    assert found.versions["companies"] == f"{NOW.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
