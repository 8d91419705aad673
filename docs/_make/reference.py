"""The pages that are made: each file of ``docs/reference/``, and what makes it."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from docs._make.api import api_page
from docs._make.commands import commands_page
from docs._make.events import events_page
from docs._make.handlers import handlers_page
from docs._make.metrics import metrics_page
from docs._make.rules import rules_page
from docs._make.settings import settings_page

__all__ = ["REFERENCE"]

REFERENCE: Mapping[str, Callable[[], str]] = {
    "api.md": api_page,
    "commands.md": commands_page,
    "events.md": events_page,
    "handlers.md": handlers_page,
    "metrics.md": metrics_page,
    "rules.md": rules_page,
    "settings.md": settings_page,
}
