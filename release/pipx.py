"""``python -m release.pipx``: what a user does with pipx and the wheel in `dist`, in a place that is removed.

pipx fetches what the wheel asks for, as for a user: whatever versions are the newest on that day, not the locked ones.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from release.dist import DIST
from release.licences import RELEASE_TOOLS
from release.version import version

__all__ = ["main"]

DEMO_SECONDS = 10


def main() -> int:
    """Install, look, install with an extra, look again. Returns the exit code."""
    (wheel,) = DIST.glob("eightk-*.whl")
    with tempfile.TemporaryDirectory(prefix="eightk-pipx-") as name:
        try:
            _try_out(Path(name), wheel)
        except subprocess.CalledProcessError as error:
            print(f"{error}\n{error.stdout}{error.stderr}")
            return 1
    return 0


def _try_out(folder: Path, wheel: Path) -> None:
    pipx = [str(RELEASE_TOOLS / "bin" / "python"), "-m", "pipx", "install", "--python", sys.executable]
    eightk, place = str(folder / "bin" / "eightk"), folder / "place"
    _run(folder, [*pipx, str(wheel)])
    _expect(f"version {version()}", _run(folder, [eightk, "--version"]))
    _run(folder, [eightk, "init", str(place)])
    _expect("every signature verified", _run(folder, [eightk, "demo", "--seconds", str(DEMO_SECONDS)]))
    print(f"pipx install {wheel.name}: --version, init and demo as they should be")
    _run(folder, [*pipx, "--force", f"eightk[postgres] @ {wheel.resolve().as_uri()}"])
    _expect(f"version {version()}", _run(folder, [eightk, "--version"]))
    _run(folder, [str(folder / "home" / "venvs" / "eightk" / "bin" / "python"), "-c", "import psycopg, procrastinate"])
    print("pipx install 'eightk[postgres] @ file:...': the extra is there")


def _run(folder: Path, command: list[str]) -> str:
    own = {"PIPX_HOME": folder / "home", "PIPX_BIN_DIR": folder / "bin", "PIPX_MAN_DIR": folder / "man"}
    environment = os.environ | {name: str(path) for name, path in own.items()}
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=True)
    return done.stdout + done.stderr


def _expect(words: str, output: str) -> None:
    if words not in output:
        raise subprocess.CalledProcessError(1, "what was printed", output, f"\nexpected: {words}\n")


if __name__ == "__main__":
    sys.exit(main())
