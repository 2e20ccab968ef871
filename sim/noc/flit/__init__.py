"""Cycle-accurate routers: every flit, credit and virtual channel.

numba is imported with this package: import it when a run at flit detail begins, not before.
"""

from .bench import bench, check_routing, curve, knee, throughput, traffic_curve
from .config import BOOKSIM, RouterConfig
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
    "throughput",
    "traffic",
    "traffic_curve",
]
