"""Settings of a daemon that tells one receiver of every filing."""

from __future__ import annotations

from pathlib import Path

from bench.settings import edgar_table, settings_for, write_config
from watcher.signing import new_secret

__all__ = ["write_settings"]

_CONTACT = "A made-up load soak@example.com"


def write_settings(folder: Path, *, receiver: str, edgar: str = "", poll_seconds: float = 30.0) -> str:
    """Write them into an empty folder, and return the secret. Without ``edgar`` it watches its folder only."""
    secret = new_secret()
    settings = settings_for(receiver)
    if edgar:
        settings += edgar_table(edgar, _CONTACT, poll_seconds=poll_seconds)
    write_config(folder, settings, secret=secret, group="soak")
    return secret
