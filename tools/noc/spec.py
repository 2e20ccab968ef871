"""The network under test: that of a chip, or a small file that describes nothing else.

Keys of such a file: `topology` and its parameters (grid, concentration, n_endpoints, routing, arity, edges,
attach, gateway), or `levels`, a list of such from the endpoints upwards; and `router`, the name of a known
router or its fields (`preset` names the one to start from).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from pydantic import ConfigDict, Field

from ...arch import load as load_chip
from ...arch.yaml_text import Document, read_file
from ...sim.errors import SimulationError
from ...sim.interconnect import chip_network, router_of
from ...sim.noc import FabricSpec, RouterConfig, Topology, build_hierarchy
from ..documents import FileModel, validated
from ..errors import UsageError
from .router_text import changed

LARGEST = 4096
"""Endpoints at most: routers are simulated one by one."""


Whole = Annotated[int, Field(ge=0)]
Node = str | int
Pair = Annotated[list[Node], Field(min_length=2, max_length=2)]


@dataclass(frozen=True)
class BenchNetwork:
    """A network with its routers.

    Attributes
    ----------
    name : str
    topology : Topology
    router : RouterConfig
    energy_per_flit_hop_j : float or None
        One flit through one router and one link, where it is known.
    flit_bits : int or None
    """

    name: str
    topology: Topology
    router: RouterConfig
    energy_per_flit_hop_j: float | None = None
    flit_bits: int | None = None


def load_network(source: str, overrides: Mapping[str, str] | None = None) -> BenchNetwork:
    """The network of a chip (preset or file) or of a network file.

    Raises
    ------
    UsageError
        The file, its fields or their values; the chip has no network.
    SimulationError
        A network that cannot be: not connected, an unknown topology, zero buffers.
    """
    path = Path(source)
    if path.suffix in (".yaml", ".yml") and path.is_file():
        document = read_file(path)
        if isinstance(document.value, dict) and ("topology" in document.value or "levels" in document.value):
            if overrides:
                raise UsageError(f"--set changes fields of a chip, but {source} describes a network only")
            return _checked(_from_file(document, path.stem))
    chip = load_chip(source, overrides=overrides)
    if chip.noc is None or chip.tile is None:
        raise UsageError(f"{source}: this chip has no network between tiles (noc), so nothing can be sent")
    if chip.noc.switching == "circuit":
        raise UsageError(
            f"{source}: noc.switching is circuit; packets cannot wait in it, so it has no latency curve"
        )
    noc = chip.noc
    return _checked(
        BenchNetwork(chip.name, chip_network(chip), router_of(chip), noc.energy_per_flit_hop_j, noc.flit_bits)
    )


def _checked(network: BenchNetwork) -> BenchNetwork:
    if network.topology.n_endpoints > LARGEST:
        raise UsageError(
            f"{network.name}: {network.topology.n_endpoints} endpoints, expected at most {LARGEST}"
        )
    return network


class LevelFile(FileModel):
    """A network as a file says it; `FabricSpec` says what it means."""

    model_config = ConfigDict(title="a network (topology, ...)")

    topology: str
    n_endpoints: int | None = Field(None, ge=0)
    grid: list[Whole] | None = Field(None, min_length=2, max_length=2)
    concentration: int = Field(1, ge=0)
    routing: str | None = None
    arity: int | None = Field(None, ge=0)
    edges: list[Pair] = Field(default_factory=list)
    attach: list[Node] = Field(default_factory=list)
    gateway: int = Field(0, ge=0)

    @property
    def level(self) -> tuple[str, FabricSpec]:
        """Topology and parameters."""
        return self.topology, FabricSpec(
            n_endpoints=self.n_endpoints,
            grid=None if self.grid is None else (self.grid[0], self.grid[1]),
            concentration=self.concentration,
            routing=self.routing,
            arity=self.arity,
            edges=tuple((edge[0], edge[1]) for edge in self.edges),
            attach=tuple(self.attach),
            gateway=self.gateway,
        )


class AloneFile(LevelFile):
    """A file with one network."""

    router: Any = None


class LevelsFile(FileModel):
    """A file with networks above each other, from the endpoints upwards."""

    model_config = ConfigDict(title="levels, and beside them only 'router'")

    levels: list[LevelFile] = Field(min_length=1)
    router: Any = None


def _from_file(document: Document, name: str) -> BenchNetwork:
    if "levels" in document.value:
        several = validated(document, LevelsFile)
        parts, asked = several.levels, several.router
    else:
        alone = validated(document, AloneFile)
        parts, asked = [alone], alone.router
    router = _router(document, {} if asked is None else asked)
    try:
        topology = build_hierarchy([part.level for part in parts], host=False)
    except SimulationError as error:
        raise SimulationError(f"{document.place(('topology',))}: {error}") from None
    return BenchNetwork(name, topology, router)


def _router(document: Document, given: object) -> RouterConfig:
    changes = {"preset": given} if isinstance(given, str) else given
    where = document.place(("router",))
    if not isinstance(changes, dict):
        raise UsageError(f"{where}: router: found {given!r}, expected a name or fields")
    try:
        return changed(RouterConfig(), changes, f"{where}: router")
    except SimulationError as error:
        raise SimulationError(f"{where}: {error}") from None
