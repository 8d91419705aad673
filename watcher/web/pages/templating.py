"""The templates, what they can ask for beside their context, and how a page is answered."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from fastapi import Request
from fastapi.responses import HTMLResponse, RedirectResponse
from fastapi.templating import Jinja2Templates
from markupsafe import Markup, escape

from watcher.bare_paths import bare
from watcher.cover_facts import cover_facts
from watcher.models import DeliveryState, FilingState, Session
from watcher.payload.alert import edgar_url
from watcher.places import anchor
from watcher.printable import unturned
from watcher.web.access import csrf
from watcher.web.api.lists import seconds_words
from watcher.web.show import audit_words, silence_words

__all__ = ["FOLDER", "TEMPLATES", "back_to", "refused", "show"]

FOLDER = Path(__file__).parent.parent
TEMPLATES = Jinja2Templates(FOLDER / "templates")
_PAGES = (
    ("/", "Filings"),
    ("/alerts", "Alerts"),
    ("/deliveries", "Deliveries"),
    ("/rules", "Rules"),
    ("/activity", "Activity"),
    ("/health", "Health"),
)
_SHORT = frozenset({"ceo", "cfo", "coo", "cto", "ipo", "sec", "fda", "atm", "pipe", "spac", "reit", "esg"})
_DONE = {
    "retried": "It is run through the line again.",
    "read": "It was run through the line again: this is what is found now.",
    "redelivered": "It is told again now.",
    "silenced": "Silenced.",
    "ended": "The silence is over.",
    "enabled": "Enabled: what it is owed goes out now.",
    "saved": "The rule is saved, and in force as soon as its file is read.",
}
_KINDS = {
    FilingState.SAVED: "good",
    FilingState.SPOTTED: "soft",
    FilingState.FAILED: "bad",
    DeliveryState.DELIVERED: "good",
    DeliveryState.FAILED: "bad",
    DeliveryState.PENDING: "warn",
}


def show(
    request: Request, template: str, context: Mapping[str, Any], *, here: str = "", status: int = 200
) -> HTMLResponse:
    """Render a page. ``here`` is the place in the navigation; what was done just before is told on top."""
    said = _DONE.get(request.query_params.get("done", ""), "")
    return TEMPLATES.TemplateResponse(request, template, {"here": here, "said": said, **context}, status_code=status)


def refused(request: Request, status: int, detail: str) -> HTMLResponse:
    """Say that what was asked for cannot be done."""
    return show(request, "missing.html", {"title": "Not done", "detail": detail}, status=status)


def back_to(place: str, done: str) -> RedirectResponse:
    """Lead back to a page of ours, which then says what was done; anywhere else stands for the front page."""
    is_ours = place.startswith("/") and not place.startswith(("//", "/\\")) and place.isprintable()
    path, _, fragment = (place if is_ours else "/").partition("#")
    joined = f"{path}{'&' if '?' in path else '?'}done={done}"
    return RedirectResponse(f"{joined}#{fragment}" if fragment else joined, 303)


def _moment(at: datetime | None) -> Markup:
    if at is None:
        return Markup("")
    return Markup('<time datetime="{}">{}</time>').format(f"{at:%Y-%m-%dT%H:%M:%SZ}", f"{at:%Y-%m-%d %H:%M:%S}")


def _kind(state: str) -> str:
    return _KINDS.get(state, "soft")  # type: ignore[call-overload, no-any-return]


def _event_words(name: str) -> str:
    """An event's name for a person: ``cfo-departure`` is "CFO departure"."""
    words = [word.upper() if word in _SHORT else word for word in name.split("-")]
    return " ".join([words[0][:1].upper() + words[0][1:], *words[1:]])


def _count(number: float, one: str, many: str = "") -> str:
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def _shown(value: Any) -> Any:
    """What a template shows of a value: a filer's name turns nothing around. Markup is ours, and stays as it is."""
    return unturned(value) if isinstance(value, str) and not isinstance(value, Markup) else value


TEMPLATES.env.finalize = _shown
TEMPLATES.env.trim_blocks = True
TEMPLATES.env.lstrip_blocks = True
TEMPLATES.env.filters |= {
    "anchor": anchor,
    "as_typed": escape,
    "bare": bare,
    "audit_words": audit_words,
    "count": _count,
    "cover_facts": cover_facts,
    "edgar_url": edgar_url,
    "event_words": _event_words,
    "kind": _kind,
    "moment": _moment,
    "seconds": seconds_words,
    "silence_words": silence_words,
}
TEMPLATES.env.globals |= {
    "PAGES": _PAGES,
    "SESSIONS": {
        Session.PRE: "before the market opened",
        Session.REGULAR: "while the market was open",
        Session.POST: "after the market closed",
        Session.EVENING: "in the evening, dated the next business day",
        Session.CLOSED: "on a day without business",
    },
    "csrf": csrf,
}
