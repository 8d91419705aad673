"""The built-in handlers. They come in by the same entry points as anyone else's."""
