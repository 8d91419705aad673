"""Which version this is, and of when: said once, in `pyproject.toml` and by the last commit."""

from __future__ import annotations

import os
import subprocess
import tomllib

from release.lockfile import ROOT

__all__ = ["released_at", "version"]


def version() -> str:
    """The version in `pyproject.toml`, the one place that says it."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return str(project["version"])


def released_at() -> int:
    """Seconds since 1970 that everything built is dated by: ``SOURCE_DATE_EPOCH``, or the last commit's time.

    Raises ``ValueError`` outside a checkout when the variable is not set.
    """
    if said := os.environ.get("SOURCE_DATE_EPOCH"):
        return int(said)
    done = subprocess.run(["git", "log", "-1", "--format=%ct"], cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        raise ValueError("no checkout to take the time from: set SOURCE_DATE_EPOCH")
    return int(done.stdout)
