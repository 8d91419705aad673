"""Where this machine keeps its files is told to nobody who looks at a page."""

from pathlib import Path

import pytest

from watcher.bare_paths import bare


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("/srv/my eightk/config/rules/mine.yaml:3:5: no field", "config/rules/mine.yaml:3:5: no field"),
        ("/var/lib/eightk/data: only 0.50 GB are free", "data: only 0.50 GB are free"),
        ("[Errno 28] No space left on device: '/opt/x/inbox/a.txt'", "[Errno 28] No space left on device: 'a.txt'"),
        ("polling https://www.sec.gov/cgi-bin/browse-edgar", "polling https://www.sec.gov/cgi-bin/browse-edgar"),
        ("fetch it by /v1/filings/x, HTTP/1.1", "fetch it by /v1/filings/x, HTTP/1.1"),
        ("read/write and 3/4", "read/write and 3/4"),
        ("", ""),
    ],
)
def test_of_a_path_only_what_helps_is_left(text: str, shown: str) -> None:
    assert bare(text, [Path("/srv/my eightk"), Path("/")]) == shown
