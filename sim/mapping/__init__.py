"""Mapping a network onto a chip: places, tiling, replication, allocation, placement."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from ...arch.chip import Chip, Tile
from ...workloads.graph import Matrix, Network, Operator
from ..errors import SimulationError
from .allocate import tiles_of
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
from .attention import WRITE, keep_room, prepared, product_of, rewriting, written
from .by_cost import off_arrays
from .formats import lost_bits
from .in_turn import chips_in_turn
from .loads import home_layers, joins
from .mapping import Mapping
from .nets import nets
from .options import MappingOptions
from .parts import cut_large, too_large
from .placement import TRIES, Placement, middle_tile, place
from .places import split
from .plan import Pace, Plan, fits, plan
from .segments import in_groups, rooms
from .sites import at_sites
from .stripes import run_free
from .tiling import Array, Tiling, tile_matrix
from .timing import ceil_div, total_tiles
from .training import choices_of, in_cells, near_layer

AT_MIDDLE = OnArray | OnChipUnits | InMemory | InCache
"""What all tiles of a chip share."""
FEW_TRIES = 4_000
"""Swaps of tiles tried for each plan that is weighed."""
SLOWER = 3
"""Slower plans weighed where links are busier than tiles."""

NOT_SWAPPED = "all layers fit at once, so nothing is swapped"


def map_network(
    network: Network,
    chip: Chip,
    options: MappingOptions | None = None,
    *,
    like: Mapping | None = None,
    most_replicas: int | None = None,
) -> Mapping:
    """Decide where every operator runs.

    Parameters
    ----------
    like : Mapping
        Weights are where this mapping, of a network with the same matrices and maybe more, has put them.
    most_replicas : int
        With `like`: replicas of a layer that work; the others stand still.

    Raises
    ------
    SimulationError
        The network does not fit, or an operator has no hardware; the message says what is missing.
    """
    options = options or MappingOptions()
    _check_names(network, options)
    _check_size(network, options.most_tokens)
    network = prepared(network, chip, options)
    if options.swap and like is None:
        network = _with_parts(network, chip, options)
    network = split(network, chip, options)
    choices = off_arrays(network, chip, choices_of(network, chip, options))
    analog = [o for o in network.operators if isinstance(choices[o.name], Analog)]
    tilings = _tilings(network, analog, chip)
    if like is None:
        planned = plan(network, chip, options, choices, tilings)
        n_tiles = _side_by_side(network, chip, choices, tilings, planned)
        choices = at_sites(network, chip, options, choices, n_tiles)
        planned = best_plan(network, chip, options, choices, tilings)
        if planned.swap is not None and planned.swap.group > 1:
            network = in_groups(network, planned.swap.group)
    else:
        planned = _as_before(like, analog, most_replicas)
        keep_room(network, [o for o in analog if o.matrix is None], tilings, like, planned.replicas)
    middle = middle_tile(chip, None if like is None else like.tile_order)
    logical = _assign(network, chip, choices, tilings, planned, middle)
    placed = _place(network, chip, options, logical, like, middle)
    assignments = tuple(_move(logical[o.name], placed.order) for o in network.operators)
    per_tile = chip.tile.crossbar.count if chip.tile else 0
    used = {t for a in assignments for t in a.tiles}
    return Mapping(
        network=network,
        assignments=assignments,
        tile_order=placed.order,
        n_chips=chip.n_chips,
        tiles_used=len(used),
        tiles_total=total_tiles(chip),
        crossbars_used=_crossbars_used(logical),
        crossbars_total=per_tile * total_tiles(chip),
        hop_bytes=placed.hop_bytes,
        busiest_link_bytes=placed.busiest_link_bytes,
        unsearched=placed.unsearched,
        swap=planned.swap,
        partition="tensor" if planned.dealt else "pipeline",
        buffers=options.buffers,
        remarks=(
            *((NOT_SWAPPED,) if options.swap and tilings and planned.swap is None else ()),
            *rewriting(chip, list(logical.values())),
            *lost_bits(analog, chip),
        ),
    )


def _check_size(network: Network, most: int) -> None:
    """Every token is simulated by itself: a network with too many would take hours, or all memory."""
    tokens = sum(o.output.grid.n_tokens for o in network.operators)
    if tokens > most:
        longest = max(network.operators, key=lambda o: o.output.grid.n_tokens)
        raise SimulationError(
            f"{network.name}: its streams have {tokens:,} tokens ({longest.output.grid.n_tokens:,} of them "
            f"that of {longest.name!r}), expected at most {most:,}; give it a smaller input, or raise "
            "`most_tokens`"
        )


def _side_by_side(
    network: Network, chip: Chip, choices: dict[str, Choice], tilings: dict[str, Tiling], planned: Plan
) -> dict[str, int]:
    """Tiles that work side by side for every layer, and for what follows it in its tiles."""
    if chip.tile is None:
        return {}
    per_tile = chip.tile.crossbar.count
    tiles: dict[str, int] = {}
    for name, tiling in tilings.items():
        together = range(planned.replicas[name])
        firsts = planned.copies_at.get(name) or [planned.first[name] + i * tiling.crossbars for i in together]
        tiles[name] = len({t for f in firsts for t in tiles_of(f, tiling.crossbars, per_tile)})
    return {name: tiles[home] for name, home in home_layers(network, choices).items()}


def best_plan(
    network: Network,
    chip: Chip,
    options: MappingOptions,
    choices: dict[str, Choice],
    tilings: dict[str, Tiling],
) -> Plan:
    """The plan with the least time per inference of tiles and links.

    Where copies fire by themselves there are several: joins with their layers or apart, and slower ones that
    load the links less. Each is placed with few tries, and the busiest link counts as a tile does.
    """

    def tried(pace: Pace) -> _Tried:
        found = plan(network, chip, options, choices, tilings, pace)
        if chip.noc is None or not found.interval_fs:
            return _Tried(found.filled, found.interval_fs, pace, found)
        middle = middle_tile(chip)
        logical = _assign(network, chip, choices, tilings, found, middle)
        placed = _place(network, chip, options, logical, None, middle, FEW_TRIES)
        flits = ceil_div(8 * placed.busiest_link_bytes, chip.noc.flit_bits)
        return _Tried(found.filled, max(found.interval_fs, flits * chip.noc.cycle_fs), pace, found)

    best = tried(Pace())
    if not best.plan.interval_fs:
        return best.plan
    if joins(network, choices):
        kinds: tuple[Literal["crowded", "all"], ...] = ("crowded", "all")
        best = min([best, *(tried(Pace(apart=apart)) for apart in kinds)], key=_Tried.key)
    for _ in range(SLOWER):
        if best.interval_fs < 1.05 * best.plan.interval_fs:
            break
        between_fs = int((best.plan.interval_fs * best.interval_fs) ** 0.5)
        found = tried(replace(best.pace, interval_fs=between_fs))
        if found.key() >= best.key():
            break
        best = found
    return best.plan


@dataclass(frozen=True)
class _Tried:
    """A plan, what of a buffer it counts on, and the time per inference of its tiles and links."""

    filled: float
    interval_fs: int
    pace: Pace
    plan: Plan

    def key(self) -> tuple[float, int]:
        return self.filled, self.interval_fs


def _crossbars_used(assignments: dict[str, Assignment]) -> int:
    """Crossbars that have the weights of some layer; layers may take turns on them."""
    found: set[int] = set()
    for a in assignments.values():
        if isinstance(a, OnCrossbars | OnRewritten):
            found.update(a.crossbars())
    return len(found)


def _check_names(network: Network, options: MappingOptions) -> None:
    known = {o.name for o in network.operators} | {o.op for o in network.operators}
    for name in options.digital:
        if name not in known:
            raise SimulationError(
                f"`digital: {name}`: network {network.name!r} has no such operator; see `ohmsum show`"
            )


def _tilings(network: Network, analog: list[Operator], chip: Chip) -> dict[str, Tiling]:
    if chip.tile is None:
        return {}
    array = _array(chip.tile)
    return {o.name: tile_matrix(o.matrix or written(o, network).matrix, array, o.name) for o in analog}


def _array(tile: Tile) -> Array:
    return Array(tile.crossbar.rows, tile.weight_columns, tile.columns_per_weight, tile.crossbar.cols)


def _with_parts(network: Network, chip: Chip, options: MappingOptions) -> Network:
    """The network with layers that are larger than a segment cut into parts, where layers take turns."""
    if chip.tile is None:
        return network
    array = _array(chip.tile)
    chosen = choices_of(network, chip, options)
    analog = [o for o in network.operators if isinstance(chosen[o.name], Analog)]
    if fits(_tilings(network, analog, chip), chip):
        return network
    room = rooms(chip, options.swap_overlap).crossbars
    return cut_large(network, too_large(analog, array, room), array, room)


def _as_before(like: Mapping, analog: list[Operator], most: int | None) -> Plan:
    """Replicas that work, and first crossbars, of layers that have been mapped before."""
    before = {o.name: like.blocks_of(o.name) for o in analog}
    replicas = {name: a.replicas if most is None else min(most, a.replicas) for name, a in before.items()}
    if like.swap is not None:
        raise SimulationError("`swap`: phases that share one mapping need weights that stay where they are")
    dealt = {name: a.dealt for name, a in before.items() if a.dealt}
    first = {name: a.first_crossbar for name, a in before.items()}
    return Plan(replicas, first, dealt, copies_at={name: a.copies_at for name, a in before.items()})


def _assign(
    network: Network,
    chip: Chip,
    choices: dict[str, Choice],
    tilings: dict[str, Tiling],
    planned: Plan,
    middle: int,
) -> dict[str, Assignment]:
    """Assignments with tiles numbered in the order in which crossbars were taken from them."""
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


def _place(
    network: Network,
    chip: Chip,
    options: MappingOptions,
    logical: dict[str, Assignment],
    like: Mapping | None,
    middle: int,
    tries: int = TRIES,
) -> Placement:
    """Place of every tile and the cost of the placement."""
    if chip.tile is None:
        return Placement(tuple(range(total_tiles(chip))), 0, 0, (0, 0))
    found = nets(network, chip, logical)
    shared = any(
        isinstance(a, AT_MIDDLE) or (isinstance(a, OnTileUnits) and a.at_middle) for a in logical.values()
    )
    order = None if like is None else like.tile_order
    pinned = middle if shared else -1
    return place(chip, found, options.placement, options.seed, order, pinned=pinned, tries=tries)


def _move(a: Assignment, order: tuple[int, ...]) -> Assignment:
    """The same assignment, with tiles numbered by their place on the chips."""
    if HOST in a.sources:
        return a
    if isinstance(a, OnTileUnits):
        a = replace(a, stripes=tuple(order[t] for t in a.stripes))
    return replace(
        a, sources=tuple(sorted(order[t] for t in a.sources)), tiles=tuple(sorted(order[t] for t in a.tiles))
    )


__all__ = ["HOST", "Assignment", "Mapping", "MappingOptions", "Tiling", "map_network"]
