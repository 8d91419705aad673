"""Measuring in a process of its own: a module of ours is run, and prints what it measured as one JSON object."""

from __future__ import annotations

import json
import subprocess
from typing import Any

from bench.environments import ROOT, ours
from bench.errors import BenchError

__all__ = ["measured"]

_MOST_TOLD = 500  # characters of what the process complained of last


def measured(name: str, module: str, *arguments: object, most_seconds: float) -> dict[str, Any]:
    """Run the module with these arguments and return what it printed.

    Raises `BenchError`, which begins with ``name``, when it fails or takes longer than ``most_seconds``.
    """
    command = [str(ours().python), "-m", module, *map(str, arguments)]
    try:
        done = subprocess.run(
            command, cwd=ROOT, env=ours().all_variables(), capture_output=True, check=True, timeout=most_seconds
        )
    except subprocess.TimeoutExpired as error:
        raise BenchError(f"{name}: not done within {most_seconds:.0f} seconds") from error
    except subprocess.CalledProcessError as error:
        raise BenchError(f"{name}: {error.stderr.decode(errors='replace')[-_MOST_TOLD:]}") from error
    told: dict[str, Any] = json.loads(done.stdout)
    return told
