"""What is made to cost memory or time without end is answered, in a bounded process, and the next one is read.

The bombs stand in `fuzz.bombs`; here they are made small, ``make fuzz`` makes them in full.
"""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from fuzz.bombs import BOMBS

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def held() -> dict[str, dict[str, Any]]:
    """How each bomb was answered: in processes of their own, forked from one that has no threads."""
    command = [sys.executable, "-m", "tests.fuzz.bombs", "--small", "--json"]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert ended.stdout, ended.stderr
    return {one["name"]: one for one in json.loads(ended.stdout)}


@pytest.mark.parametrize("name", BOMBS)
def test_a_bomb_is_answered_in_bounded_memory_and_time(held: dict[str, dict[str, Any]], name: str) -> None:
    assert held[name]["fault"] == "", held[name]
