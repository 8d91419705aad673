"""Finding words in texts, whatever their number, in time linear in the text: the second door for handler authors.

::

    from watcher.words import fold, matcher_for

    matcher = matcher_for(["chief financial officer", "resigned"])  # once
    folded = fold(text)
    hits = matcher.find(folded.text)  # where each phrase begins, as whole words, in any case
"""

from watcher.words.folding import Folded, Span, fold
from watcher.words.near import MAX_WITHIN_WORDS, Near, near_stretches
from watcher.words.patterns import MAX_PATTERN, Levelled, check_pattern, find_pattern, possible_patterns
from watcher.words.phrases import Hits, Matcher, matcher_for, matcher_name

__all__ = [
    "MAX_PATTERN",
    "MAX_WITHIN_WORDS",
    "Folded",
    "Hits",
    "Levelled",
    "Matcher",
    "Near",
    "Span",
    "check_pattern",
    "find_pattern",
    "fold",
    "matcher_for",
    "matcher_name",
    "near_stretches",
    "possible_patterns",
]
