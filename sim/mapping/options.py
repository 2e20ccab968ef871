"""What the user may choose about the mapping."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class MappingOptions:
    """Choices of the mapping; the defaults are what `ohmsum run` does.

    Parameters
    ----------
    replicate : bool
        Give spare tiles to the slowest stages.
    host : bool
        Operators for which the chip has no unit run on the host; False makes that an error.
    digital : tuple of str
        Names (or ONNX types) of operators with weights that stay off the crossbars.
    placement : {"linear", "greedy", "anneal"}
        linear: along a serpentine through the mesh. greedy: from there, swaps of tiles that shorten ways and
        relieve busy links. anneal: the same, accepting some worse swaps at first.
    multicast : bool
        A stream with several consumers is sent once, along a tree; else once to each tile that wants it.
    seed : int
        Of the local search.
    swap : bool
        Layers that do not all fit take turns on the crossbars, written anew for every inference.
    swap_overlap : bool
        Half of the crossbars is written while the other half computes; else all of them do the same.
    swap_group : int
        Inferences that every segment computes for before the next takes its place; at least 1.
    partition : {"pipeline", "tensor", "auto"}
        Over several chips: layers one after the other (pipeline), or the columns of every layer over all
        chips (tensor). auto is settled by `simulate`, which runs both.
    attention : {"auto", "mac_array", "unit", "analog", "host"}
        Where products of two activations run; auto: as the chip says, or on the nearest hardware.
    dense_attention : bool
        Work that a causal mask hides is done all the same.
    """

    replicate: bool = True
    host: bool = True
    digital: tuple[str, ...] = ()
    placement: Literal["linear", "greedy", "anneal"] = "greedy"
    multicast: bool = True
    seed: int = 0
    swap: bool = False
    swap_overlap: bool = True
    swap_group: int = 1
    partition: Literal["pipeline", "tensor", "auto"] = "pipeline"
    attention: Literal["auto", "mac_array", "unit", "analog", "host"] = "auto"
    dense_attention: bool = False
