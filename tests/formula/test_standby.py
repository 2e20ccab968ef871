"""Energy of parts that do nothing: as they are gated, and the bracket around it. By hand."""

from __future__ import annotations

import ohmsum
import pytest
from ohmsum import arch
from ohmsum.sim.metrics.invariants import check_invariants
from ohmsum.sim.metrics.standby import Standby, bracket_j

US = 10**9
"""Femtoseconds."""


def part(**given: object) -> Standby:
    values = {
        "component": "adc", "path": "tile.adc", "instances": 1, "busy": 0.4, "static_w": 0.0,
        "idle_w": 1e-3, "stated": True, "gating": "clock", **given,
    }  # fmt: skip
    return Standby(**values)  # type: ignore[arg-type]


def test_two_milliwatts_active_one_idle_for_four_of_ten_microseconds() -> None:
    """2 mW x 4 us = 8 nJ if all is gated; 1 mW x 6 us more if nothing is."""
    low, high = bracket_j((part(),), 2e-3 * 4e-6, 10 * US, 1)
    assert (low, high) == (pytest.approx(8e-9), pytest.approx(14e-9))


@pytest.mark.parametrize(
    ("gating", "beyond_static_nj", "in_all_nj"), [("none", 6, 8), ("clock", 0, 2), ("power", 0.8, 0.8)]
)
def test_leakage_goes_only_with_the_supply(gating: str, beyond_static_nj: float, in_all_nj: float) -> None:
    """0.2 mW of leakage, 1 mW idle: 2 nJ of leakage in 10 us, 0.8 nJ of it while busy."""
    one = part(static_w=0.2e-3, gating=gating)
    assert one.beyond_static_w * 10e-6 == pytest.approx(beyond_static_nj * 1e-9)
    always = 0 if gating == "power" else one.static_w
    assert (always + one.beyond_static_w) * 10e-6 == pytest.approx(in_all_nj * 1e-9)


IDLE = {"tile.adc.idle_power": "0.5 mW", "tile.adc.static_power": "0.1 mW"}


class TestRun:
    """LeNet-5 on isaac, whose converters draw 2 mW while they work."""

    @pytest.fixture(scope="class")
    @classmethod
    def runs(cls) -> dict[str, ohmsum.Run]:
        return {
            gating: ohmsum.run("lenet5", "isaac", overrides={**IDLE, "tile.adc.gating": gating})
            for gating in ("none", "clock", "power")
        }

    def test_by_hand(self, runs: dict[str, ohmsum.Run]) -> None:
        n = 168 * 96
        for gating, run in runs.items():
            (adc,) = [p for p in run.standby if p.path == "tile.adc"]
            taken = [
                busy * units / servers
                for klass, busy, units, servers in zip(
                    run.program.resource_class,
                    run.busy.resource_fs,
                    run.program.resource_units,
                    run.program.resource_servers,
                    strict=True,
                )
                if klass == "adc"
            ]
            busy_s = sum(taken) / 1e15
            assert adc.busy == pytest.approx(busy_s / (n * run.latency_s))
            static = {
                "none": 0.1e-3 * n * run.latency_s + 0.5e-3 * (n * run.latency_s - busy_s),
                "clock": 0.1e-3 * n * run.latency_s,
                "power": 0.1e-3 * busy_s,
            }
            still = {t.component: t.energy_j for t in run.energy.terms if t.layer == "(static)"}
            assert still["adc"] == pytest.approx(static[gating])

    def test_the_energy_lies_in_its_bracket_and_the_bracket_hangs_on_no_gating(
        self, runs: dict[str, ohmsum.Run]
    ) -> None:
        brackets = {run.energy_bracket_j for run in runs.values()}
        low, high = brackets.pop()
        for other in brackets:
            assert other == (pytest.approx(low), pytest.approx(high))
        for run in runs.values():
            assert low < run.energy.total_j < high
            check_invariants(run)

    def test_busy_parts_stand_for_unknown_idle_ones(self) -> None:
        """A router with a flit in every port and cycle takes the 42 mW that isaac states."""
        run = ohmsum.run("lenet5", "isaac")
        (router,) = [p for p in run.standby if p.path == "noc.router"]
        assert (router.idle_w, router.stated) == (0.042, False)
        assert run.energy_bracket_j[1] > run.energy.total_j


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"tile.adc.idle_power": "3 mW"},
            "tile.adc.idle_power: found 3 mW, expected at most its active power, 2 mW",
        ),
        (
            {"tile.sample_hold.power": "null", "tile.sample_hold.idle_power": "1 uW"},
            "tile.sample_hold.idle_power: found 1 uW, expected at most its active power, 9.766 nW",
        ),
        ({"tile.bus.gating": "none"}, "tile.bus.idle_power: missing, expected what it draws while idle"),
        ({"tile.bus.gating": "sleep"}, "tile.bus.gating: found 'sleep', expected one of none, clock, power"),
    ],
)
def test_bad_input(changes: dict[str, str], message: str) -> None:
    with pytest.raises(arch.ConfigError, match=message):
        arch.load("isaac", overrides=changes)
