"""The classifying handlers: they add to what was parsed what follows from it by rule."""

from handlers.classify.events import FindEvents
from handlers.classify.timing import FilingTiming
from handlers.classify.titles import OfficialTitles

__all__ = ["FilingTiming", "FindEvents", "OfficialTitles"]
