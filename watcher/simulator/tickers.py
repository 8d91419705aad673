"""Writes the SEC's lists of tickers."""

from __future__ import annotations

from watcher.simulator.catalog import Catalog
from watcher.simulator.exchange import Reply, json_reply
from watcher.simulator.refusals import no_such_key

__all__ = ["tickers"]


def tickers(path: str, catalog: Catalog) -> Reply:
    """Answer a request for one of the lists of companies by ticker."""
    rows = catalog.tickers()
    if path == "/files/company_tickers.json":
        return json_reply(
            {
                str(place): {"cik_str": row.cik, "ticker": row.ticker, "title": row.name}
                for place, row in enumerate(rows)
            }
        )
    if path == "/files/company_tickers_exchange.json":
        fields = ["cik", "name", "ticker", "exchange"]
        return json_reply({"fields": fields, "data": [[row.cik, row.name, row.ticker, row.exchange] for row in rows]})
    return no_such_key(path)
