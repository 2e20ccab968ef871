"""Trains LeNet-5 on Fashion-MNIST with and without the noise of a chip, and shows what it gains there.

    python docs/accuracy/hardware_aware.py IDX_FOLDER OUT_FOLDER [EPOCHS]

IDX_FOLDER is that of `train_lenet5.py`, which stands beside this file. Needs torch, onnxscript, onnxruntime.
Both networks begin as the same one, trained for EPOCHS epochs as usual, and are then trained for EPOCHS more:
one as before, one on the chip, its weights clipped (as Joshi et al. do, Nature Communications 11, 2020).
Both are written as torch programs, and `ohmsum accuracy` judges them on all test images. All on one thread.
"""

from __future__ import annotations

import copy
import json
import sys
from collections import OrderedDict
from pathlib import Path

import numpy as np
import ohmsum
import torch
from ohmsum.sim.torch import OnChip, on_chip
from ohmsum.tools.cli import main as command
from torch import nn
from train_lenet5 import NAMES, images, lenet5

CHIPS = {  # by what is changed of the preset
    "hermes-64": {},
    "hermes-64, cells pcm-like": {"tile.crossbar.cell.model": "pcm-like"},
}
TIMES = "1s,1d,1month"
CHIPS_DRAWN = 10
N_SIGMA = 2.5


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


def judged(network: Path, data: Path, changes: dict[str, str]) -> list[dict]:
    """The rows of `ohmsum accuracy`."""
    result = network.with_suffix(".json")
    sets = [part for name, value in changes.items() for part in ("--set", f"{name}={value}")]
    words = ["accuracy", str(network), "--chip", "hermes-64", "--data", str(data), "--json", str(result)]
    if command([*words, *sets, "--time", TIMES, "--seeds", str(CHIPS_DRAWN)]) != 0:
        raise SystemExit(1)
    return json.loads(result.read_text())["rows"]


def main(source: str, target: str, epochs: str = "4") -> None:
    """Train, write the networks, and print the table."""
    torch.manual_seed(1)
    torch.set_num_threads(1)
    folder, out, n = Path(source), Path(target), int(epochs)
    x, y = images(folder, "train")
    first = nn.Sequential(OrderedDict(zip(NAMES, lenet5(), strict=True)))
    print("float, for both")
    train(first, x, y, n, 1e-3)
    networks = {"float": first}
    for name, changes in CHIPS.items():
        network = networks[f"trained on {name}"] = copy.deepcopy(first)
        print(f"on {name}")
        train(on_chip(network, ohmsum.load_chip("hermes-64", overrides=changes)), x, y, n, 5e-4)
    print("float, on")
    train(first, x, y, n, 5e-4)
    x, y = images(folder, "t10k")
    np.savez_compressed(out / "fashion-test.npz", input=x, labels=y)
    for i, (name, network) in enumerate(networks.items()):
        save(network, out / f"{i}.pt2")
        for chip, changes in CHIPS.items():
            for row in judged(out / f"{i}.pt2", out / "fashion-test.npz", changes):
                print(f"{name:40} {chip:26}", row, flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
