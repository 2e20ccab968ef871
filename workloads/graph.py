"""The Network: operators with static shapes, and the stream of tokens that flows between them.

A tensor is a *stream of tokens*: a row-major grid of token positions (the pixels of an image, the
tokens of a sequence, one single position for a plain vector), each with a fixed number of elements
(channels, features). An operator makes its output stream token by token; a `Window` says which part of
an input stream one output token needs. That is all that pipelining between layers depends on.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

import networkx as nx

from .errors import NetworkError
from .role import Role

Kind = Literal["input", "matrix", "product", "vector", "move"]


@dataclass(frozen=True)
class Grid:
    """Token positions of a stream, row-major.

    Parameters
    ----------
    rows, cols : int
        At least 1. An image is (height, width), a sequence (1, length), a vector (1, 1).
    """

    rows: int = 1
    cols: int = 1

    @property
    def n_tokens(self) -> int:
        return self.rows * self.cols


@dataclass(frozen=True)
class Window:
    """The input tokens that one output token needs.

    ``kind``:
    - ``"same"``: the token at the same row-major position (element-wise, a linear layer per token); both
      streams have the same number of tokens, if not always the same rows and columns.
    - ``"window"``: a kernel that slides over the input grid; output (r, c) needs the input rows
      ``r * stride[0] - pad[0] + i * dilation[0]`` for i in 0..kernel[0]-1, and columns likewise.
      A fractional stride (transposed convolution, upsampling by u) is `up`: input row
      ``floor((r * stride + ... ) / up)``.
    - ``"all"``: the whole input (a flatten, a global pooling, the keys of an attention).
    - ``"prefix"``: every token up to and including the same position (causal scans).
    - ``"routed"``: output token k needs all input tokens before number ``ends[k]`` to have come, and is done
      with them (tokens that a router picks out of a stream, or puts back into one).
    """

    kind: Literal["same", "window", "all", "prefix", "routed"] = "same"
    kernel: tuple[int, int] = (1, 1)
    stride: tuple[int, int] = (1, 1)
    pad: tuple[int, int] = (0, 0)
    dilation: tuple[int, int] = (1, 1)
    up: tuple[int, int] = (1, 1)
    ends: tuple[int, ...] = ()

    def span(self, axis: int, position: int, size: int) -> tuple[int, int]:
        """First and last input index along `axis` (0 rows, 1 cols), in 0..size-1, for output `position`."""
        start = position * self.stride[axis] - self.pad[axis]
        end = start + (self.kernel[axis] - 1) * self.dilation[axis]
        first, last = start // self.up[axis], end // self.up[axis]
        return min(max(first, 0), size - 1), min(max(last, 0), size - 1)


@dataclass(frozen=True)
class Tensor:
    """One activation tensor and the stream it is seen as.

    Parameters
    ----------
    shape : tuple of int
        The static shape.
    grid : Grid
        Token positions.
    elements : int
        Elements of one token; ``grid.n_tokens * elements`` is the size of the tensor.
    """

    name: str
    shape: tuple[int, ...]
    grid: Grid
    elements: int

    @property
    def size(self) -> int:
        return self.grid.n_tokens * self.elements


@dataclass(frozen=True)
class Port:
    """An activation input of an operator: the tensor, and how much of it one output token needs."""

    tensor: str
    window: Window = Window()


@dataclass(frozen=True)
class Matrix:
    """A static weight matrix, applied once per output token (convolution as im2col).

    Parameters
    ----------
    k, n : int
        Rows (inputs) and columns (outputs) of the matrix of ONE group.
    groups : int
        Independent matrices of that size, block-diagonal (grouped and depthwise convolution).
    applications : int
        Times the matrix is applied per output token (1 nearly always).
    recurrent_k : int
        How many of the `k` rows are fed by the operator's own previous output (LSTM, GRU, RNN).
    weight : str
        Name of the weight tensor in the source file ("" if there is none).
    """

    k: int
    n: int
    groups: int = 1
    applications: int = 1
    recurrent_k: int = 0
    weight: str = ""


@dataclass(frozen=True)
class Reach:
    """Positions that an output token looks back at: ``first + step * (k // every)`` for token k.

    Causal attention over a prompt: ``Reach(1, 1)``. Decoding in turn one token after the other of each of s
    sequences whose context is c: ``Reach(c + 1, 1, s)``. Sequences with contexts of their own: `each`.

    Parameters
    ----------
    first, step, every : int
        At least 1, 0 and 1.
    each : tuple of int
        The positions for every token, instead of the rule; as many as the stream has tokens.
    """

    first: int
    step: int = 0
    every: int = 1
    each: tuple[int, ...] = ()

    def __call__(self, k: int) -> int:
        return self.each[k] if self.each else self.first + self.step * (k // self.every)

    def most(self, n_tokens: int) -> int:
        """The furthest that any of the first `n_tokens` looks back."""
        return max(self.each[:n_tokens]) if self.each else self(n_tokens - 1)

    def total(self, n_tokens: int) -> int:
        """Sum over the first `n_tokens`."""
        if self.each:
            return sum(self.each[:n_tokens])
        turns, rest = divmod(n_tokens, self.every)
        return n_tokens * self.first + self.step * (self.every * turns * (turns - 1) // 2 + rest * turns)


@dataclass(frozen=True)
class Product:
    """A product of two activations, per output token: `heads` vectors of length `k` times `k` x `n` matrices.

    For QK^T of an attention, one query token: heads = number of heads, k = head size, n = number of keys.

    Parameters
    ----------
    heads, k, n : int
        Of the token that reaches furthest, where the operator has a `Reach`.
    shared_by : int
        Heads that use the same stationary matrix (grouped-query attention); 1: each its own. Divides `heads`.
    cached : bool
        The stationary matrices are read from a cache of earlier positions (keys, values), not made anew.
    """

    heads: int
    k: int
    n: int
    shared_by: int = 1
    cached: bool = False


@dataclass(frozen=True)
class Operator:
    """One node of the network, after folding and fusion.

    Parameters
    ----------
    name : str
        Unique; the ONNX node name where there is one.
    op : str
        What it is, in ONNX's words ("Conv", "Gemm", "LSTM", "Softmax", "Gelu", "MaxPool", "Concat", ...).
    kind : {"input", "matrix", "product", "vector", "move"}
        input: a graph input. matrix: static weights (analog or a MAC array). product: two activations.
        vector: element-wise, reductions, pooling, normalisation. move: data movement without arithmetic.
    inputs : tuple of Port
        Activation inputs. A "product" has two: the streamed operand first, the stationary one second.
        A recurrent "matrix" may have its initial states after the input.
    output : Tensor
    function : str
        For "vector": the function a digital unit must offer: one of `FUNCTIONS`. Empty otherwise.
    work : int
        For "vector": element operations per output token (an average pooling of 3x3 over 64 channels: 576).
    fused : tuple of str
        Functions from `FUNCTIONS` applied to each output element on the way out (("relu",)).
    matrix, product
        For those kinds.
    params : int
        Parameters stored (weights and biases; embeddings and normalisation too).
    state_work : tuple of (str, int)
        For recurrent operators: functions and element operations per token after the matrix
        (gates of an LSTM: (("sigmoid", 3 * h), ("tanh", 2 * h), ("mul", 3 * h), ("add", h))).
    reach : Reach or None
        Where work grows with the position (causal masks, a context that gets longer): token k has
        ``reach(k) / reach.most`` of the work, the product and the output elements that are given here.
    role : Role or None
        In a training step: what it is for (`workloads/training.py`).
    """

    name: str
    op: str
    kind: Kind
    inputs: tuple[Port, ...]
    output: Tensor
    function: str = ""
    work: int = 0
    fused: tuple[str, ...] = ()
    matrix: Matrix | None = None
    product: Product | None = None
    params: int = 0
    state_work: tuple[tuple[str, int], ...] = ()
    reach: Reach | None = None
    role: Role | None = None

    @property
    def samples(self) -> int:
        """Samples that it works on one after the other: 1 but in a training step."""
        return 1 if self.role is None else self.role.samples

    @property
    def macs(self) -> int:
        """Multiply-accumulates with stored weights, for the whole operator."""
        if self.matrix is None:
            return 0
        m = self.matrix
        return self.samples * self.output.grid.n_tokens * m.applications * m.k * m.n * m.groups

    @property
    def product_macs(self) -> int:
        """Multiply-accumulates of two activations, for the whole operator."""
        if self.product is None:
            return 0
        p, tokens = self.product, self.output.grid.n_tokens
        whole = self.samples * tokens * p.heads * p.k * p.n
        if self.reach is None:
            return whole
        return whole * self.reach.total(tokens) // (self.reach.most(tokens) * tokens)


# What a digital unit can be asked to do to one element. "pass" is a copy.
FUNCTIONS: tuple[str, ...] = (
    "pass", "add", "sub", "mul", "div", "min", "max", "neg", "abs", "sqrt", "pow", "exp", "log", "compare",
    "select", "relu", "clip", "leaky_relu", "prelu", "elu", "sigmoid", "hard_sigmoid", "tanh", "gelu",
    "silu", "hard_swish", "erf", "softplus", "sin", "cos", "round", "softmax", "log_softmax", "layer_norm",
    "rms_norm", "batch_norm", "group_norm", "lrn", "max_pool", "average_pool", "reduce", "cumsum", "rotary",
    "interpolate", "unknown",
)  # fmt: skip


@dataclass(frozen=True)
class Network:
    """A whole network, immutable.

    Parameters
    ----------
    name : str
    operators : tuple of Operator
        In topological order; the first ones are the inputs (kind "input").
    outputs : tuple of str
        Names of the operators whose output leaves the network.
    notes : tuple of str
        What the user should know about the import ("3 operators unknown, mapped on the vector unit").
    source : str
        File or zoo name; file_hash of the bytes read.
    """

    name: str
    operators: tuple[Operator, ...]
    outputs: tuple[str, ...]
    notes: tuple[str, ...] = ()
    source: str = ""
    file_hash: str = ""
    _by_tensor: dict[str, Operator] = field(default_factory=dict, repr=False, compare=False)

    def __post_init__(self) -> None:
        names: set[str] = set()
        for operator in self.operators:
            if operator.name in names:
                raise NetworkError(f"{self.name}: two operators are called {operator.name!r}")
            for port in operator.inputs:
                if port.tensor not in self._by_tensor:
                    raise NetworkError(
                        f"{self.name}: {operator.name}: input {port.tensor!r} is made by no earlier operator"
                    )
            names.add(operator.name)
            self._by_tensor[operator.output.name] = operator
        missing = set(self.outputs) - names
        if missing:
            raise NetworkError(f"{self.name}: output operators {sorted(missing)} do not exist")

    def producer(self, tensor: str) -> Operator:
        """The operator that makes `tensor`."""
        return self._by_tensor[tensor]

    def __iter__(self) -> Iterator[Operator]:
        return iter(self.operators)

    @property
    def graph(self) -> nx.DiGraph:
        """Operators as nodes (attribute ``operator``), one edge per activation (attribute ``port``)."""
        graph = nx.DiGraph(name=self.name)
        for operator in self.operators:
            graph.add_node(operator.name, operator=operator)
            for port in operator.inputs:
                graph.add_edge(self.producer(port.tensor).name, operator.name, port=port)
        return graph

    @property
    def macs(self) -> int:
        return sum(o.macs for o in self.operators)

    @property
    def product_macs(self) -> int:
        return sum(o.product_macs for o in self.operators)

    @property
    def params(self) -> int:
        return sum(o.params for o in self.operators)

    @property
    def hash(self) -> str:
        """SHA-256 over everything that a simulation depends on; names of files do not count."""
        body = [_told(o) for o in self.operators]
        return hashlib.sha256(json.dumps([body, self.outputs], sort_keys=True).encode()).hexdigest()


def _told(operator: Operator) -> dict[str, Any]:
    """An operator as plain values, without what it makes no use of."""
    told = asdict(operator)
    if operator.reach is None:
        del told["reach"]
    if operator.role is None:
        del told["role"]
    if operator.product is not None and not operator.product.cached:
        del told["product"]["cached"]
    if operator.product is not None and operator.product.shared_by == 1:
        del told["product"]["shared_by"]
    for port, of in zip(told["inputs"], operator.inputs, strict=True):
        if not of.window.ends:
            del port["window"]["ends"]
    return told
