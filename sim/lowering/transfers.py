"""Streams between places: flows over the interconnect, as the visits of one actor.

A stream from the tiles where it comes into being to the tiles that use it is a set of flows, each from one
tile to one or more (multicast). All flows of one token set out together; links at the same depth are one
visit that occupies each of them as soon as it is free, for as long as its bytes take, and the heads go on
after the delay of one hop (cut-through). On a circuit-switched network all links of the
way are one visit instead, taken together and held until the last flit is through.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from itertools import count

from ..mapping.timing import bytes_fs, ceil_div
from ..noc.topology import Link, LinkKind
from .context import Context
from .shares import Flow


def transfer(context: Context, name: str, layer: str, firings: int, moved: list[Flow]) -> int | None:
    """An actor that moves one token per firing; None if nothing has to move."""
    load, depth = _load(context, moved)
    if not load:
        return None
    links = {i: context.link(i) for i in load}
    actor = context.builder.actor(name, firings, layer=layer)
    by_depth: dict[int, list[int]] = defaultdict(list)
    for link, d in depth.items():
        by_depth[d].append(link)
    levels = [
        Level(
            {m: _serial_fs(context, links[m], load[m]) for m in sorted(by_depth[d])},
            max(_head_fs(context, links[m]) for m in by_depth[d]),
        )
        for d in sorted(by_depth)
    ]
    tail = max(level.hold_fs for level in levels)
    circuit = context.chip.noc is not None and context.chip.noc.switching == "circuit"
    if circuit:
        levels = _circuits(levels, links)
    for i, level in enumerate(levels):
        holds = {
            context.resource(f"link {links[m].name}", _class(links[m])): fs
            for m, fs in level.holds_fs.items()
        }
        advance = level.head_fs + (tail if i == len(levels) - 1 else 0)
        if circuit and all(_on_chip(links[m]) for m in level.holds_fs):
            context.builder.visit(actor, tuple(holds), level.hold_fs, advance)
        else:
            context.builder.visit(actor, tuple(holds), level.hold_fs, advance, spread=True, holds_fs=holds)
    _energy(context, actor, links, load)
    return actor


@dataclass(frozen=True)
class Level:
    """Links that are reached together, for how long each is busy, and after what time the heads go on."""

    holds_fs: dict[int, int]
    head_fs: int

    @property
    def hold_fs(self) -> int:
        """The longest of the holds."""
        return max(self.holds_fs.values())


def _circuits(levels: list[Level], links: dict[int, Link]) -> list[Level]:
    """Levels with neighbouring ones on the chip put together: a circuit takes all its links at once.

    It is held until the last flit has come through all of them. A level with links of both kinds stays as it
    is.
    """
    joined: list[Level] = []
    heads = 0
    for level in levels:
        on_chip = all(_on_chip(links[m]) for m in level.holds_fs)
        before = (
            joined[-1]
            if joined and on_chip and all(_on_chip(links[m]) for m in joined[-1].holds_fs)
            else None
        )
        if before:
            heads += level.head_fs
            hold = heads + max(before.hold_fs - before.head_fs, level.hold_fs)
            joined[-1] = Level(dict.fromkeys([*before.holds_fs, *level.holds_fs], hold), heads)
        elif on_chip:
            heads = level.head_fs
            joined.append(Level(dict.fromkeys(level.holds_fs, level.hold_fs + heads), heads))
        else:
            joined.append(level)
    return joined


def _on_chip(link: Link) -> bool:
    return link.kind not in (LinkKind.CHIP, LinkKind.HOST)


def _load(context: Context, moved: list[Flow]) -> tuple[dict[int, int], dict[int, int]]:
    """Bytes on every link, and its depth: the most hops that any flow has made before it.

    The routes of a flow to all its tiles share their first links (routing from one source is a tree), and a
    shared link carries the bytes once.
    """
    load: dict[int, int] = defaultdict(int)
    depth: dict[int, int] = {}
    for flow in moved:
        tree: dict[int, int] = {}
        for dst in flow.dsts:
            tree.update(zip(context.route(flow.src, dst), count(), strict=False))
        for link, d in tree.items():
            load[link] += flow.n_bytes
            if depth.get(link, -1) < d:
                depth[link] = d
    if context.chip.noc is None:  # one place per chip: only links between chips and to the host are real
        for link in [i for i in load if context.link(i).kind not in (LinkKind.CHIP, LinkKind.HOST)]:
            del load[link], depth[link]
    return load, depth


def _class(link: Link) -> str:
    return {LinkKind.CHIP: "chip link", LinkKind.HOST: "host link"}.get(link.kind, "link")


def _serial_fs(context: Context, link: Link, n_bytes: int) -> int:
    """Time a link is busy with so many bytes."""
    chip = context.chip
    if link.kind == LinkKind.HOST:
        assert chip.host is not None
        return bytes_fs(n_bytes, chip.host.bandwidth_bytes_per_s)
    if link.kind == LinkKind.CHIP:
        assert chip.chips is not None
        return bytes_fs(n_bytes, chip.chips.bandwidth_bytes_per_s)
    assert chip.noc is not None
    return ceil_div(8 * n_bytes, chip.noc.flit_bits) * chip.noc.cycle_fs


def _head_fs(context: Context, link: Link) -> int:
    """Time from a head's arrival at a link to its arrival at the next."""
    chip = context.chip
    if link.kind == LinkKind.HOST:
        assert chip.host is not None
        return max(1, chip.host.latency_fs)
    if link.kind == LinkKind.CHIP:
        assert chip.chips is not None
        return max(1, chip.chips.latency_fs)
    assert chip.noc is not None
    routed = 0 if link.kind == LinkKind.INJECT else chip.noc.router_cycles
    return max(1, (routed + chip.noc.link_cycles) * chip.noc.cycle_fs)


def _energy(context: Context, actor: int, links: dict[int, Link], load: dict[int, int]) -> None:
    """Flit-hops on the network, bytes on other links.

    A hop is a router and the link behind it, so the injecting link is none.
    """
    chip = context.chip
    hops = sum(
        ceil_div(8 * load[i], chip.noc.flit_bits)
        for i, link in links.items()
        if chip.noc is not None and link.kind in (LinkKind.WIRE, LinkKind.EJECT)
    )
    if hops and chip.noc is not None:
        context.spend(actor, "noc", "flit hop", hops, chip.noc.energy_per_flit_hop_j)
    over_chips = sum(load[i] for i, link in links.items() if link.kind == LinkKind.CHIP)
    if over_chips and chip.chips is not None:
        context.spend(actor, "chip links", "byte", over_chips, chip.chips.energy_per_byte_j)
    to_host = sum(load[i] for i, link in links.items() if link.kind == LinkKind.HOST)
    if to_host and chip.host is not None:
        context.spend(actor, "host link", "byte", to_host, chip.host.energy_per_byte_j)
