"""The Run: what happened when one network ran on one chip, and what follows from it."""

from __future__ import annotations

from collections.abc import Mapping as Dict
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from math import fsum
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from ...workloads.graph import Network
from ..arrivals import Arrivals
from ..engines.result import EngineResult
from ..figures import Kind
from ..interconnect import interconnect
from ..mapping.mapping import Mapping
from ..metrics import busy, energy, layers, path, series, signal, stalls, standby, throughput
from ..metrics.bounds import Bounds, bounds
from ..metrics.busy import BusyTimes
from ..metrics.heat import Heat, heat
from ..metrics.mapping_bounds import MappingBounds, mapping_bounds
from ..metrics.network import NetworkUse
from ..metrics.requests import Requests
from ..metrics.seconds import seconds
from ..metrics.stores import StoreUse, stores
from ..metrics.swap import SwapUse, swap_use
from ..program import Program
from .base import Answer

if TYPE_CHECKING:
    from ...arch.chip import Chip
    from ..operands import Operands

OPS_PER_MAC = 2
"""One multiply-accumulate counts as a multiplication and an addition, as everywhere in the field."""


@dataclass(frozen=True, eq=False)
class Stream:
    """Inferences that did not run back to back, but when they were asked for.

    Parameters
    ----------
    arrivals : Arrivals
    times_fs : sequence of int
        When each request arrived.
    result : EngineResult
    """

    arrivals: Arrivals
    times_fs: Sequence[int]
    result: EngineResult


@dataclass(frozen=True, eq=False, repr=False)
class Run(Answer):
    """A simulated network on a chip.

    Up to three engine results are kept: `single`, one inference alone on the chip; for a batch of more than
    one, `together`, all of them back to back; and `stream`, the batch as requests that arrive over time.
    Latency, layers, stalls, the critical path and the time series are those of the one inference alone;
    makespan, throughput, energy, power and utilization are those of the stream, or else of the batch, where
    there is one.

    Parameters
    ----------
    network : Network
        As given; `mapping.network` is the one that was mapped (fused functions may have been split off).
    chip : Chip
    mapping : Mapping
    program : Program
    single : EngineResult
        One inference.
    together : EngineResult or None
        `batch` inferences back to back; None for a batch of 1.
    stream : Stream or None
        The same number of inferences as requests over time; None if none was asked for.
    operands : Operands or None
        Of the layers on crossbars, where data were given; else the chip's energies hold for assumed ones.
    area_mm2 : float or None
        Area of all chips; None where the chip file says nothing about it.
    parts_without_area : tuple of str
        Parts of the chip whose area is not known, so that it is missing in `area_mm2`.
    options : dict
        Everything else that the result depends on, for the provenance; JSON values.
    wall_s : dict
        Seconds that this computer took for each step.
    """

    kind: ClassVar[Kind] = "inference"
    headline: ClassVar[tuple[str, ...]] = ("latency_s", "throughput_per_s", "energy_j")
    one: ClassVar[str] = "inference"  # what the latency is of, and the throughput counts

    network: Network
    chip: Chip
    mapping: Mapping
    program: Program
    single: EngineResult
    together: EngineResult | None = None
    stream: Stream | None = None
    operands: Operands | None = None
    area_mm2: float | None = None
    parts_without_area: tuple[str, ...] = ()
    options: Dict[str, Any] = field(default_factory=dict)
    wall_s: Dict[str, float] = field(default_factory=dict)

    @property
    def source(self) -> Network:
        """The network that was given."""
        return self.network

    @property
    def batch(self) -> int:
        """Inferences run together."""
        return 1 if self.together is None else len(self.together.iteration_end_fs)

    @property
    def latency_fs(self) -> int:
        """First input to last output of one inference alone."""
        return self.single.makespan_fs

    @property
    def latency_s(self) -> float:
        """`latency_fs` in seconds."""
        return seconds(self.latency_fs)

    @property
    def makespan_s(self) -> float:
        """First input to last output of the whole batch."""
        return seconds(self._whole.makespan_fs)

    @cached_property
    def throughput(self) -> throughput.Throughput:
        """Inferences per second, with what they were measured on."""
        if self.requests is not None:
            basis = f"of {self.requests.n} requests, {self.requests.arrivals}; see there for the capacity"
            return throughput.Throughput(self.requests.served_per_s, basis)
        return throughput.throughput(self.program, self.single, self.together)

    @cached_property
    def requests(self) -> Requests | None:
        """Latencies and rates of the requests, where they arrived over time."""
        if self.stream is None or self.together is None:
            return None
        return Requests(
            arrivals=self.stream.arrivals,
            arrival_fs=self.stream.times_fs,
            end_fs=self.stream.result.iteration_end_fs.tolist(),
            alone_fs=self.latency_fs,
            capacity=throughput.capacity(self.program, self.together),
        )

    @cached_property
    def energy(self) -> energy.EnergyBalance:
        """Energy of one inference, by layer, component and action."""
        whole = self._whole.makespan_fs
        return energy.balance(self.program, whole, self.batch, standby.mean_w(self.standby))

    @cached_property
    def standby(self) -> tuple[standby.Standby, ...]:
        """What every part draws beyond its actions (over the batch, where there is one)."""
        return standby.standby(self.chip, self.busy)

    @property
    def energy_bracket_j(self) -> tuple[float, float]:
        """Energy of one inference if every idle part were cut off, and if none were ever stopped."""
        actions_j = self.energy.total_j - self.energy.static_j
        return standby.bracket_j(self.standby, actions_j, self._whole.makespan_fs, self.batch)

    @cached_property
    def signals(self) -> dict[str, signal.LayerSignal]:
        """Signal, noise and bits of the layers on crossbars, in closed form."""
        return signal.layer_signals(self.chip, self.mapping)

    @property
    def snr_db(self) -> float | None:
        """Signal over noise of all layers on crossbars together; None without any."""
        return signal.network_snr_db(self.signals)

    @property
    def adc_bits_missing(self) -> int | None:
        """Bits that the converters of the worst layer lack; None without layers on crossbars."""
        return max((found.missing_bits for found in self.signals.values()), default=None)

    @property
    def power_w(self) -> float:
        """Mean power over the whole run: energy of all inferences / makespan."""
        return self.energy.total_j * self.batch / self.makespan_s

    @property
    def macs(self) -> int:
        """Multiply-accumulates of one inference, with stored weights and of two activations."""
        return (self.network.macs + self.network.product_macs) * self.group

    @property
    def group(self) -> int:
        """Inferences that share every writing of swapped weights: they are one inference everywhere here."""
        return 1 if self.mapping.swap is None else self.mapping.swap.group

    @property
    def tops(self) -> float:
        """10^12 operations per second: 2 x all multiply-accumulates x throughput."""
        return OPS_PER_MAC * self.macs * self.throughput.per_s / 1e12

    @property
    def tops_per_w(self) -> float | None:
        """10^12 operations per joule of everything that was simulated (chips, links, memory, host); None
        without energy.
        """
        total_j = self.energy.total_j
        return OPS_PER_MAC * self.macs / total_j / 1e12 if total_j > 0 else None

    @cached_property
    def busy(self) -> busy.BusyTimes:
        """Busy times of all resources (of the batch, where there is one)."""
        return busy.busy_times(self.program, self._whole)

    @cached_property
    def busy_alone(self) -> BusyTimes:
        """Busy times of all resources, of one inference alone."""
        return self.busy if self.together is None else busy.busy_times(self.program, self.single)

    @cached_property
    def time_series(self) -> series.TimeSeries:
        """Utilization and power over the time of one inference."""
        return series.time_series(self.program, self.single, self.busy_alone, self.standby_alone_w)

    @cached_property
    def standby_alone_w(self) -> float:
        """Mean power of idle parts as they are gated, beyond static power, of one inference alone."""
        return fsum(standby.mean_w(standby.standby(self.chip, self.busy_alone)).values())

    @cached_property
    def layer_stalls_s(self) -> dict[str, dict[str, float]]:
        """Standing time by layer and cause, of one inference alone."""
        return stalls.layer_stalls_s(self.program, self.single)

    @property
    def stalls_s(self) -> dict[str, float]:
        """Standing time of all actors by cause, of one inference alone."""
        return stalls.total_stalls_s(self.layer_stalls_s)

    @cached_property
    def layers(self) -> tuple[layers.Layer, ...]:
        """One row per operator, of one inference alone; the energies add up to that of the inference."""
        return layers.layers(self.mapping, self.program, self.single, self.energy, self.layer_stalls_s)

    @cached_property
    def critical_path(self) -> path.CriticalPath:
        """The chain of visits that made one inference as long as it was."""
        return path.critical_path(self.program, self.single)

    @cached_property
    def bounds(self) -> Bounds:
        """What the latency can be at least and at most."""
        return bounds(self.program)

    @cached_property
    def mapping_bounds(self) -> MappingBounds | None:
        """What no mapping can beat; None where layers take turns on the crossbars."""
        return mapping_bounds(self.chip, self.mapping, self.busy_alone, skips_zeros=self.operands is not None)

    def gap(self, what: Literal["latency", "interval"]) -> float | None:
        """Latency, or time per inference of a batch, over what no mapping can beat; None where that is 0."""
        found = self.mapping_bounds
        if what == "latency":
            return None if found is None or not found.latency.fs else self.latency_s / found.latency.s
        if found is None or not found.interval.fs or self.batch == 1 or self.requests is not None:
            return None
        return 1 / (self.throughput.per_s * found.interval.s)

    @property
    def network_s(self) -> float:
        """Time on the critical path that went into links: of the chip, between chips, and to the host."""
        return fsum(t for klass, t in self.critical_path.by_class_s.items() if stalls.is_link(klass))

    @cached_property
    def interconnect(self) -> NetworkUse:
        """Links and transfers: loads of the whole run, times of one inference."""
        noc = self.chip.noc
        return NetworkUse(self.program, self.single, self.busy, noc.flit_bits if noc else None)

    @cached_property
    def stores(self) -> tuple[StoreUse, ...]:
        """How full buffers were, the fullest first; none where they have no limit."""
        results = [self.single, self.together, None if self.stream is None else self.stream.result]
        return stores(self.program, [result for result in results if result is not None])

    @cached_property
    def heat(self) -> Heat | None:
        """Link loads over the floorplan; None where there is none."""
        if self.chip.noc is None or self.chip.tile is None:
            return None
        return heat(interconnect(self.chip), self.interconnect.links)

    @cached_property
    def placement_costs(self) -> dict[str, tuple[int, int]]:
        """What the search for places began and ended with: bytes x hops, and bytes over the busiest link.

        Empty where there is nothing to place.
        """
        m = self.mapping
        if not m.hop_bytes:
            return {}
        return {
            "linear": m.unsearched,
            self.options["mapping"]["placement"]: (m.hop_bytes, m.busiest_link_bytes),
        }

    @cached_property
    def swap(self) -> SwapUse | None:
        """What it cost that layers took turns on the crossbars; None if they did not."""
        return swap_use(self.chip, self.mapping, self.energy, self.critical_path)

    @property
    def host_s(self) -> float:
        """Time that one inference keeps the host processor busy."""
        members = busy.class_members(self.program).get("host")
        busy_fs = self.busy_alone.resource_fs
        return 0.0 if members is None else fsum(seconds(t) for t in busy_fs[members].tolist())

    @property
    def events(self) -> int:
        """Visits simulated."""
        batch = 0 if self.together is None else self.together.n_visits
        return self.single.n_visits + batch + (0 if self.stream is None else self.stream.result.n_visits)

    @property
    def _whole(self) -> EngineResult:
        if self.stream is not None:
            return self.stream.result
        return self.single if self.together is None else self.together
