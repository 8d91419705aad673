"""``eightk audit``: whether all that EDGAR lists of a day is in the store."""

from __future__ import annotations

import asyncio
import sys
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from watcher.cli._daemon import ask_daemon
from watcher.cli._options import DATE, config_option, settings_of
from watcher.cli._printing import say_json, say_line
from watcher.config import DEFAULT_FILE
from watcher.edgar.calendar import is_business_day

if TYPE_CHECKING:
    from watcher.ready import Ready

__all__ = ["COMMANDS"]

EXIT_NO = 1
EXIT_FAILED = 3
# Asking EDGAR may wait for its turn, and for a slow answer.
ASK_SECONDS = 330.0


@click.command()
@config_option
@click.option("--date", "day", type=DATE, help="Which day; the last business day whose index should be there.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
def audit(config: Path | None, day: datetime | None, as_json: bool) -> None:
    """Compare the store with EDGAR's own index of a day, and take in what is missing.

    Exit code 0: nothing was missing; 1: something was, it is listed and fetched (by the daemon, if one is running);
    3: EDGAR could not be asked, or has no index of that day yet. A day that is no business day of EDGAR's has no
    index, and nothing can be missing: 0.
    """
    from watcher.lock import owner_of

    wanted = day.date() if day else None
    owner = owner_of(settings_of(config).store_path)
    if owner is not None:
        query = f"?day={wanted}" if wanted else ""
        found = ask_daemon(owner, "POST", f"/v1/audits{query}", seconds=ASK_SECONDS)
    else:
        from watcher.ready import examine

        found = asyncio.run(_audit_here(examine(config or DEFAULT_FILE), wanted))
    if as_json:
        say_json(found)
    else:
        for line in _lines(found):
            say_line(line)
    sys.exit(_exit_code(found))


async def _audit_here(ready: Ready, day: date | None) -> dict[str, Any]:
    """No daemon owns the store: compare in this process, and fetch and save what is missing, deliveries included."""
    from watcher.daemon import Daemon
    from watcher.store import filings
    from watcher.web.show import audit_json

    async with Daemon.open(ready) as daemon:
        async with daemon.working():
            try:
                result = await daemon.audit(day)
            except ValueError as error:
                raise click.UsageError(str(error)) from error
        found = audit_json(result)
        for one in found["missing_filings"]:
            one["state"] = (await daemon.store.read(filings.get, one["accession"])).state
    return found


def _exit_code(found: dict[str, Any]) -> int:
    if found["missing_filings"]:
        return EXIT_NO
    was_read = found["has_index"] and found["state"] != "failed"
    return 0 if was_read or _is_no_day(found) else EXIT_FAILED


def _is_no_day(found: dict[str, Any]) -> bool:
    """Whether EDGAR has no index because it was closed."""
    is_waiting = found["state"] == "waiting" and not found["has_index"]
    return is_waiting and not is_business_day(date.fromisoformat(found["day"]))


def _lines(found: dict[str, Any]) -> list[str]:
    """What was found, for a person at a terminal."""
    missing, gone, returned = (found[f"{kind}_filings"] for kind in ("missing", "gone", "returned"))
    lines = [f"{found['day']}: {_summary(found, len(missing))}"]
    lines += [_missing_line(one) for one in missing]
    lines += [f"  {accession}  gone: EDGAR's index does not have it any more" for accession in gone]
    lines += [f"  {accession}  back in EDGAR's index" for accession in returned]
    return lines


def _summary(found: dict[str, Any], missing: int) -> str:
    if _is_no_day(found):
        return "no business day of EDGAR's, and it has no index of it"
    if not found["has_index"]:
        return str(found["reason"])
    told = f"{missing} were missing" if missing > 1 else "1 was missing" if missing else "none is missing"
    odd = f" ({found['reason']})" if found["reason"] else ""
    return f"EDGAR lists {found['listed']} filings of the 8-K family, {told}{odd}"


def _missing_line(one: dict[str, Any]) -> str:
    state = one.get("state", "handed to the daemon")
    return f"  {one['accession']}  {one['form'] or '?':<7} {state:<9} {one['company']}"


COMMANDS = [audit]
