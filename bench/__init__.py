"""Side-by-side benchmarks of the reading of 8-Ks: ``python -m bench``. See docs/benchmarks.md."""
