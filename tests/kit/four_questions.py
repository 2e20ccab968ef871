"""Four kinds of questions on small inputs: a language model, a service, a training step, and real data.

As a team has them: a folder with a chip, a network with weights, data, and a suite with a case of each.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import onnx

from .onnx_graphs import model, node

QUESTIONS: dict[str, dict[str, Any]] = {
    "language": {"network": "gpt2", "chip": "systolic", "prefill": 4, "decode": 3, "batch": 2},
    "service": {
        "network": "gpt2", "chip": "systolic", "prefill": 4, "decode": 2, "batch": 2,
        "arrival": "every 1 ms", "requests": 3,
    },
    "training": {
        "network": "mlp", "chip": "neurram@training", "training": True, "batch": 2, "epoch_samples": 9,
    },
    "data": {"network": "small.onnx", "chip": "isaac", "data": "images.npz", "replicate": False},
}  # fmt: skip
"""The fields of each question, as every door takes them."""
FIVE_PER_CENT = {
    "language": {"memory.bandwidth": "8.1054 GB/s"},
    "service": {"memory.bandwidth": "8.1054 GB/s"},
    "training": {"tile.crossbar.write_time": "10.5 us"},
    "data": {"tile.crossbar.read_time": "105 ns"},
}
"""A field of each chip, 5 % worse than it is."""
METRICS = {
    "language": "tokens_per_s",
    "service": "requests.latency_s.p99",
    "training": "latency_s",
    "data": "latency_s",
}
"""A figure that suffers."""


def write_inputs(folder: Path) -> None:
    """``small.onnx``, a network with weights, and ``images.npz`` for it."""
    rng = np.random.default_rng(0)
    kernels, weights = rng.normal(size=(4, 1, 3, 3)), rng.normal(size=(256, 10))
    made = model(
        [
            node("Conv", "x kernels", "conv", pads=[1, 1, 1, 1]),
            node("Relu", "conv", "relu"),
            node("Flatten", "relu", "flat"),
            node("Gemm", "flat weights", "fc"),
        ],
        {"x": ("batch", 1, 8, 8)},
        {"kernels": kernels.astype(np.float32), "weights": weights.astype(np.float32)},
    )
    onnx.save(made, folder / "small.onnx")
    images = np.zeros((6, 1, 8, 8), np.float32)
    images[:, :, 2:6, 2:6] = rng.uniform(size=(6, 1, 4, 4))
    np.savez(folder / "images.npz", x=images)
