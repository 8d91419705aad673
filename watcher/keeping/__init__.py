"""What is kept and for how long: backups, exports, retention, a move to another database."""
