"""A handler of your own as a plain file: raises an alert when a filing speaks of very large sums.

Any class here that derives from `Handler` or `Notifier` is taken in; `eightk handlers` lists it. This one is
written to be read, and stays quiet until an endpoint is named in its settings:

    [handler.large-sums]
    minimum_billion = 2.5
    notify = ["log"]
"""

import re

from watcher import Alert, Evidence, Handler, Report, Severity, Stage, alert_id

SUM = re.compile(r"\$\s?(\d{1,4}(?:\.\d{1,3})?)\s+billion", re.IGNORECASE)


class LargeSums(Handler):
    """Alert on any sum of ``minimum_billion`` dollars or more in the main document."""

    name = "large-sums"
    stage = Stage.ALERT

    def __init__(self, *, minimum_billion: float = 1.0, notify: tuple[str, ...] = ()) -> None:
        if minimum_billion <= 0:
            raise ValueError(f"minimum_billion: expected more than 0, got {minimum_billion}")
        self.minimum_billion = minimum_billion
        self.notify = notify

    def handle(self, report: Report) -> None:
        """Look for sums in the main document's text."""
        document = report.main_document
        if document is None or not self.notify:
            return
        found = tuple(
            Evidence(document.sequence, match.start(), match.end(), match[0])
            for match in SUM.finditer(document.text)
            if float(match[1]) >= self.minimum_billion
        )
        if found:
            alert = Alert(
                id=alert_id(report.filing.accession, self.name),
                rule=self.name,
                title=f"A sum of {self.minimum_billion:g} billion dollars or more",
                severity=Severity.MEDIUM,
                revision="1",
                notify=self.notify,
                evidence=found[:5],
                summary=f"{report.filing.company}: {found[0].text}",
            )
            report.alerts = (*report.alerts, alert)
