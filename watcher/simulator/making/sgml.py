"""Writes the SGML around the documents of a made-up submission: envelope, header, document tags, uuencoding."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from watcher.edgar.calendar import NEW_YORK
from watcher.models import Filer
from watcher.simulator.eras import Era
from watcher.simulator.made import Draft
from watcher.simulator.making.chance import Random
from watcher.simulator.making.companies import Company
from watcher.simulator.making.wordings import edgar_wording

__all__ = ["Part", "declares_items", "filers_of", "uuencode", "write_submission"]


_LINE_START_DASH = re.compile(r"^-", re.MULTILINE)
_PEM_UNTIL = date(2010, 6, 1)
_HAS_CHANGE_SINCE = date(2004, 8, 23)
_HAS_ORGANIZATION_SINCE = date(2023, 6, 1)


@dataclass(frozen=True, slots=True)
class Part:
    """One document as it goes into a submission. ``body`` is what stands between <TEXT> and </TEXT>."""

    type: str
    filename: str
    description: str
    body: str
    sequence: int
    is_public: bool = True  # what EDGAR renders itself does not count as a public document


def declares_items(filed_on: date) -> bool:
    """Whether headers of this day name the items: for some months around 2000 EDGAR left the names out."""
    return not date(2000, 6, 1) <= filed_on < date(2001, 4, 1)


def filers_of(
    companies: Sequence[Company], *, accession: str, form: str, filed_on: date, era: Era
) -> tuple[Filer, ...]:
    """Return a filing's companies as its header, read back, gives them."""
    return tuple(
        Filer(
            cik=company.cik,
            name=company.name,
            sic=company.sic,
            state_of_incorporation=company.state,
            irs_number=company.ein,
            fiscal_year_end=company.fiscal_year_end,
            file_number=company.file_number,
            film_number=_film_number(accession, filed_on, place),
            business_phone=_phone(company, era),
            business_address=_streets(company),
            former_names=tuple(name for name, _ in company.former_names),
            former_names_changed_on=tuple(_change_day(changed_on) for _, changed_on in company.former_names),
            sic_name=None if era is Era.IMS else company.industry,
            organization=company.office if filed_on >= _HAS_ORGANIZATION_SINCE else None,
            form=form,
            act="1934",
            mail_address=_streets(company) if _has_mail_address(company) else (),
        )
        for place, company in enumerate(companies)
    )


def _film_number(accession: str, filed_on: date, place: int) -> str:
    """Return the film number of one of a filing's companies; its first digits are the year's."""
    return f"{filed_on:%y}{(int(accession[-6:]) * 7 + place * 13) % 1_000_000:06d}"


def _phone(company: Company, era: Era) -> str:
    # Old headers write it without dashes.
    return company.area_code + company.phone.replace("-", "") if era.is_text else f"{company.area_code}-{company.phone}"


def _streets(company: Company) -> tuple[str, ...]:
    streets = (company.street, company.suite) if company.suite else (company.street,)
    return (*map(str.upper, streets), company.city.upper(), company.home_state, company.postal_code)


def _has_mail_address(company: Company) -> bool:
    return company.cik % 3 != 0


def _change_day(text: str) -> date:
    return date(int(text[:4]), int(text[4:6]), int(text[6:]))


def uuencode(content: bytes, filename: str) -> str:
    """Encode a binary file as submissions carry it."""
    lines = [binascii.b2a_uu(content[start : start + 45]).decode("ascii") for start in range(0, len(content), 45)]
    return f"begin 644 {filename}\n{''.join(lines)}`\nend\n"


def write_submission(draft: Draft, parts: Iterable[Part], rng: Random) -> bytes:
    """Put header and documents together as the archive file of that time."""
    parts = list(parts)
    documents = "".join(_document(part, has_names=draft.era is not Era.IMS) for part in parts)
    header = _header(draft, sum(part.is_public for part in parts))
    is_pem = draft.filed_on < _PEM_UNTIL
    kind = "IMS" if draft.era is Era.IMS else "SEC"
    text = f"<{kind}-DOCUMENT>{draft.accession}.txt : {_written_on(draft)}\n{header}{documents}</{kind}-DOCUMENT>\n"
    if is_pem:
        text = _envelope(text, draft.era, rng)
    # Filings of the 1990s hold bytes of the writer's own code page; later ones are pure ASCII.
    return text.encode("cp1252" if draft.era.is_text else "ascii", "xmlcharrefreplace")


def _written_on(draft: Draft) -> str:
    return f"{draft.filed_on:%Y%m%d}"


def _header(draft: Draft, document_count: int) -> str:
    kind = "IMS" if draft.era is Era.IMS else "SEC"
    lines = [f"<{kind}-HEADER>{draft.accession}.hdr.sgml : {_written_on(draft)}"]
    if draft.tells_acceptance:
        lines.append(f"<ACCEPTANCE-DATETIME>{draft.accepted_at.astimezone(NEW_YORK):%Y%m%d%H%M%S}")
    lines += (
        f"ACCESSION NUMBER:\t\t{draft.accession}",
        f"CONFORMED SUBMISSION TYPE:\t{draft.form}",
        f"PUBLIC DOCUMENT COUNT:\t\t{document_count}",
        f"CONFORMED PERIOD OF REPORT:\t{draft.period_of_report:%Y%m%d}",
    )
    named = declares_items(draft.filed_on)
    lines += (f"ITEM INFORMATION:\t\t{edgar_wording(item, draft.filed_on) if named else ''}" for item in draft.declared)
    lines.append(f"FILED AS OF DATE:\t\t{draft.filed_on:%Y%m%d}")
    if draft.filed_on >= _HAS_CHANGE_SINCE:
        lines.append(f"DATE AS OF CHANGE:\t\t{draft.accepted_at.astimezone(NEW_YORK):%Y%m%d}")
    for place, company in enumerate(draft.companies):
        lines += _filer(draft, company, _film_number(draft.accession, draft.filed_on, place))
    return "\n".join(lines) + f"\n</{kind}-HEADER>\n"


def _filer(draft: Draft, company: Company, film: str) -> list[str]:
    is_new = draft.filed_on >= _HAS_ORGANIZATION_SINCE
    sic = company.sic if draft.era is Era.IMS else f"{company.industry} [{company.sic}]"
    lines = [
        "\nFILER:\n\n\tCOMPANY DATA:\t",
        f"\t\tCOMPANY CONFORMED NAME:\t\t\t{company.name}",
        f"\t\tCENTRAL INDEX KEY:\t\t\t{company.cik:010d}",
        f"\t\tSTANDARD INDUSTRIAL CLASSIFICATION:\t{sic}",
    ]
    if is_new:
        lines.append(f"\t\tORGANIZATION NAME:           \t{company.office}")
    lines += (
        f"\t\t{'EIN' if is_new else 'IRS NUMBER'}:\t\t\t\t{company.ein}",
        f"\t\tSTATE OF INCORPORATION:\t\t\t{company.state}",
        f"\t\tFISCAL YEAR END:\t\t\t{company.fiscal_year_end}",
        f"\n\tFILING VALUES:\n\t\tFORM TYPE:\t\t{draft.form}\n\t\tSEC ACT:\t\t1934 Act",
        f"\t\tSEC FILE NUMBER:\t{company.file_number}\n\t\tFILM NUMBER:\t\t{film}",
        "\n\tBUSINESS ADDRESS:\t",
        *_address(company),
        f"\t\tBUSINESS PHONE:\t\t{_phone(company, draft.era)}",
    )
    if _has_mail_address(company):
        lines += ("\n\tMAIL ADDRESS:\t", *_address(company))
    for name, changed_on in company.former_names:
        lines.append(
            f"\n\tFORMER COMPANY:\t\n\t\tFORMER CONFORMED NAME:\t{name}\n\t\tDATE OF NAME CHANGE:\t{changed_on}"
        )
    return lines


def _address(company: Company) -> list[str]:
    lines = [f"\t\tSTREET 1:\t\t{company.street.upper()}"]
    if company.suite:
        lines.append(f"\t\tSTREET 2:\t\t{company.suite.upper()}")
    lines += (
        f"\t\tCITY:\t\t\t{company.city.upper()}",
        f"\t\tSTATE:\t\t\t{company.home_state}",
        f"\t\tZIP:\t\t\t{company.postal_code}",
    )
    return lines


def _document(part: Part, *, has_names: bool) -> str:
    lines = [f"<DOCUMENT>\n<TYPE>{part.type}\n<SEQUENCE>{part.sequence}"]
    if has_names:
        lines.append(f"<FILENAME>{part.filename}")
    if part.description:
        lines.append(f"<DESCRIPTION>{part.description}")
    return "\n".join(lines) + f"\n<TEXT>\n{part.body}\n</TEXT>\n</DOCUMENT>\n"


def _envelope(text: str, era: Era, rng: Random) -> str:
    """Wrap it in the privacy-enhanced mail of those years, which puts ``- `` before every leading dash."""
    sender = "keymaster@town.hall.org" if era is Era.IMS else "webmaster@www.sec.gov"
    seal = base64.b64encode(rng.randbytes(64)).decode("ascii")
    key = base64.b64encode(rng.randbytes(90)).decode("ascii")
    return (
        "-----BEGIN PRIVACY-ENHANCED MESSAGE-----\nProc-Type: 2001,MIC-CLEAR\n"
        f"Originator-Name: {sender}\nOriginator-Key-Asymmetric:\n {key[:64]}\n {key[64:]}\n"
        f"MIC-Info: RSA-MD5,RSA,\n {seal[:64]}\n {seal[64:]}\n\n"
        f"{_LINE_START_DASH.sub('- -', text)}-----END PRIVACY-ENHANCED MESSAGE-----\n"
    )
