"""Writes the RSS feeds of filings with XBRL: the 200 latest, anew every ten minutes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import islice

from watcher.edgar.calendar import NEW_YORK
from watcher.simulator.catalog import Catalog
from watcher.simulator.exchange import Reply
from watcher.simulator.live_list import ARCHIVES, clock_text, index_href, quoted, role_name
from watcher.simulator.refusals import no_such_key
from watcher.simulator.timeline import Listing, Timeline

__all__ = ["rss"]

_FEEDS = {
    "usgaap.rss.xml": "Filings containing financial statements tagged using the US GAAP or IFRS taxonomies.",
    "xbrl-inline.rss.xml": "Filings containing inline XBRL.",
    "xbrlrss.all.xml": "All filings containing XBRL.",
}
_EVERY_SECONDS = 600
_MOST = 200


def rss(path: str, timeline: Timeline, catalog: Catalog, now: float) -> Reply:
    """Answer a request for one of the feeds; all of them hold the same here."""
    name = path.rpartition("/")[2]
    if name not in _FEEDS:
        return no_such_key(path)
    made_at = now - now % _EVERY_SECONDS
    tagged = (listing for listing in timeline.public(made_at) if listing.filing.is_tagged)
    items = "".join(_item(listing, catalog) for listing in islice(tagged, _MOST))
    text = (
        '<?xml version="1.0" encoding="windows-1252"?>\n<rss version="2.0">\n  <channel>\n'
        f"    <title>{_FEEDS[name]}</title>\n"
        "    <link>https://www.sec.gov/spotlight/xbrl/filings-and-feeds.shtml</link>\n"
        f'    <atom:link href="https://www.sec.gov/Archives/edgar/{name}" rel="self" type="application/rss+xml" '
        'xmlns:atom="https://www.w3.org/2005/Atom"/>\n'
        "    <description>This is a list of up to 200 of the latest filings, updated every 10 minutes.</description>\n"
        f"    <language>en-us</language>\n{_stale_times(made_at)}{items}  </channel>\n</rss>\n"
    )
    return Reply(text.encode("cp1252", "xmlcharrefreplace"), "text/xml")


def _stale_times(made_at: float) -> str:
    # EDGAR's own are of the evening before, though the items run to this minute.
    day = datetime.fromtimestamp(made_at, UTC).astimezone(NEW_YORK) - timedelta(days=1)
    shown = f"{clock_text(day.replace(hour=19, minute=0, second=0))[:-3]}EST"
    return f"    <pubDate>{shown}</pubDate>\n    <lastBuildDate>{shown}</lastBuildDate>\n"


def _item(listing: Listing, catalog: Catalog) -> str:
    filing = listing.filing
    first, *others = filing.filers
    folder = f"{ARCHIVES}/{first.cik}/{filing.accession.replace('-', '')}"
    package = f"{folder}/{filing.accession}-xbrl.zip"
    facts = {
        "companyName": first.name,
        "formType": filing.form,
        "filingDate": f"{filing.filed_on:%m/%d/%Y}",
        "cikNumber": f"{first.cik:010d}",
        "accessionNumber": filing.accession,
        "fileNumber": first.file_number or "",
        "acceptanceDatetime": f"{filing.time.astimezone(NEW_YORK):%Y%m%d%H%M%S}",
        "period": f"{filing.period_of_report:%Y%m%d}" if filing.period_of_report else "",
        "assistantDirector": first.organization or "",
        "assignedSic": first.sic or "",
        "fiscalYearEnd": first.fiscal_year_end or "",
        "otherCikNumbers": ",".join(f"{other.cik:010d}" for other in others),
    }
    told = "".join(f"        <edgar:{name}>{quoted(value)}</edgar:{name}>\n" for name, value in facts.items() if value)
    return (
        f"    <item>\n      <title>{quoted(f'{first.name} ({first.cik:010d}) ({role_name(first)})')}</title>\n"
        f"      <link>{index_href(filing.accession, first.cik)}</link>\n      <guid>{package}</guid>\n"
        f'      <enclosure url="{package}" length="17827" type="application/zip" />\n'
        f"      <description>{quoted(filing.form)}</description>\n"
        f"      <pubDate>{clock_text(filing.time.astimezone(NEW_YORK))[:-3]}EST</pubDate>\n"
        f'      <edgar:xbrlFiling xmlns:edgar="https://www.sec.gov/Archives/edgar">\n{told}'
        f"        <edgar:xbrlFiles>\n{_files(listing, catalog, folder)}        </edgar:xbrlFiles>\n"
        "      </edgar:xbrlFiling>\n    </item>\n"
    )


def _files(listing: Listing, catalog: Catalog, folder: str) -> str:
    lines = []
    for part in catalog.parts(listing.filing):
        inline = ' edgar:inlineXBRL="true"' if part.sequence == 1 else ""
        lines.append(
            f'          <edgar:xbrlFile edgar:sequence="{part.sequence}" edgar:file="{quoted(part.filename)}" '
            f'edgar:type="{quoted(part.type)}" edgar:size="{part.size}" '
            f'edgar:description="{quoted(part.description)}"{inline} edgar:url="{folder}/{quoted(part.filename)}" />\n'
        )
    return "".join(lines)
