"""What is measured on a simulated chip, the way the published figures were."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache

from ... import arch
from ...arch.chip import Chip
from ...arch.operands import StatedOperands
from ...sim.answers.run import Run
from ...sim.mapping.options import MappingOptions
from ...sim.metrics.busy import class_members
from ...sim.operands import StatedSource
from ...sim.simulate import simulate
from ...workloads.graph import Network
from . import networks

MACRO = frozenset({"crossbar", "dac", "adc", "sample-hold"})
"""Components inside the boundary that papers call macro."""

ONE_COPY = MappingOptions(replicate=False, placement="linear")


def chip(name: str, overrides: Mapping[str, str] | None = None, n_chips: int | None = None) -> Chip:
    """A preset (or NAME@MODE), loaded once."""
    return _chip(name, tuple(sorted((overrides or {}).items())), n_chips)


@cache
def _chip(name: str, overrides: tuple[tuple[str, str], ...], n_chips: int | None) -> Chip:
    return arch.load(name, dict(overrides), n_chips)


def rolled(name: str, overrides: Mapping[str, str] | None = None) -> arch.RollUp:
    """The roll-up of a preset."""
    return arch.roll_up(chip(name, overrides))


@dataclass(frozen=True)
class ArrayProduct:
    """Products of one vector with all crossbars of a chip at once, as a run gave them.

    Parameters
    ----------
    macs : int
        Of one product.
    interval_s : float
        Time after which the arrays are free for the next one.
    energy_j : dict of str to float
        Of one product, by component; without static energy.
    conversions : int
        Of one product, by the ADCs.
    static_w : float
        Power drawn at all times.
    """

    macs: int
    interval_s: float
    energy_j: Mapping[str, float]
    conversions: int
    static_w: float

    def joules(self, components: Iterable[str] = MACRO) -> float:
        """Energy of one product in some components."""
        inside = frozenset(components)
        return sum(joules for name, joules in self.energy_j.items() if name in inside)

    @property
    def tops(self) -> float:
        """10^12 operations per second, product after product."""
        return 2 * self.macs / self.interval_s / 1e12

    def tops_per_w(self, components: Iterable[str] = MACRO) -> float:
        """10^12 operations per joule inside a boundary, without static power."""
        return 2 * self.macs / self.joules(components) / 1e12

    @property
    def system_tops_per_w(self) -> float:
        """10^12 operations per joule of all components but host and links, with static power."""
        outside = {"host", "host link", "chip links"}
        dynamic = self.joules(set(self.energy_j) - outside)
        return 2 * self.macs / (dynamic + self.static_w * self.interval_s) / 1e12


def product(
    name: str, overrides: Mapping[str, str] | None = None, data: tuple[float, float] | None = None
) -> ArrayProduct:
    """Run a matrix that fills every crossbar of a preset.

    Parameters
    ----------
    data : (float, float), optional
        Mean input and mean level of a cell, over full scale; else what the chip's energies hold for.
    """
    return _product(name, tuple(sorted((overrides or {}).items())), data)


@cache
def _product(
    name: str, overrides: tuple[tuple[str, str], ...], data: tuple[float, float] | None
) -> ArrayProduct:
    loaded = chip(name, dict(overrides))
    tile = loaded.tile
    assert tile is not None, f"{name} has no crossbars"
    # Only as many rows as are active at once: one access of the array.
    k = tile.rows_at_once
    n = tile.weights_per_row * tile.crossbar.count * tile.count
    operands = None if data is None else StatedSource(StatedOperands(input=data[0], cell=data[1]))
    run = simulate(networks.layer(k, n), loaded, mapping=ONE_COPY, operands=operands)
    tokens = networks.SEQUENCE
    ledger = [term for term in run.energy.terms if term.count]
    components = dict.fromkeys(term.component for term in ledger)  # in an order that is always the same
    return ArrayProduct(
        macs=k * n,
        interval_s=crossbar_interval_s(run, tokens),
        energy_j={c: sum(t.energy_j for t in ledger if t.component == c) / tokens for c in components},
        conversions=sum(t.count for t in ledger if (t.component, t.action) == ("adc", "convert")) // tokens,
        static_w=sum(watts for _, watts in run.program.static_power_w),
    )


def tops(name: str) -> float:
    """10^12 operations per second of a preset, product after product."""
    return product(name).tops


def tops_per_w(name: str) -> float:
    """10^12 operations per joule of a preset's macros."""
    return product(name).tops_per_w()


def system_tops_per_w(name: str) -> float:
    """10^12 operations per joule of a preset without host and links."""
    return product(name).system_tops_per_w


def peak_tops(name: str) -> float:
    """Peak of a preset, by its roll-up."""
    return rolled(name).tops


def area_mm2(name: str) -> float:
    """Area of a preset, by its roll-up."""
    return rolled(name).area_mm2


def power_w(name: str) -> float:
    """Peak power of a preset, by its roll-up."""
    return rolled(name).power_w


def crossbar_interval_s(run: Run, tokens: int) -> float:
    """Busy time of the busiest crossbar, per token."""
    crossbars = class_members(run.program)["crossbar"]
    return int(run.busy.resource_fs[crossbars].max()) / tokens * 1e-15


def step_s(make: Mapping[int, Network], loaded: Chip) -> float:
    """Time per token of a network: the slope between a shorter and a longer sequence.

    Parameters
    ----------
    make : dict of int to Network
        Two lengths with their networks.
    """
    (short, first), (long, second) = sorted(make.items())
    runs = [simulate(network, loaded, mapping=ONE_COPY) for network in (first, second)]
    return (runs[1].latency_s - runs[0].latency_s) / (long - short)


def run_j(run: Run, without: Iterable[str] = ("host", "host link")) -> float:
    """Energy of one inference without some components."""
    left_out = set(without)
    return sum(joules for name, joules in run.energy.by_component_j.items() if name not in left_out)
