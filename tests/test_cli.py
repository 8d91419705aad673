"""The commands as their users type them: what they print, and how they end."""

import csv
import gzip
import io
import json
import os
import signal
import subprocess
import tarfile
from pathlib import Path
from typing import Any

import pytest
from _running import COMMAND, ENVIRONMENT, RULES, Place, Running

from watcher.simulator.generator import Generator
from watcher.simulator.made import MadeSubmission


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


@pytest.fixture(scope="module")
def made() -> MadeSubmission:
    return Generator(seed=21).submission(items=("5.02", "9.01"))


def eightk(*arguments: str, cwd: Path | None = None, stdin: bytes | None = None) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [*COMMAND, *arguments], capture_output=True, check=False, timeout=60, env=ENVIRONMENT, cwd=cwd, input=stdin
    )


def lines(done: subprocess.CompletedProcess[bytes]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_process_prints_one_line_a_file_in_order(tmp_path: Path) -> None:
    generator = Generator(seed=22)
    for number in range(5):
        (tmp_path / f"{number}.txt").write_bytes(generator.submission().raw)

    done = eightk("process", str(tmp_path), "--jobs", "2", cwd=tmp_path)

    assert done.returncode == 0, done.stderr
    assert [Path(line["path"]).name for line in lines(done)] == [f"{number}.txt" for number in range(5)]


def test_process_reads_standard_input(made: MadeSubmission, tmp_path: Path) -> None:
    (line,) = lines(eightk("process", "-", stdin=made.raw, cwd=tmp_path))

    assert (line["path"], line["accession"]) == ("-", made.accession)
    assert [item["number"] for item in line["items"]] == ["5.02", "9.01"]


def test_process_reads_archives_and_packed_files(made: MadeSubmission, tmp_path: Path) -> None:
    with tarfile.open(tmp_path / "day.tar.gz", "w:gz") as archive:
        member = tarfile.TarInfo("inner/a.txt")
        member.size = len(made.raw)
        archive.addfile(member, io.BytesIO(made.raw))
    (tmp_path / "b.txt.gz").write_bytes(gzip.compress(made.raw))

    done = eightk("process", str(tmp_path / "day.tar.gz"), str(tmp_path / "b.txt.gz"), cwd=tmp_path)

    assert [line["accession"] for line in lines(done)] == [made.accession] * 2


def test_process_goes_on_after_a_bad_file_and_ends_with_3(made: MadeSubmission, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes(b"no filing at all")
    (tmp_path / "b.txt").write_bytes(made.raw)
    (tmp_path / "c.txt").write_bytes(made.raw[:2000])
    (tmp_path / "d.txt").write_bytes(b"")

    done = eightk("process", str(tmp_path), str(tmp_path / "missing.txt"), cwd=tmp_path)

    errors = [line["error"] for line in lines(done)]
    assert (done.returncode, [error is not None for error in errors]) == (3, [True, False, True, True, True])
    assert "No such file" in errors[4]
    assert b"4 could not be read" in done.stderr


def test_a_line_with_an_error_has_every_key_and_null_for_the_rest(tmp_path: Path) -> None:
    (line,) = lines(eightk("process", "-", stdin=b"no filing at all", cwd=tmp_path))

    assert {key for key, value in line.items() if value is not None} == {"path", "error"}
    assert {"accession", "items", "filers", "exhibits", "signature", "timing", "alerts"} <= set(line)


def test_process_marks_a_filing_of_another_form_as_skipped(made: MadeSubmission, tmp_path: Path) -> None:
    other = made.raw.replace(b"CONFORMED SUBMISSION TYPE:\t8-K", b"CONFORMED SUBMISSION TYPE:\t10-Q")

    done = eightk("process", "-", stdin=other, cwd=tmp_path)

    (line,) = lines(done)
    assert (done.returncode, line["error"], line["accession"]) == (0, None, made.accession)
    assert "10-Q" in line["skipped"]


def test_only_parse_raises_no_alert(made: MadeSubmission, place: Place) -> None:
    place.set_up()
    (place.folder / "a.txt").write_bytes(made.raw)

    whole = place.eightk("process", str(place.folder / "a.txt"))
    parsed = place.eightk("process", "--only", "parse", str(place.folder / "a.txt"))

    assert [len(json.loads(done.stdout)["alerts"]) for done in (whole, parsed)] == [1, 0]


def test_process_tells_each_known_key_of_the_contract(made: MadeSubmission, tmp_path: Path) -> None:
    (line,) = lines(eightk("process", "-", stdin=made.raw, cwd=tmp_path))

    keys = (
        "path accession form is_amendment filed_on accepted_at period_of_report filers documents items exhibits cover"
    )
    assert list(line)[:19] == [
        *keys.split(),
        "signature",
        "timing",
        "events",
        "alerts",
        "warnings",
        "versions",
        "error",
    ]


def test_init_writes_a_config_that_check_finds_fine(tmp_path: Path) -> None:
    eightk("init", str(tmp_path))
    file = tmp_path / "config" / "eightk.toml"
    # Another program may have the port that it comes with.
    file.write_text(file.read_text().replace('# listen = "127.0.0.1:8000"', 'listen = "127.0.0.1:0"'))

    done = eightk("check", cwd=tmp_path)

    assert done.returncode == 0, done.stderr
    assert b"eightk.toml: fine" in done.stdout


def test_init_never_overwrites(tmp_path: Path) -> None:
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "eightk.toml").write_text("# mine\n")

    done = eightk("init", str(tmp_path))

    assert (tmp_path / "config" / "eightk.toml").read_text() == "# mine\n"
    assert b"kept" in done.stdout


def test_every_fault_is_told_at_once_and_nothing_starts(place: Place) -> None:
    place.set_up(
        more="""
colour = "red"
[edgar]
poll_cron = "every minute"
[endpoint.hook]
kind = "webhook"
url = "https://example.com/hook"
secret_file = "no-such-secret"
""",
        rules=RULES.replace("items", "itens").replace("desk", "nobody"),
    )

    done = place.eightk("run")

    assert done.returncode == 2
    for told in ("colour", "poll_cron", "no-such-secret", "itens", "nobody"):
        assert told in done.stderr
    assert not (place.folder / "data" / "eightk.db").exists()


def test_a_missing_settings_file_says_how_to_write_one(tmp_path: Path) -> None:
    done = eightk("run", cwd=tmp_path)

    assert (done.returncode, done.stdout) == (2, b"")
    assert b"eightk init" in done.stderr


def test_handlers_lists_the_line_in_its_order_and_where_each_comes_from(place: Place) -> None:
    place.set_up()
    place.plant(
        "mine.py",
        "from watcher import Handler, Stage\nclass Mine(Handler):\n    name='mine'\n    stage=Stage.ALERT\n"
        "    def handle(self, report): ...\n",
    )

    done = place.eightk("handlers", "--json")

    rows = json.loads(done.stdout)
    line = [row["name"] for row in rows if row["order"]]
    assert line == ["parse", "timing", "titles", "events", "mine", "rules"]
    assert [row["origin"] for row in rows if row["name"] == "mine"] == [str(place.folder / "config/handlers/mine.py")]
    kinds = {"apprise", "command", "discord", "file", "log", "mail", "nats", "ntfy", "slack", "teams", "webhook"}
    assert {row["name"] for row in rows if row["stage"] == "notify"} == kinds


def test_a_handler_can_be_left_out(place: Place) -> None:
    place.set_up(more='[handlers]\ndisabled = ["rules"]')

    rows = json.loads(place.eightk("handlers", "--json").stdout)

    assert [row["name"] for row in rows if row["disabled"]] == ["rules"]


@pytest.fixture
def saved(place: Place, made: MadeSubmission) -> Place:
    """A place whose store holds one filing."""
    place.set_up()
    place.inbox.mkdir()
    (place.inbox / "a.txt").write_bytes(made.raw)
    done = place.eightk("run", "--once")
    assert done.returncode == 0, done.stderr
    return place


def test_filings_lists_what_is_in_the_store(saved: Place, made: MadeSubmission) -> None:
    (row,) = saved.filings()

    assert (row["accession"], row["state"], row["items"]) == (made.accession, "saved", ["5.02", "9.01"])


def test_filings_can_be_narrowed(saved: Place) -> None:
    assert [
        len(saved.filings(*query)) for query in (("--item", "5.02"), ("--item", "1.01"), ("--state", "failed"))
    ] == [
        1,
        0,
        0,
    ]


def test_filings_as_csv_has_a_header_and_no_formula(saved: Place, made: MadeSubmission) -> None:
    done = saved.eightk("filings", "--csv")

    (row,) = csv.DictReader(io.StringIO(done.stdout))
    assert (row["accession"], row["items"]) == (made.accession, "5.02 9.01")


def test_show_tells_a_person_what_was_found_and_who_was_told(saved: Place, made: MadeSubmission) -> None:
    done = saved.eightk("show", made.accession)

    assert all(words in done.stdout for words in (made.accession, "Item 5.02", "desk: delivered", "Every filing"))


def test_show_as_json_is_the_line_of_process(saved: Place, made: MadeSubmission) -> None:
    shown = json.loads(saved.eightk("show", made.accession, "--json").stdout)
    (processed,) = lines(eightk("process", "-", "--config", str(saved.config), stdin=made.raw))

    differs = {key for key in processed if shown[key] != processed[key]}
    assert differs == {"path"}


def test_what_happened_is_shown_and_listed_with_its_severity(saved: Place, made: MadeSubmission) -> None:
    shown = json.loads(saved.eightk("show", made.accession, "--json").stdout)
    event = shown["events"][0]
    told = f"{event['event']} ({event['severity']}, score {event['score']:.2f})"

    assert told in saved.eightk("show", made.accession).stdout
    assert [one["count"] for one in shown["history"]] == [1] * len(shown["events"])
    assert (shown["amends"], shown["amended_by"]) == ([], [])
    asked = (("--event", event["event"]), ("--severity", event["severity"]), ("--event", "stock-split"))
    assert [len(saved.filings(*query)) for query in asked] == [1, 1, 0]


def test_show_of_an_unknown_filing_ends_with_1(saved: Place) -> None:
    done = saved.eightk("show", "0000000009-26-000009")

    assert (done.returncode, done.stderr) == (1, "eightk: no filing 0000000009-26-000009 in the store\n")


def test_retry_without_a_daemon_runs_it_here(saved: Place, made: MadeSubmission) -> None:
    done = saved.eightk("retry", made.accession)

    assert (done.returncode, done.stdout) == (0, f"{made.accession}: saved\n")


def test_retry_with_a_daemon_is_handed_to_it(saved: Place, made: MadeSubmission) -> None:
    with Running(saved):
        done = saved.eightk("retry", made.accession)

    assert (done.returncode, done.stdout) == (0, f"{made.accession}: saved\n")
    assert saved.filings()[0]["run_as"] == "reread"


def test_commands_on_a_store_that_is_not_there_yet_say_so(place: Place) -> None:
    place.set_up()

    done = place.eightk("filings")

    assert done.returncode == 3
    assert "there is no store yet" in done.stderr


def test_demo_shows_webhooks_that_verify(tmp_path: Path) -> None:
    done = eightk("demo", "--seconds", "6", cwd=tmp_path)

    assert done.returncode == 0, done.stderr
    assert b"signature verified" in done.stdout
    assert b"0 refused" in done.stdout
    assert b"  spotted   " in done.stdout
    assert b"  error " not in done.stdout


def test_simulate_serves_what_is_in_a_folder(made: MadeSubmission, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes(made.raw)
    (tmp_path / "b.txt").write_bytes(b"no filing")
    with subprocess.Popen(
        [*COMMAND, "simulate", str(tmp_path)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=ENVIRONMENT
    ) as process:
        assert process.stdout is not None
        first = process.stdout.readline()
        process.terminate()
        told = process.communicate(timeout=60)[1]

    assert first.startswith(b"eightk: pretend EDGAR at http://127.0.0.1:")
    assert b"with 1 filing" in first
    assert b"left out" in told


@pytest.mark.parametrize("name", ["a.htm", "a.txt"])
def test_simulate_refuses_a_folder_without_filings(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(b"no filing")

    done = eightk("simulate", str(tmp_path))

    assert (done.returncode, done.stdout) == (2, b"")
    assert f"there is no full submission in {tmp_path}".encode() in done.stderr


def test_a_damaged_packed_file_is_one_line_with_an_error(made: MadeSubmission, tmp_path: Path) -> None:
    packed = bytearray(gzip.compress(b"no filing"))
    packed[10] = 7  # a kind of block that there is not
    (tmp_path / "a.txt.gz").write_bytes(packed)
    (tmp_path / "b.txt").write_bytes(made.raw)

    done = eightk("process", str(tmp_path), cwd=tmp_path)

    assert (done.returncode, [line["accession"] for line in lines(done)]) == (3, [None, made.accession])


def test_process_says_when_a_folder_holds_no_files(tmp_path: Path) -> None:
    done = eightk("process", str(tmp_path), cwd=tmp_path)

    assert (done.returncode, done.stdout, done.stderr) == (0, b"", f"eightk: no files in {tmp_path}\n".encode())


def test_a_name_that_is_no_text_gives_a_line_that_is(made: MadeSubmission, tmp_path: Path) -> None:
    (tmp_path / os.fsdecode(b"\xff.txt")).write_bytes(made.raw)

    (line,) = lines(eightk("process", str(tmp_path), cwd=tmp_path))

    assert line["path"] == f"{tmp_path}/\\xff.txt"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no device that is always full")
@pytest.mark.parametrize("arguments", ["process a.txt", "handlers"])
@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_output_that_cannot_be_written_is_told_in_a_sentence(
    made: MadeSubmission, place: Place, arguments: str, unbuffered: str
) -> None:
    place.set_up()
    (place.folder / "a.txt").write_bytes(made.raw)
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            [*COMMAND, *arguments.split()],
            stdout=full,
            stderr=subprocess.PIPE,
            check=False,
            timeout=60,
            env=ENVIRONMENT | {"PYTHONUNBUFFERED": unbuffered},
            cwd=place.folder,
        )

    assert (done.returncode, done.stderr) == (3, b"eightk: cannot read or write: No space left on device\n")


def test_process_ends_without_a_word_when_its_reader_has_gone(made: MadeSubmission, tmp_path: Path) -> None:
    for number in range(40):
        (tmp_path / f"{number}.txt").write_bytes(made.raw)
    with subprocess.Popen(
        [*COMMAND, "process", str(tmp_path)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=ENVIRONMENT,
        cwd=tmp_path,
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.readline()
        process.stdout.close()
        told = process.stderr.read()
        code = process.wait(60)

    assert (code, told) == (0, b"")


@pytest.mark.parametrize("name", ["-", "fifo"])
def test_one_ctrl_c_ends_process_while_it_waits_for_input(tmp_path: Path, name: str) -> None:
    os.mkfifo(tmp_path / "fifo")
    (tmp_path / "a.txt").write_bytes(b"no filing")
    with subprocess.Popen(
        [*COMMAND, "process", "--jobs", "1", "a.txt", "a.txt", "a.txt", "a.txt", "a.txt", name],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=ENVIRONMENT,
        cwd=tmp_path,
        preexec_fn=heed_ctrl_c,  # noqa: PLW1509  # no other thread of this process takes a lock in between
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        # The first line is printed when the fifth file has been read; what comes then is the wait.
        process.stdout.readline()
        process.send_signal(signal.SIGINT)
        try:
            code = process.wait(60)
            told = process.stderr.read()
        finally:
            process.kill()

    assert (code, told) == (130, b"")


def heed_ctrl_c() -> None:
    """A shell starts what runs in the background deaf to Ctrl-C, and its children with it."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def test_retry_of_a_filing_whose_archived_file_is_damaged_says_what_stays_and_what_helps(
    saved: Place, made: MadeSubmission
) -> None:
    next((saved.folder / "data" / "raw").rglob("*.gz")).write_bytes(b"junk")

    done = saved.eightk("retry", made.accession)

    assert (done.returncode, done.stderr) == (3, "")
    assert done.stdout.startswith(f"{made.accession}: not read again, its report stays as it was: ")
    assert done.stdout.endswith("with edgar.contact set it is fetched from EDGAR again\n")
