"""What can go wrong with a bench.

BenchError            nothing can be measured: the usage, the folder or the answers are wrong
  ReaderError         one reader cannot be installed or has ended; the others go on
"""

__all__ = ["BenchError", "ReaderError"]


class BenchError(Exception):
    """Nothing can be measured. The text says what was expected and what came."""


class ReaderError(BenchError):
    """One reader is left out. The text begins with its name."""
