"""The cycle loop, compiled by numba; `entry.load()` gives it."""
