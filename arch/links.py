"""What connects: network on chip, memory behind it, host, other chips."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from .component import Clock, Costed, Counted
from .quantities import (
    BandwidthBytesPerS,
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


class Router(Costed):
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
    n_vcs: Count | None = Field(
        None,
        alias="vcs",
        description="Virtual channels of each link at flit detail; if absent 4, or what the routing needs.",
    )
    vc_buffer_flits: Count | None = Field(
        None,
        alias="vc_buffer",
        description="Flits that each virtual channel holds; if absent, enough to keep a link busy with one "
        "packet (the credit loop).",
    )
    packet_flits: Count | None = Field(
        None,
        alias="packet",
        description="Flits of a packet at most, at flit detail; if absent, a transfer is one packet.",
    )
    energy_per_flit_hop_j: EnergyJ | None = Field(
        None, alias="energy_per_flit_hop", description="One flit through one router and one link."
    )
    router: Router | None = Field(None, description="Cost of one router.")


class Memory(Costed):
    """Memory outside the chip (or stacked on it)."""

    kind: Literal["dram", "ddr", "hbm", "lpddr", "none"] = Field(
        description="Memory technology; none is the same as leaving `memory` out."
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


class Host(Costed):
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


class Chips(Costed, Counted):
    """The copies of this chip and the links between them.

    Power and area are those of the link interface of one chip, there even when the chip works alone.
    """

    topology: Literal["chain", "ring", "mesh", "all"] = Field(
        "chain", description="Which chips are linked directly."
    )
    bandwidth_bytes_per_s: BandwidthBytesPerS = Field(
        alias="bandwidth", description="Bandwidth of one link, each direction."
    )
    latency_fs: TimeFs = Field(alias="latency", description="From one chip to the next.")
    energy_per_byte_j: EnergyPerByteJ | None = Field(
        None, alias="energy_per_byte", description="One byte over one link."
    )
