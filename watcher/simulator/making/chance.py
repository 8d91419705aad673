"""Where made-up things get their chance from: a stream of numbers that depends on its seed alone."""

from __future__ import annotations

from random import Random

__all__ = ["Random", "dice"]


def dice(*seed: object) -> Random:
    """Return dice that fall the same way each time for the same seed, on every machine."""
    return Random(":".join(map(str, seed)))  # noqa: S311  # nothing here is a secret
