"""The commands that work in bulk: the same to the byte wherever it is done, and going on after a break."""

import io
import json
import shutil
import signal
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path

import pytest
from _dask import cluster, scheduler, wait_for_workers, workers
from _running import COMMAND, ENVIRONMENT, Place, Running, wait_until

from watcher.bulk.fingerprint import line_version
from watcher.config import load_settings
from watcher.line import Line
from watcher.models import Filing, Origin, Report
from watcher.printable import json_text
from watcher.registry import build_handlers, line_spec, prepare_line
from watcher.report_json import report_line
from watcher.simulator.generator import Generator
from watcher.store import filings
from watcher.store.database import Store
from watcher.store.filings import Query
from watcher.testing import submission

COUNT = 10
# A handler of the user's own, in a plain file: what it says changes with its text.
NOTES = """
from watcher import Handler, Stage

class Notes(Handler):
    name = "notes"
    stage = Stage.CLASSIFY

    def handle(self, report):
        {code}
        report.warnings.append("{words}")
"""
RULES = """\
version: 1
groups:
- name: test
  rules:
  - {id: every, title: Every filing, match: {items|exists: "true"}, include_amendments: "true", notify: [desk]}
  - {id: results, title: Results, match: {items|has: "2.02"}, notify: [desk]}
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Made-up filings, and among them what is none."""
    made = tmp_path_factory.mktemp("filings")
    for one in islice(Generator(seed=7).filings(), COUNT):
        (made / f"{one.accession}.txt").write_bytes(one.raw)
    (made / "9-none.txt").write_bytes(b"no filing at all")
    return made


@pytest.fixture(scope="module")
def dask(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with cluster(tmp_path_factory.mktemp("dask"), 2) as address:
        yield address


@pytest.fixture
def place(tmp_path: Path) -> Place:
    made = Patient(tmp_path / "place")
    made.set_up(rules=RULES)
    made.plant("notes.py", NOTES.format(code="pass", words="first"))
    return made


class Patient(Place):
    """Waits for long: a cluster's first call takes its time on a busy machine."""

    def eightk(self, *arguments: str, seconds: float = 300) -> subprocess.CompletedProcess[str]:
        return super().eightk(*arguments, seconds=seconds)


def warnings_of(place: Place) -> list[str]:
    """The last warning of each stored report, in their order."""
    return [json.loads(line)["warnings"][-1] for line in exported(place).splitlines()]


def exported(place: Place) -> str:
    done = place.eightk("export", "--format", "jsonl")
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_process_prints_the_same_wherever_it_is_done(place: Place, folder: Path, dask: str) -> None:
    local = place.eightk("process", str(folder), "--jobs", "2")
    remote = place.eightk("process", str(folder), "--on", dask)
    settings = load_settings(place.config)
    spec = prepare_line(line_spec(settings))
    handlers = build_handlers(spec)
    line = Line(handlers, line_version(spec, handlers))
    here = []
    for path in sorted(folder.glob("000*.txt")):
        report = Report(Filing(path.stem), raw=path.read_bytes())
        line.fill(report)
        here.append(json_text(report_line(report, str(path))))

    assert local.stdout.splitlines()[:COUNT] == here
    assert (remote.stdout, remote.returncode, remote.stderr) == (local.stdout, local.returncode, local.stderr)
    assert "expected an EDGAR submission" in json.loads(local.stdout.splitlines()[-1])["error"]


def test_a_filing_that_kills_its_worker_is_told_in_the_same_words_on_a_cluster(
    place: Place, folder: Path, dask: str
) -> None:
    bad = sorted(folder.glob("000*.txt"))[7].stem
    code = f'__import__("os")._exit(5) if report.filing.accession == "{bad}" else None'
    place.plant("notes.py", NOTES.format(code=code, words="first"))

    local = place.eightk("process", str(folder), "--jobs", "2")
    remote = place.eightk("process", str(folder), "--on", dask)

    faults = [one["error"] for one in map(json.loads, local.stdout.splitlines()) if one["error"]]
    assert faults[0].endswith(f"{bad}.txt: its worker process died (exit code 5)")
    assert len(faults) == 2
    assert remote.stdout == local.stdout


def test_history_is_read_again_and_backtested_alike_wherever_it_is_done(place: Place, folder: Path, dask: str) -> None:
    first = place.eightk("backfill", "--from-disk", str(folder), "--jobs", "2")
    told, read, tested = [], [], []
    for number, where in enumerate((["--jobs", "1"], ["--jobs", "2"], ["--on", dask])):
        other = Patient(place.folder.with_name(f"other{number}"))
        shutil.copytree(place.folder, other.folder)
        other.plant("notes.py", NOTES.format(code="pass", words="second"))
        told.append(other.eightk("reread", *where).stdout)
        read.append(exported(other))
        tested.append(other.eightk("rules", "backtest", "--json", *where).stdout)
    plain = place.eightk("rules", "backtest", "--json").stdout

    assert first.returncode == 3
    assert f"{COUNT} taken in, 1 cannot be read as submissions" in first.stdout
    assert told == [f"{COUNT} read again\n"] * 3
    assert '"second"' in read[0]
    assert read[1:] == read[:1] * 2
    assert tested == [plain] * 3
    assert json.loads(plain)["filings"] == COUNT


def test_only_what_another_line_has_read_is_read_again(place: Place, folder: Path) -> None:
    place.eightk("backfill", "--from-disk", str(folder))
    same = place.eightk("reread")
    place.plant("notes.py", NOTES.format(code="pass", words="second"))
    days = sorted(one["filed_on"] for one in place.filings())
    some = place.eightk("reread", "--until", days[0])
    rest = place.eightk("reread")

    assert same.stdout == f"{COUNT} up to date\n"
    done = days.count(days[0])
    assert some.stdout == f"{done} read again\n"
    assert rest.stdout == f"{COUNT - done} read again, {done} up to date\n"
    assert set(warnings_of(place)) == {"second"}


def test_a_rereading_that_was_killed_goes_on_where_it_was(place: Place, tmp_path: Path) -> None:
    generator = Generator(seed=5)
    start = datetime(2025, 3, 3, 15, tzinfo=UTC)
    many = tmp_path / "many"
    many.mkdir()
    for number in range(60):
        made = generator.submission(accepted_at=start + timedelta(hours=number))
        (many / f"{made.accession}.txt").write_bytes(made.raw)
    place.eightk("backfill", "--from-disk", str(many))
    place.plant("notes.py", NOTES.format(code='__import__("time").sleep(0.1)', words="second"))

    def is_under_way() -> bool:
        with Store(f"sqlite:///{place.folder / 'data' / 'eightk.db'}", only_read=True) as store:
            return any(one.run_as is Origin.REREAD for one in store.read_now(filings.find, Query()))

    with subprocess.Popen(
        [*COMMAND, "reread", "--jobs", "1", "--config", str(place.config)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env=ENVIRONMENT,
    ) as running:
        assert wait_until(is_under_way)
        running.send_signal(signal.SIGKILL)
    done = sum(one == "second" for one in warnings_of(place))
    rest = place.eightk("reread", "--jobs", "2")

    assert 0 < done < 60
    assert rest.stdout == f"{60 - done} read again, {done} up to date\n"
    assert warnings_of(place) == ["second"] * 60


def test_one_that_cannot_be_read_again_keeps_its_report_and_says_why(place: Place, folder: Path) -> None:
    place.eightk("backfill", "--from-disk", str(folder))
    bad = sorted(folder.glob("000*.txt"))[3].stem
    code = f'__import__("os")._exit(5) if report.filing.accession == "{bad}" else None'
    place.plant("notes.py", NOTES.format(code=code, words="second"))
    done = place.eightk("reread", "--jobs", "2")

    assert done.returncode == 3
    assert done.stdout.startswith(f"{COUNT - 1} read again, 1 failed\n")
    assert sorted(warnings_of(place)) == ["first", *["second"] * (COUNT - 1)]
    (kept,) = [one for one in place.filings() if one["accession"] == bad]
    assert (kept["state"], kept["reason"]) == ("saved", f"{bad}: its worker process died (exit code 5)")


def test_what_is_on_disk_is_taken_in_once_and_nobody_is_told(place: Place, folder: Path, tmp_path: Path) -> None:
    paths = sorted(folder.glob("000*.txt"))
    archive = tmp_path / "20250102.nc.tar.gz"
    with tarfile.open(archive, "w:gz") as packed:
        for path in paths[:6]:
            raw = path.read_bytes()
            entry = tarfile.TarInfo(path.name)
            entry.size = len(raw)
            packed.addfile(entry, io.BytesIO(raw))
    first = place.eightk("backfill", "--from-disk", str(archive), "--from-disk", str(paths[6]))
    second = place.eightk("backfill", "--from-disk", str(folder))

    assert (first.stdout, first.returncode) == ("7 taken in\n", 0)
    assert "7 in the store already" in second.stdout
    assert f"{COUNT - 7} taken in" in second.stdout
    stored = place.filings()
    assert {(one["origin"], one["run_as"], one["state"]) for one in stored} == {("backfill", "backfill", "saved")}
    assert len(stored) == COUNT
    assert json.loads(place.eightk("alerts", "--json").stdout)
    assert json.loads(place.eightk("deliveries", "--json").stdout) == []


def test_of_what_is_on_disk_only_the_days_asked_for_are_taken(place: Place, tmp_path: Path) -> None:
    files = tmp_path / "days"
    files.mkdir()
    for day in (3, 4, 5):
        at = datetime(2025, 3, day, 15, tzinfo=UTC)
        (files / f"{day}.txt").write_bytes(submission(seed=day, accepted_at=at))
    done = place.eightk("backfill", "--from-disk", str(files), "--from", "2025-03-04", "--to", "2025-03-04")

    assert done.stdout == "1 taken in\n"
    assert [one["filed_on"] for one in place.filings()] == ["2025-03-04"]


def test_a_daemon_that_owns_the_store_reads_again_by_itself(place: Place, folder: Path) -> None:
    place.eightk("backfill", "--from-disk", str(folder))
    place.plant("notes.py", NOTES.format(code="pass", words="second"))
    with Running(place):
        refused = place.eightk("reread", "--on", "tcp://127.0.0.1:1")
        disk = place.eightk("backfill", "--from-disk", str(folder))
        done = place.eightk("reread")
        again = place.eightk("reread")

    assert refused.returncode == 3
    assert "reads with its own workers: leave out --on and --jobs" in refused.stderr
    assert disk.returncode == 3
    assert done.stdout == f"{COUNT} read again\n"
    assert again.stdout == f"{COUNT} up to date\n"
    assert set(warnings_of(place)) == {"second"}


def test_a_cluster_whose_worker_is_killed_loses_nothing(place: Place, folder: Path, tmp_path: Path) -> None:
    place.plant("notes.py", NOTES.format(code='__import__("time").sleep(0.1)', words="first"))
    local = place.eightk("process", str(folder), "--jobs", "2")
    with scheduler(tmp_path) as address, workers(address, tmp_path, 2) as (first, _):
        wait_for_workers(address, 2)
        command = [*COMMAND, "process", str(folder), "--on", address, "--config", str(place.config)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=ENVIRONMENT) as running:
            assert running.stdout is not None
            line = running.stdout.readline()
            first.kill()
            rest = running.stdout.read()  # and what came with the line

    assert (line + rest).decode() == local.stdout


def test_a_worker_of_another_make_is_refused(place: Place, folder: Path, tmp_path: Path) -> None:
    preload = tmp_path / "older.py"
    preload.write_text('from watcher.bulk import fingerprint\nfingerprint._version = lambda name: "0.0.1"\n')
    with scheduler(tmp_path) as address:
        empty = place.eightk("process", str(folder), "--on", address)
        with workers(address, tmp_path, 1, "--preload", str(preload)):
            wait_for_workers(address, 1)
            done = place.eightk("process", str(folder), "--on", address)

    assert (empty.returncode, empty.stdout) == (3, "")
    assert "has no workers" in empty.stderr
    assert (done.returncode, done.stdout) == (2, "")
    assert "eightk: 0.1.0 here, 0.0.1 there" in done.stderr


@pytest.mark.parametrize(
    ("address", "code", "words"),
    [
        ("tcp://127.0.0.1:1", 3, "no Dask scheduler answers there"),
        ("nowhere at all", 2, "expected an address such as tcp://host:8786"),
    ],
)
def test_an_address_where_no_scheduler_is_is_told(
    place: Place, folder: Path, address: str, code: int, words: str
) -> None:
    done = place.eightk("process", str(folder), "--on", address)

    assert (done.returncode, done.stdout) == (code, "")
    assert words in done.stderr
    assert "Traceback" not in done.stderr


def test_without_the_extra_its_name_is_told(place: Place, folder: Path) -> None:
    program = "import sys; sys.modules['distributed'] = None; from watcher.cli import main; main()"
    command = [sys.executable, "-c", program, "process", str(folder), "--on", "tcp://127.0.0.1:1"]
    done = subprocess.run(
        [*command, "--config", str(place.config)], capture_output=True, text=True, check=False, env=ENVIRONMENT
    )

    assert done.returncode == 2
    assert 'needs the extra "cluster": install eightk[cluster]' in done.stderr


def test_jobs_and_a_cluster_are_one_or_the_other(place: Place, folder: Path) -> None:
    done = place.eightk("process", str(folder), "--jobs", "2", "--on", "tcp://127.0.0.1:1")

    assert done.returncode == 2
    assert "leave it out with --on" in done.stderr
