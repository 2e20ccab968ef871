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

from ..noc.link import Link
from .context import Context
from .flit_transfers import flit_transfer
from .links import amount_on, head_fs, link_resource, on_chip, serial_fs, spend
from .shares import Flow, unicasts

UNDER_WAY = 4
"""Tokens of a transfer on their way at once."""


def transfer(
    context: Context, name: str, layer: str, firings: int, moved: list[Flow], *, stream: str | None = None
) -> int | None:
    """An actor that moves one token per firing; None if nothing has to move.

    Transfers of one `stream` (of its own if none is given) have one voice where links serve streams in turn.
    """
    if not context.multicast:
        moved = unicasts(moved)
    if context.detail == "ideal":
        return _ideal(context, name, layer, firings, moved)
    if context.flit is not None:
        return flit_transfer(context, name, layer, firings, moved, stream=stream)
    load, depth = _load(context, moved)
    if not load:
        return None
    links = {i: context.link(i) for i in load}
    window = context.chip.noc.outstanding if context.chip.noc else None
    actor = context.builder.actor(name, firings, layer=layer, window=window, stream=stream)
    by_depth: dict[int, list[int]] = defaultdict(list)
    for link, d in depth.items():
        by_depth[d].append(link)
    levels = [
        Level(
            {m: serial_fs(context, links[m], load[m]) for m in sorted(by_depth[d])},
            max(head_fs(context, links[m]) for m in by_depth[d]),
        )
        for d in sorted(by_depth)
    ]
    tail = max(level.hold_fs for level in levels)
    circuit = context.chip.noc is not None and context.chip.noc.switching == "circuit"
    if circuit:
        levels = _circuits(levels, links)
    for i, level in enumerate(levels):
        holds = {link_resource(context, links[m]): fs for m, fs in level.holds_fs.items()}
        advance = level.head_fs + (tail if i == len(levels) - 1 else 0)
        if circuit and all(on_chip(links[m]) for m in level.holds_fs):
            context.builder.visit(actor, tuple(holds), level.hold_fs, advance)
        else:
            context.builder.visit(actor, tuple(holds), level.hold_fs, advance, spread=True, holds_fs=holds)
    spend(context, actor, links, load)
    return actor


def _ideal(context: Context, name: str, layer: str, firings: int, moved: list[Flow]) -> int | None:
    """The same without time: what the network costs is the difference."""
    load, _ = _load(context, moved)
    if not load:
        return None
    actor = context.builder.actor(name, firings, layer=layer)
    context.builder.visit(actor, (), 1)
    spend(context, actor, {i: context.link(i) for i in load}, load)
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
        inside = all(on_chip(links[m]) for m in level.holds_fs)
        before = (
            joined[-1] if joined and inside and all(on_chip(links[m]) for m in joined[-1].holds_fs) else None
        )
        if before:
            heads += level.head_fs
            hold = heads + max(before.hold_fs - before.head_fs, level.hold_fs)
            joined[-1] = Level(dict.fromkeys([*before.holds_fs, *level.holds_fs], hold), heads)
        elif inside:
            heads = level.head_fs
            joined.append(Level(dict.fromkeys(level.holds_fs, level.hold_fs + heads), heads))
        else:
            joined.append(level)
    return joined


def _load(context: Context, moved: list[Flow]) -> tuple[dict[int, int], dict[int, int]]:
    """Flits (on the chip) or bytes on every link, and its depth: the most hops that any flow has made before
    it.

    A flow to several tiles takes a tree, each link of which carries it once; flows do not share flits.
    """
    load: dict[int, int] = defaultdict(int)
    depth: dict[int, int] = {}
    for flow in moved:
        for link, d in context.tree(flow.src, flow.dsts).items():
            load[link] += amount_on(context, context.link(link), flow.n_bytes)
            if depth.get(link, -1) < d:
                depth[link] = d
    if context.chip.noc is None:  # one place per chip: only links between chips and to the host are real
        for link in [i for i in load if on_chip(context.link(i))]:
            del load[link], depth[link]
    return load, depth
