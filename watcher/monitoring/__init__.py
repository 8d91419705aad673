"""How the daemon is, whether it can be relied on, and who is told when it cannot."""
