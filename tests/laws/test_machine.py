"""Does the machine as a whole keep the laws that real machines keep?

Given more, it is never worse than with less, beyond a scheduling anomaly; what does not matter to a designer
changes nothing; what rows are driven with has been read from somewhere.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from ohmsum import load_chip, load_network, simulate
from ohmsum.sim.answers.run import Run
from ohmsum.workloads import Network

from ..kit.whole_networks import chains, convolution, product

ANOMALY = 0.03
"""How much worse more may be: Graham's anomalies of list scheduling (SIAM J. Appl. Math. 17, 1969)."""

LAYERS = ((64, 3, 1), (128, 3, 2), (128, 1, 1))


@cache
def zoo(name: str) -> Network:
    return load_network(name)


def run(network: str | Network, chip: str, batch: int = 8, chips: int | None = None, **fields: Any) -> Run:
    """A run with fields changed: `tile__count=80` is `--set tile.count=80`."""
    changes: Mapping[str, str] = {key.replace("__", "."): str(value) for key, value in fields.items()}
    loaded = load_chip(chip, overrides=changes, n_chips=chips)
    return simulate(zoo(network) if isinstance(network, str) else network, loaded, batch=batch)


def never_worse(runs: Mapping[str, Run]) -> None:
    """Nobody is slower, in latency or in throughput, than the best of those who have less."""
    latency, rate = float("inf"), 0.0
    for name, found in runs.items():
        assert found.latency_s <= latency * (1 + ANOMALY), f"latency with {name}"
        assert found.throughput.per_s >= rate / (1 + ANOMALY), f"throughput with {name}"
        latency, rate = min(latency, found.latency_s), max(rate, found.throughput.per_s)


@pytest.mark.parametrize("network", ["resnet18", "mobilenetv2"])
def test_more_tiles_never_hurt(network: str) -> None:
    grids = [(12, 10), (16, 14), (24, 20)]
    never_worse(
        {
            f"{r * c} tiles": run(
                network,
                "isaac",
                16,  # of fewer, long pipelines show no steady rate
                tile__count=r * c,
                tile__grid=f"[{r}, {c}]",
                noc__router__count=r * c // 4,
            )
            for r, c in grids
        }
    )


@pytest.mark.parametrize(
    ("network", "chip", "counts"),
    [("resnet18", "isaac", (1, 2, 4)), ("lenet5", "puma", (1, 2, 4)), ("lenet5", "systolic", (1, 2))],
)
def test_more_chips_never_hurt(network: str, chip: str, counts: tuple[int, ...]) -> None:
    never_worse({f"{n} chips": run(network, chip, chips=n) for n in counts})


def test_more_converters_never_hurt() -> None:
    never_worse({f"{n} converters": run("lenet5", "isaac", tile__adc__count=n) for n in (48, 96, 192)})


@pytest.mark.parametrize(
    ("network", "chip", "total"), [("resnet18", "systolic", 34.128), ("lenet5", "systolic", 8.0)]
)
def test_channels_add_up(network: str, chip: str, total: float) -> None:
    """n channels of bandwidth b are one of n x b, but for granularity."""
    times = [
        run(network, chip, 1, memory__channels=n, memory__bandwidth=f"{total / n} GB/s").latency_s
        for n in (1, 4, 16)
    ]
    assert max(times) <= 1.05 * min(times)


def test_a_larger_buffer_never_slows() -> None:
    sizes = ("64 KiB", "256 KiB", "4 MiB")
    never_worse({s: run("resnet18", "isaac", tile__buffer__capacity=f'"{s}"') for s in sizes})


@pytest.mark.parametrize(
    ("network", "chip"), [("lenet5", "isaac"), ("lenet5", "hermes-64"), ("lenet5", "puma")]
)
def test_packets_and_flits_are_one_machine(network: str, chip: str) -> None:
    packets, flits = (simulate(zoo(network), load_chip(chip), noc=detail) for detail in ("packet", "flit"))
    hops = [found.interconnect.flit_hops for found in (packets, flits)]
    assert abs(hops[1] - hops[0]) <= 0.01 * hops[0]
    assert 0.8 <= flits.latency_s / packets.latency_s <= 1.25


@pytest.mark.parametrize("chip", ["isaac", "hermes-64", "systolic"])
def test_a_product_is_its_halves_beside_each_other(tmp_path: Path, chip: str) -> None:
    whole = run(product(tmp_path, 512, 256, 64), chip, 1)
    halves = run(product(tmp_path, 512, 256, 64, halves=True), chip, 1)
    assert 0.9 <= halves.latency_s / whole.latency_s <= 1.15


@pytest.mark.parametrize("chip", ["isaac", "hermes-64", "systolic", "puma"])
def test_a_pointwise_convolution_is_the_product_of_its_pixels(tmp_path: Path, chip: str) -> None:
    pixels = run(product(tmp_path, 64, 64, 196), chip, 1)
    points = run(convolution(tmp_path, 64, 14, 1), chip, 1)
    assert 0.9 <= points.latency_s / pixels.latency_s <= 1.1


@pytest.mark.parametrize(
    ("chip", "twice"),
    [
        ("hermes-64", {"tile__count": 128, "tile__grid": "[8, 16]", "host__bandwidth": '"5 GB/s"'}),
        (
            "isaac",
            {
                "tile__count": 336,
                "tile__grid": "[14, 24]",
                "noc__router__count": 84,
                "host__bandwidth": '"51.2 GB/s"',
            },
        ),
    ],
)
def test_two_networks_on_twice_the_chip_take_as_long_as_one(
    tmp_path: Path, chip: str, twice: dict[str, Any]
) -> None:
    one = run(chains(tmp_path, LAYERS, 28, 32), chip, 1)
    two = run(chains(tmp_path, LAYERS, 28, 32, copies=2), chip, 1, **twice)
    assert two.latency_s <= 1.1 * one.latency_s


@pytest.mark.parametrize(("channels", "size"), [(256, 14), (96, 28)])
def test_rows_are_driven_with_what_was_read(tmp_path: Path, channels: int, size: int) -> None:
    """A depthwise layer drives 3 x 3 values a channel and pixel; each has been read, once at least."""
    found = run(convolution(tmp_path, channels, size, 3, channels), "isaac", 1)
    port = found.chip.tile.buffer if found.chip.tile else None
    assert port is not None
    assert port.energy_per_byte_j is not None
    read_bytes = found.energy.by_action_j["buffer"]["read"] / port.energy_per_byte_j
    assert read_bytes >= channels * 9 * size * size * found.chip.activation_bits / 8


def test_the_seed_of_a_search_is_no_design_parameter() -> None:
    from ohmsum.sim.mapping.options import MappingOptions

    chip = load_chip("isaac")
    runs = [simulate(zoo("resnet18"), chip, batch=8, mapping=MappingOptions(seed=s)) for s in range(3)]
    for figures in ([r.latency_s for r in runs], [1 / r.throughput.per_s for r in runs]):
        assert max(figures) <= (1 + ANOMALY) * min(figures)


def test_parts_without_end_cost_no_more_to_simulate() -> None:
    """As many events, as many bytes kept: a pool of servers is as large as what is in use."""
    enough, endless = (run("resnet18", "systolic", 1, mac_array__count=n) for n in (1024, 4194304))
    assert enough.events == endless.events
    assert enough.latency_fs == endless.latency_fs
