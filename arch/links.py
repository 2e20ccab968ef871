"""What connects: network on chip, memory behind it, host, other chips."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, model_validator

from .component import Clock, Component, Counted, Idling
from .quantities import (
    BandwidthBytesPerS,
    Bits,
    CapacityBytes,
    Count,
    Cycles,
    EnergyJ,
    EnergyPerByteJ,
    ThroughputPerS,
    TimeFs,
    TimeOrZeroFs,
    WidthBits,
)

ChipName = Annotated[str, Field(strict=True, pattern=r"^[A-Za-z0-9_.]+$")]


def _as_name(value: Any) -> Any:
    """Chips may be called by numbers."""
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


class Router(Idling):
    """One router with its links."""

    count: Count | None = Field(
        None, description="Routers of one chip; if not given, tiles / concentration, rounded up."
    )


class Noc(Clock):
    """The network that connects the tiles of one chip."""

    topology: Literal[
        "mesh", "cmesh", "torus", "ring", "chain", "bus", "htree", "fattree", "crossbar", "graph", "none"
    ] = Field(description="Shape of the network; none is the same as leaving `noc` out.")
    arity: Count | None = Field(None, description="Children of each router (htree, fattree); 4 if absent.")
    edges: tuple[str, ...] | None = Field(
        None, description="Wires of a graph: 'a-b' both ways, 'a>b' one way; routers are named by the edges."
    )
    attach: tuple[str, ...] | None = Field(
        None, description="Router of each tile of a graph; the routers in order of their naming if absent."
    )
    switching: Literal["packet", "circuit"] | None = Field(
        None,
        description="packet (if absent): a head goes on as links come free; circuit: the whole way is taken "
        "at once, and held until the last flit is through.",
    )
    detail: Literal["ideal", "packet", "flit"] | None = Field(
        None,
        description="packet (if absent): transfers book links; flit: every flit goes through routers with "
        "virtual channels and credits; ideal: transfers cost no time.",
    )
    concentration: Count = Field(1, description="Tiles that share one router.")
    flit_bits: WidthBits = Field(alias="flit", description="Width of a link: bits sent per cycle.")
    router_cycles: Cycles = Field(
        description="Cycles from the arrival of a head flit to its departure, without contention."
    )
    link_cycles: Cycles = Field(1, description="Cycles on the wires between two routers.")
    routing: Literal["xy", "yx", "o1turn", "shortest", "updown"] = Field(
        "xy",
        description="Grids: xy or yx, the dimension that a packet travels first; o1turn (mesh, cmesh): every "
        "other tile sends by yx. Graphs: shortest (if absent), or updown, which cannot deadlock.",
    )
    multicast: Annotated[bool, Field(strict=True)] | None = Field(
        None,
        description="Whether routers copy a packet to several outputs, so that all the way it is sent once; "
        "if absent, wherever the routes of one source form a tree.",
    )
    arbitration: Literal["fcfs", "round_robin", "age"] | None = Field(
        None,
        description="Who goes next on a link: fcfs the first come, round_robin one stream after the other, "
        "age whose inference arrived first; if absent fcfs, and at flit detail, which knows no other, "
        "round_robin between the inputs of a router.",
    )
    outstanding: Count | None = Field(
        None,
        description="Transfers of one stream under way at a time, after which its source waits, as where a "
        "network interface has so many entries; if absent as many as there is room for at the other end, as "
        "where credits of the receiver alone hold a source back (assumption).",
    )
    gateways: Count | None = Field(
        None,
        description="Routers that carry what enters the chip and leaves it, spread over its edge; if absent "
        "all on the edge of a grid where a link to the host or between chips brings more than one link "
        "carries, else one.",
    )
    n_vcs: Count | None = Field(
        None,
        alias="vcs",
        description="Virtual channels of each link at flit detail; if absent 4, or what the routing needs.",
    )
    vc_buffer_flits: Count | None = Field(
        None,
        alias="vc_buffer",
        description="Flits that each virtual channel holds; if absent two packets, no less than the credit "
        "loop.",
    )
    packet_flits: Count | None = Field(
        None,
        alias="packet",
        description="Most flits of a packet at flit detail; if absent half of a virtual channel's buffer.",
    )
    energy_per_flit_hop_j: EnergyJ | None = Field(
        None, alias="energy_per_flit_hop", description="One flit through one router and one link."
    )
    router: Router | None = Field(None, description="Cost of one router.")

    @property
    def routes_form_trees(self) -> bool:
        """Whether the routes of one source never meet again: up*/down* detours on a graph may."""
        return not (self.topology == "graph" and self.routing == "updown")

    @property
    def copies(self) -> bool:
        """Whether routers copy packets (multicast)."""
        return self.routes_form_trees if self.multicast is None else self.multicast


class Memory(Idling):
    """Memory outside the chip (or stacked on it)."""

    kind: Literal["dram", "ddr", "hbm", "lpddr", "none"] = Field(
        description="Memory technology, which `{model: dram}` estimates energies for; none is the same as "
        "leaving `memory` out."
    )
    channels: Count = Field(1, description="Independent channels.")
    bandwidth_bytes_per_s: BandwidthBytesPerS = Field(
        alias="bandwidth", description="Bandwidth of one channel."
    )
    latency_fs: TimeOrZeroFs = Field(alias="latency", description="From a request to its first byte.")
    capacity_bytes: CapacityBytes | None = Field(
        None, alias="capacity", description="Capacity of all channels together."
    )
    energy_per_byte_j: EnergyPerByteJ | None = Field(
        None, alias="energy_per_byte", description="One byte read or written."
    )
    interleave_bytes: CapacityBytes = Field(
        64,
        alias="interleave",
        description="Neighbouring bytes that lie in one channel before the next has its turn; if absent "
        "64 B, a line of a cache (assumption).",
    )
    shared: Annotated[bool, Field(strict=True)] | None = Field(
        None, description="Whether all chips share its channels; if absent, every chip has such a memory."
    )


class KvCache(Idling, Counted):
    """Where the keys and values of earlier positions are kept (`count` is banks of one chip)."""

    kind: Literal["sram", "memory"] = Field(
        description="sram: banks of its own on the chip; memory: the chip's `memory`."
    )
    bits: Bits | None = Field(None, description="Bits of one stored element; activation_bits if absent.")
    capacity_bytes: CapacityBytes | None = Field(
        None, alias="capacity", description="Capacity of one bank (sram)."
    )
    bandwidth_bytes_per_s: BandwidthBytesPerS | None = Field(
        None, alias="bandwidth", description="Bandwidth of one bank (sram)."
    )
    latency_fs: TimeOrZeroFs = Field(0, alias="latency", description="From a request to its first byte.")
    energy_per_byte_j: EnergyPerByteJ | None = Field(
        None, alias="energy_per_byte", description="One byte read or written."
    )
    overflow: Literal["memory", "error"] = Field(
        "memory",
        description="What does not fit into the banks: whole layers, the last ones, go to `memory`, or it is "
        "an error.",
    )

    @model_validator(mode="after")
    def _banks(self) -> KvCache:
        missing = [
            key
            for key, value in (("capacity", self.capacity_bytes), ("bandwidth", self.bandwidth_bytes_per_s))
            if value is None
        ]
        if self.kind == "sram" and missing:
            raise ValueError(f"{' and '.join(missing)} missing, expected of one bank of the sram")
        return self


class Host(Idling):
    """The processor behind the chip's link, and that link."""

    bandwidth_bytes_per_s: BandwidthBytesPerS = Field(
        alias="bandwidth", description="Bandwidth of the link, each direction."
    )
    latency_fs: TimeOrZeroFs = Field(alias="latency", description="From the chip to the host, one way.")
    energy_per_byte_j: EnergyPerByteJ | None = Field(
        None, alias="energy_per_byte", description="One byte over the link."
    )
    throughput_per_s: ThroughputPerS = Field(
        alias="throughput", description="Element operations per second of the host."
    )
    energy_j: EnergyJ | None = Field(None, alias="energy", description="One element operation on the host.")
    at: Annotated[ChipName, BeforeValidator(_as_name)] | None = Field(
        None, description="Chip that the link leads to, by its name; the first if absent."
    )


class ChipLink(Component):
    """One link of a graph of chips. What it does not say is as for the others."""

    between: Annotated[str, Field(strict=True)] = Field(
        description="The chips at its ends: 'a-b' both ways, 'a>b' one way."
    )
    bandwidth_bytes_per_s: BandwidthBytesPerS | None = Field(
        None, alias="bandwidth", description="Bandwidth, each direction."
    )
    latency_fs: TimeFs | None = Field(None, alias="latency", description="From one end to the other.")
    energy_per_byte_j: EnergyPerByteJ | None = Field(
        None, alias="energy_per_byte", description="One byte over it."
    )


def _as_link(value: Any) -> Any:
    return {"between": value} if isinstance(value, str) else value


class Chips(Idling, Counted):
    """The copies of this chip and the links between them.

    Power and area are those of the link interface of one chip, there even when the chip works alone.
    """

    names: (
        Annotated[tuple[Annotated[ChipName, BeforeValidator(_as_name)], ...], Field(strict=False)] | None
    ) = Field(None, description="Names of the chips, in order; their numbers from 0 if absent.")
    topology: Literal["chain", "ring", "mesh", "all", "graph"] = Field(
        "chain", description="Which chips are linked directly; graph: those of `links`."
    )
    links: (
        Annotated[tuple[Annotated[ChipLink, BeforeValidator(_as_link)], ...], Field(strict=False)] | None
    ) = Field(None, description="Links of a graph: 'a-b', 'a>b' (one way), or one with figures of its own.")
    bandwidth_bytes_per_s: BandwidthBytesPerS = Field(
        alias="bandwidth", description="Bandwidth of one link, each direction."
    )
    latency_fs: TimeFs = Field(alias="latency", description="From one chip to the next.")
    energy_per_byte_j: EnergyPerByteJ | None = Field(
        None, alias="energy_per_byte", description="One byte over one link."
    )

    @model_validator(mode="before")
    @classmethod
    def _implied(cls, data: Any) -> Any:
        """Names count themselves, and a list of links is a graph."""
        if not isinstance(data, dict):
            return data
        implied: dict[str, Any] = {}
        if isinstance(data.get("names"), list) and "count" not in data:
            implied["count"] = max(1, len(data["names"]))
        if data.get("links") is not None and "topology" not in data:
            implied["topology"] = "graph"
        return {**data, **implied}
