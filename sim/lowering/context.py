"""What every part of the lowering shares: the chip, its resources by place, and the energy ledger."""

from __future__ import annotations

from collections.abc import Mapping as Dict
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING

from ...arch.board import wires
from ...arch.chip import Chip, Tile
from ...arch.digital import MacArray, Unit
from ...arch.links import ChipLink, Memory
from ...arch.parts import unit_word
from ...workloads.graph import Operator
from ..flit_detail import FlitDetail
from ..interconnect import flit_detail, interconnect
from ..mapping.assignment import InBlocks
from ..mapping.kv_cache import Cache, kv_caches
from ..mapping.mapping import Mapping
from ..mapping.stripes import Cut, cuts
from ..mapping.waiting import Waiting
from ..noc.detail import Detail
from ..noc.topology import Link, Topology
from ..noc.trees import Tree
from ..operands.layer_operands import LayerOperands
from ..program import Arbitration, ProgramBuilder, Schedule
from .shares import Shares

if TYPE_CHECKING:
    from .kv_cache import Read
    from .prefetch import Fetch

FS = 1e-15


@dataclass
class Context:
    """The Program under construction.

    Resources are made when first asked for, one per physical port, unit or link; identical ones are lumped
    at the end.
    """

    chip: Chip
    mapping: Mapping
    builder: ProgramBuilder
    topology: Topology
    detail: Detail = "packet"
    flit: FlitDetail | None = None
    """The routers, at flit detail."""
    multicast: bool = True
    """Whether routers copy what goes to several tiles; else it is sent once to each of them."""
    autoregressive: bool = False
    """Whether the network's output is its next input: no row of tokens can begin before the one before it."""
    operands: Dict[str, LayerOperands] = field(default_factory=dict)
    """By operator on crossbars, where they are known."""
    fetches: list[Fetch] = field(default_factory=list)
    """Weights that come to MAC arrays from memory, in the order of the network."""
    cache_reads: list[Read] = field(default_factory=list)
    """What products read of caches, in the order of the network."""
    stripe_held: dict[tuple[str, int], Shares] = field(default_factory=dict)
    """What a stripe of an operator holds of its tokens, by operator and stripe."""
    _array_stores: dict[int, int] = field(default_factory=dict)
    _resources: dict[str, int] = field(default_factory=dict)
    _routes: dict[tuple[int, int], tuple[int, ...]] = field(default_factory=dict)
    _trees: dict[tuple[int, tuple[int, ...]], dict[int, int]] = field(default_factory=dict)
    _links: dict[int, Link] = field(default_factory=dict)

    @staticmethod
    def of(mapping: Mapping, chip: Chip, detail: Detail) -> Context:
        flit = flit_detail(chip) if detail == "flit" else None
        return Context(chip, mapping, ProgramBuilder(), interconnect(chip), detail, flit)

    @property
    def word_bytes(self) -> int:
        """Bytes of one activation."""
        return -(-self.chip.activation_bits // 8)

    @property
    def tile(self) -> Tile:
        assert self.chip.tile is not None
        return self.chip.tile

    def of_layer(self, operator: Operator) -> Context:
        """The same, with the tiles as one layer uses them."""
        tile = self.chip.tile_of(operator.name, operator.op)
        if tile is self.chip.tile:
            return self
        seen = replace(self, chip=self.chip.model_copy(update={"tile": tile}))
        vars(seen)["cuts"] = self.cuts
        return seen

    @cached_property
    def own_links(self) -> dict[tuple[int, int], ChipLink]:
        """Links between chips that the file lists, by the numbers of the chips."""
        return wires(self.chip.chips) if self.chip.chips else {}

    @cached_property
    def caches(self) -> dict[str, Cache]:
        """Caches of keys and values, by the operators that write and read them."""
        return kv_caches(self.mapping, self.chip)

    @cached_property
    def waiting(self) -> Waiting:
        """Streams between segments of layers."""
        found = Waiting.of(self.mapping, self.chip)
        if self.in_segments:
            found.check(self.chip, self.mapping.swap.group if self.mapping.swap else 1)
        return found

    @property
    def in_segments(self) -> bool:
        """Whether layers follow each other in segments, between which streams wait whole."""
        return self.mapping.swap is not None or self.chip.schedule == "layer_serial"

    @cached_property
    def cuts(self) -> dict[str, Cut]:
        """The stripes of the operators that work in some; none where the output is the next input."""
        mapping = self.mapping
        if self.autoregressive or self.in_segments or mapping.partition != "pipeline":
            return {}
        return cuts(mapping.network, self.chip, mapping.by_name, mapping.tile_order)

    def chip_of(self, place: int) -> int:
        """The chip that a place lies on."""
        return place // (self.chip.tile.count if self.chip.tile else 1)

    def memory(self, memory: Memory, place: int) -> int:
        """The channels of the memory behind the chip of a tile, or of that of all chips."""
        alone = self.chip.n_chips == 1 or memory.shared
        name = "memory" if alone else f"chip {self.chip_of(place)} memory"
        return self.resource(name, "memory", units=memory.channels)

    def resource(
        self,
        name: str,
        klass: str,
        *,
        servers: int = 1,
        units: int | None = None,
        arbitration: Arbitration = Arbitration.FCFS,
    ) -> int:
        """The resource with that name, made on first use."""
        if name not in self._resources:
            self._resources[name] = self.builder.resource(
                name, klass, servers=servers, units=units, arbitration=arbitration
            )
        return self._resources[name]

    def mark(self) -> tuple[int, ...]:
        """How far the Program is, for `undo`."""
        return self.builder.mark()

    def undo(self, mark: tuple[int, ...]) -> None:
        """Take back actors, channels and resources that were added since a mark."""
        self.builder.undo(mark)
        self._resources = {name: r for name, r in self._resources.items() if r < mark[0]}

    def tile_of(self, a: InBlocks, replica: int, row: int, column: int) -> int:
        """Place of a block of a layer on crossbars."""
        return self.mapping.tile_order[a.crossbar(replica, row, column) // self.tile.crossbar.count]

    def route(self, src: int, dst: int) -> tuple[int, ...]:
        """Links from place to place, remembered; of several ways, each source takes one."""
        if (src, dst) not in self._routes:
            self._routes[(src, dst)] = self.topology.route(src, dst, src % self.topology.n_variants)
        return self._routes[(src, dst)]

    def tree(self, src: int, dsts: tuple[int, ...]) -> dict[int, int]:
        """Links of the multicast tree from a place to others, with their depths; remembered."""
        if (src, dsts) not in self._trees:
            variant = src % self.topology.n_variants
            self._trees[(src, dsts)] = Tree.of(self.topology, src, dsts, variant).depth
        return self._trees[(src, dsts)]

    def link(self, index: int) -> Link:
        """A link of the interconnect, remembered."""
        if index not in self._links:
            self._links[index] = self.topology.link(index)
        return self._links[index]

    def mac_arrays(self, array: MacArray, place: int) -> int:
        """The MAC arrays of the chip that a place lies on."""
        name = f"chip {self.chip_of(place)} mac arrays"
        return self.resource(name, "mac_array", servers=array.count)

    def array_store(self, array: MacArray, place: int) -> int:
        """The buffers of the MAC arrays of the chip that a place lies on, as one store."""
        chip = self.chip_of(place)
        if chip not in self._array_stores:
            capacity = array.count * array.buffer.capacity_bytes
            name = f"chip {chip} buffers of mac arrays"
            self._array_stores[chip] = self.builder.store(name, "buffer", capacity)
        return self._array_stores[chip]

    def ports(self, tiles: tuple[int, ...], part: str) -> tuple[int, ...]:
        """The buffer ports or buses of some tiles."""
        return tuple(self.resource(f"tile {t} {part}", part) for t in tiles)

    def units(self, unit: Unit, tiles: tuple[int, ...], *, of_tile: bool) -> tuple[int, ...]:
        """A digital unit in each of some tiles, or that of the chip they lie on."""
        if of_tile:
            names = [f"tile {t} {unit_word(unit.name)}" for t in tiles]
        else:
            names = [f"chip {c} {unit_word(unit.name)}" for c in sorted({self.chip_of(t) for t in tiles})]
        return tuple(self.resource(name, unit_word(unit.name), units=unit.count) for name in names)

    def spend(
        self,
        actor: int,
        component: str,
        action: str,
        count: int | Schedule,
        energy_j: float | None,
        power_w: float | None = None,
        busy_fs: int | Schedule = 0,
        instances: int = 1,
    ) -> None:
        """Enter what one firing costs: `count` actions of a given energy, or else power x busy time."""
        if energy_j is not None:
            self.builder.energy(actor, component, action, count, energy_j)
        elif power_w is not None:
            n = self.builder.n_firings(actor)
            mean_fs = busy_fs if isinstance(busy_fs, int) else busy_fs.total(n) / n
            self.builder.energy(actor, component, "active", instances, power_w * mean_fs * FS)
