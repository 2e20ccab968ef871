"""The parts of a chip beside its tiles, and what it is connected to."""

from __future__ import annotations

from collections.abc import Iterable

from ..chip import Chip
from ..component import Costed
from ..links import Host, KvCache, Memory, Router
from .in_tile import CLOCK, CYCLE, NUMBER, WIDTH
from .part import Found, Part, Turn
from .rates import bandwidth, every_cycle, every_port, per_hop, router_count, stated, vectors

BANDWIDTH = Turn("bandwidth", "bandwidth", "more")
DELAY = Turn("latency", "delay", "less")


def units_of_chip(chip: Chip) -> Iterable[Found]:
    for unit in chip.units:
        yield f"units.{unit.name}", unit, unit.count


def ports(chip: Chip) -> Iterable[Found]:
    for port in chip.ports:
        yield f"ports.{port.name}", port, port.of_chip(chip.n_crossbars)


def mac_array(chip: Chip) -> Iterable[Found]:
    if chip.mac_array is not None:
        yield "mac_array", chip.mac_array, chip.mac_array.count


def array_buffer(chip: Chip) -> Iterable[Found]:
    if chip.mac_array is not None:
        yield "mac_array.buffer", chip.mac_array.buffer, chip.mac_array.count


def kv_cache(chip: Chip) -> Iterable[Found]:
    if chip.kv_cache is not None:
        yield "kv_cache", chip.kv_cache, chip.kv_cache.count


def noc(chip: Chip) -> Iterable[Found]:
    if chip.noc is not None:
        yield "noc", chip.noc, 1


def routers(chip: Chip) -> Iterable[Found]:
    if chip.noc is not None:
        yield "noc.router", chip.noc.router or Router(), router_count(chip, chip.noc)


def links(chip: Chip) -> Iterable[Found]:
    if chip.chips is not None:
        yield "chips", chip.chips, 1


def memory(chip: Chip) -> Iterable[Found]:
    if chip.memory is not None:
        yield "memory", chip.memory, 1


def host(chip: Chip) -> Iterable[Found]:
    if chip.host is not None:
        yield "host", chip.host, 1


def other(chip: Chip) -> Iterable[Found]:
    if chip.other is not None:
        yield "other", chip.other, 1


def outside(model: Costed) -> bool:
    """Parts that are no part of a chip."""
    return not isinstance(model, Host | Memory)


def costs_of_its_own(model: Costed) -> bool:
    """Where a file gives the network costs beside those of its routers."""
    return model.area_mm2 is not None or model.power_w is not None or model.static_power_w is not None


def has_banks(model: Costed) -> bool:
    return isinstance(model, KvCache) and model.kind == "sram"


PARTS = (
    Part(
        key="", label="unit", path="units", find=units_of_chip, boundary="chip", action="lane-cycle",
        energy=stated("energy_j"), rate=every_cycle, turns=(*CLOCK, NUMBER),
    ),
    Part(
        key="port ", label="port", path="ports", find=ports, boundary="chip", action="vector",
        energy=stated("energy_j"), rate=vectors,
        turns=(Turn("time", "time per vector", "less", only_if_set=True),),
    ),
    Part(
        key="mac array", label="MAC array", path="mac_array", find=mac_array, boundary="array",
        colour="#4c78a8", klass="mac_array", action="MAC", energy=stated("energy_j"), rate=every_cycle,
        turns=(CYCLE, NUMBER),
    ),
    Part(
        key="buffer", label="MAC array buffer", path="mac_array.buffer", find=array_buffer, boundary="tile",
        colour="#54a24b", klass="buffer", action="byte", energy=stated("energy_per_byte_j"), rate=every_cycle,
        turns=(*CLOCK, WIDTH),
    ),
    Part(
        key="kv cache", label="KV cache", path="kv_cache", find=kv_cache, boundary="chip", klass="kv cache",
        action="byte", energy=stated("energy_per_byte_j"), rate=bandwidth, kind_of_work="memory",
        on_chip=has_banks, turned=lambda chip: bool(chip.kv_cache and chip.kv_cache.kind == "sram"),
        turns=(BANDWIDTH, DELAY, Turn("count", "banks", "more", "more")),
    ),
    Part(
        key="noc", label="network on chip", path="noc", find=noc, boundary="chip", colour="#e45756",
        klass="link", kind_of_work="network", energy=per_hop, on_chip=costs_of_its_own,
        turns=(
            Turn("flit", "link width", "more"),
            Turn("cycle", "clock", "less"),
            Turn("router_cycles", "router delay", "less"),
            Turn("link_cycles", "wire delay", "less"),
        ),
    ),
    Part(
        key="noc", label="router", path="noc.router", find=routers, boundary="chip", colour="#e45756",
        klass="link", action="flit-hop", energy=per_hop, rate=every_port, kind_of_work="network",
    ),
    Part(
        key="chip links", label="chip links", path="chips", find=links, boundary="system", colour="#c76d9c",
        klass="chip link", action="byte", energy=stated("energy_per_byte_j"), kind_of_work="network",
        turns=(BANDWIDTH, DELAY), turned=lambda chip: chip.n_chips > 1,
    ),
    Part(
        key="memory", label="memory", path="memory", find=memory, boundary="system", colour="#6f7fd1",
        klass="memory", action="byte", energy=stated("energy_per_byte_j"), kind_of_work="memory",
        on_chip=outside, of_system=lambda chip: bool(chip.memory and chip.memory.shared),
        turns=(BANDWIDTH, DELAY, Turn("channels", "channels", "more", "more")),
    ),
    Part(
        key="host", label="host", path="host", find=host, boundary="system", colour="#9d755d", klass="host",
        action="operation", energy=stated("energy_j"), kind_of_work="host", on_chip=outside,
        of_system=lambda chip: True, turns=(Turn("throughput", "throughput", "more"),),
    ),
    Part(
        key="host link", label="host link", path="host", find=host, boundary="system", colour="#8a8fa3",
        klass="host link", action="byte", energy=stated("energy_per_byte_j"), kind_of_work="network",
        keys=("bandwidth", "latency", "energy_per_byte", "at"), on_chip=outside,
        of_system=lambda chip: True, turns=(BANDWIDTH, DELAY),
    ),
    Part(key="other", label="rest of the chip", path="other", find=other, boundary="chip"),
)  # fmt: skip
