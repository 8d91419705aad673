"""Tries single inputs again: ``python -m tests.fuzz.again TARGET FILE...``."""

from __future__ import annotations

import sys
from pathlib import Path

from .targets import TARGETS


def main() -> None:
    """Raise what the first input that breaks a promise raises."""
    name, *files = sys.argv[1:]
    for path in files:
        TARGETS[name].run(Path(path).read_bytes())
        print(f"{path}: every promise held")


if __name__ == "__main__":
    main()
