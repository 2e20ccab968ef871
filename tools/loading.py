"""Networks and chips as the command line names them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Literal

from . import arguments
from .errors import UsageError

if TYPE_CHECKING:
    from ..arch.chip import Chip
    from ..workloads.graph import Network


def load_network(
    source: str,
    bind: Iterable[str] = (),
    inputs: Iterable[str] = (),
    unknown_operators: str = "error",
    weight_inputs_from: int | None = None,
) -> Network:
    """The network of a zoo name or file, with the texts of --bind and --input."""
    from .. import workloads

    return workloads.load(
        source,
        bind=arguments.dimensions(bind),
        input_shapes=arguments.shapes(inputs),
        unknown_operators=_policy(unknown_operators),
        weight_inputs_from=weight_inputs_from,
    )


def load_chip(source: str, overrides: Iterable[str] = (), n_chips: int | None = None) -> Chip:
    """The chip of a preset's name or file, with the texts of --set."""
    from .. import arch

    changes = arguments.pairs("--set", overrides, "tile.adc.bits=6")
    return arch.load(source, overrides=changes, n_chips=n_chips)


def _policy(text: str) -> Literal["error", "vector"]:
    if text == "error":
        return "error"
    if text == "vector":
        return "vector"
    raise UsageError(f"--unknown-operators: found {text!r}, expected 'error' or 'vector'")
