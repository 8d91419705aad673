"""Settings of a daemon that tells one receiver of every filing."""

from __future__ import annotations

from pathlib import Path

from watcher.signing import new_secret

__all__ = ["write_settings"]

_RULES = """\
version: 1
groups:
- name: soak
  rules:
  - {id: every-filing, title: A filing, match: {form|exists: "true"}, include_amendments: "true", notify: [desk]}
"""
_SETTINGS = """\
[web]
listen = "127.0.0.1:0"
[audit]
enabled = false
[operator]
quiet_minutes = 0
[endpoint.desk]
kind = "webhook"
url = "{receiver}/hook"
secret_file = "secret"
allow = ["{address}"]
requests_per_second = 0
[log]
format = "json"
"""
_EDGAR = """\
[edgar]
contact = "A made-up load soak@example.com"
base_url = "{edgar}"
poll_seconds = {poll}
company_hours = 0
"""


def write_settings(folder: Path, *, receiver: str, edgar: str = "", poll_seconds: float = 30.0) -> str:
    """Write them into an empty folder, and return the secret. Without ``edgar`` it watches its folder only."""
    (folder / "config" / "rules").mkdir(parents=True)
    (folder / "config" / "rules" / "soak.yaml").write_text(_RULES)
    secret = new_secret()
    (folder / "secret").write_text(f"{secret}\n")
    settings = _SETTINGS.format(receiver=receiver, address=receiver.removeprefix("http://"))
    if edgar:
        settings += _EDGAR.format(edgar=edgar, poll=poll_seconds)
    (folder / "config" / "eightk.toml").write_text(settings)
    return secret
