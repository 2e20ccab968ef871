"""Tiles for every operator, once it has crossbars or units: those of its blocks, or where its stream lies.

Chips without crossbars take turns: the operators on MAC arrays are cut, in the order of the network, into as
many runs as there are chips, of as even a number of multiply-accumulates as the order allows. Everything else
runs on the chip of its first input.
"""

from __future__ import annotations

from dataclasses import replace

from ...arch.chip import Chip
from ...workloads.graph import Matrix, Network, Operator
from .assignment import (
    HOST,
    Analog,
    Assignment,
    AtInput,
    Cells,
    Choice,
    InBlocks,
    InCache,
    InMemory,
    OnArray,
    OnChipUnits,
    OnCrossbars,
    OnHost,
    OnRewritten,
    OnTileUnits,
    WritesOperand,
)
from .attention import WRITE, product_of, written
from .loads import home_layers
from .plan import Plan
from .problem import Problem
from .stripes import run_free
from .tiling import Tiling
from .training import in_cells, near_layer


def assign(problem: Problem, planned: Plan, middle: int) -> dict[str, Assignment]:
    """Assignments with tiles numbered in the order in which crossbars were taken from them.

    Parameters
    ----------
    middle : int
        The tile of every chip where what all of its tiles share is.
    """
    network, chip, choices, tilings = problem.network, problem.chip, problem.choices, problem.tilings
    found: dict[str, Assignment] = {}
    here: tuple[int, ...] = (0,)  # where the stream was last seen on the chip
    in_turn = chips_in_turn(network, chip, choices)
    per_chip = chip.tile.count if chip.tile else 1
    homes = home_layers(network, choices, planned.apart) if run_free(chip, network) else {}
    for o in network.operators:
        choice = choices[o.name]
        makers = [found[network.producer(p.tensor).name] for p in o.inputs]
        near = near_layer(o, found) or next((m.sources for m in makers if m.sources[0] != HOST), here)
        if homes.get(o.name, o.name) != o.name:
            near = found[homes[o.name]].sources
        a: Assignment
        match choice:
            case Cells():
                a = _in_cells(o, choice, network, chip, tilings, planned, found)
            case Analog():
                a = _on_crossbars(o, choice, network, tilings[o.name], planned, chip)
            case OnHost() | AtInput():
                a = replace(choice, sources=(HOST,))
            case OnTileUnits() if o.name in planned.apart and chip.tile is not None:
                stripes = tuple(c // chip.tile.crossbar.count for c in planned.copies_at[o.name])
                tiles = tuple(sorted(set(stripes)))
                a = replace(choice, sources=tiles, tiles=tiles, stripes=stripes)
            case OnTileUnits(at_middle=False):
                a = replace(choice, sources=near, tiles=near)
            case OnTileUnits() | OnArray() | OnChipUnits() | InMemory() | InCache():
                # Shared by the whole chip: it is at the middle tile of the chip that the stream is on.
                at = in_turn.get(o.name, near[0] // per_chip) * per_chip + middle
                a = replace(choice, sources=(at,), tiles=(at,))
        here = a.sources if a.sources[0] != HOST else here
        found[o.name] = a
    return found


def _in_cells(
    o: Operator,
    choice: Cells,
    network: Network,
    chip: Chip,
    tilings: dict[str, Tiling],
    planned: Plan,
    found: dict[str, Assignment],
) -> Assignment:
    """In the cells of its layer, or of the product whose operand it writes."""
    if o.op == WRITE or o.role is None:
        product = product_of(o, network)
        stationary = written(product, network)
        blocks = _blocks(product, choice.reason, stationary.matrix, tilings[product.name], planned, chip)
        here = replace(blocks, operator=o.name, sources=blocks.tiles)
        return WritesOperand(**vars(here), product=product.name, stationary=stationary)
    layer = found[o.role.layer]
    assert isinstance(layer, OnCrossbars)  # a choice of cells is of a layer on crossbars
    return in_cells(o, choice.reason, layer)


def _on_crossbars(
    o: Operator, choice: Analog, network: Network, tiling: Tiling, planned: Plan, chip: Chip
) -> Assignment:
    stationary = None if o.matrix is not None else written(o, network)
    matrix = o.matrix if stationary is None else stationary.matrix
    assert matrix is not None  # an operator on crossbars has a matrix, or its operand is one
    blocks = _blocks(o, choice.reason, matrix, tiling, planned, chip)
    blocks = replace(blocks, adder=choice.adder, fused=choice.fused)
    if stationary is not None:
        return OnRewritten(**vars(blocks), stationary=stationary)
    return OnCrossbars(**vars(blocks))


def _blocks(o: Operator, reason: str, matrix: Matrix, tiling: Tiling, planned: Plan, chip: Chip) -> InBlocks:
    """The crossbars that were planned for an operator, and their tiles."""
    assert chip.tile is not None
    per_tile = chip.tile.crossbar.count
    a = InBlocks(
        operator=o.name,
        reason=reason,
        matrix=matrix,
        tiling=tiling,
        replicas=planned.replicas[o.name],
        first_crossbar=planned.first[o.name],
        dealt=planned.dealt.get(o.name, ()),
        copies_at=planned.copies_at.get(o.name, ()),
    )
    copies, rows, columns = range(a.replicas), range(tiling.row_blocks), range(tiling.col_blocks)
    # Partial sums of a column block meet in the tile of its last row block.
    sources = {a.crossbar(i, rows[-1], c) // per_tile for i in copies for c in columns}
    tiles = {a.crossbar(i, r, c) // per_tile for i in copies for c in columns for r in rows}
    return replace(a, sources=tuple(sorted(sources)), tiles=tuple(sorted(tiles)))


def chips_in_turn(network: Network, chip: Chip, choices: dict[str, Choice]) -> dict[str, int]:
    """Number of the chip of every operator on MAC arrays; empty where chips have crossbars, or there is one.

    What belongs to the way back of a training step is left out: it runs where its layer does.
    """
    if chip.tile is not None or chip.n_chips == 1:
        return {}
    placed = [
        o
        for o in network.operators
        if _multiplies(o, choices[o.name]) and (o.role is None or o.role.task == "forward")
    ]
    total = sum(o.macs + o.product_macs for o in placed)
    found: dict[str, int] = {}
    done = 0
    for o in placed:
        own = o.macs + o.product_macs
        middle = 2 * done + own  # twice the work up to the middle of this operator
        found[o.name] = min(chip.n_chips - 1, middle * chip.n_chips // max(1, 2 * total))
        done += own
    return found


def _multiplies(o: Operator, choice: Choice) -> bool:
    """Whether it is on MAC arrays, or a matrix that a unit of the chip makes faster."""
    return isinstance(choice, OnArray) or (isinstance(choice, OnChipUnits) and o.matrix is not None)
