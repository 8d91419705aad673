"""Finds what happened: which events of the taxonomy a filing announces, with a score and the words that say so.

The rules are data (``events.yaml``); what they can ask is documented in docs/events.md.
"""

from handlers.classify.events.handler import FindEvents

__all__ = ["FindEvents"]
