"""Small PyTorch networks of every kind that the importer has to understand; torch is imported here alone."""

from __future__ import annotations

from collections import OrderedDict
from itertools import pairwise
from typing import Any

import torch
from torch import Tensor, nn

torch.set_num_threads(1)


def lenet5() -> nn.Sequential:
    """The zoo's lenet5, layer by layer and name by name."""
    layers = {
        "conv1": nn.Conv2d(1, 6, 5, padding=2), "relu1": nn.ReLU(), "pool1": nn.MaxPool2d(2),
        "conv2": nn.Conv2d(6, 16, 5), "relu2": nn.ReLU(), "pool2": nn.MaxPool2d(2), "flatten": nn.Flatten(),
        "fc1": nn.Linear(400, 120), "relu3": nn.ReLU(), "fc2": nn.Linear(120, 84), "relu4": nn.ReLU(),
        "fc3": nn.Linear(84, 10),
    }  # fmt: skip
    return nn.Sequential(OrderedDict(layers))


class Residual(nn.Module):
    """A convolution, a residual block with batch norm, a head."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, 8, 3, padding=1)
        self.conv1 = nn.Conv2d(8, 8, 3, padding=1, bias=False)
        self.norm1 = nn.BatchNorm2d(8)
        self.conv2 = nn.Conv2d(8, 8, 3, padding=1, bias=False)
        self.norm2 = nn.BatchNorm2d(8)
        self.head = nn.Linear(8, 5)

    def forward(self, x: Tensor) -> Tensor:
        x = torch.relu(self.stem(x))
        y = torch.relu(self.norm1(self.conv1(x)))
        x = torch.relu(x + self.norm2(self.conv2(y)))
        return self.head(x.mean((2, 3)))


class Mlp(nn.Module):
    """A layer, and another that is called twice."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Linear(12, 16)
        self.again = nn.Linear(16, 16)

    def forward(self, x: Tensor) -> Tensor:
        return self.again(torch.relu(self.again(torch.relu(self.first(x)))))


class Layer(nn.Module):
    """One layer of an encoder as in BERT, attention spelled out."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.query, self.key, self.value = (nn.Linear(width, width) for _ in range(3))
        self.dense = nn.Linear(width, width)
        self.norm1, self.norm2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.up, self.down = nn.Linear(width, 4 * width), nn.Linear(4 * width, width)

    def forward(self, x: Tensor) -> Tensor:
        n, length, width = x.shape
        q, k, v = (
            m(x).view(n, length, self.heads, -1).transpose(1, 2) for m in (self.query, self.key, self.value)
        )
        a = torch.softmax(q @ k.transpose(2, 3) / (width / self.heads) ** 0.5, -1) @ v
        x = self.norm1(x + self.dense(a.transpose(1, 2).reshape(n, length, width)))
        return self.norm2(x + self.down(nn.functional.gelu(self.up(x))))


class Encoder(nn.Module):
    """Tokens to vectors: two layers, as MiniLM has six."""

    def __init__(self, width: int = 32, heads: int = 4) -> None:
        super().__init__()
        self.words, self.places = nn.Embedding(50, width), nn.Embedding(16, width)
        self.layers = nn.ModuleList(Layer(width, heads) for _ in range(2))

    def forward(self, ids: Tensor) -> Tensor:
        x = self.words(ids) + self.places(torch.arange(ids.shape[1]))
        for layer in self.layers:
            x = layer(x)
        return x


class Recurrent(nn.Module):
    """An LSTM over a sequence and a layer on its last state."""

    def __init__(self) -> None:
        super().__init__()
        self.lstm = nn.LSTM(8, 16, batch_first=True)
        self.out = nn.Linear(16, 4)

    def forward(self, x: Tensor) -> Tensor:
        return self.out(self.lstm(x)[0][:, -1])


class Decoder(nn.Module):
    """Tokens to scores of tokens: causal attention under a stored mask, the head tied to the embedding."""

    mask: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.words, self.layer = nn.Embedding(50, 32), nn.Linear(32, 96)
        self.head = nn.Linear(32, 50, bias=False)
        self.head.weight = self.words.weight
        self.register_buffer("mask", torch.triu(torch.full((16, 16), -1e9), 1), persistent=False)

    def forward(self, ids: Tensor) -> Tensor:
        q, k, v = self.layer(self.words(ids)).chunk(3, -1)
        scores = q @ k.transpose(1, 2) * 32**-0.5 + self.mask
        return self.head(torch.softmax(scores, -1) @ v)


class Distances(nn.Module):
    """Attention with a learned bias for every distance, gathered from a table (Shaw et al. 2018)."""

    places: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.bias, self.layer = nn.Embedding(31, 1), nn.Linear(16, 48)
        at = torch.arange(16)
        self.register_buffer("places", at[:, None] - at[None, :] + 15, persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        q, k, v = self.layer(x).chunk(3, -1)
        scores = q @ k.transpose(1, 2) + self.bias(self.places).squeeze(-1)
        return torch.softmax(scores, -1) @ v


def separable() -> nn.Sequential:
    """Depthwise and pointwise layers, as MobileNet's; every norm follows its layer."""
    return nn.Sequential(
        nn.Conv2d(3, 8, 3, 2, 1, bias=False), nn.BatchNorm2d(8), nn.ReLU6(),
        nn.Conv2d(8, 8, 3, 1, 1, groups=8, bias=False), nn.BatchNorm2d(8), nn.Hardswish(),
        nn.Conv2d(8, 16, 1, bias=False), nn.BatchNorm2d(16), nn.AdaptiveAvgPool2d(1), nn.Flatten(),
        nn.Linear(16, 1),
    )  # fmt: skip


def norm_first() -> nn.Sequential:
    """A norm before its layer, as DenseNet's, which cannot go into it; and norms without moments stored."""
    return nn.Sequential(
        nn.BatchNorm2d(3), nn.ReLU(), nn.Conv2d(3, 8, 3), nn.GroupNorm(2, 8), nn.PReLU(8),
        nn.ConvTranspose2d(8, 4, 2, 2), nn.Sigmoid(),
    )  # fmt: skip


def patches() -> nn.Sequential:
    """Patches of an image as tokens, mixed."""
    return nn.Sequential(
        nn.Conv2d(3, 16, 4, 4), nn.Flatten(2), nn.Linear(9, 12), nn.GELU(), nn.Linear(12, 9), nn.LayerNorm(9),
    )  # fmt: skip


def audio() -> nn.Sequential:
    """Samples to classes."""
    return nn.Sequential(
        nn.Conv1d(1, 8, 10, 5), nn.BatchNorm1d(8), nn.GELU(), nn.Conv1d(8, 8, 3, 2), nn.Tanh(),
        nn.AdaptiveAvgPool1d(1), nn.Flatten(), nn.Linear(8, 3),
    )  # fmt: skip


class Gated(nn.Module):
    """A GRU in both directions."""

    def __init__(self) -> None:
        super().__init__()
        self.gru, self.out = nn.GRU(6, 5, bidirectional=True), nn.Linear(10, 2)

    def forward(self, x: Tensor) -> Tensor:
        return self.out(self.gru(x)[0])


class Unsupported(nn.Module):
    """Two operators that ONNX does not have, one of them with two results."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Linear(8, 8)

    def forward(self, x: Tensor) -> Tensor:
        distances = torch.cdist(self.first(x), x)
        q, r = torch.linalg.qr(distances)
        return q + r


class Branching(nn.Module):
    """Does one thing or another, by the value of its input."""

    def forward(self, x: Tensor) -> Tensor:
        return x + 1 if x.sum() > 0 else x - 1


class Determinant(nn.Module):
    """ONNX has the operator, and nothing on a chip does it."""

    def forward(self, x: Tensor) -> Tensor:
        return torch.linalg.det(x)


NETWORKS = {
    "lenet5": (lenet5, (1, 1, 28, 28)),
    "residual": (Residual, (1, 3, 12, 12)),
    "mlp": (Mlp, (1, 12)),
    "encoder": (Encoder, (1, 16)),
    "recurrent": (Recurrent, (1, 6, 8)),
}
MORE_NETWORKS: dict[str, tuple[Any, tuple[int, ...]]] = {
    "decoder": (Decoder, (1, 16)),
    "distances": (Distances, (1, 16, 16)),
    "separable": (separable, (1, 3, 16, 16)),
    "norm_first": (norm_first, (1, 3, 10, 10)),
    "patches": (patches, (1, 3, 12, 12)),
    "audio": (audio, (1, 1, 200)),
    "gated": (Gated, (7, 1, 6)),
}


class Block(nn.Module):
    """Two convolutions beside a short cut, as ResNet-18 has eight of."""

    def __init__(self, before: int, after: int) -> None:
        super().__init__()
        stride = after // before
        self.first = nn.Sequential(
            nn.Conv2d(before, after, 3, stride, 1, bias=False), nn.BatchNorm2d(after), nn.ReLU(),
            nn.Conv2d(after, after, 3, 1, 1, bias=False), nn.BatchNorm2d(after),
        )  # fmt: skip
        short = nn.Sequential(nn.Conv2d(before, after, 1, stride, bias=False), nn.BatchNorm2d(after))
        self.short = nn.Identity() if stride == 1 else short

    def forward(self, x: Tensor) -> Tensor:
        return torch.relu(self.first(x) + self.short(x))


def whole_resnet() -> tuple[nn.Module, Tensor]:
    """ResNet-18 with an eighth of its channels on images of 16 x 16, its norms calibrated; two images."""
    torch.manual_seed(0)
    widths = (8, 8, 8, 16, 16, 32, 32, 64, 64)
    blocks = [Block(a, b) for a, b in pairwise(widths)]
    stem = nn.Sequential(nn.Conv2d(3, 8, 3, 1, 1, bias=False), nn.BatchNorm2d(8), nn.ReLU())
    made = nn.Sequential(stem, *blocks, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(64, 10))
    with torch.no_grad():
        for _ in range(10):
            made(torch.randn(16, 3, 16, 16))
    return made.eval(), torch.randn(2, 3, 16, 16)


def whole_minilm() -> tuple[nn.Module, Tensor]:
    """Six layers as MiniLM has them, of width 32; two texts of twelve tokens."""
    torch.manual_seed(0)
    made = Encoder()
    made.layers.extend(Layer(32, 4) for _ in range(4))
    return made.eval(), torch.randint(0, 50, (2, 12))


def network(name: str) -> tuple[nn.Module, Tensor]:
    """A network with weights that differ from each other (the exporter joins equal ones), and an example."""
    torch.manual_seed(1)
    make, shape = (NETWORKS | MORE_NETWORKS)[name]
    module = make().eval()
    with torch.no_grad():
        for key, value in [*module.named_parameters(), *module.named_buffers()]:
            if key != "mask" and value.dtype.is_floating_point:
                value.add_(0.1 * torch.rand_like(value))
    return module, torch.zeros(shape, dtype=torch.int64) if name in ("encoder", "decoder") else torch.randn(
        shape
    )
