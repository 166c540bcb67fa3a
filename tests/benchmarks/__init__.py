"""Benchmarks, run by hand: `make bench`. Timings are never tests."""
