"""A quarter in minutes, ten times EDGAR's busiest minute, a million filings: ``python -m bench.soak``."""
