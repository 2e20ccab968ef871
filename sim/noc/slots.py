"""Static circuit switching: time slots on links, given out before the run so that circuits never meet.

Time is cut in slots, P to a period. A circuit that enters its first link in slot s is on the next link in
slot s + step, and so on, all modulo P (aelite, Hansson et al. 2009): one number per circuit and word says
everything, and nothing ever waits in a router.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ..errors import SimulationError
from .topology import Topology


@dataclass(frozen=True)
class Circuit:
    """Words per period from one endpoint to another."""

    src: int
    dst: int
    words: int = 1


@dataclass(frozen=True)
class SlotTable:
    """Slots given out.

    Attributes
    ----------
    period : int
    first : tuple of tuple of int
        Of each circuit, the slots in which its words enter their first link.
    owner : dict
        (link, slot) -> number of the circuit.
    """

    period: int
    first: tuple[tuple[int, ...], ...]
    owner: dict[tuple[int, int], int]


def assign_slots(topology: Topology, circuits: Sequence[Circuit], period: int, *, step: int = 1) -> SlotTable:
    """Give every circuit its slots, first fit, the circuits with the longest routes first.

    Parameters
    ----------
    period : int
        Slots after which the table repeats.
    step : int
        Slots from one link to the next.

    Raises
    ------
    SimulationError
        A circuit does not fit; names it and the busiest link on its way.
    """
    if period < 1 or step < 0:
        raise SimulationError(
            f"time slots: period must be at least 1 and step at least 0, found {period} and {step}"
        )
    routes = [topology.route(c.src, c.dst) for c in circuits]
    owner: dict[tuple[int, int], int] = {}
    first: list[tuple[int, ...]] = [()] * len(circuits)
    for i in sorted(range(len(circuits)), key=lambda i: (-len(routes[i]), i)):
        taken: list[int] = []
        for slot in range(period):
            uses = [(link, (slot + hop * step) % period) for hop, link in enumerate(routes[i])]
            if len(taken) < circuits[i].words and not any(use in owner for use in uses):
                owner.update(dict.fromkeys(uses, i))
                taken.append(slot)
        if len(taken) < circuits[i].words:
            raise SimulationError(_no_room(topology, circuits[i], routes[i], owner, len(taken), period))
        first[i] = tuple(taken)
    return SlotTable(period, tuple(first), owner)


def _no_room(
    topology: Topology,
    circuit: Circuit,
    route: Sequence[int],
    owner: dict[tuple[int, int], int],
    found: int,
    period: int,
) -> str:
    use = {link: sum((link, slot) in owner for slot in range(period)) for link in route}
    fullest = max(route, key=lambda link: use[link])
    return (
        f"circuit from endpoint {circuit.src} to {circuit.dst} needs {circuit.words} of {period} time slots, "
        f"{found} fit; link {topology.link(fullest).name} has {use[fullest]} taken: lengthen the period or "
        "move its circuits"
    )
