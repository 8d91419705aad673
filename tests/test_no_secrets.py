"""No secret is in the repository: what looks like one is made up for a test or an example, and is known.

`.secrets.baseline` holds those by their hashes; ``make secrets`` writes it anew, and a person looks at what came in.
"""

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from detect_secrets.core.scan import scan_file
from detect_secrets.settings import transient_settings

ROOT = Path(__file__).resolve().parents[1]
BASELINE = ROOT / ".secrets.baseline"
# Made by tools, and full of hashes; or no text.
LEFT_OUT = ("requirements", ".secrets.baseline")
NO_TEXT = {".png", ".gz", ".webp", ".woff2", ".ico"}

Secret = tuple[str, str, str]


def scanned(root: Path, names: list[str]) -> set[Secret]:
    """What looks like a secret: (file, kind, hash). Nobody is asked whether it works."""
    known = json.loads(BASELINE.read_text())
    with transient_settings({"plugins_used": known["plugins_used"], "filters_used": known["filters_used"]}):
        return {(name, one.type, one.secret_hash) for name in names for one in scan_file(str(root / name))}


def known() -> set[Secret]:
    results = json.loads(BASELINE.read_text())["results"]
    return {(name, one["type"], one["hashed_secret"]) for name, found in results.items() for one in found}


def tracked() -> Iterator[str]:
    done = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode:
        pytest.skip("not a checkout: git says nothing of it")
    for name in done.stdout.splitlines():
        is_text = Path(name).suffix not in NO_TEXT and (ROOT / name).is_file()
        if is_text and not name.startswith(LEFT_OUT):
            yield name


def test_what_looks_like_a_secret_is_known_to_be_none() -> None:
    assert scanned(ROOT, list(tracked())) - known() == set()


def test_a_new_secret_would_be_seen(tmp_path: Path) -> None:
    (tmp_path / "settings.py").write_text('TOKEN = "' + "ghp_" + "wWPw5k4aXcaT" * 3 + '"\n')
    (tmp_path / "key.pem").write_text("-----BEGIN " + "RSA PRIVATE KEY-----\nMIIEow\n")

    assert {kind for _, kind, _ in scanned(tmp_path, ["settings.py", "key.pem"])} >= {"GitHub Token", "Private Key"}
