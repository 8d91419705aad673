"""The schema's history, applied by Alembic; only ever added to."""
