"""A made-up week of EDGAR, all faults on, the daemon killed at random: ``python -m bench.week``."""
