"""Transfers at flit detail: through the routers of the chips, and over the links between chips.

A stream to several tiles of a chip goes along a tree whose routers copy its packets, the same as at packet
detail. What leaves the chip also goes once to the chip's port, an endpoint of its own at the gateway; from
there over the links between chips or to the host, as at packet detail; and from the port of the other chip
along a tree to the tiles. At one of its two ends such a link passes flits on as they come (cut-through), at
the other it waits for all.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

from ..flit_detail import FlitFlow
from ..mapping.timing import ceil_div
from ..noc.gates import Gated
from ..noc.link import LinkKind
from ..noc.topology import HOST
from .context import Context
from .links import head_fs, hop_j, link_class, on_chip, serial_fs, spend
from .shares import Flow


@dataclass
class _Inside:
    """What one firing sends through routers at once: flits by source and destinations, and on every link."""

    trees: Counter[tuple[int, tuple[int, ...]]] = field(default_factory=Counter)
    links: Counter[int] = field(default_factory=Counter)

    def add(self, src: int, dsts: Iterable[int], n_flits: int) -> None:
        self.trees[(src, tuple(sorted(dsts)))] += n_flits

    def carry(self, links: Iterable[int], n_flits: int) -> None:
        for link in links:
            self.links[link] += n_flits


def flit_transfer(
    context: Context, name: str, layer: str, firings: int, moved: list[Flow], *, stream: str | None = None
) -> int | None:
    """An actor that moves one token per firing; None if nothing has to move."""
    if not moved:
        return None
    noc = context.chip.noc
    window = noc.outstanding if noc else None
    actor = context.builder.actor(name, firings, layer=layer, window=window, stream=stream)
    leaving, entering = _Inside(), _Inside()
    crossing: Counter[int] = Counter()
    outside: list[tuple[dict[int, int], int]] = []
    for flow in moved:
        n_flits = _flits(context, flow.n_bytes)
        inside, between = _cut(context, context.tree(flow.src, flow.dsts))
        home = _chip(context, flow.src)
        ends: dict[int, list[int]] = defaultdict(list)
        ports: dict[tuple[int, int], list[int]] = defaultdict(list)
        for tile in flow.dsts:
            chip = _chip(context, tile)
            ends[chip].append(tile)
            if chip not in (home, HOST):
                ports[chip, _port(context, tile)].append(_endpoint(context, tile))
        to = [] if home == HOST else [_endpoint(context, tile) for tile in ends[home]]
        if between and home != HOST:
            to.append(_port(context, flow.src))
            crossing.update(dict.fromkeys(inside[home], n_flits))
        if to:
            leaving.add(_endpoint(context, flow.src), to, n_flits)
            leaving.carry(inside[home], n_flits)
        for (_, port), tiles in ports.items():
            entering.add(port, tiles, n_flits)
        for chip in ends.keys() - {HOST, home}:
            entering.carry(inside[chip], n_flits)
            crossing.update(dict.fromkeys(inside[chip], n_flits))
        if between:
            outside.append((between, flow.n_bytes))
    _routed(context, actor, leaving)
    _linked(context, actor, outside, max(crossing.values(), default=0))
    _routed(context, actor, entering)
    _hops(context, actor, leaving.links + entering.links)
    return actor


def _routed(context: Context, actor: int, part: _Inside) -> None:
    """One visit that sends through the routers."""
    if not part.trees:
        return
    noc = context.chip.noc
    assert noc is not None
    holds_fs = {
        context.resource(f"link {context.link(i).name}", "link"): n * noc.cycle_fs
        for i, n in sorted(part.links.items())
    }
    flows = tuple(FlitFlow(src, dsts, n) for (src, dsts), n in sorted(part.trees.items()))
    alone = max(_alone_cycles(context, flow) for flow in flows)
    longest_fs = max(holds_fs.values())
    context.builder.visit(
        actor,
        tuple(holds_fs),
        longest_fs,
        max(1, alone * noc.cycle_fs),
        spread=True,
        holds_fs=holds_fs,
        flows=flows,
    )


def _alone_cycles(context: Context, flow: FlitFlow) -> int:
    """Cycles of a flow on an empty network, as at packet detail."""
    noc = context.chip.noc
    assert noc is not None
    assert context.flit is not None
    n_routers = max(len(context.flit.topology.route(flow.src, dst)) for dst in flow.dsts) - 1
    return noc.link_cycles + n_routers * (noc.router_cycles + noc.link_cycles) + flow.n_flits


def _linked(
    context: Context, actor: int, outside: list[tuple[dict[int, int], int]], inside_flits: int
) -> None:
    """A visit for every level of links between chips or to the host; `outside` are trees, depth by link.

    Of the time that the bytes take behind their heads, the part that they also take in the network of one
    chip is spent there.
    """
    if not outside:
        return
    noc = context.chip.noc
    assert noc is not None
    load: Counter[int] = Counter()
    depth: dict[int, int] = {}
    for tree, n_bytes in outside:
        for link, d in tree.items():
            load[link] += n_bytes
            depth[link] = max(d, depth.get(link, 0))
    levels: dict[int, list[int]] = defaultdict(list)
    for link, d in sorted(depth.items()):
        levels[d].append(link)
    links = {i: context.link(i) for i in load}
    serial = {i: serial_fs(context, links[i], load[i]) for i in load}
    tail_fs = max(0, max(serial.values()) - inside_flits * noc.cycle_fs)
    for d in sorted(levels):
        holds_fs = {
            context.resource(f"link {links[i].name}", link_class(links[i])): serial[i] for i in levels[d]
        }
        advance = max(head_fs(context, links[i]) for i in levels[d]) + (tail_fs if d == max(levels) else 0)
        context.builder.visit(
            actor, tuple(holds_fs), max(holds_fs.values()), advance, spread=True, holds_fs=holds_fs
        )
    spend(context, actor, links, load)


def _hops(context: Context, actor: int, load: Counter[int]) -> None:
    """Energy of flits through routers, each with the link behind it."""
    noc = context.chip.noc
    assert noc is not None
    kinds = (LinkKind.WIRE, LinkKind.EJECT)
    hops = sum(n for link, n in load.items() if context.link(link).kind in kinds)
    if hops:
        context.spend(actor, "noc", "flit hop", hops, hop_j(context.chip))


def _cut(context: Context, tree: dict[int, int]) -> tuple[dict[int, list[int]], dict[int, int]]:
    """Links of a tree by chip, and those between chips and to the host with their depths among themselves."""
    inside: dict[int, list[int]] = defaultdict(list)
    beyond: dict[int, int] = {}
    for link, d in tree.items():
        if on_chip(context.link(link)):
            inside[context.topology.copy_of(link)].append(link)
        else:
            beyond[link] = d
    least = min(beyond.values(), default=0)
    return inside, {link: d - least for link, d in beyond.items()}


def _flits(context: Context, n_bytes: int) -> int:
    assert context.chip.noc is not None
    return ceil_div(8 * n_bytes, context.chip.noc.flit_bits)


def _endpoint(context: Context, tile: int) -> int:
    """Number of a tile among the endpoints of the routers, where each chip has its ports behind its tiles."""
    return tile if tile == HOST else tile + tile // context.tile.count * _n_ports(context)


def _chip(context: Context, tile: int) -> int:
    """The chip of a tile; that of the host is the host."""
    return HOST if tile == HOST else context.chip_of(tile)


def _port(context: Context, tile: int) -> int:
    """The port through which a tile sends beyond its chip, and from which it is reached."""
    per_chip = context.tile.count
    chip, place = divmod(tile, per_chip)
    fabric = context.topology.fabrics[0]
    gate = fabric.gate_of(fabric.enter[place]) if isinstance(fabric, Gated) else 0
    return chip * (per_chip + _n_ports(context)) + per_chip + gate


def _n_ports(context: Context) -> int:
    fabric = context.topology.fabrics[0]
    return len(fabric.gates) if isinstance(fabric, Gated) else 1
