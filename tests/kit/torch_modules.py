"""Small PyTorch networks of every kind that the importer has to understand; torch is imported here alone."""

from __future__ import annotations

from collections import OrderedDict

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


def network(name: str) -> tuple[nn.Module, Tensor]:
    """A network with weights that differ from each other (the exporter joins equal ones), and an example."""
    torch.manual_seed(1)
    make, shape = NETWORKS[name]
    module = make().eval()
    with torch.no_grad():
        for value in [*module.parameters(), *module.buffers()]:
            if value.dtype.is_floating_point:
                value.add_(0.1 * torch.rand_like(value))
    return module, torch.zeros(shape, dtype=torch.int64) if name == "encoder" else torch.randn(shape)
