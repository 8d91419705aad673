"""Settings of a daemon that tells one receiver of every filing, as far as runs of several kinds have them in common."""

from __future__ import annotations

from pathlib import Path

from watcher.deliver import IN_FLIGHT
from watcher.settings import EdgarSettings

__all__ = ["RULE", "edgar_table", "settings_for", "write_config"]

RULE = "every-filing"
_RULES = """\
version: 1
groups:
- name: {group}
  rules:
  - {{id: {rule}, title: A filing, match: {{{match}}}, include_amendments: "true", notify: [desk]}}
"""
_EVERY = 'form|exists: "true"'
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
concurrency = {concurrency}
[log]
format = "json"
"""
_EDGAR = """\
[edgar]
contact = "{contact}"
base_url = "{url}"
requests_per_second = {requests_per_second}
poll_seconds = {poll_seconds}
company_hours = 0
"""


def settings_for(receiver: str, *, concurrency: int = IN_FLIGHT) -> str:
    """Tell this receiver, so many deliveries at once, at any rate; no audit, and no alarm of a quiet day."""
    return _SETTINGS.format(receiver=receiver, address=receiver.removeprefix("http://"), concurrency=concurrency)


def edgar_table(
    url: str,
    contact: str,
    *,
    poll_seconds: float,
    requests_per_second: float = EdgarSettings().requests_per_second,
) -> str:
    """Poll the simulator at this URL. It is one table, and ends the text: further keys may be put behind it."""
    return _EDGAR.format(url=url, contact=contact, poll_seconds=poll_seconds, requests_per_second=requests_per_second)


def write_config(folder: Path, settings: str, *, secret: str, group: str, match: str = _EVERY) -> None:
    """Write settings, one rule in a group of this name, and the receiver's secret into a folder without any."""
    rules = folder / "config" / "rules"
    rules.mkdir(parents=True)
    (rules / f"{group}.yaml").write_text(_RULES.format(group=group, rule=RULE, match=match))
    (folder / "secret").write_text(f"{secret}\n")
    (folder / "config" / "eightk.toml").write_text(settings)
