"""Tests of rules: what a user's tests say of a filing, and how a failing one is told."""

import gzip
from pathlib import Path

import pytest
from click.testing import CliRunner

from watcher.cli import cli
from watcher.testing import submission

RULES = """
version: 1
lists:
  watch: {values: [320], type: cik}
groups:
- name: g
  rules:
  - id: loud
    title: Loud
    match: {items|has: "4.02"}
    notify: [desk]
    inhibits: [quiet]
  - id: quiet
    title: Quiet
    match: {items|has_any: ["4.02", "7.01"]}
    notify: [desk, log]
    throttle: {key: [cik], window: 24h, max: 1}
  - {id: recorded, title: Recorded, match: {items|has: "5.05"}, notify: []}
  - id: watched
    title: Watched words
    match: {cik|in: "@watch", text.item.8_01|phrase: [data breach]}
    notify: [desk]
"""


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "config" / "rules" / "tests").mkdir(parents=True)
    (tmp_path / "config" / "eightk.toml").write_text('[endpoint.desk]\nkind = "log"\n')
    (tmp_path / "config" / "rules" / "rules.yaml").write_text(RULES)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(tests: str, *arguments: str) -> tuple[int, str]:
    Path("config/rules/tests/mine.yaml").write_text(f"rule_files: [../rules.yaml]\ntests:\n{tests}")
    result = CliRunner().invoke(cli, ["rules", "test", *arguments])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.exit_code, result.stdout


PASSING = {
    "fires": '- {name: a, filing: {items: ["4.02"]}, expect: {fires: [loud, quiet]}}',
    "nothing fires": '- {name: a, filing: {items: ["1.01"]}, expect: {fires: []}}',
    "muted": '- {name: a, filing: {items: ["4.02"]}, expect: {fires: [loud, quiet], muted: [quiet]}}',
    "muted, and the same filing again": """
- name: a
  filing: {items: ["4.02"]}
  repeat: 2
  expect: {fires: [loud, quiet], muted: [quiet]}""",
    "deliveries": '- {name: a, filing: {items: ["4.02"]}, expect: {fires: [loud, quiet], deliveries: {desk: 1}}}',
    "the same filing again": """
- name: a
  filing: {items: ["7.01"], cik: 5}
  repeat: 3
  expect: {fires: [quiet], deliveries: [{to: desk, count: 1}, {to: log, count: 1}]}""",
    "evidence": """
- name: a
  filing: {cik: 320, text.item.8_01: "We found a Data\\n Breach."}
  expect: {fires: [watched], evidence: {watched: {text.item.8_01: "data ... breach"}}}""",
    "another list": """
- name: a
  filing: {cik: 999, text.item.8_01: "A data breach."}
  lists: {watch: ["999"]}
  expect: {fires: [watched]}""",
    "no word on what fires": '- {name: a, filing: {items: ["7.01"]}, expect: {deliveries: {desk: 1, log: 1}}}',
    "muted, and no word on what else fires": '- {name: a, filing: {items: ["4.02"]}, expect: {muted: [quiet]}}',
    "nobody muted, and no word on what fires": '- {name: a, filing: {items: ["7.01"]}, expect: {muted: []}}',
    "evidence, and no word on what else fires": """
- name: a
  filing: {cik: 320, items: ["4.02", "8.01"], text.item.8_01: "A data breach."}
  expect: {evidence: {watched: {text.item.8_01: "data breach"}}}""",
    "a rule that wants nobody told is not muted": """
- name: a
  filing: {items: ["5.05"]}
  expect: {fires: [recorded], muted: []}""",
    "an empty list": """
- name: a
  filing: {cik: 320, text.item.8_01: "A data breach."}
  lists: {watch: []}
  expect: {fires: []}""",
}


@pytest.mark.parametrize("test", PASSING.values(), ids=PASSING)
def test_what_comes_as_expected_passes(test: str):
    assert run(test) == (0, "1 test, 0 failed\n")


FAILING = {
    '- {name: a, filing: {items: ["1.01"]}, expect: {muted: [quiet]}}': "fires: expected quiet, which did not",
    '- {name: a, filing: {items: ["1.01"]}, expect: {evidence: {watched: {text.item.8_01: x}}}}': (
        "fires: expected watched, which did not"
    ),
    '- {name: a, filing: {items: ["4.02"]}, expect: {fires: [loud]}}': "fires: quiet did, unexpectedly",
    '- {name: a, filing: {items: ["7.01"]}, expect: {fires: [loud, quiet]}}': "fires: expected loud, which did not",
    '- {name: a, filing: {items: ["7.01"]}, expect: {fires: [quiet], muted: [quiet]}}': (
        "muted: expected quiet, which did not"
    ),
    '- {name: a, filing: {items: ["4.02"]}, expect: {fires: [loud, quiet], muted: []}}': (
        "muted: quiet did, unexpectedly (inhibited: by rule loud, which fired on the same filing)"
    ),
    '- {name: a, filing: {items: ["4.02"]}, expect: {fires: [loud, quiet], deliveries: {desk: 2}}}': (
        "deliveries: expected 2 to desk, came 1"
    ),
    '- {name: a, filing: {items: ["7.01"]}, expect: {fires: [quiet], deliveries: {desk: 1}}}': (
        "deliveries: 1 to log, unexpectedly"
    ),
    """
- name: a
  filing: {cik: 320, text.item.8_01: "A data breach."}
  expect: {fires: [watched], evidence: {watched: {text.item.8_01: ransom}}}""": (
        "evidence: watched: text.item.8_01: expected 'ransom', came ['data breach']"
    ),
}


@pytest.mark.parametrize(("test", "words"), FAILING.items(), ids=FAILING.values())
def test_what_comes_otherwise_fails_and_says_how(test: str, words: str):
    code, out = run(test)

    assert code == 1
    assert "FAILED" in out
    assert words in out
    assert "1 test, 1 failed" in out


def test_a_file_may_hold_the_filing_also_compressed(home: Path):
    raw = submission(seed=3, items=("4.02", "9.01"))
    (home / "config/rules/tests/a.txt").write_bytes(raw)
    (home / "config/rules/tests/a.txt.gz").write_bytes(gzip.compress(raw))
    tests = "\n".join(
        f"- {{name: {name}, filing: {name}, expect: {{fires: [loud, quiet]}}}}" for name in ("a.txt", "a.txt.gz")
    )

    assert run(tests) == (0, "2 tests, 0 failed\n")


@pytest.mark.parametrize("content", [b"not a filing", gzip.compress(b"x" * 1000, mtime=0)[:50]])
def test_a_file_that_cannot_be_read_fails_its_test_alone(home: Path, content: bytes):
    (home / "config/rules/tests/a.txt").write_bytes(content)
    code, out = run(
        "- {name: bad, filing: a.txt, expect: {fires: []}}\n- {name: good, filing: {form: 8-K}, expect: {fires: []}}"
    )

    assert code == 1
    assert "2 tests, 1 failed" in out


def test_passing_tests_are_named_on_demand_and_junit_has_all(home: Path):
    tests = "\n".join([PASSING["fires"], next(iter(FAILING)).replace("name: a", "name: <b>")])
    code, out = run(tests, "--verbose", "--junit", "out.xml")
    written = (home / "out.xml").read_text()

    assert code == 1
    assert "ok      " in out
    assert 'tests="2" failures="1"' in written
    assert "&lt;b&gt;" in written


def test_the_shipped_rules_pass_their_own_tests(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(Path(__file__).parent.parent)
    result = CliRunner().invoke(cli, ["rules", "test"])

    assert result.exit_code == 0, result.output
