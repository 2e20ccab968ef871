"""Networks of one or two layers, and the chip of round numbers they are timed on."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ohmsum import arch
from ohmsum.arch.chip import Chip
from ohmsum.sim.lowering import lower
from ohmsum.sim.mapping import MappingOptions, map_network
from ohmsum.sim.program import Program
from ohmsum.workloads.graph import Grid, Matrix, Network, Operator, Port, Tensor, Window

ROUND = Path(__file__).parents[1] / "data" / "round.yaml"
PIXEL_3X3 = Window("window", kernel=(3, 3), pad=(1, 1))
ONE_TOKEN, SAME = Grid(), Window()
SINGLE = MappingOptions(replicate=False, placement="linear")
NS = 1_000_000


def round_chip(**overrides: Any) -> Chip:
    """The chip of `data/round.yaml`; dots of an override's path are written as double underscores."""
    return arch.load(ROUND, overrides={path.replace("__", "."): text for path, text in overrides.items()})


def source(elements: int, grid: Grid = ONE_TOKEN) -> Operator:
    return Operator("x", "Input", "input", (), Tensor("x", (), grid, elements))


def matrix(
    name: str,
    inputs: str,
    k: int,
    n: int,
    grid: Grid = ONE_TOKEN,
    window: Window = SAME,
    fused: tuple[str, ...] = (),
    **of: Any,
) -> Operator:
    out = Tensor(name, (), grid, n * of.get("groups", 1))
    return Operator(
        name,
        "Gemm",
        "matrix",
        (Port(inputs, window),),
        out,
        matrix=Matrix(k, n, **of),
        params=k * n,
        fused=fused,
    )


def add(name: str, first: str, second: str, grid: Grid, elements: int) -> Operator:
    out = Tensor(name, (), grid, elements)
    return Operator(name, "Add", "vector", (Port(first), Port(second)), out, function="add", work=elements)


def network(*operators: Operator, outputs: tuple[str, ...] = ()) -> Network:
    return Network("small", operators, outputs or (operators[-1].name,))


def program(
    net: Network, chip: Chip, options: MappingOptions = SINGLE, *, lump: bool = True, multicast: bool = True
) -> Program:
    return lower(map_network(net, chip, options), chip, lump=lump, multicast=multicast)
