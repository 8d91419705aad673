"""Words for what has none in the program: fields and modifiers of rules, metrics; more words for some settings.

They lie in ``words.toml``. Where something has none, or is not there any more, no page is made.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path

__all__ = ["ABOUT", "WORDS", "words_for"]

WORDS: Mapping[str, Mapping[str, str]] = tomllib.loads(
    Path(__file__).with_name("words.toml").read_text(encoding="utf-8")
)
ABOUT = WORDS["about"]


def words_for(part: str, names: Iterable[str]) -> Mapping[str, str]:
    """Return the words for each of these names. Raises ``ValueError`` for one without words, and for words of none."""
    wanted, known = set(names), WORDS[part]
    if odd := sorted(wanted ^ set(known)):
        where = "docs/_make/words.toml"
        raise ValueError(f"{where}, [{part}]: write what each is that is new, and drop what is gone: {', '.join(odd)}")
    return {name: known[name] for name in wanted}
