"""The command: a program of the operator's own, its input, its exit code, and its end."""

import asyncio
import os
import re
import sys
from pathlib import Path

import pytest

from handlers.notify import Command
from tests._telling import NOW, matched
from watcher.errors import DeliveryError
from watcher.testing import FakePost


def python(code: str, *arguments: str, **settings) -> Command:
    return Command(command=(sys.executable, "-c", code, *arguments), **settings)


async def run(command: Command) -> None:
    await command.notify(matched(), FakePost(), NOW)


async def refused(command: Command) -> DeliveryError:
    with pytest.raises(DeliveryError) as caught:
        await run(command)
    return caught.value


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    # On Linux, one that ended and that nobody has waited for yet is still there, in name.
    stat = Path(f"/proc/{pid}/stat")
    return not stat.exists() or stat.read_text().rpartition(")")[2].split()[0] != "Z"


def open_files() -> set[str]:
    listed = Path("/proc/self/fd")
    return {one.name for one in listed.iterdir()} if listed.exists() else set()


async def gone(pid: int) -> None:
    while is_alive(pid):
        await asyncio.sleep(0.01)


async def test_the_payload_is_given_on_standard_input_and_0_means_told(tmp_path):
    there = tmp_path / "there"
    await run(python("import pathlib, sys; pathlib.Path(sys.argv[1]).write_bytes(sys.stdin.buffer.read())", str(there)))

    assert there.read_bytes() == matched().payload


async def test_no_shell_reads_the_arguments(tmp_path):
    there = tmp_path / "there"
    argument = f"$(touch {there}); `touch {there}` *"
    await run(python("import sys; sys.exit(sys.argv[1][:2] != '$(')", argument))

    assert not there.exists()


async def test_a_program_that_does_not_read_its_input_is_told_all_the_same():
    await run(python("pass"))


async def test_what_it_prints_goes_nowhere(capfd):
    await run(python("print('out'); import sys; print('err', file=sys.stderr)"))

    assert capfd.readouterr() == ("", "")


CODES = [(1, "exit code 1: no"), (2, "exit code 2: no"), (75, "exit code 75, for now: no")]


@pytest.mark.parametrize(("code", "text"), CODES)
async def test_every_other_code_is_tried_again_and_says_why(code, text):
    error = await refused(python(f"import sys; print('no', file=sys.stderr); sys.exit({code})"))

    assert (str(error), error.permanent, error.body) == (text, False, "no\n")


async def test_a_program_that_a_signal_ends_is_told_as_such():
    error = await refused(python("import os; os.kill(os.getpid(), 6)"))

    assert str(error) == "ended by signal 6"


async def test_of_what_it_says_the_beginning_is_kept_and_the_rest_does_not_stop_it():
    error = await refused(python("import sys; sys.stderr.write('\\x1b[31mno ' + 'x' * 3_000_000); sys.exit(3)"))

    assert len(error.body) == 2_000
    assert re.fullmatch(r"exit code 3: \[31mno x+…", str(error))


async def test_one_that_does_not_end_is_killed_with_all_that_it_started(tmp_path):
    pids = tmp_path / "pids"
    code = (
        "import os, pathlib, sys, time\n"
        "child = os.fork()\n"
        "if child: pathlib.Path(sys.argv[1]).write_text(f'{os.getpid()} {child}')\n"
        "time.sleep(600)"
    )
    error = await refused(python(code, str(pids), seconds=1.0))

    assert (str(error), error.permanent) == ("did not end within 1 s, and was killed", False)
    for pid in map(int, pids.read_text().split()):
        await gone(pid)


async def test_when_the_daemon_ends_so_does_the_program(tmp_path):
    there = tmp_path / "pid"
    code = "import os, pathlib, sys, time; pathlib.Path(sys.argv[1]).write_text(f'{os.getpid()} '); time.sleep(600)"
    running = asyncio.create_task(run(python(code, str(there))))
    while not (there.exists() and there.read_text().endswith(" ")):
        await asyncio.sleep(0.01)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running

    await gone(int(there.read_text()))


async def test_a_child_that_it_leaves_behind_is_not_waited_for(tmp_path):
    there = tmp_path / "pid"
    code = (
        "import os, pathlib, sys, time\n"
        "child = os.fork()\n"
        "if child: pathlib.Path(sys.argv[1]).write_text(str(child)); sys.exit(0)\n"
        "time.sleep(600)"
    )
    await run(python(code, str(there), seconds=60))

    child = int(there.read_text())
    assert is_alive(child)
    os.kill(child, 9)


async def test_a_program_that_went_away_may_come_back(tmp_path):
    program = tmp_path / "tell"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    command = Command(command=(str(program),))
    program.unlink()

    error = await refused(command)
    assert (str(error), error.permanent) == (f"{program} cannot be run: no such file or directory", False)


async def test_no_file_stays_open():
    await run(python("pass"))
    before = open_files()
    await run(python("pass"))
    await refused(python("import sys; sys.exit(1)"))

    after = open_files()
    assert after == before


@pytest.mark.parametrize(
    ("settings", "problem"),
    [
        ({"command": ()}, "command: names no program"),
        ({"command": ("",)}, "command: names no program"),
        ({"command": ("./tell",)}, "command: ./tell is a relative path; give the full one"),
        ({"command": ("no-such-program-here",)}, "command: no-such-program-here is not there, or may not be run"),
        ({"command": ("/nowhere/tell",)}, "command: /nowhere/tell is not there, or may not be run"),
        ({"command": ("sh", "a\0b")}, "command: has a NUL character in it"),
        ({"command": ("sh",), "seconds": 0}, "seconds: expected more than 0"),
        ({"command": ("sh",), "seconds": 601}, "seconds: expected more than 0, at most 600"),
    ],
)
def test_settings_that_cannot_be_used_are_told(settings, problem):
    with pytest.raises(ValueError, match=re.escape(problem)):
        Command(**settings)


def test_a_name_that_the_path_knows_will_do():
    assert Command(command=("sh",))
