"""What a release is made of: one version, known licences, advisories, a bill of materials, packages."""

import json
import re
import subprocess
import sys
from importlib.metadata import version as installed_version
from pathlib import Path

import pytest

from release import audit, check, dist, licences, sbom
from release.lockfile import ROOT, Locked, read, read_all
from release.version import version

CHANGELOG = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
LISTED = re.findall(
    r"^\| ([a-z0-9-]+) \| (\d\S*) \| ([^|]+) \| (\w+) \|$", licences.LIST.read_text(encoding="utf-8"), re.MULTILINE
)
PAGES = ("SECURITY.md", "docs/security.md", "docs/releasing.md")
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")


def test_the_command_tells_the_version_of_the_project() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "watcher.cli", "--version"], capture_output=True, text=True, check=True
    )

    assert done.stdout == f"eightk, version {version()}\n"
    assert installed_version("eightk") == version()


def test_the_newest_entry_of_the_changelog_is_of_this_version() -> None:
    found = re.search(r"^## (\S+) \((unreleased|\d{4}-\d\d-\d\d)\)$", CHANGELOG, re.MULTILINE)

    assert found
    assert found[1] == version()


def test_the_version_is_said_in_one_place() -> None:
    files = [path for top in ("watcher", "handlers", "deploy") for path in (ROOT / top).rglob("*") if path.is_file()]
    others = [
        path for path in files if "__pycache__" not in path.parts and path.suffix in {".py", ".html", ".yaml", ""}
    ]

    number = re.compile(rf"(?<![\d.]){re.escape(version())}(?![\d.])")
    assert [str(path) for path in others if number.search(path.read_text(encoding="utf-8"))] == []


@pytest.mark.parametrize("name", sorted(read_all()))
def test_every_lock_file_can_be_read_and_names_no_host(name: str) -> None:
    assert len(read(ROOT / name)) > 20
    assert "://" not in (ROOT / name).read_text()


def test_a_line_that_is_not_known_in_a_lock_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "requirements.txt").write_text("one==1 \\\n    --hash=sha256:" + "0" * 64 + "\n--extra-index-url x\n")

    with pytest.raises(ValueError, match="not a locked package"):
        read(tmp_path / "requirements.txt")


def test_the_list_of_licences_has_what_is_locked() -> None:
    locked = {(one.name, one.version) for some in read_all().values() for one in some}

    assert {(name, version) for name, version, _, _ in LISTED} == locked, "make licences"


def test_every_listed_licence_is_allowed() -> None:
    allowed = licences.policy().allowed

    assert [row for row in LISTED if not licences.is_allowed(row[2], allowed)] == []


def test_the_list_says_what_installed_packages_say() -> None:
    listed = {(name, version): licence for name, version, licence, _ in LISTED}
    found = {(row.name, row.version): row.licence for row in licences.rows(map(Path, sys.path))}

    assert len([one for one in found.values() if one != licences.UNKNOWN]) > 80
    assert {key: one for key, one in found.items() if one not in (licences.UNKNOWN, listed.get(key))} == {}


@pytest.mark.parametrize(
    ("expression", "is_good"),
    [
        ("MIT", True), ("GPL-3.0-only", False), ("unknown", False),
        ("GPL-3.0-only OR MIT", True), ("GPL-3.0-only AND MIT", False),
        ("MIT OR GPL-3.0-only AND ISC", True), ("(MIT OR GPL-3.0-only) AND ISC", True),
        ("MIT AND (GPL-3.0-only OR AGPL-3.0-only)", False),
    ],
)  # fmt: skip
def test_a_licence_is_allowed_when_there_is_a_choice_in_which_every_part_is(expression: str, is_good: bool) -> None:
    assert licences.is_allowed(expression, {"MIT", "ISC"}) is is_good


@pytest.mark.parametrize("expression", ["", "MIT AND", "(MIT", "MIT ISC", "MIT)"])
def test_what_is_no_licence_expression_is_refused(expression: str) -> None:
    with pytest.raises(ValueError, match="licence expression"):
        licences.is_allowed(expression, {"MIT", "ISC"})


def answered(*packages: dict[str, object]) -> audit.Answer:
    return audit.read(json.dumps({"dependencies": packages, "fixes": []}), "")


FINE = {"name": "one", "version": "1", "vulns": []}
BAD = {"name": "two", "version": "2", "vulns": [{"id": "MADE-UP-1", "fix_versions": ["3"]}]}
SKIPPED = {"name": "one", "skip_reason": "not found"}
UNREACHED = audit.read("", "Traceback\nConnectionError: no route")


@pytest.mark.parametrize(
    ("answers", "code", "words"),
    [
        ([answered(FINE)], 0, "none known"),
        ([answered(FINE, BAD)], 1, "two 2: MADE-UP-1, mended in: 3"),
        ([answered(SKIPPED, BAD)], 1, "MADE-UP-1"),
        ([answered(SKIPPED), answered(FINE)], 0, "1 of 1 packages are not known there"),
        ([answered(SKIPPED), answered(BAD)], 1, "MADE-UP-1"),
        ([answered(SKIPPED), UNREACHED], 3, "NOT CHECKED"),
        ([UNREACHED, UNREACHED], 3, "ConnectionError: no route"),
        ([answered(), UNREACHED], 3, "NOT CHECKED"),
    ],
)
def test_an_audit_that_asked_nobody_says_so_and_is_not_taken_for_a_good_one(
    answers: list[audit.Answer], code: int, words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    given = iter(answers)

    assert audit.main((), lambda options: next(given)) == code
    assert words in capsys.readouterr().out


def test_no_network_is_no_failure_of_the_audit_but_a_vulnerability_is() -> None:
    assert f"release.audit $(AUDIT) || [ $$? -eq {audit.EXIT_COULD_NOT} ]" in MAKEFILE
    assert audit.EXIT_VULNERABLE != audit.EXIT_COULD_NOT


def test_the_bill_of_materials_has_every_package_with_its_hashes_and_licence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1768237200")
    (tmp_path / "eightk-0.whl").write_bytes(b"made up")
    rows = [licences.Row(name, number, licence, purpose) for name, number, licence, purpose in LISTED]
    text = sbom.written(sbom.bill(rows, [tmp_path / "eightk-0.whl"]))
    bill = json.loads(text)

    locked = {(one.name, one.version): one for some in read_all().values() for one in some}
    found = {(one["name"], one["version"]): one for one in bill["components"]}
    assert found.keys() == locked.keys()
    for key, one in found.items():
        assert one["licenses"], key
        assert {each["content"] for each in one["hashes"]} >= set(locked[key].hashes)
    asked = {one["ref"]: one.get("dependsOn", []) for one in bill["dependencies"]}
    assert f"lxml=={dict(locked)['lxml', _version_of('lxml', locked)].version}" in asked["eightk"]
    assert bill["metadata"]["timestamp"] == "2026-01-12T17:00:00+00:00"
    assert [one["name"] for one in bill["metadata"]["component"]["components"]] == ["eightk-0.whl"]
    assert set(re.findall(r"https?://[^/\"]+", text)) == {"http://cyclonedx.org"}


def _version_of(name: str, locked: dict[tuple[str, str], Locked]) -> str:
    (found,) = {number for of, number in locked if of == name}
    return found


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    if not (ROOT / ".git").exists():
        pytest.skip("not a checkout: git says nothing of it")
    return dist.snapshot(tmp_path / "source")


def test_the_wheel_holds_what_a_user_needs_and_the_same_bytes_each_time(tmp_path: Path, copy: Path) -> None:
    first = dist.build(copy, tmp_path / "first", "wheel", 1_768_237_200)
    again = dist.build(copy, tmp_path / "again", "wheel", 1_768_237_200)

    assert first.read_bytes() == again.read_bytes()
    assert dist.faults_of_wheel(first, copy) == []


def test_the_sdist_holds_the_tests_and_no_junk(tmp_path: Path, copy: Path) -> None:
    made = dist.build(copy, tmp_path / "sdist", "sdist", 1_768_237_200)

    assert dist.faults_of_sdist(made) == []


def test_a_python_that_is_not_there_is_said_to_be_untried() -> None:
    outcomes = [
        check.Outcome(11, "3.11.9", 120, 3, 0),
        check.Outcome(12, "3.12.1", 119, 3, 1),
        check.Outcome(13, "3.13.0", trouble="not installed: no wheel"),
        check.Outcome(14),
    ]

    lines = check.table(outcomes).splitlines()
    assert [line.split() for line in lines[1:3]] == [["3.11.9", "120", "3", "0"], ["3.12.1", "119", "3", "1"]]
    assert "not installed: no wheel" in lines[3]
    assert lines[4].split() == ["3.14", "untried:", "not", "found"]
    assert [one.is_bad for one in outcomes] == [False, True, True, False]


REPORT = """<testsuites><testsuite>
<testcase classname="tests.test_a" name="test_good"/>
<testcase classname="tests.test_a" name="test_left_out"><skipped/></testcase>
<testcase classname="tests.test_a" name="test_late[1]"><failure/></testcase>
<testcase classname="tests.test_a" name="test_broken"><failure/></testcase>
<testcase classname="tests.test_a" name="test_at_its_end"/>
<testcase classname="tests.test_a" name="test_at_its_end"><error/></testcase>
</testsuite></testsuites>"""
AGAIN = """<testsuites><testsuite>
<testcase classname="tests.test_a" name="test_late[1]"/>
<testcase classname="tests.test_a" name="test_broken"><failure/></testcase>
</testsuite></testsuites>"""


def test_what_failed_is_named_and_what_passed_by_itself_is_told_as_late(tmp_path: Path) -> None:
    report, again = tmp_path / "report.xml", tmp_path / "again.xml"
    report.write_text(REPORT)
    again.write_text(AGAIN)

    outcome = check.read(check.Found(12, "3.12.1", "python3.12"), report, again)

    assert (outcome.passed, outcome.skipped, outcome.failed, outcome.is_bad) == (2, 1, 2, True)
    assert check.table([outcome]).splitlines()[2:] == [
        "    failed: tests.test_a::test_at_its_end",
        "    failed: tests.test_a::test_broken",
        "    late, passed by itself: tests.test_a::test_late[1]",
    ]


def test_what_failed_and_was_not_run_again_has_failed(tmp_path: Path) -> None:
    report = tmp_path / "report.xml"
    report.write_text(REPORT)

    outcome = check.read(check.Found(12, "3.12.1", "python3.12"), report, tmp_path / "none.xml")

    assert (outcome.passed, outcome.skipped, outcome.failed, outcome.late) == (1, 1, 3, ())


def test_this_python_is_found() -> None:
    assert sys.version_info.minor in check.find()


def test_the_parts_that_are_tried_on_each_python_exist() -> None:
    names = {path.stem.removeprefix("test_") for path in (ROOT / "tests").glob("test_*.py")}

    assert {*check.PART, *check.LEFT_OUT} - names == set()


@pytest.mark.parametrize("page", PAGES)
def test_every_file_and_target_that_the_pages_name_exists(page: str) -> None:
    text = (ROOT / page).read_text(encoding="utf-8")
    files = set(re.findall(r"`((?:tests|docs|release|watcher|deploy)/[\w./-]*)`", text))
    targets = set(re.findall(r"`make ([a-z-]+)", text))

    assert [one for one in files if not (ROOT / one).exists()] == []
    assert [one for one in targets if not re.search(rf"^{one}:", MAKEFILE, re.MULTILINE)] == []


def test_every_attacker_has_a_test_and_is_told_what_is_left() -> None:
    text = (ROOT / "docs" / "security.md").read_text(encoding="utf-8")
    rows = [line.split(" | ") for line in text.partition("## Who, from where")[2].splitlines() if line.startswith("| ")]

    assert len(rows) > 20
    assert [row for row in rows[2:] if len(row) != 5 or "`tests/test_" not in row[3]] == []
