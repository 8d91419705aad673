"""Writes the filing of an outline: its content, its documents, its bytes."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime

from watcher.edgar.calendar import NEW_YORK
from watcher.items import CURRENT_SINCE
from watcher.simulator.eras import Era
from watcher.simulator.made import Draft, MadeExhibit, MadeSubmission, Paragraph
from watcher.simulator.making.attachments import picture_part, rendered_parts
from watcher.simulator.making.chance import Random, dice
from watcher.simulator.making.companies import Company
from watcher.simulator.making.compose import Dates, Wishes, compose
from watcher.simulator.making.pages_html import exhibit_html, main_html
from watcher.simulator.making.pages_text import exhibit_text, main_text
from watcher.simulator.making.sgml import Part, declares_items, filers_of, write_submission
from watcher.simulator.making.vocabulary import long_date
from watcher.simulator.making.xbrl import taxonomy_parts

__all__ = ["Outline", "write"]

_PICTURE_SHARES = {Era.EARLY_HTML: 0.1, Era.HTML: 0.25, Era.INLINE: 0.6}
_ASCII = str.maketrans({"‘": "'", "’": "'", "“": '"', "”": '"', "–": "-"})


@dataclass(frozen=True, slots=True)
class Outline:
    """What is settled of a filing before it is written. Cheap to make; `write` does the work."""

    seed: str
    era: Era
    accession: str
    form: str
    companies: tuple[Company, ...]
    items: tuple[str, ...]
    filed_on: date
    event_on: date  # its period of report
    accepted_at: datetime
    wishes: Wishes
    is_light: bool = False  # only what the filer sent: no taxonomy, no pictures, none of EDGAR's renderings


def write(outline: Outline) -> MadeSubmission:
    """Write the filing of an outline: the same bytes each time."""
    rng = dice(outline.seed, "text")
    dates = Dates(outline.filed_on, outline.event_on)
    content = compose(outline.era, outline.companies, outline.items, dates, rng, outline.wishes)
    events = {event for item in content.items for event in item.events}
    draft = Draft(
        era=outline.era,
        accession=outline.accession,
        form=outline.form,
        filed_on=outline.filed_on,
        accepted_at=outline.accepted_at,
        period_of_report=outline.event_on,
        companies=outline.companies,
        declared=outline.items,
        note=_note(outline.form, outline.filed_on),
        items=content.items,
        exhibits=content.exhibits,
        signature=replace(content.signature, date=outline.accepted_at.astimezone(NEW_YORK).date()),
        is_written_communication="merger-agreement" in events,
        look=rng.randrange(3),
    )
    draft = replace(draft, exhibits=_numbered(draft))
    parts = _sent(draft) if outline.is_light else _parts(draft, rng)
    return _made(draft, write_submission(draft, parts, rng))


def _note(form: str, filed_on: date) -> tuple[Paragraph, ...]:
    if not form.endswith("/A"):
        return ()
    text = (
        f"Explanatory Note. This amendment to the report on Form {form.removesuffix('/A')} that was filed earlier in "
        f"{filed_on.year} corrects and completes what stands below. Nothing else of that report is changed."
    )
    return (Paragraph(text),)


def _numbered(draft: Draft) -> tuple[MadeExhibit, ...]:
    """Give each exhibit that is a file its place and its name."""
    numbered = []
    place = 1
    for exhibit in draft.exhibits:
        if exhibit.blocks:
            place += 1
            name = None if draft.era is Era.IMS else _filename(draft, exhibit.number)
            numbered.append(replace(exhibit, sequence=place, filename=name))
        else:
            numbered.append(exhibit)
    return tuple(numbered)


def _filename(draft: Draft, exhibit: str) -> str:
    ticker, suffix = draft.company.ticker.lower(), "txt" if draft.era.is_text else "htm"
    if exhibit:
        return f"{ticker}-ex{exhibit.replace('.', '_')}.{suffix}"
    return f"{draft.stem}.htm" if draft.era is Era.INLINE else f"{ticker}8k.{suffix}"


def _sent(draft: Draft) -> list[Part]:
    """The main document and its exhibits."""
    signed_on = long_date(draft.signature.date or draft.filed_on)
    body = main_text(draft, signed_on) if draft.era.is_text else main_html(draft, signed_on)
    is_inline = draft.era is Era.INLINE
    main = Part(draft.form, _filename(draft, ""), draft.form if is_inline else "CURRENT REPORT", body, 1)
    return [main, *(_exhibit(draft, exhibit) for exhibit in draft.exhibits if exhibit.sequence is not None)]


def _parts(draft: Draft, rng: Random) -> list[Part]:
    parts = _sent(draft)
    main, is_inline = parts[0], draft.era is Era.INLINE
    if is_inline:
        parts += taxonomy_parts(draft, len(parts) + 1)
    if rng.random() < _PICTURE_SHARES.get(draft.era, 0):
        parts.append(picture_part(draft, rng, len(parts) + 1))
    if is_inline:
        parts += rendered_parts(draft, main, len(parts) + 1)
    return parts


def _exhibit(draft: Draft, exhibit: MadeExhibit) -> Part:
    kind = f"EX-{exhibit.number}"
    description = kind if draft.era is Era.INLINE else exhibit.title.split(",")[0].upper().translate(_ASCII)
    body = exhibit_text(exhibit) if draft.era.is_text else exhibit_html(draft, exhibit)
    return Part(kind, exhibit.filename or "", description, body, exhibit.sequence or 0)


def _made(draft: Draft, raw: bytes) -> MadeSubmission:
    return MadeSubmission(
        raw=raw,
        era=draft.era,
        accession=draft.accession,
        form=draft.form,
        filers=filers_of(
            draft.companies, accession=draft.accession, form=draft.form, filed_on=draft.filed_on, era=draft.era
        ),
        filed_on=draft.filed_on,
        accepted_at=draft.accepted_at if draft.tells_acceptance else None,
        period_of_report=draft.period_of_report,
        declared_items=draft.declared if declares_items(draft.filed_on) else (),
        items=draft.items,
        exhibits=draft.exhibits,
        signature=draft.signature,
        tickers=tuple(company.ticker for company in draft.companies) if draft.era is Era.INLINE else (),
        is_written_communication=draft.is_written_communication and draft.filed_on >= CURRENT_SINCE,
        events=tuple(dict.fromkeys(event for item in draft.items for event in item.events)),
    )
