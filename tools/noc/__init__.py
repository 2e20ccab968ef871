"""The traffic bench of an interconnect: `ohmsum noc`."""

from .measure import Curve, Replay, replay_trace, sweep_rates
from .rates import parse_rates
from .router_text import parse_router
from .spec import BenchNetwork, load_network

__all__ = [
    "BenchNetwork",
    "Curve",
    "Replay",
    "load_network",
    "parse_rates",
    "parse_router",
    "replay_trace",
    "sweep_rates",
]
