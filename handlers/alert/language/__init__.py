"""Rule files: read, checked, tested; every mistake told with its place."""
