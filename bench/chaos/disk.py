"""A small disk that only the daemon sees: it can be filled up and made read-only, and no other program minds.

It is mounted in a mount namespace of its own, which a process holds that does nothing else. The daemon is started in
that namespace; from outside its files are reached through ``/proc``.
"""

from __future__ import annotations

import asyncio
import errno
import os
import shutil
import subprocess
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from bench.errors import BenchError

__all__ = ["Disk", "lacks_loop", "lacks_namespaces", "small_disk", "worn_disk"]

MEGABYTES = 24
_HOLD = "echo ready && exec cat"
_TMPFS = f'mount -t tmpfs -o size={MEGABYTES}m,mode=700 tmpfs "$1" && {_HOLD}'
_EXT4 = f'mount -o loop,errors=remount-ro "$2" "$1" && {_HOLD}'
_IN_ITS_FOLDER = 'cd "$0" && exec "$@"'
_PROGRAMS = ("unshare", "nsenter", "mount")
_ROOTS_PROGRAMS = ("mkfs.ext4", "e2fsck", "losetup")
_BLOCK = 2**20
_FILL_SECONDS = 0.02


class Disk:
    """A mounted disk. ``inside`` is its folder as the daemon sees it, ``outside`` as this process does."""

    def __init__(self, inside: Path, holder: Process) -> None:
        self.inside = inside
        self._holder = holder

    @property
    def outside(self) -> Path:
        """The same folder through the eyes of its holder; not for SQLite, which looks up where a link leads."""
        return Path(f"/proc/{self._holder.pid}/root{self.inside}")

    @property
    def prefix(self) -> tuple[str, ...]:
        """What a program is started with to see it."""
        user = () if os.geteuid() == 0 else ("--user", "--preserve-credentials")
        enter = ("nsenter", "--target", str(self._holder.pid), *user, "--mount")
        return (*enter, "sh", "-c", _IN_ITS_FOLDER, str(Path.cwd()))

    @asynccontextmanager
    async def full(self) -> AsyncIterator[None]:
        """Have not one byte free while inside: what the daemon gives back is taken as well."""
        if self.outside.stat().st_dev == self.inside.stat().st_dev:
            raise BenchError(f"{self.inside}: no disk is mounted there, and another one must not be filled")
        filler = self.outside / "filler"
        with filler.open("ab", buffering=0) as file:
            _write_until_full(file.fileno())
            filling = asyncio.create_task(_keep_full(file.fileno()))
            try:
                yield
            finally:
                filling.cancel()
                await asyncio.gather(filling, return_exceptions=True)
                filler.unlink()

    async def protect(self) -> None:
        """Let nothing be written that is not open already: another mount, which cannot be written, lies above it."""
        await self._do(f'mount --bind "{self.inside}" "{self.inside}" && mount -o remount,bind,ro "{self.inside}"')

    async def expose(self) -> None:
        """Take that mount away. A program whose folder it is keeps it for as long as it likes."""
        await self._do(f'umount --lazy "{self.inside}"')

    async def wear_out(self) -> None:
        """Have the kernel find an error on it, and let nothing be written any more, by whomever."""
        device = await self._do(f'findmnt --noheadings --output SOURCE "{self.inside}"')
        await self._do(f'echo forced > "/sys/fs/ext4/{Path(device.strip()).name}/trigger_fs_error"')

    async def _do(self, command: str) -> str:
        process = await asyncio.create_subprocess_exec(*self.prefix, "sh", "-c", command, stdout=PIPE, stderr=PIPE)
        told, refused = await process.communicate()
        if process.returncode:
            raise BenchError(f"{command}: {refused.decode().strip()}")
        return told.decode()

    async def take_away(self) -> None:
        """End its holder; the disk goes with the last one that uses it."""
        assert self._holder.stdin is not None
        self._holder.stdin.close()
        await self._holder.communicate()


@asynccontextmanager
async def small_disk(folder: Path) -> AsyncIterator[Disk]:
    """Mount one of `MEGABYTES` in memory over a folder, which is made. Raises ``BenchError``."""
    async with _held(folder, _TMPFS) as disk:
        yield disk


@asynccontextmanager
async def worn_disk(folder: Path, image: Path) -> AsyncIterator[Disk]:
    """Mount the file system that is in ``image``, made or checked before, over a folder. Raises ``BenchError``."""
    if _made_anew(image):
        await _run("mkfs.ext4", "-q", "-F", str(image))
    else:
        await _run("e2fsck", "-f", "-y", str(image), well=(0, 1))
    async with _held(folder, _EXT4, str(image)) as disk:
        yield disk


def lacks_namespaces() -> str:
    """Say what this machine lacks for a small disk; "" when nothing."""
    if missing := [name for name in _PROGRAMS if shutil.which(name) is None]:
        return f"needs {', '.join(missing)}"
    done = subprocess.run([*_unshare(), "true"], capture_output=True, text=True, check=False)
    return f"no mount namespace can be had here: {done.stderr.strip()}" if done.returncode else ""


def lacks_loop() -> str:
    """Say what this machine lacks for a disk with a real file system; "" when nothing."""
    if os.geteuid():
        return "needs root, to mount a file as a disk"
    if missing := [name for name in _ROOTS_PROGRAMS if shutil.which(name) is None]:
        return f"needs {', '.join(missing)}"
    done = subprocess.run(["losetup", "--find"], capture_output=True, text=True, check=False)
    return f"no file can be mounted as a disk here: {done.stderr.strip()}" if done.returncode else lacks_namespaces()


@asynccontextmanager
async def _held(folder: Path, script: str, *more: str) -> AsyncIterator[Disk]:
    _make(folder)
    command = (*_unshare(), "sh", "-c", script, "sh", str(folder), *more)
    holder = await asyncio.create_subprocess_exec(*command, stdin=PIPE, stdout=PIPE, stderr=PIPE)
    assert holder.stdout is not None
    disk = Disk(folder, holder)
    try:
        if await holder.stdout.readline() != b"ready\n":
            _, refused = await holder.communicate()
            raise BenchError(f"{folder}: no small disk can be mounted: {refused.decode().strip()}")
        yield disk
    finally:
        await disk.take_away()


def _make(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)


def _made_anew(image: Path) -> bool:
    """Make the file that a disk is to lie in; False when it is there."""
    if image.exists():
        return False
    with image.open("wb") as file:
        file.truncate(MEGABYTES * _BLOCK)
    return True


async def _run(*command: str, well: tuple[int, ...] = (0,)) -> None:
    process = await asyncio.create_subprocess_exec(*command, stdout=PIPE, stderr=asyncio.subprocess.STDOUT)
    told, _ = await process.communicate()
    if process.returncode not in well:
        raise BenchError(f"{' '.join(command)}: {told.decode().strip()}")


def _unshare() -> tuple[str, ...]:
    user = () if os.geteuid() == 0 else ("--user", "--map-root-user")
    return ("unshare", *user, "--mount")


async def _keep_full(file: int) -> None:
    while True:
        await asyncio.sleep(_FILL_SECONDS)
        _write_until_full(file)


def _write_until_full(file: int) -> None:
    for block in (_BLOCK, 4096, 1):
        try:
            while os.write(file, b"\0" * block) == block:
                pass
        except OSError as error:
            if error.errno != errno.ENOSPC:
                raise
