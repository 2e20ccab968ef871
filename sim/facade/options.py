"""The keyword arguments of the calls: the fields of a question by their names, with their types.

What each means, its default, and what it does not go with stand in the field records (`sim.job.records`), as
the reference shows them; a test holds both together.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, TypedDict

from .sim.mapping.options import MappingOptions
from .sim.operands import OperandSource
from .sim.progress import Progress

Table = Mapping[str, Any] | Sequence[str]
"""Names with values: ``{"tile.adc.bits": 6}``, or ``["tile.adc.bits=6"]``."""


class Options(TypedDict, total=False):
    """What every question may have."""

    set: Table
    overrides: Table
    changes: Table
    chips: int
    n_chips: int
    copies: int
    layers: str | Path
    bind: Table
    input: Table
    input_shapes: Table
    unknown_operators: Literal["error", "vector"]
    operator: Table
    operators: Table
    outputs: Sequence[str]
    inputs: Sequence[str]
    value: Table
    values: Table
    weight_inputs_from: int
    engine: Literal["compiled", "reference"]
    noc: Literal["packet", "flit", "ideal"]
    detail: Literal["packet", "flit", "ideal"]
    mapping: MappingOptions | Mapping[str, Any]
    replicate: bool
    host: bool
    digital: Sequence[str]
    placement: Literal["linear", "greedy", "anneal"]
    multicast: bool
    seed: int
    swap: bool
    swap_overlap: bool
    swap_group: int
    partition: Literal["pipeline", "tensor", "auto"]
    attention: Literal["auto", "mac_array", "unit", "analog", "host"]
    dense_attention: bool
    buffers: Literal["sized", "unlimited"]
    most_tokens: int
    most_tiles: int
    progress: Progress


class RunOptions(Options, total=False):
    """Of inferences, and of a training step."""

    batch: int
    arrival: str
    training: bool
    epoch_samples: int
    data: str | Path
    operands: Literal["statistical", "exact"] | OperandSource
    input_range: str
    adc_range: str
    samples: int


class LanguageOptions(Options, total=False):
    """Of a language model over time."""

    prefill: int
    decode: int
    batch: int
    experts: int
    top_k: int
    routing: str


class ServingOptions(LanguageOptions, total=False):
    """Of requests to a language model."""

    requests: int


class ProfileOptions(RunOptions, ServingOptions, total=False):
    """Of any question that is looked at from all sides."""
