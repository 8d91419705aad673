"""Makes each peer's own virtual environment, once, and says how its readers are started.

What is installed stands in ``bench/peers/<peer>.txt``, every version pinned with the hashes of its files; from where is
pip's own configuration.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

from bench.errors import BenchError, ReaderError

__all__ = ["CRAWLER", "OURS", "PEERS", "ROOT", "Environment", "Peer", "install", "named", "ours", "version_of"]

ROOT = Path(__file__).resolve().parents[1]
OURS = "eightk"
CRAWLER = "edgar-crawler"
_INSTALL_SECONDS = 1_800
_PINS = Path(__file__).parent / "peers"
_BUILD_TOOL = _PINS / "build.txt"  # what datamule's flashtext, of which there is no wheel, is built with
# Nothing is fetched whose hash does not stand in a file here: no build tool, and no dependency that is not named.
_PIP = (
    *("-m", "pip", "install", "--quiet", "--disable-pip-version-check"),
    *("--require-hashes", "--no-deps", "--no-build-isolation"),
)
_DESCRIBE = ("git", "describe", "--always", "--dirty", "--exclude=*", "--abbrev=12")


@dataclass(frozen=True, slots=True)
class Peer:
    """A reader of somebody else's."""

    name: str
    module: str  # of ours: what serves its tasks
    imports: str  # what its users import first


PEERS = {
    peer.name: peer
    for peer in (
        Peer("edgartools", "bench.runners.edgartools", "edgar"),
        Peer("datamule", "bench.runners.datamule", "datamule"),
        Peer("sec-parser", "bench.runners.sec_parser", "sec_parser"),
        Peer("selectolax", "bench.runners.selectolax", "selectolax.lexbor"),
        Peer(CRAWLER, "bench.runners.edgar_crawler", "extract_items"),
    )
}


@dataclass(frozen=True, slots=True)
class Environment:
    """An interpreter with one reader in it."""

    name: str
    python: Path
    variables: dict[str, str] = field(default_factory=dict)

    def all_variables(self) -> dict[str, str]:
        """The variables that its processes are given."""
        return {**os.environ, "PYTHONHASHSEED": "0", "PYTHONWARNINGS": "ignore", **self.variables}


def ours() -> Environment:
    """The environment that the bench itself runs in."""
    return Environment(OURS, Path(sys.executable))


def install(peer: Peer, cache: Path, checkout: Path | None = None) -> Environment:
    """Make this peer's environment under ``cache``, or find it there as it was made before.

    ``checkout`` is where edgar-crawler lies, which no registry has. Raises `ReaderError` when it cannot be installed.
    """
    if checkout is not None and not (checkout / "extract_items.py").is_file():
        raise ReaderError(f"{peer.name}: expected a checkout with extract_items.py, came {checkout}")
    folder = (cache / peer.name).resolve()
    python = folder / "bin" / "python"
    files = (_BUILD_TOOL, _PINS / f"{peer.name}.txt")
    stamp = folder / "installed"
    pins = "".join(file.read_text(encoding="utf-8") for file in files)
    wanted = hashlib.sha256(f"{sys.version}\n{pins}".encode()).hexdigest()
    if not stamp.exists() or stamp.read_text(encoding="utf-8") != wanted:
        _run(peer, [sys.executable, "-m", "venv", "--clear", str(folder)])
        for file in files:
            _run(peer, [str(python), *_PIP, "-r", str(file)])
        stamp.write_text(wanted, encoding="utf-8")
    return Environment(peer.name, python, _variables(folder, checkout))


def _variables(folder: Path, checkout: Path | None) -> dict[str, str]:
    """Keep what a peer writes inside its folder, and give it the identity that it asks for before anything else."""
    home = folder / "home"
    home.mkdir(exist_ok=True)
    variables = {
        "HOME": str(home),
        "EDGAR_LOCAL_DATA_DIR": str(home),
        "EDGAR_IDENTITY": "Bench bench@example.com",
    }
    if checkout is None:
        return variables
    return {**variables, "PYTHONPATH": str(checkout.resolve()), "EDGAR_CRAWLER_VERSION": version_of(checkout)}


def version_of(checkout: Path) -> str:
    """Name a checkout's commit, with a mark when files differ from it; without its history, its reader's SHA-256."""
    commit = _commit(checkout)
    if commit:
        return f"commit {commit}"
    digest = hashlib.sha256((checkout / "extract_items.py").read_bytes()).hexdigest()
    return f"extract_items.py with SHA-256 {digest[:12]}"


def _commit(checkout: Path) -> str:
    """Ask git; "" where it cannot tell. A folder around the checkout has a history, too, but of another project."""
    if not (checkout / ".git").exists() or shutil.which("git") is None:
        return ""
    return subprocess.run(_DESCRIBE, cwd=checkout, capture_output=True, text=True, check=False).stdout.strip()


def _run(peer: Peer, command: list[str]) -> None:
    try:
        subprocess.run(command, check=True, capture_output=True, text=True, timeout=_INSTALL_SECONDS)
    except subprocess.CalledProcessError as error:
        said = [line for line in error.stderr.splitlines() if line.strip()]
        raise ReaderError(f"{peer.name}: cannot be installed: {said[-1] if said else error}") from error
    except (OSError, subprocess.TimeoutExpired) as error:
        raise ReaderError(f"{peer.name}: cannot be installed: {error}") from error


def named(names: str) -> list[Peer]:
    """Find the peers of a list of names with commas. Raises `BenchError` for one that there is not."""
    wanted = [name.strip() for name in names.split(",") if name.strip()]
    unknown = [name for name in wanted if name not in PEERS or name == CRAWLER]
    if unknown:
        known = ", ".join(name for name in PEERS if name != CRAWLER)
        raise BenchError(f"unknown peer: {', '.join(unknown)}; there are {known} (and edgar-crawler by its path)")
    return [PEERS[name] for name in wanted]
