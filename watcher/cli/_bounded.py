"""A command that cannot take more than it is given: ``run`` reads ``MEGABYTES SECONDS ARGUMENT...``.

The daemon runs what people try out in such a process: beside its own work, with less of a claim to the processor, and
with bounds that the kernel holds even when the daemon is gone.
"""

from __future__ import annotations

import os
import resource
import signal
import sys

from watcher.cli import main

__all__ = ["run"]

NICE = 10
# Of any one file that is written, which is more than what a try-out needs to say.
FILE_MEGABYTES = 64


def run() -> None:
    """Bound this process, and run the command in it."""
    megabytes, seconds = map(int, sys.argv[1:3])
    sys.argv[1:3] = []
    os.nice(NICE)
    if sys.platform != "darwin":  # macOS refuses a bound on address space
        resource.setrlimit(resource.RLIMIT_AS, (megabytes * 2**20,) * 2)
    resource.setrlimit(resource.RLIMIT_FSIZE, (FILE_MEGABYTES * 2**20,) * 2)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    main()
