"""What a network is, in one line of a table."""

from __future__ import annotations

from dataclasses import dataclass

from .graph import Network


@dataclass(frozen=True)
class NetworkInfo:
    """Size of a network.

    Parameters
    ----------
    params : int
        Stored parameters; tied weights counted once.
    macs : int
        Multiply-accumulates with stored weights, for one inference.
    product_macs : int
        Multiply-accumulates of two activations (attention), for one inference.
    n_operators : int
        Operators after folding and fusion, inputs not counted.
    inputs : tuple of (str, tuple of int)
        Names and shapes.
    """

    name: str
    params: int
    macs: int
    product_macs: int
    n_operators: int
    inputs: tuple[tuple[str, tuple[int, ...]], ...]


def info(network: Network) -> NetworkInfo:
    """Parameters, work and inputs of a network."""
    inputs = tuple((o.name, o.output.shape) for o in network if o.kind == "input")
    n_operators = len(network.operators) - len(inputs)
    return NetworkInfo(network.name, network.params, network.macs, network.product_macs, n_operators, inputs)
