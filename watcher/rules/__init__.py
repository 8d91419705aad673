"""Alert rules as the commands know them: found, read and checked by the shapes of `watcher.rulebook` alone."""
