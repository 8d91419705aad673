"""Word of every saved filing, for endpoints with ``filings = true``: an alert like others, but that no rule raised.

So there is one outbox, and a delivery stays one alert owed to one endpoint. Lists and counts of alerts leave these out.
"""

from __future__ import annotations

from collections.abc import Iterable

from watcher.models import Alert, Report, Severity, saved_id

__all__ = ["RULE", "filing_alert"]

# Stands where other alerts name their rule. No rule can be called so: an id has no space in it.
RULE = "every filing"


def filing_alert(report: Report, endpoints: Iterable[str]) -> Alert:
    """Return the alert that tells these endpoints of a saved filing, as severe as the gravest of its events."""
    return Alert(
        id=saved_id(report.filing.accession),
        rule=RULE,
        title="Every filing",
        severity=max((one.severity for one in report.events), key=lambda one: one.rank, default=Severity.LOW),
        revision="",
        notify=tuple(sorted(endpoints)),
    )
