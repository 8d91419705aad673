"""Bulk work, which never passes the engine: a function over many items, in chunks, here or on a cluster."""
