"""Words about this machine's files, for those who need not know where these lie."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

__all__ = ["bare"]

# A path from the root of two names or more. What follows a letter, a colon or a slash is part of a URL or of a version,
# and /v1/ is the API's own.
_ABSOLUTE = re.compile(r"""(?<![\w:/.~-])/(?!v1/)(?:[^\s/:;,'"()]+/)+([^\s/:;,'"()]+)""")


def bare(text: str, folders: Iterable[Path] = ()) -> str:
    """Leave of each path in these folders what stands below them, and of any other its last name."""
    for folder in sorted(map(str, folders), key=len, reverse=True):
        if len(folder) > 1:
            text = text.replace(f"{folder}/", "")
    return _ABSOLUTE.sub(r"\1", text)
