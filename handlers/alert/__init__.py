"""The alert rules: read from files, checked whole, matched with each report."""

from handlers.alert.rules import MatchRules

__all__ = ["MatchRules"]
