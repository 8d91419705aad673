"""What can go wrong, done on purpose, again and again: ``python -m bench.chaos``."""
