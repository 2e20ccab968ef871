"""Operators: the work of one node of a network, per output token."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal

from .formats import Format
from .role import Role
from .stream import Port, Tensor

Kind = Literal["input", "matrix", "product", "vector", "move"]


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
        For "vector": the function a digital unit must offer: one of `functions.FUNCTIONS`. Empty otherwise.
    work : int
        For "vector": element operations per output token (an average pooling of 3x3 over 64 channels: 576).
    fused : tuple of str
        Functions applied to each output element on the way out (("relu",)).
    matrix, product
        For those kinds.
    params : int
        Numbers that are stored for it alone (weights, biases, embeddings, normalisation): floats or codes,
        without scales, masks and tables of formulas; a tensor that others use too counts at the first.
    state_work : tuple of (str, int)
        For recurrent operators: functions and element operations per token after the matrix
        (gates of an LSTM: (("sigmoid", 3 * h), ("tanh", 2 * h), ("mul", 3 * h), ("add", h))).
    reach : Reach or None
        Where work grows with the position (causal masks, a context that gets longer): token k has
        ``reach(k) / reach.most`` of the work, the product and the output elements that are given here.
    role : Role or None
        In a training step: what it is for (`workloads/training.py`).
    weight_format, input_format : Format or None
        In a quantised network: in what the stored weights and the streamed input are given; None: not said.
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
    weight_format: Format | None = None
    input_format: Format | None = None

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


def told(operator: Operator) -> dict[str, Any]:
    """An operator as plain values, without what it makes no use of."""
    told = asdict(operator)
    if operator.reach is None:
        del told["reach"]
    for name in ("role", "weight_format", "input_format"):
        if told[name] is None:
            del told[name]
    if operator.product is not None and not operator.product.cached:
        del told["product"]["cached"]
    if operator.product is not None and operator.product.shared_by == 1:
        del told["product"]["shared_by"]
    for port, of in zip(told["inputs"], operator.inputs, strict=True):
        if not of.window.ends:
            del port["window"]["ends"]
    return told
