"""``python -m watcher.cli`` is ``eightk``."""

from watcher.cli import main

if __name__ == "__main__":
    main()
