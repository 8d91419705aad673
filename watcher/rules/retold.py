"""Why a rule fires on a stored filing: as it is now, and as it was when it raised its alert.

What a rule was is read from the revisions that the store keeps, by the same code as the rule files of today.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from watcher.errors import ConfigError, EightkError
from watcher.models import Report
from watcher.report_json import to_json
from watcher.rulebook import Explanation, RuleBook, RuleBookHandler, RuleInfo
from watcher.rules.telling import explanation_lines
from watcher.store import alerts, reports, revisions
from watcher.store.database import Store

__all__ = ["Earlier", "Retold", "retell", "retold_json", "retold_lines"]

_UNKNOWN = "what that one said is not known to this store"


@dataclass(frozen=True, slots=True)
class Earlier:
    """A rule as it was. Without a text the store never kept it; without an explanation it cannot be run any more."""

    revision: str
    first_used_at: datetime | None = None
    text: str = ""  # YAML
    explanation: Explanation | None = None
    problem: str = ""  # why there is no explanation


@dataclass(frozen=True, slots=True)
class Retold:
    """What is known of a rule and a filing. ``now`` and ``earlier`` are not both None."""

    rule: str
    now: RuleInfo | None  # None: it is in none of the rule files
    explanation: Explanation | None  # of that
    text: str  # of that, YAML
    earlier: Earlier | None  # None: its alert, if it raised one, is of the rule as it is now
    has_alert: bool
    renamed: tuple[str, ...] = ()  # rules of today that say the same under another id

    @property
    def fires(self) -> bool:
        """Whether the rule fires as it is now; as it was, where there is none now."""
        return self.told is not None and self.told.fires

    @property
    def told(self) -> Explanation | None:
        """What is known of the rule as it is now; as it was, where there is none now."""
        return self.explanation or (self.earlier.explanation if self.earlier else None)


def retell(handler: RuleBookHandler, book: RuleBook, store: Store, rule: str, accession: str) -> Retold | None:
    """Tell of a rule and a stored filing; None when neither the files nor the store ever had such a rule.

    Raises ``UnknownFiling`` when there is no report of the filing.
    """
    report: Report = store.read_now(reports.load, accession)
    now = next((one for one in book.rules if one.id == rule), None)
    raised = next(iter(store.read_now(alerts.find, accession, rule=rule)), None)
    earlier = None
    if raised is not None and (now is None or raised.revision != now.revision):
        earlier = _earlier(handler, store, report, rule, raised.revision)
    elif now is None:
        kept = store.read_now(revisions.of_rule, rule)
        if not kept:
            return None
        earlier = _earlier(handler, store, report, rule, kept[-1].revision)
    return Retold(
        rule,
        now,
        explanation=book.explain(rule, report) if now else None,
        text=handler.source_text(now.source) if now else "",
        earlier=earlier,
        has_alert=raised is not None,
        renamed=() if now or earlier is None else tuple(_same(handler, book, earlier, rule)),
    )


def _earlier(handler: RuleBookHandler, store: Store, report: Report, rule: str, revision: str) -> Earlier:
    was = store.read_now(revisions.of, rule, revision)
    if was is None:
        return Earlier(revision, problem=_UNKNOWN)
    try:
        text = handler.source_text(was.source)
    except ConfigError as error:
        return Earlier(revision, was.first_used_at, was.source, problem=str(error))
    try:
        told = handler.read_source(was.source).explain(rule, report)
    except EightkError as error:
        return Earlier(revision, was.first_used_at, text, problem=f"it cannot be run any more: {error}")
    return Earlier(revision, was.first_used_at, text, told)


def _same(handler: RuleBookHandler, book: RuleBook, earlier: Earlier, rule: str) -> Iterator[str]:
    """Give the rules that say the same, but for their id."""
    for one in book.rules:
        if handler.source_text(one.source).replace(f"  id: {one.id}\n", f"  id: {rule}\n", 1) == earlier.text:
            yield one.id


def retold_lines(told: Retold) -> Iterator[str]:
    """Tell it to a person: the rule as it is, then as it was, with what each makes of the filing."""
    earlier = told.earlier
    if told.explanation:
        yield from explanation_lines(told.explanation)
    if earlier is None:
        return
    if told.now is None:
        yield from _gone_lines(told, earlier)
    else:
        yield f"its alert was raised by revision {earlier.revision} of the rule, which is {told.now.revision} now"
    yield from _earlier_lines(earlier)
    if told.now is not None:
        yield from _text_lines(f"revision {told.now.revision}, as it is now", told.text)


def _gone_lines(told: Retold, earlier: Earlier) -> Iterator[str]:
    yield f"rule {told.rule} is in none of the rule files any more"
    if told.renamed:
        names = " and ".join(repr(name) for name in told.renamed)
        yield f"{names} {'says' if len(told.renamed) == 1 else 'say'} the same, and may be its new name"
    if told.has_alert:
        yield f"its alert was raised by revision {earlier.revision}"
    else:
        yield f"it raised no alert on this filing; its last revision is told, {earlier.revision}"


def _earlier_lines(earlier: Earlier) -> Iterator[str]:
    if earlier.text:
        used = f", first used at {earlier.first_used_at:%Y-%m-%d %H:%M} UTC" if earlier.first_used_at else ""
        yield from _text_lines(f"revision {earlier.revision}{used}", earlier.text)
    if earlier.explanation:
        yield from explanation_lines(earlier.explanation)
    if earlier.problem:
        yield earlier.problem


def _text_lines(title: str, text: str) -> Iterator[str]:
    yield f"{title}:"
    yield from (f"    {line}" for line in text.splitlines())


def retold_json(told: Retold) -> dict[str, Any]:
    """The same for a program: the keys of an explanation, whatever it is of, and what it is of."""
    return {
        **(to_json(told.told) if told.told else {}),
        "rule": told.rule,
        "fires": told.fires,
        "in_force": told.now is not None,
        "revision": told.now and told.now.revision,
        "text": told.text or None,
        "renamed": list(told.renamed),
        "earlier": [] if told.earlier is None else [to_json(told.earlier)],
    }
