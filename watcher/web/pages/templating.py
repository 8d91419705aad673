"""The templates, and what they can ask for beside their context."""

from __future__ import annotations

from pathlib import Path

from fastapi.templating import Jinja2Templates

from watcher.cover_facts import cover_facts
from watcher.models import Session
from watcher.payload import edgar_url
from watcher.places import anchor
from watcher.web.api.lists import seconds_words
from watcher.web.show import audit_words, silence_words

__all__ = ["FOLDER", "TEMPLATES"]

FOLDER = Path(__file__).parent.parent
TEMPLATES = Jinja2Templates(FOLDER / "templates")
TEMPLATES.env.filters["edgar_url"] = edgar_url
TEMPLATES.env.filters["audit_words"] = audit_words
TEMPLATES.env.filters["anchor"] = anchor
TEMPLATES.env.filters["cover_facts"] = cover_facts
TEMPLATES.env.filters["silence_words"] = silence_words
TEMPLATES.env.filters["seconds"] = seconds_words
TEMPLATES.env.globals["SESSIONS"] = {
    Session.PRE: "before the market opened",
    Session.REGULAR: "while the market was open",
    Session.POST: "after the market closed",
    Session.EVENING: "in the evening, dated the next business day",
    Session.CLOSED: "on a day without business",
}
