"""Made-up exhibits: press releases, agreements, letters, by-laws, figures and slides."""

from __future__ import annotations

from collections.abc import Sequence

from watcher.simulator.made import Block, Paragraph, Table
from watcher.simulator.making.chance import Random
from watcher.simulator.making.companies import Company
from watcher.simulator.making.story import Story
from watcher.simulator.making.vocabulary import Vocabulary

__all__ = ["exhibit_blocks", "table_of"]

_HEADLINES = {
    "earnings-results": (
        "{company} Reports {Quarter} Quarter Results",
        "{company} Announces {Quarter}-Quarter Earnings",
    ),
    "guidance": ("{company} Updates Outlook for {fiscal}",),
    "buyback": ("{company} Announces Share Repurchase Program",),
    "acquisition-completed": ("{company} Completes Acquisition of {target}",),
    "restructuring": ("{company} Takes Steps to Lower Costs",),
    "bankruptcy": ("{company} Files to Reorganize Under Chapter 11",),
    "delisting-notice": ("{company} Receives Notice From Exchange",),
    "product-news": ("{company} Reports Positive Results From Mid-Stage Study",),
    "commercial-agreement": ("{company} and {other} Sign License Agreement",),
    "monthly-report": ("{company} Reports Monthly Traffic",),
    "director-appointment": ("{person} Joins Board of {company}",),
    "cfo-departure": ("{company} Announces Finance Chief Succession",),
    "ceo-departure": ("{company} Announces Leadership Change",),
}
_LEADS = (
    "{place}, {event_date} -- {company} ({listing}: {ticker}) today made the following announcement.",
    "{place} ({event_date}) -- {company}, which {business}, said today what follows.",
)
_QUOTES = (
    '"Our people worked hard for this, and our customers will notice," said {chief}, the Company\'s chief executive.',
    '"We said a year ago what we would do, and we have now done it," {chief} commented.',
    '{chief}, who leads the Company, added: "There is more to do, but the direction is right."',
)
_CAUTION = (
    "Some statements in this release look ahead. They rest on what the Company expects today, and events may turn out "
    "otherwise because of demand, costs, competition, the weather, and the other matters set out in its annual report. "
    "The Company does not undertake to revise them."
)
_CLAUSES = (
    "Definitions. In this document words in capitals have the meaning given to them in Annex A.",
    "Term. This document takes effect on {event_date} and ends {years} years later.",
    "Payment. Sums due are payable in dollars within thirty days after a correct invoice, and bear interest if late.",
    "Representations. Each party represents that it is duly organized and that it may enter into this document.",
    "Confidence. Each party keeps what it learns of the other to itself and uses it only for the purposes named here.",
    "Remedies. On a breach that is not cured within thirty days the other party may end this document.",
    "Notices. A notice is given when it reaches the address that stands beneath the signature of its addressee.",
    "Law. This document is governed by the laws of the State of {state}. The parties submit to its courts.",
)


def exhibit_blocks(kind: str, story: Story, words: Vocabulary, company: Company, rng: Random) -> tuple[Block, ...]:
    """Write an exhibit of this kind for the story that brings it along."""
    if kind == "release":
        return _release(story, words, company, rng)
    if kind == "letter":
        return _letter(words, company)
    if kind == "statements":
        return (Paragraph(f"{company.full_name}: figures", is_centered=True, is_bold=True), _figures(rng))
    clauses = rng.sample(_CLAUSES, rng.randint(4, len(_CLAUSES)))
    title = {"bylaws": "CODE AND BY-LAWS", "slides": "REMARKS TO INVESTORS"}.get(kind, "AGREEMENT")
    numbered = (Paragraph(f"{number}. {clause.format_map(words)}") for number, clause in enumerate(clauses, 1))
    return (Paragraph(title, is_centered=True, is_bold=True), *numbered)


def table_of(name: str, rng: Random, people: Sequence[str]) -> Table:
    """Return the table that ``@votes`` or ``@costs`` stands for in a story."""
    if name == "@costs":
        rows = [(label, f"${rng.randint(1, 90) / 10:.1f}") for label in ("Severance", "Leases", "Equipment", "Other")]
        return Table((("Kind of cost", "In millions"), *rows))
    rows3 = [(person, *(f"{rng.randint(1_000, 90_000_000):,}" for _ in range(3))) for person in people]
    return Table((("Nominee", "For", "Withheld", "Broker non-votes"), *rows3))


def _release(story: Story, words: Vocabulary, company: Company, rng: Random) -> tuple[Block, ...]:
    event = next((event for event in story.events if event in _HEADLINES), "")
    headline = rng.choice(_HEADLINES.get(event, ("{company} Makes Announcement",)))
    words["Quarter"] = words["quarter"].capitalize()
    words["place"] = f"{company.city.upper()}, {company.home_state_name}"
    words["listing"] = "NYSE" if "York" in company.exchange or "NYSE" in company.exchange else "Nasdaq"
    words["business"], words["chief"] = company.business, company.chief.name
    body = [
        paragraph for paragraph in story.paragraphs if "{exhibit}" not in paragraph and not paragraph.startswith("@")
    ]
    blocks: list[Block] = [
        Paragraph(rng.choice(("FOR IMMEDIATE RELEASE", "NEWS RELEASE", "Press Release")), is_bold=True),
        Paragraph(headline.format_map(words), is_centered=True, is_bold=True),
        Paragraph(rng.choice(_LEADS).format_map(words)),
        *(Paragraph(paragraph.format_map(words)) for paragraph in body),
        Paragraph(rng.choice(_QUOTES).format_map(words)),
    ]
    if event == "earnings-results":
        blocks += (Paragraph("Condensed figures", is_centered=True, is_bold=True), _figures(rng))
    blocks += (
        Paragraph(f"About {company.full_name}", is_bold=True),
        Paragraph(
            f"{company.full_name} {company.business}. Its head office is in {company.city}, {company.home_state_name}."
        ),
        Paragraph(_CAUTION),
        Paragraph(f"Contact: {company.finance.name}, ({company.area_code}) {company.phone}"),
        Paragraph("# # #", is_centered=True),
    )
    return tuple(blocks)


def _letter(words: Vocabulary, company: Company) -> tuple[Block, ...]:
    return (
        Paragraph(words["event_date"]),
        Paragraph("Ladies and Gentlemen:"),
        Paragraph(
            f"We write about the report on Form 8-K of {company.full_name}. We have read what it says of us, and agree."
        ),
        Paragraph("We do not speak to its other parts. This letter may be filed with the report."),
        Paragraph("Very truly yours,"),
        Paragraph(words["person"]),
    )


def _figures(rng: Random) -> Table:
    revenue = rng.randint(20_000, 900_000)
    rows = [("", "This period", "Year before")]
    for label, share in (
        ("Revenue", 1.0),
        ("Cost of revenue", 0.61),
        ("Operating expense", 0.24),
        ("Net income", 0.09),
    ):
        now = int(revenue * share)
        rows.append((label, f"${now:,}", f"${int(now * (0.85 + rng.random() / 4)):,}"))
    rows.append(("Earnings per share", f"${rng.randint(5, 400) / 100:.2f}", f"${rng.randint(5, 400) / 100:.2f}"))
    return Table(tuple(rows))
