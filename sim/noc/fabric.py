"""One level of interconnect: routers, the wires between them, and the rule that picks a path.

A fabric knows nothing of the chips it is copied onto; `topology.py` joins fabrics into a whole. Every
topology is one file in `topologies/` that registers a builder by name; packages outside register theirs under
the entry point group ``ohmsum.topologies``.
"""

from __future__ import annotations

import difflib
import pkgutil
from abc import ABC, abstractmethod
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from importlib import import_module
from importlib.metadata import entry_points
from itertools import pairwise

from ..errors import SimulationError

Path = tuple[int, ...]
"""Wire indices in order, from a router to another; empty if they are the same."""


@dataclass(frozen=True)
class FabricSpec:
    """What a topology may ask for. A builder refuses what it cannot use rather than ignoring it.

    Attributes
    ----------
    n_endpoints : int or None
        Default: as many as the grid or the graph has places for.
    grid : (int, int) or None
        Rows and columns of routers.
    concentration : int
        Endpoints per router.
    routing : str or None
        None takes the topology's own rule.
    arity : int or None
        Children per router of a tree.
    edges : tuple of (node, node)
        Directed edges of an arbitrary graph.
    attach : tuple of nodes
        Router of each endpoint of an arbitrary graph.
    gateway : int
        Router that leads to the level above and to the host.
    """

    n_endpoints: int | None = None
    grid: tuple[int, int] | None = None
    concentration: int = 1
    routing: str | None = None
    arity: int | None = None
    edges: tuple[tuple[Hashable, Hashable], ...] = ()
    attach: tuple[Hashable, ...] = ()
    gateway: int = 0

    def refuse(self, topology: str, *names: str) -> None:
        """Raise if a field was set that `topology` has no use for."""
        for name in names:
            if getattr(self, name) != getattr(FabricSpec(), name):
                found = getattr(self, name)
                raise SimulationError(
                    f"topology {topology!r} has no {name!r} (found {found!r}); leave it out"
                )

    def choose_routing(self, topology: str, *choices: str) -> str:
        """The routing asked for, or the first of `choices`."""
        if self.routing is None:
            return choices[0]
        if self.routing not in choices:
            raise SimulationError(
                f"topology {topology!r} cannot route by {self.routing!r}; expected: {', '.join(choices)}"
            )
        return self.routing

    def count(self, topology: str) -> int:
        """Number of endpoints, for topologies that cannot know it otherwise."""
        if self.n_endpoints is None or self.n_endpoints < 1:
            raise SimulationError(f"topology {topology!r} needs n_endpoints >= 1, found {self.n_endpoints}")
        return self.n_endpoints


@dataclass(frozen=True)
class Wire:
    """A directed connection between two routers of a fabric; `length` in tile pitches."""

    src: int
    dst: int
    length: float = 1.0


class Fabric(ABC):
    """Routers, wires and a routing rule.

    Attributes
    ----------
    name : str
    n_routers : int
    wires : tuple of Wire
    enter, leave : tuple of int
        Router at which each endpoint injects and from which it is served (the same one but on a bus).
    gateway : int
        Router that leads to the level above and to the host.
    n_classes : int
        Virtual-channel classes that the routing needs to be free of deadlock.
    cyclic : bool
        Traffic towards the gateway and from it can wait for each other (rings, a shared medium). What comes
        down from a level above then takes classes of its own.
    n_variants : int
        Routes per pair that it spreads its traffic over; flow `f` takes variant ``f % n_variants``.
    """

    name: str
    n_classes: int = 1
    n_variants: int = 1
    cyclic: bool = False

    def __init__(
        self,
        n_routers: int,
        wires: tuple[Wire, ...],
        enter: tuple[int, ...],
        *,
        leave: tuple[int, ...] = (),
        gateway: int = 0,
    ) -> None:
        if not 0 <= gateway < n_routers:
            raise SimulationError(
                f"topology {self.name!r}: gateway router {gateway} is not one of 0..{n_routers - 1}"
            )
        self.n_routers = n_routers
        self.wires = wires
        self.enter = enter
        self.leave = leave or enter
        self.gateway = gateway
        self.between = {(w.src, w.dst): i for i, w in enumerate(wires)}

    @property
    def n_endpoints(self) -> int:
        return len(self.enter)

    @property
    def shape(self) -> tuple[int, ...]:
        """Endpoints along each dimension, the one that numbers count first; for traffic patterns."""
        return (self.n_endpoints,)

    @property
    def direct(self) -> bool:
        """Whether router i serves endpoint i alone: then it may *be* the gateway of a lower level."""
        return self.enter == self.leave == tuple(range(self.n_routers))

    @abstractmethod
    def routers(self, src: int, dst: int, flow: int) -> tuple[int, ...]:
        """Routers passed from `src` to `dst`, both included."""

    def path(self, src: int, dst: int, flow: int = 0) -> Path:
        """Wires from router `src` to router `dst`."""
        passed = self.routers(src, dst, flow)
        return tuple(self.between[pair] for pair in pairwise(passed))

    def classes(self, path: Path, flow: int = 0) -> tuple[int, ...]:
        """Virtual-channel class of each wire of a path."""
        return (0,) * len(path)

    def router_name(self, router: int) -> str:
        return f"r{router}"


def both_ways(pairs: list[tuple[int, int]], length: float = 1.0) -> tuple[Wire, ...]:
    """A wire each way for every pair of neighbours."""
    return tuple(w for a, b in pairs for w in (Wire(a, b, length), Wire(b, a, length)))


Builder = Callable[[FabricSpec], Fabric]
_BUILDERS: dict[str, Builder] = {}


def register(name: str) -> Callable[[Builder], Builder]:
    """Decorator that makes a builder known by name."""

    def add(builder: Builder) -> Builder:
        _BUILDERS[name] = builder
        return builder

    return add


def names() -> tuple[str, ...]:
    """All topologies, those of other packages included."""
    if not _BUILDERS:
        folder = import_module(".topologies", __package__)
        for module in pkgutil.iter_modules(folder.__path__):
            import_module(f".topologies.{module.name}", __package__)
        for point in entry_points(group="ohmsum.topologies"):
            point.load()
    return tuple(sorted(_BUILDERS))


def fabric(name: str, spec: FabricSpec) -> Fabric:
    """Build one level of interconnect.

    Raises
    ------
    SimulationError
        Unknown topology, or a parameter that it cannot use.
    """
    known = names()
    if name not in _BUILDERS:
        near = difflib.get_close_matches(name, known, n=1)
        hint = f"; did you mean {near[0]!r}?" if near else ""
        raise SimulationError(f"unknown topology {name!r}, expected one of {', '.join(known)}{hint}")
    return _BUILDERS[name](spec)
