"""Writes one company's filings: EDGAR's Atom feed of a company, and its submissions JSON."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, tzinfo
from typing import Any

from watcher.edgar.calendar import NEW_YORK
from watcher.models import Filer
from watcher.simulator.catalog import Catalog
from watcher.simulator.exchange import ATOM, Ask, Reply, json_reply
from watcher.simulator.live_list import entries_asked, index_href, quoted, shown_size, summary
from watcher.simulator.making.wordings import form_name
from watcher.simulator.refusals import page
from watcher.simulator.timeline import Listing

__all__ = ["company_atom", "submissions_json"]

_BROWSE = "https://www.sec.gov/cgi-bin/browse-edgar?action=getcompany"
_HISTORY = 2_000  # a company's feed goes no deeper


def company_atom(ask: Ask, listings: Sequence[Listing], cik: int) -> Reply:
    """Answer a request for a company's feed."""
    if not listings:
        return page("EDGAR Company Search", "No matching CIK.", "Nothing is listed of this company.", status=200)
    prefix, before = ask.query.get("type", ""), ask.query.get("dateb", "").replace("-", "")
    wanted = [
        listing
        for listing in listings[:_HISTORY]
        if listing.filing.form.startswith(prefix) and (not before or f"{listing.filing.filed_on:%Y%m%d}" <= before)
    ]
    start = ask.number("start", 0)
    shown = wanted[start : start + entries_asked(ask)]
    filer = _party(listings[0], cik)
    text = (
        '<?xml version="1.0" encoding="ISO-8859-1" ?>\n  <feed xmlns="http://www.w3.org/2005/Atom">\n    <author>\n'
        "      <email>webmaster@sec.gov</email>\n      <name>Webmaster</name>\n    </author>\n"
        f"{_company_info(filer)}{''.join(_entry(listing, cik) for listing in shown)}"
        f"    <id>{quoted(_BROWSE)}&amp;CIK={cik:010d}</id>\n    <title>{quoted(filer.name)}  ({cik:010d})</title>\n"
        f"    <updated>{listings[0].updated.isoformat()}</updated>\n  </feed>\n"
    )
    return Reply(text.encode("latin-1", "xmlcharrefreplace"), ATOM, headers={"Cache-Control": "no-cache"})


def _party(listing: Listing, cik: int) -> Filer:
    return next(filer for filer in listing.filing.filers if filer.cik == cik)


def _company_info(filer: Filer) -> str:
    *streets, city, state, postal_code = filer.business_address if len(filer.business_address) > 3 else ("", "", "", "")
    return (
        '    <company-info>\n      <addresses>\n        <address type="business">\n'
        f"          <city>{quoted(city)}</city>\n          <phone>{quoted(filer.business_phone or '')}</phone>\n"
        f"          <state>{quoted(state)}</state>\n          <street1>{quoted(streets[0])}</street1>\n"
        f"          <zip>{quoted(postal_code)}</zip>\n        </address>\n      </addresses>\n"
        f"      <assigned-sic>{filer.sic or ''}</assigned-sic>\n      <cik>{filer.cik:010d}</cik>\n"
        f"      <cik-href>{quoted(f'{_BROWSE}&CIK={filer.cik:010d}&owner=exclude&count=100')}</cik-href>\n"
        f"      <conformed-name>{quoted(filer.name)}</conformed-name>\n"
        f"      <fiscal-year-end>{filer.fiscal_year_end or ''}</fiscal-year-end>\n"
        f"      <state-of-incorporation>{filer.state_of_incorporation or ''}</state-of-incorporation>\n"
        "    </company-info>\n"
    )


def _entry(listing: Listing, cik: int) -> str:
    filing, filer = listing.filing, _party(listing, cik)
    form, href = quoted(filing.form), index_href(filing.accession, cik)
    items = f"        <items-desc>{_items_described(filing.items)}</items-desc>\n" if filing.items else ""
    name = form_name(filing.form)
    return (
        f'    <entry>\n      <category label="form type" scheme="https://www.sec.gov/" term="{form}" />\n'
        f'      <content type="text/xml">\n        <accession-number>{filing.accession}</accession-number>\n'
        f"        <act>34</act>\n        <file-number>{filer.file_number or ''}</file-number>\n"
        f"        <filing-date>{filing.filed_on}</filing-date>\n        <filing-href>{href}</filing-href>\n"
        f"        <filing-type>{form}</filing-type>\n        <film-number>{filer.film_number or ''}</film-number>\n"
        f"        <form-name>{quoted(name)}</form-name>\n{items}        <size>{shown_size(filing.size)}</size>\n"
        f"      </content>\n      <id>urn:tag:sec.gov,2008:accession-number={filing.accession}</id>\n"
        f'      <link href="{href}" rel="alternate" type="text/html" />\n'
        f'      <summary type="html"> {summary(listing, line_end="")}</summary>\n'
        f"      <title>{form}  - {quoted(name)}</title>\n"
        f"      <updated>{listing.updated.isoformat()}</updated>\n    </entry>\n"
    )


def _items_described(items: Sequence[str]) -> str:
    """Name items as EDGAR does, which forgets the blanks around the last "and" when there are more than two."""
    if len(items) == 1:
        return f"item {items[0]}"
    glue = " and " if len(items) == 2 else "and"
    return f"items {', '.join(items[:-1])}{glue}{items[-1]}"


def submissions_json(listings: Sequence[Listing], cik: int, catalog: Catalog, *, is_false_z: bool = False) -> Reply:
    """Answer a request for a company's submissions. All are "recent" here; there are no further files.

    With ``is_false_z`` the whole file tells New York's time as if it were UTC, as some of EDGAR's do.
    """
    filer = _party(listings[0], cik)
    rows = [_row(listing, cik, catalog, NEW_YORK if is_false_z else UTC) for listing in listings]
    tickers = [ticker for ticker in catalog.tickers() if ticker.cik == cik]
    content = {
        "cik": f"{cik:010d}",
        "entityType": "operating",
        "sic": filer.sic or "",
        "sicDescription": "",
        "ownerOrg": None,
        "insiderTransactionForOwnerExists": 0,
        "insiderTransactionForIssuerExists": 0,
        "name": filer.name,
        "tickers": [ticker.ticker for ticker in tickers],
        "exchanges": [ticker.exchange for ticker in tickers],
        "ein": filer.irs_number,
        "lei": None,
        "description": "",
        "website": "",
        "investorWebsite": "",
        "category": "",
        "fiscalYearEnd": filer.fiscal_year_end,
        "stateOfIncorporation": filer.state_of_incorporation or "",
        "stateOfIncorporationDescription": filer.state_of_incorporation or "",
        "addresses": {"mailing": _address(filer), "business": _address(filer)},
        "phone": filer.business_phone,
        "flags": "",
        "formerNames": [{"name": name, "from": None, "to": None} for name in filer.former_names],
        "filings": {"recent": {key: [row[key] for row in rows] for key in rows[0]}, "files": []},
    }
    return json_reply(content, headers={"Cache-Control": "max-age=0, no-cache, no-store"})


def _address(filer: Filer) -> dict[str, Any]:
    *streets, city, state, postal_code = filer.business_address if len(filer.business_address) > 3 else ("", "", "", "")
    return {
        "street1": streets[0],
        "street2": streets[1] if len(streets) > 1 else None,
        "city": city,
        "stateOrCountry": state,
        "zipCode": postal_code,
        "stateOrCountryDescription": state,
        "isForeignLocation": 0,
        "foreignStateTerritory": None,
        "country": None,
        "countryCode": None,
    }


def _row(listing: Listing, cik: int, catalog: Catalog, zone: tzinfo) -> dict[str, Any]:
    filing, filer = listing.filing, _party(listing, cik)
    main = next(iter(catalog.parts(filing)), None)
    return {
        "accessionNumber": filing.accession,
        "filingDate": filing.filed_on.isoformat(),
        "reportDate": filing.period_of_report.isoformat() if filing.period_of_report else "",
        "acceptanceDateTime": f"{filing.time.astimezone(zone):%Y-%m-%dT%H:%M:%S}.000Z",
        "act": "34",
        "form": filing.form,
        "fileNumber": filer.file_number or "",
        "filmNumber": filer.film_number or "",
        "items": ",".join(filing.items),
        "core_type": "XBRL" if filing.is_tagged else filing.form,
        "size": filing.size,
        "isXBRL": int(filing.is_tagged),
        "isInlineXBRL": int(filing.is_tagged),
        "primaryDocument": main.filename if main else "",
        "primaryDocDescription": main.description if main else "",
    }
