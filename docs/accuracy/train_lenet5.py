"""Trains LeNet-5 on Fashion-MNIST and writes it as ONNX, with the test images as an .npz file.

    python docs/accuracy/train_lenet5.py IDX_FOLDER OUT_FOLDER [EPOCHS]

IDX_FOLDER holds the four ``*-ubyte.gz`` files of Fashion-MNIST (Xiao, Rasul and Vollgraf, arXiv:1708.07747,
MIT licence); Debian's package dataset-fashion-mnist puts them in /usr/share/datasets/fashion-mnist. Needs
torch and onnx. The network has the names and shapes of ohmsum's own `lenet5`, with a free batch size.
"""

from __future__ import annotations

import gzip
import sys
from pathlib import Path

import numpy as np
import onnx
import torch
from onnx import helper, numpy_helper
from torch import nn

NAMES = (
    "conv1",
    "relu1",
    "pool1",
    "conv2",
    "relu2",
    "pool2",
    "flatten",
    "fc1",
    "relu3",
    "fc2",
    "relu4",
    "fc3",
)


def idx(path: Path) -> np.ndarray:
    """An array in the IDX format: two zero bytes, type, rank, sizes (big endian), data (bytes)."""
    raw = gzip.decompress(path.read_bytes())
    shape = np.frombuffer(raw, ">u4", raw[3], 4)
    return np.frombuffer(raw, np.uint8, offset=4 + 4 * raw[3]).reshape(shape)


def images(folder: Path, part: str) -> tuple[np.ndarray, np.ndarray]:
    """Images (n, 1, 28, 28) from 0 to 1, and labels."""
    x = idx(folder / f"{part}-images-idx3-ubyte.gz").astype(np.float32)[:, None] / np.float32(255)
    return x, idx(folder / f"{part}-labels-idx1-ubyte.gz").astype(np.int64)


def lenet5() -> nn.Sequential:
    """LeNet-5 with max pooling, ReLU and full connections."""
    return nn.Sequential(
        nn.Conv2d(1, 6, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(6, 16, 5), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(),
        nn.Linear(400, 120), nn.ReLU(), nn.Linear(120, 84), nn.ReLU(), nn.Linear(84, 10),
    )  # fmt: skip


def train(model: nn.Sequential, x: np.ndarray, y: np.ndarray, epochs: int) -> None:
    """Adam, batches of 64, learning rate 1e-3 falling linearly to 0."""
    data, labels = torch.from_numpy(x), torch.from_numpy(y)
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    n_steps = epochs * -(-len(x) // 64)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: 1 - step / n_steps)
    for _ in range(epochs):
        for batch in torch.randperm(len(x)).split(64):
            loss = nn.functional.cross_entropy(model(data[batch]), labels[batch])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()


def to_onnx(model: nn.Sequential) -> onnx.ModelProto:
    """The trained network with one node per layer."""
    nodes, weights = [], []
    tensor = "input"
    for name, layer in zip(NAMES, model, strict=True):
        inputs, op, attributes = [tensor], type(layer).__name__, {}
        if isinstance(layer, (nn.Conv2d, nn.Linear)):
            for part in ("weight", "bias"):
                array = getattr(layer, part).detach().numpy()
                weights.append(numpy_helper.from_array(array, f"{name}.{part}"))
                inputs.append(weights[-1].name)
        if isinstance(layer, nn.Conv2d):
            op, attributes = "Conv", {"kernel_shape": [5, 5], "pads": [layer.padding[0]] * 4}
        elif isinstance(layer, nn.Linear):
            op, attributes = "Gemm", {"transB": 1}
        elif isinstance(layer, nn.MaxPool2d):
            op, attributes = "MaxPool", {"kernel_shape": [2, 2], "strides": [2, 2]}
        nodes.append(helper.make_node({"ReLU": "Relu"}.get(op, op), inputs, [name], name=name, **attributes))
        tensor = name
    info = helper.make_tensor_value_info
    graph = helper.make_graph(
        nodes,
        "lenet5-fashion",
        [info("input", onnx.TensorProto.FLOAT, ["batch", 1, 28, 28])],
        [info(tensor, onnx.TensorProto.FLOAT, ["batch", 10])],
        weights,
    )
    result = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=10)
    onnx.checker.check_model(result, full_check=True)
    return result


def main(source: str, target: str, epochs: str = "12") -> None:
    """Train, print the accuracy, and write lenet5-fashion.onnx and fashion-test.npz."""
    torch.manual_seed(1)
    torch.set_num_threads(1)
    folder, out = Path(source), Path(target)
    out.mkdir(parents=True, exist_ok=True)
    model = lenet5()
    train(model, *images(folder, "train"), int(epochs))
    x, y = images(folder, "t10k")
    with torch.no_grad():
        right = model(torch.from_numpy(x)).argmax(1).numpy() == y
    print(f"accuracy {right.mean():.4f} on {len(y)} test images")
    onnx.save(to_onnx(model), out / "lenet5-fashion.onnx")
    np.savez_compressed(out / "fashion-test.npz", input=x, labels=y)


if __name__ == "__main__":
    main(*sys.argv[1:])
