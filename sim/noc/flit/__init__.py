"""Cycle-accurate routers: every flit, credit and virtual channel."""
