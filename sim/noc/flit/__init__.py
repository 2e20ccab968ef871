"""Cycle-accurate routers: every flit, credit and virtual channel.

numba is imported when a network first runs, not before.
"""

from ..router import BOOKSIM, RouterConfig
from .bench import bench, check_routing, curve, knee, replay, throughput, traffic_curve
from .network import Delivered, FlitNetwork
from .run import LatencyPoint, Sampling
from .traffic import Trace, Traffic, read_trace, traffic

__all__ = [
    "BOOKSIM",
    "Delivered",
    "FlitNetwork",
    "LatencyPoint",
    "RouterConfig",
    "Sampling",
    "Trace",
    "Traffic",
    "bench",
    "check_routing",
    "curve",
    "knee",
    "read_trace",
    "replay",
    "throughput",
    "traffic",
    "traffic_curve",
]
