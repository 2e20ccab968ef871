"""The interconnect of a run: who loads which link, and what transfers spend on hops and on waiting."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from ..engines.result import EngineResult
from ..program import Program
from .busy import BusyTimes, visit_resource_pairs
from .seconds import seconds
from .stalls import is_link

FLIT_HOP = "flit hop"
"""Action of the ledger: a flit through a router and over the link behind it."""


@dataclass(frozen=True)
class LinkUse:
    """A link, or links that always carry the same.

    Attributes
    ----------
    name, klass : str
    members : tuple of str
        Names of the links that it stands for.
    load : float
        Busy share of the run.
    queueing_s : float
        Time that transfers over this link waited in the network, in one inference. A transfer that waits for
        several links together counts for each of them.
    transfers : tuple of (str, float)
        The transfers that share it and their parts of its busy time, the largest first.
    """

    name: str
    klass: str
    members: tuple[str, ...]
    load: float
    queueing_s: float
    transfers: tuple[tuple[str, float], ...]


@dataclass(frozen=True)
class Transfer:
    """A stream over the network in one inference; times are sums over its tokens, which overlap.

    Attributes
    ----------
    name, layer : str
    n_tokens : int
    hop_s : float
        On an empty network: routers, wires, and the flits behind the heads.
    queue_s : float
        Beyond that.
    """

    name: str
    layer: str
    n_tokens: int
    hop_s: float
    queue_s: float


@dataclass(frozen=True, eq=False)
class NetworkUse:
    """The interconnect of one inference.

    Attributes
    ----------
    program : Program
    result : EngineResult
        Of one inference.
    busy : BusyTimes
        Of the whole run.
    flit_bits : int or None
        Width of a link of the network on chip.
    """

    program: Program
    result: EngineResult
    busy: BusyTimes
    flit_bits: int | None

    @cached_property
    def links(self) -> tuple[LinkUse, ...]:
        """Every link that carried something, the most loaded first."""
        program, load = self.program, self.busy.resource_utilization
        visits, resources = visit_resource_pairs(program)
        occupied = program.occupied_fs(self.result.busy_fs)
        owner = program.visit_actor()
        found = []
        for r, klass in enumerate(program.resource_class):
            if not is_link(klass) or load[r] <= 0:
                continue
            uses = np.flatnonzero(resources == r)
            by_actor: dict[int, int] = {}
            for i in uses.tolist():
                actor = int(owner[visits[i]])
                by_actor[actor] = by_actor.get(actor, 0) + int(occupied[i])
            total = sum(by_actor.values())
            shares = [(program.actor_name[a], t / total) for a, t in by_actor.items() if t]
            found.append(
                LinkUse(
                    name=program.resource_name[r],
                    klass=klass,
                    members=program.resource_members[r],
                    load=float(load[r]),
                    queueing_s=seconds(
                        int(self.result.wait_fs[np.flatnonzero(np.bincount(visits[uses]))].sum())
                    ),
                    transfers=tuple(sorted(shares, key=lambda s: (-s[1], s[0]))),
                )
            )
        return tuple(sorted(found, key=lambda link: (-link.load, link.name)))

    @cached_property
    def transfers(self) -> tuple[Transfer, ...]:
        """Every stream over the network, the longest first."""
        program = self.program
        found = []
        for a, name in enumerate(program.actor_name):
            visits = range(int(program.actor_visit_start[a]), int(program.actor_visit_start[a + 1]))
            if not all(self._on_links(v) for v in visits):
                continue
            n = int(program.actor_firings[a])
            hop_fs = sum(program.schedule(int(program.visit_advance[v])).total(n) for v in visits)
            queue_fs = sum(int(self.result.wait_fs[v]) for v in visits)
            found.append(Transfer(name, program.actor_layer[a], n, seconds(hop_fs), seconds(queue_fs)))
        return tuple(sorted(found, key=lambda t: (-(t.hop_s + t.queue_s), t.name)))

    @property
    def flit_hops(self) -> int:
        """Flits through routers, each with the link behind it, in one inference."""
        program = self.program
        rows = zip(program.ledger_action, program.ledger_total, strict=True)
        return sum(int(n) for action, n in rows if action == FLIT_HOP)

    @property
    def energy_per_flit_hop_j(self) -> float | None:
        """Energy of a flit through a router and its link; None if nothing is known or sent."""
        rows = zip(self.program.ledger_action, self.program.ledger_energy_j, strict=True)
        return next((float(e) for action, e in rows if action == FLIT_HOP), None)

    @property
    def energy_per_bit_hop_j(self) -> float | None:
        """The same for a bit."""
        energy_j = self.energy_per_flit_hop_j
        return None if energy_j is None or self.flit_bits is None else energy_j / self.flit_bits

    def _on_links(self, visit: int) -> bool:
        """Whether a visit occupies links, and nothing else."""
        p = self.program
        group = p.visit_resource[p.visit_resource_start[visit] : p.visit_resource_start[visit + 1]]
        return len(group) > 0 and all(is_link(p.resource_class[r]) for r in group)
