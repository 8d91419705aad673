"""Several daemons on one PostgreSQL through a busy day, killed one after the other: ``python -m bench.many``."""
