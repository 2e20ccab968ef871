"""Benchmarks and comparisons with other tools, run by hand: ``python -m ohmsum.tools.bench.<name>``."""
