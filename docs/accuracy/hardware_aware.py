"""Retrains LeNet-5 with and without the noise of a chip, and shows what it gains there.

    python docs/accuracy/hardware_aware.py IDX_FOLDER OUT_FOLDER [EPOCHS]

IDX_FOLDER holds Fashion-MNIST as for `train_lenet5.py`, which stands beside this file, as does the network
that both begin with, `lenet5-fashion.onnx`. Needs torch, onnxscript and onnxruntime. One is trained for
EPOCHS epochs more as before, one on the chip: devices of a day's age are drawn for every batch, and weights
are clipped, as Joshi et al. do (Nature Communications 11, 2020). Both are written as torch programs, and
`ohmsum accuracy` judges them on test images. All on one thread.
"""

from __future__ import annotations

import json
import sys
from collections import OrderedDict
from pathlib import Path

import numpy as np
import ohmsum
import onnx
import torch
from ohmsum.sim.accuracy import Conditions
from ohmsum.sim.torch import OnChip, on_chip
from ohmsum.tools.cli import main as command
from torch import nn
from train_lenet5 import NAMES, images, lenet5

START = Path(__file__).with_name("lenet5-fashion.onnx")
CHIPS = {  # what is changed of the preset hermes-64
    "hermes-64": {},
    "hermes-64, pcm-like cells": {"tile.crossbar.cell.model": "pcm-like"},
}
RATE = 5e-4
AGE = Conditions(time_s=86400.0)
N_SIGMA = 2.5  # weights are clipped to
DRAWN = 10  # chips
SAMPLES = 2000  # of the test images


def train(model: nn.Module, x: np.ndarray, y: np.ndarray, epochs: int, rate: float) -> None:
    """Adam, batches of 64, learning rate falling linearly to 0; weights clipped if it is on a chip."""
    data, labels = torch.from_numpy(x), torch.from_numpy(y)
    optimizer = torch.optim.Adam(model.parameters(), lr=rate)
    n_steps = epochs * -(-len(x) // 64)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: 1 - step / n_steps)
    model.train()
    for epoch in range(epochs):
        total = 0.0
        for batch in torch.randperm(len(x)).split(64):
            loss = nn.functional.cross_entropy(model(data[batch]), labels[batch])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
            if isinstance(model, OnChip):
                model.clip_weights(N_SIGMA)
            total += loss.item() * len(batch)
        print(f"  epoch {epoch + 1} of {epochs}: loss {total / len(x):.3f}", flush=True)


def save(model: nn.Module, path: Path) -> None:
    """As a torch program with a free batch size."""
    batch = {0: torch.export.Dim("batch")}
    program = torch.export.export(model.eval(), (torch.zeros(2, 1, 28, 28),), dynamic_shapes=(batch,))
    torch.export.save(program, path)


def judged(network: Path, data: Path, changes: dict[str, str]) -> str:
    """The figures of `ohmsum accuracy`: float, ideal devices, after a day, after 30 days."""
    result = network.with_suffix(".json")
    sets = [part for name, value in changes.items() for part in ("--set", f"{name}={value}")]
    words = ["accuracy", str(network), "--chip", "hermes-64", "--data", str(data), "--json", str(result)]
    words += ["--time", "1d,1month", "--seeds", str(DRAWN), "--samples", str(SAMPLES)]
    if command([*words, *sets]) != 0:
        raise SystemExit(1)
    found = json.loads(result.read_text())
    cells = [f"{found['float']:.2%}"]
    for row in found["rows"]:
        interval = f" ± {row['interval95']:.2%}" if "interval95" in row else ""
        cells.append(f"{row['mean']:.2%}{interval}")
    return " | ".join(cells)


def start() -> nn.Sequential:
    """The network as it was trained without a thought of chips."""
    model = nn.Sequential(OrderedDict(zip(NAMES, lenet5(), strict=True)))
    stored = onnx.load(START).graph.initializer
    model.load_state_dict({t.name: torch.tensor(onnx.numpy_helper.to_array(t)) for t in stored})
    return model


def main(source: str, target: str, epochs: str = "3") -> None:
    """Train, write the networks, and print the table."""
    torch.set_num_threads(1)
    folder, out, n = Path(source), Path(target), int(epochs)
    out.mkdir(parents=True, exist_ok=True)
    x, y = images(folder, "t10k")
    np.savez_compressed(out / "fashion-test.npz", input=x, labels=y)
    networks = {name: start() for name in ("as before", "without noise", "with noise")}
    x, y = images(folder, "train")
    for name, network in networks.items():
        print(name, flush=True)
        torch.manual_seed(1)
        if name == "without noise":
            train(network, x, y, n, RATE)
        elif name == "with noise":
            train(on_chip(network, ohmsum.load_chip("hermes-64"), conditions=AGE), x, y, n, RATE)
        save(network, out / f"lenet5-{name.replace(' ', '-')}.pt2")
    print("judged on | trained | float | ideal devices | after 1 day | after 30 days")
    for chip, changes in CHIPS.items():
        for name in networks:
            network = out / f"lenet5-{name.replace(' ', '-')}.pt2"
            print(f"{chip} | {name} | {judged(network, out / 'fashion-test.npz', changes)}", flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
