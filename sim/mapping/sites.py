"""Where operators on digital units work, by cost: bytes x hops / link rate + beats + load already there.

There are three sites: the tiles of the layer that a stream comes from, the middle tile of the chip (where the
parts that all tiles share are: MAC arrays, units of the chip, memory), and the host. An operator may have a
unit of a tile at either of the first two, a unit of the chip, or the host. Chains of operators, each the only
one to take the output of the one before, are assigned together by dynamic programming, those with most work
first. What a token takes has to fit into half of a tile's buffer. Inputs and outputs of the network, which
come from the host and go there, are no reason to compute there.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Literal

from ...arch.chip import Chip
from ...workloads.graph import Network, Operator
from .assignment import (
    Analog,
    Cells,
    Choice,
    InCache,
    InMemory,
    OnArray,
    OnChipUnits,
    OnHost,
    OnTileUnits,
)
from .options import MappingOptions
from .placement import Ground
from .places import chip_unit, on_chip, on_tile, tile_unit, work_of
from .problem import Problem
from .timing import bytes_fs, ceil_div, host_fs, unit_beats

Site = Literal["tiles", "middle", "host"]


def site_of(choice: Choice) -> Site:
    """The site of what has been chosen."""
    match choice:
        case Analog() | Cells():
            return "tiles"
        case OnTileUnits():
            return "middle" if choice.at_middle else "tiles"
        case OnArray() | OnChipUnits() | InMemory() | InCache():
            return "middle"
        case _:
            return "host"


def at_sites(problem: Problem, n_tiles: dict[str, int]) -> dict[str, Choice]:
    """The choices with every operator on digital units where it costs least.

    Parts of a training step stay with their layer.

    Parameters
    ----------
    n_tiles : dict of str to int
        Tiles that work side by side for a layer, and for what follows it in its tiles.
    """
    network, chip = problem.network, problem.chip
    if chip.tile is None or any(o.role is not None for o in network.operators):
        return problem.choices
    search = _Search(network, chip, problem.options, problem.ground, dict(problem.choices), n_tiles)
    chains = sorted(search.chains(), key=lambda chain: (-sum(map(_work, chain)), chain[0].name))
    search.add_load({o.name for chain in chains for o in chain})
    for chain in chains:
        search.assign(chain)
    return search.found


@dataclass
class _Search:
    network: Network
    chip: Chip
    options: MappingOptions
    ground: Ground
    found: dict[str, Choice]
    n_tiles: dict[str, int]
    load_fs: Counter[tuple[Site, str]] = field(default_factory=Counter)

    def chains(self) -> list[list[Operator]]:
        """Operators that have a choice, those after each other together."""
        users = self._users
        made: list[list[Operator]] = []
        last: dict[str, list[Operator]] = {}
        for o in self.network.operators:
            if not isinstance(self.found[o.name], OnTileUnits | OnChipUnits) or o.kind != "vector":
                continue
            makers = [self.network.producer(p.tensor).name for p in o.inputs]
            chain = next((last[m] for m in makers if m in last and users[m] == [o.name]), None)
            if chain is None or chain[-1].name not in makers:
                chain = []
                made.append(chain)
            chain.append(o)
            last[o.name] = chain
        return made

    def add_load(self, free: set[str]) -> None:
        """Count what is not in a chain, and stays where it is."""
        for o in self.network.operators:
            choice = self.found[o.name]
            if o.name not in free and isinstance(choice, OnHost | OnTileUnits | OnChipUnits):
                for unit, fs in self._times(o, choice):
                    self.load_fs[site_of(choice), unit] += fs

    def assign(self, chain: list[Operator]) -> None:
        """Choose for all operators of a chain what costs least together."""
        options = [self._options(o) for o in chain]
        best: list[list[tuple[int, int]]] = []  # by operator and option: cost so far, and option before
        for i, o in enumerate(chain):
            row = []
            for choice in options[i]:
                own = self._own_fs(o, choice) + self._ways_fs(o, choice, chain, i)
                if i == 0:
                    row.append((own, 0))
                    continue
                way = [
                    before[0]
                    + self._way_fs(
                        _bytes(chain[i - 1], self.chip), site_of(options[i - 1][k]), site_of(choice)
                    )
                    for k, before in enumerate(best[i - 1])
                ]
                k = min(range(len(way)), key=way.__getitem__)
                row.append((own + way[k], k))
            best.append(row)
        k = min(range(len(best[-1])), key=lambda j: best[-1][j][0])
        for i in range(len(chain) - 1, -1, -1):
            chosen = options[i][k]
            self.found[chain[i].name] = chosen
            for unit, fs in self._times(chain[i], chosen):
                self.load_fs[site_of(chosen), unit] += fs
            k = best[i][k][1]

    def _options(self, o: Operator) -> list[Choice]:
        """What could run an operator: what was chosen by kind first."""
        chosen = self.found[o.name]
        functions = [f for f, _ in work_of(o)]
        made: list[Choice] = [chosen]
        of_tile, of_chip = (
            [tile_unit(self.chip, f) for f in functions],
            [chip_unit(self.chip, f) for f in functions],
        )
        why = f"offers {', '.join(dict.fromkeys(functions))}"
        if all(of_tile) and len(on_tile(o, self.chip)) == len(o.fused) and self._token_fits(o):
            own = tuple(u for u in of_tile if u is not None)
            fused = on_tile(o, self.chip)
            there = OnTileUnits(operator=o.name, reason=why, own=own, fused=fused)
            made += [there, replace(there, at_middle=True, reason=f"{why}, beside what all tiles share")]
        if all(of_chip) and len(on_chip(o, self.chip)) == len(o.fused):
            own = tuple(u for u in of_chip if u is not None)
            made.append(OnChipUnits(operator=o.name, reason=why, own=own, fused=on_chip(o, self.chip)))
        if self.chip.host is not None and self.options.host:
            made.append(OnHost(operator=o.name, reason="less time than on the chip", host=self.chip.host))
        if len(made) > 1 and o.output.grid.n_tokens == 1 and not self._token_fits(o):
            return [choice for choice in made if not isinstance(choice, OnTileUnits)] or made
        return made

    def _token_fits(self, o: Operator) -> bool:
        assert self.chip.tile is not None
        elements = o.output.elements + sum(self.network.producer(p.tensor).output.elements for p in o.inputs)
        return 2 * elements * _word(self.chip) <= self.chip.tile.buffer.capacity_bytes

    def _times(self, o: Operator, choice: Choice) -> list[tuple[str, int]]:
        """Time of an inference on each unit that an option uses."""
        n = o.output.grid.n_tokens
        if isinstance(choice, OnHost):
            operations = sum(work for _, work in work_of(o)) + len(o.fused) * o.output.elements
            return [("host", host_fs(choice.host, operations * n))]
        assert isinstance(choice, OnTileUnits | OnChipUnits)
        own = zip(work_of(o), choice.own, strict=bool(choice.own))
        fused = zip([(f, o.output.elements) for f in o.fused], choice.fused, strict=True)
        return [
            (unit.name, unit.hold_fs(unit_beats(unit, work * n, f, 1)))
            for (f, work), unit in [*own, *fused]
            if work
        ]

    def _own_fs(self, o: Operator, choice: Choice) -> int:
        """Beats of an option, and the load that its units at the site of all have already."""
        site = site_of(choice)
        times = self._times(o, choice)
        chips = self.chip.n_chips if site == "middle" else 1
        there = 0 if site == "tiles" else sum(self.load_fs[site, unit] for unit, _ in times)
        side_by_side = self.n_tiles.get(o.name, 1) if site == "tiles" else 1
        return sum(fs for _, fs in times) // side_by_side + there // chips

    def _ways_fs(self, o: Operator, choice: Choice, chain: list[Operator], i: int) -> int:
        """Ways of the inputs from outside the chain, and of the output to whoever takes it outside."""
        site, total = site_of(choice), 0
        inside = chain[i - 1].name if i else None
        for port in o.inputs:
            maker = self.network.producer(port.tensor)
            if maker.name != inside and maker.kind != "input":
                total += self._way_fs(_bytes(maker, self.chip), site_of(self.found[maker.name]), site)
        if i == len(chain) - 1:
            takers = [site_of(self.found[name]) for name in self._users[o.name]]
            total += sum(self._way_fs(_bytes(o, self.chip), site, there) for there in set(takers))
        return total

    def _way_fs(self, n_bytes: int, src: Site, dst: Site) -> int:
        """Bytes x hops / link rate, and the host's link where it is one of the ends."""
        if src == dst or n_bytes == 0:
            return 0
        total = 0
        if self.chip.noc is not None:
            cycles = ceil_div(8 * n_bytes, self.chip.noc.flit_bits) * self._hops
            total += round(cycles * self.chip.noc.cycle_fs)
        if "host" in (src, dst) and self.chip.host is not None:
            total += bytes_fs(n_bytes, self.chip.host.bandwidth_bytes_per_s) + self.chip.host.latency_fs
        return total

    @cached_property
    def _hops(self) -> float:
        """Mean links from a tile to the middle one."""
        fabric = self.ground.fabric
        tiles = range(fabric.n_endpoints)
        middle = fabric.enter[self.ground.middle]
        ways = {router: len(fabric.path(router, middle)) for router in set(fabric.enter)}
        return max(1.0, sum(ways[fabric.enter[t]] for t in tiles) / len(tiles))

    @cached_property
    def _users(self) -> dict[str, list[str]]:
        found: dict[str, list[str]] = defaultdict(list)
        for o in self.network.operators:
            for maker in dict.fromkeys(self.network.producer(p.tensor).name for p in o.inputs):
                found[maker].append(o.name)
        return found


def _word(chip: Chip) -> int:
    return ceil_div(chip.activation_bits, 8)


def _bytes(o: Operator, chip: Chip) -> int:
    return o.output.size * _word(chip)


def _work(o: Operator) -> int:
    return sum(work for _, work in work_of(o)) * o.output.grid.n_tokens
