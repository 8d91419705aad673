"""What the tutorial tells its reader to type is typed, and prints what it says it does."""

import socket
import sys
import sysconfig
from pathlib import Path

import pytest
from _required import do_without
from _shell import Shell, type_page

from docs._make.pages import DOCS, ROOT, blocks_of


def test_the_tutorial_does_what_it_says(tmp_path: Path) -> None:
    """From the checkout on, with an installation of its own: packages that are here already are not fetched."""
    with socket.socket() as page:
        if page.connect_ex(("127.0.0.1", 8000)) == 0:
            do_without("something listens on port 8000, which is the page's before anything is set")
    pytest.importorskip("hatchling", reason="the package of what builds eightk is not installed")
    bare = {"PYTHONPATH": sysconfig.get_path("purelib"), "PIP_NO_INDEX": "1", "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
    shell = Shell(tmp_path, ROOT, f"{Path(sys.executable).parent}:/usr/bin:/bin", bare)

    type_page(blocks_of(DOCS / "tutorial.md"), shell)
