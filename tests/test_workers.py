"""The workers: whatever one filing does to its process, it comes out as that filing's error, and the next one is fine.

Each test hands the line a handler that runs the filing's own bytes as Python.
"""

import asyncio
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from watcher.errors import ConfigError, HandlerCrash, HandlerError, HandlerTimeout, ReadError, Skip
from watcher.handler import Context
from watcher.line import MAX_ERROR_CHARACTERS
from watcher.models import Event, Filing
from watcher.registry import LineSpec, discover
from watcher.workers import Bounds, Workers, examine_to_line

HANDLER = '''
"""A handler that does what the filing says."""
import os, pickle, re, resource, signal, subprocess, sys, threading, time
from watcher import Event, Filing, Handler, ReadError, Skip, Stage
from watcher.errors import HandlerError

class OddSkip(Skip):
    def __init__(self, one, two):
        super().__init__(f"{one} and {two}")

class Unspeakable(Exception):
    def __str__(self):
        raise ValueError

class Foreign(str):
    def __reduce__(self):
        return int, ("not a number",)

class Liar(str):
    def __reduce__(self):
        return str, ("0000000009-26-000009",)

def speak_out_of_turn():
    for descriptor in range(3, 64):
        try:
            os.write(descriptor, b"\\0\\0\\0\\5hello")
        except OSError:
            pass

def do_before_the_next_call(do):
    pickle_loads = pickle.loads
    pickle.loads = lambda packed: (do(), pickle_loads(packed))[1]

class Obedient(Handler):
    name = "obedient"
    stage = Stage.PARSE

    def handle(self, report):
        exec(report.raw.decode(), globals() | {"report": report})
'''
FILING = Filing("0000000001-26-000001", "8-K")
MEMORY_MEGABYTES = 100
TOO_MUCH_MEMORY = f"more memory than one filing may take ({MEMORY_MEGABYTES} MB; limits.memory_megabytes sets it)"
BUILT_IN = frozenset(one.name for one in discover(None))


def spec(folder: Path) -> LineSpec:
    (folder / "obedient.py").write_text(HANDLER)
    return LineSpec(Context(), folder, disabled=BUILT_IN)


@pytest.fixture(scope="module")
def workers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workers]:
    """One worker for most tests, so that each of them also finds it as the test before left it."""
    bounds = Bounds(seconds=20, memory_megabytes=MEMORY_MEGABYTES)
    made = Workers(spec(tmp_path_factory.mktemp("handlers")), count=1, bounds=bounds)
    yield made
    made.close()


async def still_works(workers: Workers) -> bool:
    report = await workers.examine(FILING, b"report.events = (Event('buyback', 0.5),)")
    return report.events == (Event("buyback", 0.5),)


async def pid_of(workers: Workers) -> int:
    """The process that runs the next call, told by its own answer."""
    return int((await workers.examine(FILING, b"report.warnings.append(str(os.getpid()))")).warnings[0])


async def fails(workers: Workers, code: str) -> HandlerError:
    with pytest.raises(HandlerError) as raised:
        await workers.examine(FILING, code.encode())
    return raised.value


async def test_a_report_comes_back_with_all_that_was_found(workers: Workers):
    report = await workers.examine(FILING, b"report.warnings.append('odd'); report.cover['a'] = [1]")

    assert (report.filing, report.warnings, report.cover, report.raw) == (FILING, ["odd"], {"a": [1]}, b"")


async def test_a_skip_comes_back_with_its_reason(workers: Workers):
    with pytest.raises(Skip, match=r"^form is 10-K$"):
        await workers.examine(FILING, b"raise Skip('form is 10-K')")


async def test_bytes_that_cannot_be_read_come_back_as_that(workers: Workers):
    with pytest.raises(ReadError, match=r"^no header$"):
        await workers.examine(FILING, b"raise ReadError('no header')")


async def test_a_handler_that_raises_is_named_with_its_cause_and_its_place(workers: Workers):
    error = await fails(workers, "report.nothing = 1")

    words = r"handler 'obedient': AttributeError: 'Report' object has no attribute 'nothing'.* \(<string>, line 1\)"
    assert re.fullmatch(words, str(error))  # some Pythons add what would have made it possible


async def test_an_error_that_cannot_be_made_again_elsewhere_keeps_its_meaning(workers: Workers):
    with pytest.raises(Skip, match=r"^one and two$"):
        await workers.examine(FILING, b"raise OddSkip('one', 'two')")

    assert await still_works(workers)


@pytest.mark.parametrize(
    "code",
    [
        "raise Unspeakable",
        "raise ValueError(lambda: 1)",
        "raise KeyboardInterrupt",
        "raise GeneratorExit",
        "import asyncio; raise asyncio.CancelledError",
        "sys.exit(3)",
        "def again(): again()\nagain()",
        "report.cover['odd'] = lambda: 1",
    ],
)
async def test_no_error_of_a_handler_is_more_than_a_handlers_error(workers: Workers, code: str):
    assert type(await fails(workers, code)) is HandlerError

    assert await still_works(workers)


@pytest.mark.parametrize("kind", ["Skip", "ReadError", "HandlerError", "ValueError"])
async def test_the_text_of_every_error_is_cut_and_can_be_saved(workers: Workers, kind: str):
    with pytest.raises((Skip, ReadError, HandlerError)) as raised:
        await workers.examine(FILING, f"raise {kind}('\\ud83d' + 'x' * 10**6)".encode())

    text = str(raised.value)
    assert (r"\ud83dx" in text, len(text)) == (True, MAX_ERROR_CHARACTERS)


async def test_a_huge_text_of_an_error_is_no_want_of_memory(workers: Workers):
    error = await fails(workers, f"raise ValueError('x' * {MEMORY_MEGABYTES * 2**20 // 3})")

    assert str(error).startswith("handler 'obedient': ValueError: xxx")


async def test_the_reason_of_a_skipped_file_can_be_printed(workers: Workers):
    line, is_error = await workers.run("a.txt", examine_to_line, "a.txt", b"raise Skip('\\ud83d')")

    assert (line.endswith(r'"skipped": "\\ud83d"}'), is_error) == (True, False)


async def test_a_skipped_file_with_half_a_character_in_what_was_found_can_be_printed(workers: Workers):
    code = b"report.warnings.append('\\ud83d'); raise Skip('odd')"
    line, _ = await workers.run("a.txt", examine_to_line, "a.txt", code)

    assert r'"warnings": ["\ud83d"]' in line


async def test_a_report_that_names_another_filing_once_it_is_back_is_not_taken(workers: Workers):
    error = await fails(workers, "report.filing = Filing(Liar(report.filing.accession))")

    assert str(error) == f"{FILING.accession}: its worker gave a report of 0000000009-26-000009"


@pytest.mark.parametrize(
    "code",
    [
        "speak_out_of_turn()",
        "pickle.dumps = lambda *given: b'odd'",
        "pickle.dumps = lambda *given: b'I5\\n.'",  # which can be read back, and is no answer
        "os.closerange(3, 64)",
        "resource.setrlimit(resource.RLIMIT_AS, (10**8, 10**8))",
    ],
)
async def test_who_spoils_the_way_to_the_worker_fails_alone(workers: Workers, code: str):
    await fails(workers, code)

    assert await still_works(workers)


@pytest.mark.parametrize(
    "code",
    [
        "os.fork()",
        "resource.setrlimit(resource.RLIMIT_NOFILE, (3, 3))",
        "threading.Thread(target=lambda: (time.sleep(0.3), os._exit(1))).start()",
        "threading.Thread(target=lambda: (time.sleep(0.3), speak_out_of_turn())).start()",
        "do_before_the_next_call(speak_out_of_turn)",
        "do_before_the_next_call(lambda: os._exit(7))",
    ],
)
async def test_what_a_filing_leaves_behind_costs_no_other(workers: Workers, code: str):
    await workers.examine(FILING, code.encode())
    others = [Filing(f"0000000002-26-00000{n}", "8-K") for n in range(6)]

    reports = [await workers.examine(other, b"time.sleep(0.1)") for other in others]

    assert [report.filing for report in reports] == others


async def test_a_process_forked_off_does_not_hold_the_way_to_the_daemon(workers: Workers):
    begun = time.monotonic()
    await fails(workers, "if os.fork() == 0: time.sleep(60)\nos._exit(7)")

    assert time.monotonic() - begun < 15


async def test_a_program_that_a_filing_leaves_running_ends_with_it(workers: Workers):
    code = b"report.warnings.append(str(subprocess.Popen(['sleep', '60']).pid))"
    child = int((await workers.examine(FILING, code)).warnings[0])

    assert is_gone(child)


async def test_a_terminals_interrupt_does_not_reach_the_workers(workers: Workers):
    assert os.getpgid(await pid_of(workers)) != os.getpgid(0)


async def test_a_report_that_cannot_be_read_back_is_that_filings_failure(workers: Workers):
    error = await fails(workers, "report.filing = Filing(report.filing.accession, source=Foreign())")

    assert "cannot be read back: ValueError" in str(error)
    assert await still_works(workers)


@pytest.mark.parametrize(
    ("code", "how"),
    [
        ("os._exit(7)", "exit code 7"),
        ("os._exit(0)", "exit code 0"),
        ("os.kill(os.getpid(), signal.SIGKILL)", "SIGKILL"),
        ("os.kill(os.getpid(), signal.SIGSEGV)", "SIGSEGV"),
    ],
)
async def test_a_filing_that_ends_its_process_is_a_crash_that_says_how(workers: Workers, code: str, how: str):
    error = await fails(workers, code)

    assert str(error) == f"{FILING.accession}: its worker process died ({how})"
    assert isinstance(error, HandlerCrash)
    assert await still_works(workers)


@pytest.mark.skipif(sys.platform == "darwin", reason="macOS refuses a bound on address space")
async def test_a_filing_that_eats_memory_is_stopped_at_the_bound(workers: Workers):
    error = await fails(workers, f"kept = bytearray({MEMORY_MEGABYTES + 1} * 2**20)")

    assert str(error) == f"handler 'obedient': {TOO_MUCH_MEMORY}"
    assert isinstance(error, HandlerCrash)


@pytest.mark.skipif(sys.platform == "darwin", reason="macOS refuses a bound on address space")
async def test_a_file_that_eats_memory_is_told_in_the_same_words(workers: Workers):
    """And the process that ran out of it is replaced, too."""
    with pytest.raises(HandlerCrash) as raised:
        await workers.run("a.txt", examine_to_line, "a.txt", b"a = 'x' * 10**9")

    assert str(raised.value) == f"handler 'obedient': {TOO_MUCH_MEMORY}"


async def test_who_gave_an_order_to_end_is_named(workers: Workers):
    assert str(await fails(workers, "raise KeyboardInterrupt")) == "handler 'obedient': KeyboardInterrupt: "


@pytest.mark.skipif(sys.platform == "darwin", reason="macOS refuses a bound on address space")
async def test_memory_is_counted_beside_what_the_process_takes_itself(workers: Workers):
    report = await workers.examine(FILING, f"kept = bytearray({MEMORY_MEGABYTES - 50} * 2**20)".encode())

    assert report.filing == FILING


@pytest.mark.skipif(sys.platform == "darwin", reason="macOS refuses a bound on address space")
async def test_a_process_that_ran_out_of_memory_is_replaced(workers: Workers):
    before = await pid_of(workers)
    await fails(workers, f"kept = bytearray({MEMORY_MEGABYTES + 1} * 2**20)")

    assert await pid_of(workers) != before


@pytest.mark.skipif(sys.platform == "darwin", reason="macOS refuses a bound on address space")
async def test_bytes_too_large_for_the_bound_do_not_spoil_the_way_to_the_worker(workers: Workers):
    with pytest.raises(HandlerCrash, match="more memory"):
        await workers.examine(FILING, b"#" * (MEMORY_MEGABYTES + 1) * 2**20)

    assert await still_works(workers)


async def test_the_same_process_serves_filing_after_filing(workers: Workers):
    assert await pid_of(workers) == await pid_of(workers)


async def test_killing_an_idle_worker_costs_no_filing(workers: Workers):
    os.kill(await pid_of(workers), signal.SIGKILL)

    assert await still_works(workers)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
async def test_a_signal_to_the_whole_group_does_not_end_a_worker(workers: Workers, number: signal.Signals):
    before = await pid_of(workers)
    os.kill(before, number)

    assert await pid_of(workers) == before


async def test_what_a_handler_prints_stays_off_standard_output(workers: Workers, capfd: pytest.CaptureFixture[str]):
    await workers.examine(FILING, b"print('hello', flush=True); os.write(1, b'hello')")

    assert capfd.readouterr().out == ""


async def test_a_handler_cannot_read_the_programs_standard_input(workers: Workers):
    report = await workers.examine(FILING, b"report.warnings.append(sys.stdin.read())")

    assert report.warnings == [""]


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="no /proc on this system")
async def test_a_worker_holds_no_file_of_the_daemon(workers: Workers, tmp_path: Path):
    with (tmp_path / "held").open("w"):
        os.kill(await pid_of(workers), signal.SIGKILL)
        await still_works(workers)  # in a process that started while the file was open
        report = await workers.examine(FILING, b"report.warnings += os.listdir('/proc/self/fd')")

    assert len(report.warnings) == 5  # the three standard ones, the way to the daemon, and the listing itself


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="no /proc on this system")
async def test_worn_out_workers_leave_no_open_file_in_the_daemon(workers: Workers):
    before = len(list(Path("/proc/self/fd").iterdir()))
    for _ in range(3):
        await fails(workers, "os._exit(7)")

    assert len(list(Path("/proc/self/fd").iterdir())) == before


async def test_a_function_of_any_module_runs_in_a_worker(workers: Workers):
    line, is_error = await workers.run("a.txt", examine_to_line, "a.txt", b"report.warnings.append('seen')")

    assert ('"warnings": ["seen"]' in line, is_error) == (True, False)


async def test_a_file_that_cannot_be_read_gives_a_line_that_says_why(workers: Workers):
    line, is_error = await workers.run("a.txt", examine_to_line, "a.txt", b"raise ReadError('no header')")

    assert (json.loads(line)["error"], is_error) == ("no header", True)


HASTY_SECONDS = 1.0  # on a busy machine a moment's work may wait for a third of this


@pytest.fixture(scope="module")
def hasty(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workers]:
    made = Workers(spec(tmp_path_factory.mktemp("hasty")), count=2, bounds=Bounds(seconds=HASTY_SECONDS))
    made.wait_until_ready()
    yield made
    made.close()


@pytest.mark.parametrize(
    "code",
    [
        "time.sleep(60)",
        "signal.signal(signal.SIGALRM, signal.SIG_IGN)\nwhile True: pass",
        "import re; re.match('(a+)+b', 'a' * 60)",  # never gives other threads of the process a turn
    ],
)
async def test_a_filing_that_overruns_its_time_is_stopped(hasty: Workers, code: str):
    error = await fails(hasty, code)

    assert str(error) == f"{FILING.accession}: not done within {HASTY_SECONDS:g} s; its worker was ended"
    assert isinstance(error, HandlerTimeout)
    assert await still_works(hasty)


@pytest.mark.parametrize("size", [0, 5 * 2**20], ids=["small", "large"])
async def test_an_idle_worker_that_was_stopped_costs_no_filing(tmp_path: Path, size: int):
    """A large one does not even go into the socket of a worker that takes nothing."""
    workers = Workers(spec(tmp_path), count=1, bounds=Bounds(seconds=0.5))
    try:
        workers.wait_until_ready()
        os.kill(await pid_of(workers), signal.SIGSTOP)
        report = await workers.examine(FILING, b"report.warnings.append('seen')#" + b"x" * size)
    finally:
        workers.close()

    assert report.warnings == ["seen"]


async def test_a_thread_left_behind_that_never_gives_others_a_turn_costs_no_filing(hasty: Workers):
    code = b"threading.Thread(target=lambda: (time.sleep(0.1), re.match('(a+)+b', 'a' * 60)), daemon=True).start()"
    await hasty.examine(FILING, code)
    await asyncio.sleep(0.2)

    assert [await still_works(hasty) for _ in range(3)] == [True] * 3


async def test_a_program_that_a_filing_started_ends_when_its_time_is_over(hasty: Workers, tmp_path: Path):
    note = tmp_path / "pid"
    code = f"open({str(note)!r}, 'w').write(str(subprocess.Popen(['sleep', '60']).pid)); time.sleep(60)"
    with pytest.raises(HandlerTimeout):
        await hasty.examine(FILING, code.encode())

    assert is_gone(int(note.read_text()))


async def test_closing_ends_what_a_filing_started(tmp_path: Path):
    workers = Workers(spec(tmp_path), count=1, bounds=Bounds())
    started = tmp_path / "started"
    start = f"open({str(started)!r}, 'w').write('%d.' % subprocess.Popen(['sleep', '60']).pid)"
    running = asyncio.create_task(workers.examine(FILING, f"{start}; time.sleep(60)".encode()))
    while not (started.exists() and started.read_text().endswith(".")):  # another process tells by a file
        await asyncio.sleep(0.01)
    workers.close()
    with pytest.raises(HandlerCrash):
        await running

    assert is_gone(int(started.read_text().strip(".")))


async def test_one_that_hangs_does_not_hold_up_the_others(hasty: Workers):
    hanging = asyncio.create_task(hasty.examine(FILING, b"time.sleep(60)"))
    await asyncio.gather(*(still_works(hasty) for _ in range(4)))

    with pytest.raises(HandlerTimeout):
        await hanging


async def test_more_filings_than_workers_wait_without_their_time_running(hasty: Workers):
    """Each takes half of its bound, so that one whose clock ran while it waited would be cut off."""
    code = f"time.sleep({HASTY_SECONDS / 2})".encode()
    reports = await asyncio.gather(*(hasty.examine(FILING, code) for _ in range(6)))

    assert len(reports) == 6


async def test_closing_cuts_off_what_runs(tmp_path: Path):
    workers = Workers(spec(tmp_path), count=1, bounds=Bounds())
    started = tmp_path / "started"
    running = asyncio.create_task(workers.examine(FILING, f"open({str(started)!r}, 'w'); time.sleep(60)".encode()))
    while not started.exists():  # another process tells by a file
        await asyncio.sleep(0.01)
    workers.close()

    with pytest.raises(HandlerCrash, match="SIGKILL"):
        await running


async def test_closing_twice_leaves_no_process(tmp_path: Path):
    workers = Workers(spec(tmp_path), count=1, bounds=Bounds())
    pid = await pid_of(workers)
    workers.close()
    workers.close()

    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


async def test_a_line_that_cannot_be_built_is_told_with_its_faults_and_no_filing_is_blamed(tmp_path: Path):
    made = spec(tmp_path)
    (tmp_path / "broken.py").write_text("import nowhere_at_all")
    workers = Workers(made, count=1, bounds=Bounds())
    try:
        with pytest.raises(ConfigError, match=r"broken\.py: cannot be imported: .*nowhere_at_all"):
            await workers.examine(FILING, b"")
    finally:
        workers.close()


async def test_workers_come_back_when_the_broken_file_is_mended(tmp_path: Path):
    made = spec(tmp_path)
    (tmp_path / "broken.py").write_text("import nowhere_at_all")
    workers = Workers(made, count=1, bounds=Bounds())
    try:
        with pytest.raises(ConfigError):
            await workers.examine(FILING, b"")
        (tmp_path / "broken.py").unlink()
        with suppress(ConfigError):  # from a process that began before that
            await workers.examine(FILING, b"")

        assert await still_works(workers)
    finally:
        workers.close()


PARENT = """
import asyncio, sys
from pathlib import Path
from watcher.handler import Context
from watcher.models import Filing
from watcher.registry import LineSpec, discover
from watcher.workers import Bounds, Workers

async def main():
    built_in = frozenset(one.name for one in discover(None))
    spec = LineSpec(Context(), Path(sys.argv[1]), disabled=built_in)
    workers = Workers(spec, count=1, bounds=Bounds(seconds=float(sys.argv[3])))
    filing = Filing("0000000001-26-000001")
    print((await workers.examine(filing, b"report.warnings.append(str(os.getpid()))")).warnings[0], flush=True)
    await workers.examine(filing, sys.argv[2].encode())

asyncio.run(main())
"""


@pytest.mark.parametrize(
    "code",
    [
        "",
        "print('busy', flush=True); time.sleep(60)",
        "print('busy', flush=True)\nimport re; re.match('(a+)+b', 'a' * 60)",
        "subprocess.Popen(['sleep', '60']); print('busy', flush=True); time.sleep(60)",
    ],
    ids=["idle", "busy", "deaf", "with a program of its own"],
)
def test_a_worker_outlives_a_killed_daemon_by_seconds_only(tmp_path: Path, code: str):
    spec(tmp_path)
    command = [sys.executable, "-c", PARENT, str(tmp_path), code or "report", "1" if "re.match" in code else "30"]
    parent = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    assert parent.stderr is not None
    worker = int(parent.stdout.readline())
    if code:
        parent.stderr.readline()  # it is busy
    parent.kill()
    parent.wait()
    # The pipe's last holder is the worker: it ends when the worker does.
    left = parent.stderr.read()
    parent.stdout.close()
    parent.stderr.close()

    assert left == ""
    assert is_gone(worker)


def is_gone(pid: int) -> bool:
    """Whether the process ended; its entry may stay until whoever took it over has seen that."""
    for _ in range(100):
        try:
            os.kill(pid, 0)
            if Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z":
                return True
        except (ProcessLookupError, FileNotFoundError):
            return True
        time.sleep(0.01)
    return False
