"""Benchmarks: where the library stands against what its users would pick instead. `python -m benchmarks` runs them."""
