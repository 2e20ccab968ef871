"""What is to be mapped: the network as the chip needs it, and by kind and cost what runs every operator."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import prod

from ...arch.chip import Chip, Tile
from ...arch.nearest import nearest_hint
from ...arch.reads import ceil_div
from ...workloads.graph import Network, Operator
from ..errors import SimulationError
from ..interconnect import router_grid
from .assignment import Analog, Choice
from .attention import prepared, written
from .by_cost import off_arrays
from .options import MappingOptions
from .parts import cut_large, too_large
from .placement import Ground
from .places import split
from .segments import rooms
from .tiling import Array, Tiling, tile_matrix
from .timing import total_tiles
from .training import choices_of

WAYS_PER_TILE = 16
"""Ways from router to router that a chip may have for each of the most tiles: 2,048 routers in all. The last
link of each is kept while tiles are placed.
"""


@dataclass(frozen=True)
class Problem:
    """A network on a chip, with choices but no crossbars yet.

    Attributes
    ----------
    network : Network
        Fused functions that run elsewhere, operands that are written, and parts of layers, as operators.
    chip : Chip
    options : MappingOptions
    choices : dict of str to Choice
        By operator.
    tilings : dict of str to Tiling
        Of operators on crossbars.
    ground : Ground
        Where tiles can lie.
    """

    network: Network
    chip: Chip
    options: MappingOptions
    choices: dict[str, Choice]
    tilings: dict[str, Tiling]
    ground: Ground

    @staticmethod
    def of(network: Network, chip: Chip, options: MappingOptions, *, parts: bool) -> Problem:
        """Before anything is placed.

        Parameters
        ----------
        parts : bool
            Where layers take turns, those that are too large for it are cut.

        Raises
        ------
        SimulationError
            An operator has no hardware, or an option names none.
        """
        _check_names(network, options)
        options = _with_rules(network, chip, options)
        check_tiles(chip, options)
        _check_tokens(network, options.most_tokens)
        network = prepared(network, chip, options)
        if options.swap and parts:
            network = _with_parts(network, chip, options)
        network = split(network, chip, options)
        choices = off_arrays(network, chip, choices_of(network, chip, options))
        analog = [o for o in network.operators if isinstance(choices[o.name], Analog)]
        return Problem(network, chip, options, choices, _tilings(network, analog, chip), Ground.of(chip))

    @property
    def analog(self) -> list[Operator]:
        """Operators on crossbars."""
        return [o for o in self.network.operators if isinstance(self.choices[o.name], Analog)]


def _check_names(network: Network, options: MappingOptions) -> None:
    known = {o.name for o in network.operators} | {o.op for o in network.operators}
    for name in options.digital:
        if name not in known:
            raise SimulationError(
                f"`digital: {name}`: network {network.name!r} has no such operator; see `ohmsum show`"
            )


def _with_rules(network: Network, chip: Chip, options: MappingOptions) -> MappingOptions:
    """Options with the layers that rules keep digital."""
    layers = [o for o in network.operators if o.kind == "matrix"]
    for rule in (one.rule for one in chip.layers):
        if not any(rule.matches(o.name, o.op) for o in layers):
            named = ", ".join(map(repr, rule.patterns))
            hint = nearest_hint(rule.patterns[0], [o.name for o in layers])
            raise SimulationError(f"{rule.place}: no layer of {network.name!r} is {named}{hint}")
    rules = {o.name: chip.rule_of(o.name, o.op) for o in layers}
    digital = [name for name, found in rules.items() if found is not None and found.rule.digital]
    if chip.layers and options.swap:
        raise SimulationError("`layers`: layers that take turns (`swap`) have the same bits, expected one")
    return replace(options, digital=tuple(dict.fromkeys((*options.digital, *digital))))


def check_tiles(chip: Chip, options: MappingOptions) -> None:
    """Every tile has a place in memory: too many would take all of it.

    Raises
    ------
    SimulationError
        There are more than `most_tiles`, or a chip has more ways from router to router than `WAYS_PER_TILE`
        times as many.
    """
    tiles, most = total_tiles(chip), options.most_tiles
    if tiles > most:
        raise SimulationError(
            f"{chip.name}: {tiles:,} tiles on {chip.n_chips:,} chips, expected at most {most:,}; use fewer "
            "chips or tiles, or raise `most_tiles`"
        )
    routers = _routers(chip)
    if routers**2 > WAYS_PER_TILE * most:
        raise SimulationError(
            f"{chip.name}: a network of {routers:,} routers has {routers**2:,} ways, expected at most "
            f"{WAYS_PER_TILE * most:,}; use a smaller `tile.grid` or tiles that share routers "
            "(`noc.concentration`), or raise `most_tiles`"
        )


def _routers(chip: Chip) -> int:
    """Routers of one chip, those inside a tree left out; a bus has none."""
    if chip.tile is None or chip.noc is None or chip.noc.topology == "bus":
        return 0
    if chip.noc.topology in ("mesh", "cmesh", "torus"):
        return prod(router_grid(chip))
    return ceil_div(chip.tile.count, chip.noc.concentration)


def _check_tokens(network: Network, most: int) -> None:
    """Every token is simulated by itself: a network with too many would take hours, or all memory."""
    tokens = sum(o.output.grid.n_tokens for o in network.operators)
    if tokens > most:
        longest = max(network.operators, key=lambda o: o.output.grid.n_tokens)
        raise SimulationError(
            f"{network.name}: its streams have {tokens:,} tokens ({longest.output.grid.n_tokens:,} of them "
            f"that of {longest.name!r}), expected at most {most:,}; give it a smaller input, or raise "
            "`most_tokens`"
        )


def _tilings(network: Network, analog: list[Operator], chip: Chip) -> dict[str, Tiling]:
    if chip.tile is None:
        return {}
    arrays = {o.name: _array(chip.tile_of(o.name, o.op) if o.matrix else chip.tile) for o in analog}
    return {
        o.name: tile_matrix(o.matrix or written(o, network).matrix, arrays[o.name], o.name) for o in analog
    }


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


def fits(tilings: dict[str, Tiling], chip: Chip) -> bool:
    """Whether one replica of each layer has room at the same time."""
    assert chip.tile is not None
    return sum(t.crossbars for t in tilings.values()) <= chip.tile.crossbar.count * total_tiles(chip)
