"""Digital chips: peaks, and ResNet-50 as they were measured on it."""

from __future__ import annotations

from functools import cache

from .... import workloads
from ....sim.answers.run import Run
from ....sim.simulate import simulate
from .. import networks
from ..measures import chip, peak_tops, run_j
from ..row import Row

NORTHPOLE = "Modha Science 2023"
A100 = "NVIDIA A100 white paper"
BLOG = "comparison in the same report as NorthPole's"
BATCH = 32


@cache
def _resnet50(name: str) -> Run:
    return simulate(workloads.load("resnet50"), chip(name), batch=BATCH)


def _per_s(name: str) -> float:
    return _resnet50(name).throughput.per_s


def _per_j(name: str) -> float:
    return 1 / run_j(_resnet50(name))


@cache
def _gemm(name: str) -> Run:
    return simulate(networks.layer(4096, 4096, 4096), chip(name))


# fmt: off
ROWS = (
    Row("northpole", "peak, 8 bits", "TOPS", 209.7, NORTHPOLE, "chip", "identity", peak_tops),
    Row(
        "northpole", "ResNet-50", "frames/s", 42460, NORTHPOLE, "chip", "predicted",
        _per_s, band=(-0.75, -0.5),
        why="Small arrays fill, drain and read both operands anew for every fold; the real cores keep them.",
    ),
    Row(
        "northpole", "ResNet-50", "frames/J", 571, NORTHPOLE, "chip", "predicted", _per_j,
        band=(-0.8, -0.5), free=1,
        why="Nine tenths are operands from 768 KB of SRAM; the real cores keep them in small memories.",
    ),
    Row("a100-fp16", "peak, 16 bits", "TFLOPS", 312, A100, "chip", "identity", peak_tops),
    Row(
        "a100-fp16", "ResNet-50", "frames/s", 30814, BLOG, "board", "predicted", _per_s,
        band=(-0.5, -0.3),
        why="Every inference brings 51 MB of weights anew through 21 MB of buffers, so no other one fills "
        "the arrays that layers of few folds leave idle; the real one takes a layer for a whole batch.",
    ),
    Row(
        "a100-fp16", "ResNet-50", "frames/J", (77, 80), BLOG, "board", "predicted", _per_j,
        free=1,
    ),
    Row("ane-like", "peak", "TFLOPS", 11, "Apple 2020", "engine", "calibrated", peak_tops),
    Row(
        "ane-like", "GEMM of 4096", "TFLOPS/W", 2.06, "ane-guide.readthedocs.io", "engine", "calibrated",
        lambda name: 2 * 4096**3 / _gemm(name).energy.by_component_j["mac array"] / 1e12,
    ),
    Row(
        "ane-like", "GEMM of 4096", "TFLOPS", 2.06 * 4.4, "ane-guide.readthedocs.io", "engine", "predicted",
        lambda name: 2 * 4096**3 / _gemm(name).latency_s / 1e12, free=4,
    ),
)
