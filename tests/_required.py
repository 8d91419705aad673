"""Programs of the system that some tests need: a skip with its reason where one is missing, a failure in CI."""

import os
import shutil

import pytest

__all__ = ["do_without", "program"]


def do_without(reason: str) -> None:
    """Skip the test; or fail it, where ``EIGHTK_REQUIRE_SERVERS`` says that nothing may be missing."""
    if os.environ.get("EIGHTK_REQUIRE_SERVERS"):
        pytest.fail(reason)
    pytest.skip(reason)


def program(name: str, package: str) -> str:
    """Where a program is. Debian has it in ``package``."""
    found = shutil.which(name)
    if found is None:
        do_without(f"{name} is not installed (Debian: apt install {package})")
    return found or ""
