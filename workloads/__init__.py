"""What a network is: a graph of operators with static shapes, and how it is read from files."""

from .errors import NetworkError
from .formats import Format
from .functions import FUNCTIONS, Function
from .graph import Grid, Matrix, Network, Operator, Port, Product, Reach, Tensor, Window
from .info import NetworkInfo, info
from .load import from_torch, load, names

__all__ = [
    "FUNCTIONS",
    "Format",
    "Function",
    "Grid",
    "Matrix",
    "Network",
    "NetworkError",
    "NetworkInfo",
    "Operator",
    "Port",
    "Product",
    "Reach",
    "Tensor",
    "Window",
    "from_torch",
    "info",
    "load",
    "names",
]
