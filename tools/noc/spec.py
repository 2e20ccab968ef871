"""The network under test: that of a chip, or a small file that describes nothing else.

Keys of such a file: `topology` and its parameters (grid, concentration, n_endpoints, routing, arity, edges,
attach, gateway), or `levels`, a list of such from the endpoints upwards; and `router`, the name of a known
router or its fields (`preset` names the one to start from).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from ...arch import load as load_chip
from ...arch.nearest import nearest_hint
from ...arch.yaml_text import Document, read_file
from ...sim.errors import SimulationError
from ...sim.interconnect import chip_network, router_of
from ...sim.noc import FabricSpec, RouterConfig, Topology, build_hierarchy
from ..errors import UsageError
from .router_text import changed

LARGEST = 4096
"""Endpoints at most: routers are simulated one by one."""


@dataclass(frozen=True)
class Network:
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


def load_network(source: str, overrides: Mapping[str, str] | None = None) -> Network:
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
        Network(chip.name, chip_network(chip), router_of(chip), noc.energy_per_flit_hop_j, noc.flit_bits)
    )


def _checked(network: Network) -> Network:
    if network.topology.n_endpoints > LARGEST:
        raise UsageError(
            f"{network.name}: {network.topology.n_endpoints} endpoints, expected at most {LARGEST}"
        )
    return network


def _from_file(document: Document, name: str) -> Network:
    top: dict[str, Any] = dict(document.value)
    router = _router(document, top.pop("router", {}))
    levels = top.pop("levels", None)
    parts: list[tuple[tuple[str | int, ...], object]] = [((), top)]
    if levels is not None:
        if top or not isinstance(levels, list) or not levels:
            where = document.place(("levels",))
            raise UsageError(f"{where}: levels: expected a list of networks, and beside it only 'router'")
        parts = [(("levels", i), level) for i, level in enumerate(levels)]
    try:
        topology = build_hierarchy([_level(document, at, part) for at, part in parts], host=False)
    except SimulationError as error:
        raise SimulationError(f"{document.place(('topology',))}: {error}") from None
    return Network(name, topology, router)


def _router(document: Document, given: object) -> RouterConfig:
    changes = {"preset": given} if isinstance(given, str) else given
    where = document.place(("router",))
    if not isinstance(changes, dict):
        raise UsageError(f"{where}: router: found {given!r}, expected a name or fields")
    try:
        return changed(RouterConfig(), changes, f"{where}: router")
    except SimulationError as error:
        raise SimulationError(f"{where}: {error}") from None


def _level(document: Document, at: tuple[str | int, ...], given: object) -> tuple[str, FabricSpec]:
    """Topology and parameters of one level."""
    if not isinstance(given, dict) or not isinstance(given.get("topology"), str):
        raise UsageError(f"{document.place(at)}: topology is missing, expected its name")
    known = [field.name for field in fields(FabricSpec)]
    values: dict[str, Any] = {}
    for key, value in given.items():
        where = f"{document.place((*at, key))}: {key}"
        if key != "topology":
            if key not in known:
                raise UsageError(f"{where}: unknown field{nearest_hint(key, ['topology', 'router', *known])}")
            values[key] = _parameter(key, value, where)
    return given["topology"], FabricSpec(**values)


def _parameter(key: str, value: object, where: str) -> object:
    if key == "routing":
        ok, expected, result = isinstance(value, str), "the name of a routing", value
    elif key == "grid":
        ok, expected = _whole(value, 2), "[rows, columns]"
        result = tuple(value) if isinstance(value, list) else value
    elif key == "edges":
        pairs = value if isinstance(value, list) else []
        ok = bool(pairs) and all(isinstance(p, list) and len(p) == 2 and _names(p) for p in pairs)
        expected, result = "a list of [from, to]", tuple(tuple(p) for p in pairs if isinstance(p, list))
    elif key == "attach":
        ok, expected = isinstance(value, list) and _names(value), "a list of routers"
        result = tuple(value) if isinstance(value, list) else value
    else:
        ok, expected, result = _whole([value], 1), "a whole number", value
    if not ok:
        raise UsageError(f"{where}: found {value!r}, expected {expected}")
    return result


def _whole(value: object, n: int) -> bool:
    """Whether it is a list of n whole numbers from 0."""
    numbers = value if isinstance(value, list) else []
    return len(numbers) == n and all(type(x) is int and x >= 0 for x in numbers)


def _names(values: list[Any]) -> bool:
    return all(isinstance(x, (str, int)) for x in values)
