"""``python -m release.dist``: build wheel and sdist into `dist`, twice and to the same bytes, and look them over.

Nothing is fetched: the build tool is the locked one of this environment.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from collections.abc import Iterable, Sequence
from pathlib import Path

from packaging.metadata import Metadata

from release.lockfile import ROOT
from release.version import released_at, version

__all__ = ["DIST", "build", "faults_of_sdist", "faults_of_wheel", "main", "names_of", "snapshot", "unpack"]

DIST = ROOT / "dist"
TOPS = {"watcher", "handlers"}
# One of each kind of file that is no Python, and must come along.
NEEDED = (
    "watcher/py.typed",
    "watcher/template/eightk.toml",
    "watcher/template/rules",
    "watcher/store/migrations/versions/0001_first.py",
    "watcher/store/migrations/script.py.mako",
    "watcher/web/templates",
    "watcher/web/static",
    "handlers/classify/events",
)
SDIST_NEEDED = ("tests/conftest.py", "docs/deploy.md", "deploy/eightk.service", "LICENSE", "README.md", "CHANGELOG.md")
JUNK = ("__pycache__", ".pyc", ".db", ".git/", ".venv/", "secrets/", "/data/", "/inbox/")


def build(source: Path, target: Path, kind: str, epoch: int) -> Path:
    """Build one ``wheel`` or ``sdist`` of this source, and return it. Raises ``RuntimeError`` with the tool's words."""
    target.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "hatchling", "build", "--target", kind, "--directory", str(target)]
    environment = os.environ | {"SOURCE_DATE_EPOCH": str(epoch)}
    done = subprocess.run(command, cwd=source, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"hatchling: {done.stdout}{done.stderr}")
    (made,) = target.glob("*.whl" if kind == "wheel" else "*.tar.gz")
    return made


def snapshot(folder: Path) -> Path:
    """Copy what is not ignored of this checkout, so that nothing moves while it is built. Returns the copy."""
    listed = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(listed, cwd=ROOT, capture_output=True, text=True, check=True).stdout.splitlines()
    for name in names:
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, folder / name)
    return folder


def unpack(sdist: Path, folder: Path) -> Path:
    """Unpack a sdist, and return the one folder in it."""
    with tarfile.open(sdist) as archive:
        archive.extractall(folder, filter="data")
    (inside,) = folder.iterdir()
    return inside


def names_of(package: Path) -> tuple[str, ...]:
    """Return the files in a wheel or a sdist; without the folder that all of a sdist lies in."""
    if package.suffix == ".whl":
        with zipfile.ZipFile(package) as archive:
            return tuple(archive.namelist())
    with tarfile.open(package) as archive:
        return tuple(name.partition("/")[2] for name in archive.getnames())


def faults_of_wheel(wheel: Path, source: Path) -> list[str]:
    """Say what is wrong in a wheel of this source."""
    names = names_of(wheel)
    info = f"eightk-{version()}.dist-info"
    faults = _faults(names, (*NEEDED, f"{info}/licenses/LICENSE", f"{info}/entry_points.txt"))
    faults += [f"not meant for a user: {name}" for name in names if name.split("/")[0] not in {*TOPS, info}]
    there = {
        path.relative_to(source).as_posix() for top in TOPS for path in (source / top).rglob("*") if path.is_file()
    }
    lost = {name for name in there if "__pycache__" not in name} - set(names)
    faults += [f"lost: {name}" for name in sorted(lost)]
    with zipfile.ZipFile(wheel) as archive:
        metadata = Metadata.from_email(archive.read(f"{info}/METADATA"))  # raises what is wrong with it
    if metadata.description_content_type != "text/markdown" or not metadata.description:
        faults.append("the README is not in the metadata")
    return faults


def faults_of_sdist(sdist: Path) -> list[str]:
    """Say what is wrong in a sdist."""
    return _faults(names_of(sdist), (*SDIST_NEEDED, *(name.replace("watcher/template", "config") for name in NEEDED)))


def main(arguments: Sequence[str]) -> int:
    """Build, compare, look over. Returns the exit code."""
    epoch = released_at()
    for old in DIST.glob("eightk-*"):
        old.unlink()
    with tempfile.TemporaryDirectory(prefix="eightk-dist-") as name:
        folder = Path(name)
        source = snapshot(folder / "source")
        wheel, sdist = build(source, DIST, "wheel", epoch), build(source, DIST, "sdist", epoch)
        inside = unpack(sdist, folder / "unpacked")
        twins = (
            (wheel, "built again", build(source, folder / "again", "wheel", epoch)),
            (sdist, "built again", build(source, folder / "again", "sdist", epoch)),
            (wheel, "built from the sdist", build(inside, folder / "from-sdist", "wheel", epoch)),
        )
        faults = [f"{one.name}: other bytes when {how}" for one, how, twin in twins if _sha(one) != _sha(twin)]
        faults += faults_of_wheel(wheel, inside) + faults_of_sdist(sdist)
    for package in (wheel, sdist):
        print(
            f"{package.name}: {package.stat().st_size:,} bytes, {len(names_of(package))} files, sha256 {_sha(package)}"
        )
    print(
        *faults or ["the same bytes when built again, and from the sdist; contents and metadata as they should be"],
        sep="\n",
    )
    return 1 if faults else 0


def _faults(names: Sequence[str], needed: Iterable[str]) -> list[str]:
    missing = [one for one in needed if not any(name == one or name.startswith(f"{one}/") for name in names)]
    junk = [name for name in names if any(one in f"/{name}" for one in JUNK)]
    return [f"missing: {one}" for one in missing] + [f"junk: {name}" for name in junk]


def _sha(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
