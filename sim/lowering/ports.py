"""Ports that the crossbars of a layer stand behind (`arch/ports.py`), and how long a product keeps them.

The crossbars of a layer behind one port get their vectors, or work, one after the other. Where there are
several ports, the one with most of them decides: the layer's crossbars are one resource, which is done (and
counts as busy) until the last of them. A port that crossbars of several layers stand behind is one resource
for all of these.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from ...arch.parts import port_word
from ...arch.ports import Port
from ..mapping.assignment import InBlocks
from .context import Context
from .links import ARBITRATION


@dataclass(frozen=True)
class Behind:
    """One kind of port of a chip, as a layer uses it.

    Attributes
    ----------
    port : Port
    crossbars : dict of int to int
        Crossbars of the layer by the resource of the port that they stand behind.
    """

    port: Port
    crossbars: dict[int, int]

    @property
    def most(self) -> int:
        """Crossbars behind the port that has most of them."""
        return max(self.crossbars.values())

    @property
    def vectors(self) -> int:
        """Vectors of one product, through all of these ports."""
        return sum(self.crossbars.values())


def ports_of(context: Context, a: InBlocks) -> tuple[Behind, ...]:
    """The ports in front of the crossbars of a layer."""
    per_tile = context.tile.crossbar.count
    at = [context.mapping.tile_order[c // per_tile] * per_tile + c % per_tile for c in sorted(a.crossbars())]
    return tuple(_behind(context, port, at) for port in context.chip.ports)


def _behind(context: Context, port: Port, at: list[int]) -> Behind:
    of_chip, how = context.chip.n_crossbars, ARBITRATION[port.arbitration or "fcfs"]
    numbers = Counter(c // of_chip * port.of_chip(of_chip) + c % of_chip // port.crossbars for c in at)
    word = port_word(port.name)
    return Behind(
        port, {context.resource(f"{word} {i}", word, arbitration=how): n for i, n in sorted(numbers.items())}
    )


def turns(behind: tuple[Behind, ...]) -> int:
    """Crossbars of the layer that work one after the other."""
    return max((b.most for b in behind if b.port.in_turn), default=1)


def own_fs(behind: tuple[Behind, ...], applications: int) -> int:
    """What the ports that a product keeps add to the time of the products of one firing."""
    return applications * sum(b.most * b.port.time_fs for b in behind if b.port.in_turn)


def held_by(behind: tuple[Behind, ...], *kinds: str) -> tuple[int, ...]:
    """Resources of the ports of some kinds."""
    return tuple(r for b in behind if b.port.kind in kinds for r in b.crossbars)


def stream(context: Context, actor: int, behind: tuple[Behind, ...], applications: int) -> tuple[int, int]:
    """Visits of streams, before the product. Returns their latency, and the time between two firings."""
    latency = interval = 0
    for b in behind:
        if not b.port.in_turn:
            holds = {r: n * applications * b.port.time_fs for r, n in b.crossbars.items()}
            longest = max(holds.values())
            context.builder.visit(actor, tuple(holds), longest, longest, spread=True, holds_fs=holds)
            latency, interval = latency + longest, max(interval, longest)
    return latency, interval


def spend(
    context: Context, actor: int, behind: tuple[Behind, ...], applications: int, product_fs: int
) -> None:
    """Energy of the vectors of one firing; `product_fs` is the time of one crossbar's product."""
    for b in behind:
        vectors = b.vectors * applications
        busy_fs = b.port.busy_fs(product_fs)
        context.spend(
            actor,
            port_word(b.port.name),
            "vector",
            vectors,
            b.port.energy_j,
            b.port.power_w,
            busy_fs * vectors,
        )
