"""Engines: who works on what, now.

`port` is what every engine promises, `embedded` the one inside the daemon, `distributed` that of several daemons.
"""
