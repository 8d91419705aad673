"""No claim of speed or accuracy without a figure: the README's are those of a run, and the docs name a command."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from bench.environments import CRAWLER, PEERS, ROOT
from bench.figures import figures_of, readme_lines

README = (ROOT / "README.md").read_text(encoding="utf-8")
FIGURES = ROOT / "docs" / "figures" / "bench.json"
BEGIN, END = "<!-- figures: docs/figures/bench.json -->", "<!-- /figures -->"

NUMBER = r"(\d[\d.,]*|twice|two|three|four|five|six|seven|eight|nine|ten|a dozen|a hundred|a thousand|many)"
CLAIM = re.compile(
    rf"\b{NUMBER} times (as|faster|quicker|slower|less|more|the)\b"
    r"|\btwice as\b|\b(faster|quicker|slower|more accurate|lighter) than\b"
    r"|\b(fastest|quickest|most accurate|lightning|blazing)\b"
    r"|\b\d[\d.,]* ?(ms|µs|milliseconds?|microseconds?)\b"
    r"|\b\d[\d.,]* (filings|deliveries|webhooks|documents) (a|per) second\b"
    r"|\b\d[\d.,]* ?(%|per cent\b)",
    re.IGNORECASE,
)
# Judged by readers, and told as that: no command can do it again.
BY_HAND = {("events.md", "Facts")}
COMMAND = re.compile(r"`?(make [a-z]+|\.?[\w./]*python -m [a-z_.]+|pytest tests/\S+|eightk [a-z]+)|\(benchmarks\.md")
# What a section says of limits, settings and layout is no claim, though it looks like one.
MEASURED = re.compile(
    r"\b(times (faster|slower|quicker)|took|takes|measured|was|were|made|median|on two cores|that day)\b"
)


def figures() -> dict[str, Any]:
    told: dict[str, Any] = json.loads(FIGURES.read_text(encoding="utf-8"))
    return told


def readme_block() -> tuple[str, str]:
    """What stands between the marks, and all else."""
    before, _, rest = README.partition(BEGIN)
    block, _, after = rest.partition(END)
    return block.strip(), before + after


def test_what_the_readme_says_of_speed_is_made_of_the_figures() -> None:
    assert readme_block()[0] == readme_lines(figures())


def test_the_readme_claims_nothing_beside_the_figures() -> None:
    assert [found[0] for found in CLAIM.finditer(readme_block()[1])] == []


def test_the_figures_have_their_machine_and_the_version_of_every_reader() -> None:
    told = figures()

    assert set(told["machine"]) >= {"day", "processor", "cores", "python", "load", "commit"}
    named = set(told["versions"]) | set(told["absent"])
    assert named >= set(PEERS)
    quoted = {key.split(",")[0] for key in told["accuracy"]} | set(told["cold"])
    assert quoted <= set(told["versions"])
    assert not told["is_made_up"]


@pytest.mark.parametrize("name", [name for name in PEERS if name != CRAWLER])
def test_the_figures_are_of_the_versions_that_are_pinned(name: str) -> None:
    pins = (ROOT / "bench" / "peers" / f"{name}.txt").read_text(encoding="utf-8")

    assert f"{name}=={figures()['versions'][name][name]} " in pins


@pytest.mark.parametrize("path", sorted((ROOT / "docs").glob("*.md")), ids=lambda path: path.name)
def test_whatever_the_docs_measured_can_be_measured_again(path: Path) -> None:
    sections = re.split(r"^## ", path.read_text(encoding="utf-8"), flags=re.MULTILINE)
    lacking = [
        (section.splitlines()[0], found[0])
        for section in sections
        if not COMMAND.search(section) and (path.name, section.splitlines()[0]) not in BY_HAND
        for line in section.splitlines()
        if MEASURED.search(line) and (found := CLAIM.search(line))
    ]

    assert lacking == []


@pytest.mark.parametrize(
    "claim",
    [
        "It reads 50 times as fast as others.",
        "It is ten times faster.",
        "twice as quick",
        "faster than any other",
        "A filing takes 58 ms.",
        "99.9 % right",
        "660 deliveries a second",
    ],
)
def test_a_claim_is_known_when_it_is_seen(claim: str) -> None:
    assert CLAIM.search(claim)


def test_a_part_that_was_not_measured_is_no_figure() -> None:
    kept = ("machine", "versions", "absent", "is_made_up", "filings", "modern", "answered", "rounds")

    told = figures_of({**dict.fromkeys(kept, 1), "parts": {}})
    assert (told["times"], told["accuracy"], told["latency_ms"]) == ({"items": {}, "parse": {}, "split": {}}, {}, {})
