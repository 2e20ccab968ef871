"""The event loop of the compiled engine, in numba; `entry.load` returns it as one compiled function."""
