"""A pretend EDGAR on loopback, for demos, tests, load and faults."""
