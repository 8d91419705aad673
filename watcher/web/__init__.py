"""The page and the API, served by the daemon itself on loopback."""
