"""What the user may choose about the mapping."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import ConfigDict, Field, Strict
from pydantic.dataclasses import dataclass

from ..asked import Asked

Switch = Annotated[bool, Strict()]
Natural = Annotated[int, Strict(), Field(ge=0)]


@dataclass(frozen=True, config=ConfigDict(extra="forbid"))
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
        A stream with several consumers is sent once, along a tree, where the chip's routers copy packets
        (`noc.multicast`, which alone says so); False switches it off: once to each tile that wants it.
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
    buffers : {"sized", "unlimited"}
        Streams get room in the tile buffers up to their capacity, or as much as is of use whatever they hold;
        the difference is what the capacity costs.
    most_tokens : int
        Of all streams together; a network with more is refused before anything is laid out for it. Four
        million take about 15 s and 3 GB.
    most_tiles : int
        Of all chips together; more are refused before a place is made for any.
    """

    replicate: Annotated[
        Switch,
        Asked("Do not give spare tiles to the slowest stages.", flag="--no-replicate", turns_off=True),
    ] = True
    host: Annotated[
        Switch,
        Asked(
            "Make it an error if an operator would need the host processor.", flag="--no-host", turns_off=True
        ),
    ] = True
    digital: Annotated[
        tuple[str, ...], Asked("Operator (or type) kept off the crossbars.", "NAME", example="[Gemm]")
    ] = ()
    placement: Annotated[
        Literal["linear", "greedy", "anneal"],
        Asked(
            "linear: in order along the mesh; greedy: from there, swaps that shorten ways and relieve busy "
            "links; anneal: the same, accepting some worse ones at first. The report says what each costs.",
            "NAME",
        ),
    ] = "anneal"
    multicast: Annotated[
        Switch,
        Asked("Send a stream once to each tile that wants it.", flag="--no-multicast", turns_off=True),
    ] = True
    seed: Annotated[Natural, Asked("Of the local search, and of requests that arrive.", "N")] = 0
    swap: Annotated[
        Switch,
        Asked(
            "Layers that do not all fit take turns on the crossbars; half of them is written while the other "
            "half computes.",
            not_with={
                "training": "weights that take turns would be trained in turns",
                "prefill": "phases that share one mapping need weights that stay where they are",
                "decode": "phases that share one mapping need weights that stay where they are",
            },
        ),
    ] = False
    swap_overlap: Annotated[
        Switch,
        Asked(
            "The same, but nothing is written while something computes.",
            flag="--swap-no-overlap",
            turns_off=True,
        ),
    ] = True
    swap_group: Annotated[
        Natural,
        Asked("Inferences that every segment computes for before the next is written.", "B", needs=("swap",)),
    ] = 1
    partition: Annotated[
        Literal["pipeline", "tensor", "auto"],
        Asked(
            "Over several chips. pipeline: layer after layer; tensor: the columns of every layer over all "
            "chips; auto: the faster of both, simulated.",
            "NAME",
        ),
    ] = "pipeline"
    attention: Annotated[
        Literal["auto", "mac_array", "unit", "analog", "host"],
        Asked(
            "Where products of two activations run: auto (as the chip says), mac_array, unit, analog "
            "(crossbars rewritten at run time) or host.",
            "WHERE",
        ),
    ] = "auto"
    dense_attention: Annotated[Switch, Asked("Do the work that causal masks hide all the same.")] = False
    buffers: Annotated[
        Literal["sized", "unlimited"],
        Asked(
            "Room for streams in the tile buffers: sized (up to their capacity) or unlimited, to see what "
            "the capacity costs.",
            "SIZE",
        ),
    ] = "sized"
    most_tokens: Annotated[
        Natural,
        Asked("Refuse a network whose streams have more tokens than this, all together.", "N"),
    ] = 1 << 22
    most_tiles: Annotated[
        Natural,
        Asked("Refuse chips that have more tiles than this, all together.", "N"),
    ] = 1 << 18
