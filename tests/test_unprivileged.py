"""The daemon without rights: it reads and tells filings, though it may write to its data and its inbox alone.

As root the tests run it as nobody (65534); as another user they do without capabilities. "mounts": in a mount namespace
of its own, in which everything but these two folders is read-only. "rights": by the rights of files alone, as it is
where the other cannot be made; for root only, since one's own files one may write.
"""

import asyncio
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import distribution
from pathlib import Path

import click
import pytest
from _required import program
from _running import Place, wait_until

import watcher
from watcher.simulator.generator import Generator
from watcher.simulator.receiver import Receiver, receive

PROGRAM = Path(watcher.__file__).resolve().parents[1]  # a checkout, or where it is installed
SITE = str(Path(click.__file__).parents[1])  # what is installed, wherever this Python has it
IS_ROOT = os.geteuid() == 0
NOBODY = 65534
NO_RIGHTS = ["setpriv", "--no-new-privs", "--inh-caps=-all", "--bounding-set=-all"]
NO_RIGHTS += [f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"] if IS_ROOT else []
# By a shell that has none any more: setpriv itself still finds its way into folders that are closed to the daemon.
NO_RIGHTS += ["sh", "-c", 'exec "$@"', "sh"]
OWN_MOUNTS = ["unshare", "--mount", *([] if IS_ROOT else ["--map-root-user"])]
# $1: the folder of it all; $2: where this Python is; $3: what is installed; then the command. What the system itself
# shows as files (/proc and the like) is not there to be written to, and stays.
MOUNT = """
set -e
base=$1 prefix=$2 site=$3; shift 3
mount --rbind "$prefix" "$base/python"
mount --rbind "$site" "$base/site"
for one in data inbox; do mount --bind "$base/place/$one" "$base/place/$one"; done
while read -r _ target kind _; do
    case $kind in proc|sysfs|devpts|devtmpfs|mqueue|cgroup*|*tracefs|debugfs|securityfs|bpf|autofs) continue ;; esac
    case $target in "$base/place/data"|"$base/place/inbox") continue ;; esac
    mount -o remount,bind,ro "$target"
done < /proc/self/mounts
exec "$@"
"""
# Prints the folders that it could write to.
TRY_ALL = """
import json, os, sys
def can(folder):
    try:
        with open(os.path.join(folder, "probe"), "x"):
            pass
    except OSError:
        return False
    os.remove(os.path.join(folder, "probe"))
    return True
def over(file):
    try:
        open(file, "ab").close()
    except OSError:
        return False
    return True
status = dict(line.split(":", 1) for line in open("/proc/self/status"))
print(json.dumps({
    "written": [one for one in sys.argv[1:] if (can if os.path.isdir(one) else over)(one)],
    "uid": os.getuid(), "capabilities": int(status["CapEff"], 16), "home": os.environ.get("HOME"),
}))
"""


@dataclass
class Confined:
    """A copy of the program, and a place beside it; ``command`` runs Python there without rights."""

    base: Path
    command: list[str]

    @property
    def place(self) -> Place:
        return Place(self.base / "place")

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        with (self.base / "log.txt").open("wb") as log:
            return subprocess.Popen(
                [*self.command, *arguments],
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                cwd=self.place.folder,
                env={
                    "PATH": os.environ["PATH"],
                    "PYTHONPATH": f"{self.base}/program:{self.base}/site",
                    "LD_LIBRARY_PATH": f"{self.base}/python/lib",  # for a Python whose library is beside it
                },
            )


def copied(base: Path) -> None:
    """Put the program there, as an installation would: code, and what says which handlers come with it."""
    for top in ("watcher", "handlers"):
        shutil.copytree(PROGRAM / top, base / "program" / top, ignore=shutil.ignore_patterns("__pycache__"))
    info = base / "program" / "eightk.dist-info"
    info.mkdir()
    for name in ("METADATA", "entry_points.txt"):
        (info / name).write_text(distribution("eightk").read_text(name) or "")
    for name in ("python", "site", "place", "place/data", "place/inbox"):
        (base / name).mkdir()


def given_away(base: Path) -> None:
    """All is root's to write; the data, the inbox and the secret are the daemon's."""
    if IS_ROOT:
        for one in ("data", "inbox", "secret"):
            os.chown(base / "place" / one, NOBODY, NOBODY)
    (base / "place" / "secret").chmod(0o400)


def in_mounts(base: Path) -> list[str]:
    for name, package in (("unshare", "util-linux"), ("setpriv", "util-linux")):
        program(name, package)
    if subprocess.run([*OWN_MOUNTS, "true"], check=False, capture_output=True).returncode:
        pytest.skip("no mount namespace can be made here: the kernel or a container does not let us")
    python = Path(sys._base_executable).resolve()  # type: ignore[attr-defined]
    inside = str(base / "python" / python.relative_to(Path(sys.base_prefix).resolve()))
    mounts = ["sh", "-c", MOUNT, "sh", str(base), sys.base_prefix, SITE]
    return [*OWN_MOUNTS, *mounts, *NO_RIGHTS, inside]


def by_rights(base: Path) -> list[str]:
    if not IS_ROOT:
        pytest.skip("only root can give files to nobody")
    (base / "site").rmdir()
    (base / "site").symlink_to(SITE)
    name = f"python3.{sys.version_info.minor}"
    for python in (sys._base_executable, shutil.which(name, path="/usr/local/bin:/usr/bin")):  # type: ignore[attr-defined]
        command = [*NO_RIGHTS, str(python)]
        tried = [*command, "-c", f"import sys; sys.path.append('{base}/site'); import pydantic, lxml.etree"]
        if python and subprocess.run(tried, check=False, capture_output=True, env={}).returncode == 0:
            return command
    pytest.skip("nobody can come to no Python of this version here")


@pytest.fixture(params=["mounts", "rights"])
def confined(request: pytest.FixtureRequest) -> Iterator[Confined]:
    # Directly in /tmp: nobody must be able to come to it.
    base = Path(tempfile.mkdtemp(prefix="eightk-confined-", dir="/tmp"))
    base.chmod(0o755)
    mask = os.umask(0o022)
    try:
        copied(base)
        yield Confined(base, in_mounts(base) if request.param == "mounts" else by_rights(base))
    finally:
        os.umask(mask)
        shutil.rmtree(base)


def test_it_may_write_to_its_data_and_its_inbox_alone(confined: Confined, request: pytest.FixtureRequest) -> None:
    place = confined.place.set_up(receiver="http://127.0.0.1:9")
    given_away(confined.base)
    own = [str(place.folder / "data"), str(place.inbox)]
    others = [confined.base, place.folder, place.config.parent, place.config, place.folder / "secret"]
    others += [confined.base / "program", confined.base / "program" / "watcher" / "daemon.py", Path("/"), Path("/etc")]
    # By rights alone anybody may write there; the unit and the container give it one of its own.
    others += [] if "rights" in request.node.name else [Path("/tmp"), Path("/var/tmp"), Path("/dev/shm")]

    process = confined.start("-c", TRY_ALL, *own, *map(str, others))
    out, _ = process.communicate(timeout=60)

    assert process.returncode == 0, (confined.base / "log.txt").read_text()
    found = json.loads(out)
    assert (found["written"], found["capabilities"], found["home"]) == (own, 0, None)
    assert found["uid"] == (NOBODY if IS_ROOT else 0)  # of its own namespace, in which it may do nothing


def at_work(confined: Confined, receiver: Receiver) -> str:
    """Run the daemon, give it a filing, and return the state that its API tells."""
    made = Generator(seed=5).submission()
    process = confined.start("-m", "watcher.cli", "run", "--config", str(confined.place.config))
    assert process.stdout is not None
    try:
        first = process.stdout.readline()
        found = re.search(r"http://\S+", first)
        assert found, f"{first}\n{(confined.base / 'log.txt').read_text()}"
        (confined.place.inbox / f"{made.accession}.txt").write_bytes(made.raw)
        assert wait_until(lambda: bool(receiver.accepted), 60), (confined.base / "log.txt").read_text()
        assert made.accession.encode() in receiver.accepted[0].body
        with urllib.request.urlopen(f"{found[0]}/v1/filings/{made.accession}") as answer:
            return str(json.loads(answer.read())["state"])
    finally:
        process.send_signal(signal.SIGTERM)
        process.stdout.read()
        process.stdout.close()
        assert process.wait(60) == 0


async def test_it_saves_and_tells_a_filing_all_the_same(confined: Confined) -> None:
    receiver = Receiver(secret=confined.place.secret)
    async with receive(receiver) as url:
        place = confined.place
        place.set_up(receiver=url)
        (place.folder / "secret").write_text(receiver.secret + "\n")  # each Place makes one up
        given_away(confined.base)
        state = await asyncio.to_thread(at_work, confined, receiver)

    assert state == "saved"
    assert (place.folder / "data" / "eightk.db").stat().st_uid == (NOBODY if IS_ROOT else os.geteuid())
    log = (confined.base / "log.txt").read_text()
    assert "Read-only" not in log
    assert "Traceback" not in log
