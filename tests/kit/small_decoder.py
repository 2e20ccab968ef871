"""A decoder of a few layers, as a traced graph would give it, and the chip of round numbers it runs on."""

from __future__ import annotations

from pathlib import Path

from ohmsum import arch
from ohmsum.arch.chip import Chip
from ohmsum.workloads.graph import Grid, Matrix, Network, Operator, Port, Product, Reach, Tensor, Window

SCRIBE = Path(__file__).parents[1] / "data" / "scribe.yaml"
HEADS, SIZE, WIDTH, INNER, WORDS, POSITIONS = 2, 4, 8, 16, 10, 2048
"""Heads and their size, features of a token, features inside a feed-forward block, vocabulary, table."""


def scribe(**overrides: str) -> Chip:
    """The chip of `data/scribe.yaml`; dots of an override's path are written as double underscores."""
    return arch.load(SCRIBE, overrides={path.replace("__", "."): text for path, text in overrides.items()})


def decoder(length: int = 6, layers: int = 1, *, causal: bool = True, kv_heads: int = HEADS) -> Network:
    """Embedding, positions, attention and feed-forward blocks with residuals, norm, logits."""
    grid = Grid(1, length)

    def stream(name: str, elements: int) -> Tensor:
        return Tensor(name, (1, length, elements), grid, elements)

    def vector(name: str, function: str, *inputs: str, elements: int = WIDTH, params: int = 0) -> Operator:
        ports = tuple(map(Port, inputs))
        out = stream(name, elements)
        return Operator(name, function, "vector", ports, out, function=function, work=elements, params=params)

    def matrix(name: str, of: str, k: int, n: int) -> Operator:
        return Operator(
            name, "Gemm", "matrix", (Port(of),), stream(name, n), matrix=Matrix(k, n), params=k * n
        )

    def product(name: str, a: str, b: str, out: int, sizes: tuple[int, int]) -> Operator:
        ports = (Port(a), Port(b, Window("prefix" if causal else "all")))
        reach = Reach(1, 1) if causal else None
        return Operator(
            name, "MatMul", "product", ports, stream(name, out), product=Product(HEADS, *sizes), reach=reach
        )

    made = [
        Operator("ids", "Input", "input", (), stream("ids", 1)),
        Operator("embed", "Gather", "move", (Port("ids"),), stream("embed", WIDTH), params=WORDS * WIDTH),
        vector("positions", "add", "embed", params=POSITIONS * WIDTH),
    ]
    last = "positions"
    for i in range(layers):
        weights = vector(f"weights{i}", "softmax", f"scores{i}", elements=HEADS * length)
        made += [
            vector(f"norm{i}", "layer_norm", last),
            matrix(f"q{i}", f"norm{i}", WIDTH, WIDTH),
            matrix(f"k{i}", f"norm{i}", WIDTH, kv_heads * SIZE),
            matrix(f"v{i}", f"norm{i}", WIDTH, kv_heads * SIZE),
            product(f"scores{i}", f"q{i}", f"k{i}", HEADS * length, (SIZE, length)),
            Operator(**{**weights.__dict__, "reach": Reach(1, 1) if causal else None}),
            product(f"mix{i}", f"weights{i}", f"v{i}", WIDTH, (length, SIZE)),
            matrix(f"proj{i}", f"mix{i}", WIDTH, WIDTH),
            vector(f"after{i}", "add", f"proj{i}", last),
            vector(f"norm{i}b", "layer_norm", f"after{i}"),
            matrix(f"up{i}", f"norm{i}b", WIDTH, INNER),
            vector(f"act{i}", "gelu", f"up{i}", elements=INNER),
            matrix(f"down{i}", f"act{i}", INNER, WIDTH),
            vector(f"out{i}", "add", f"down{i}", f"after{i}"),
        ]
        last = f"out{i}"
    made += [vector("final", "layer_norm", last), matrix("logits", "final", WIDTH, WORDS)]
    return Network("scribble", tuple(made), ("logits",))
