"""What the documents tell a receiver to do: verifying, in Python and in Node."""

import json
import re
import shutil
import subprocess
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from watcher.signing import new_secret, parse_secret, sign

TEXT = (Path(__file__).resolve().parents[1] / "docs" / "webhooks.md").read_text(encoding="utf-8")
BODY = '{"type":"filing.matched","company":"Café"}'.encode()
Verify = Callable[[str, Mapping[str, str], bytes], None]


def block(language: str) -> str:
    (found,) = re.findall(rf"```{language}\n(.*?)```", TEXT, re.DOTALL)
    return str(found)


def in_python(folder: Path) -> Verify:
    names: dict[str, Any] = {}
    exec(compile(block("python"), "webhooks.md", "exec"), names)
    verify: Verify = names["verify"]
    return verify


def in_node(folder: Path) -> Verify:
    node = shutil.which("node")
    if node is None:
        pytest.skip("no Node on this machine")
    (folder / "verify.mjs").write_text(block("js"))
    (folder / "main.mjs").write_text(
        'import { verify } from "./verify.mjs";\n'
        "const [secret, headers, body] = JSON.parse(process.argv[2]);\n"
        'verify(secret, headers, Buffer.from(body, "hex"));\n'
    )

    def verify(secret: str, headers: Mapping[str, str], body: bytes) -> None:
        told = json.dumps([secret, dict(headers), body.hex()])
        done = subprocess.run([node, folder / "main.mjs", told], capture_output=True, text=True, check=False)
        if done.returncode:
            raise ValueError(done.stderr)

    return verify


def signed(*secrets: str, at: float) -> dict[str, str]:
    signature = sign([parse_secret(one) for one in secrets], "alr_1", int(at), BODY)
    return {"webhook-id": "alr_1", "webhook-timestamp": str(int(at)), "webhook-signature": signature}


@pytest.mark.parametrize("language", [in_python, in_node])
def test_what_is_shown_accepts_a_true_message_and_no_other(language: Callable[[Path], Verify], tmp_path: Path) -> None:
    verify, secret, older = language(tmp_path), new_secret(), new_secret()
    now = time.time()

    verify(secret, signed(secret, at=now), BODY)
    verify(older, signed(secret, older, at=now), BODY)
    with pytest.raises(ValueError, match="altered"):
        verify(secret, signed(secret, at=now), BODY + b" ")
    with pytest.raises(ValueError, match="another secret"):
        verify(older, signed(secret, at=now), BODY)
    for wrong in (now - 400, now + 400):
        with pytest.raises(ValueError, match="replay"):
            verify(secret, signed(secret, at=wrong), BODY)


@pytest.mark.parametrize("language", ["python", "js"])
def test_what_is_shown_is_short(language: str) -> None:
    assert len(block(language).strip().splitlines()) <= 12
