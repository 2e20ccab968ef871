"""Attentions of ONNX Runtime: projections (where they are in it), heads, scores, softmax, and what it weighs.

Shapes: B sequences, S queries, T keys, N heads of size H. Keys and values of fewer heads are repeated.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from onnx import TensorProto

from .body import Body
from .qlinear import dequantised
from .registry import stand_in

LOWEST = -1e30
PADDED = -1e4  # what ONNX Runtime adds to scores of padding (mask_filter_value)


@dataclass(frozen=True)
class Heads:
    """Queries, keys and values as (B, N, S or T, H), and how they attend to each other.

    Parameters
    ----------
    scale : float
        0: one over the root of the head size.
    causal : bool
        A query sees no later key; the last query sees the last key.
    window : int
        Keys that a query sees at most; -1: all.
    softcap : float
        Scores are softcap tanh(score / softcap); 0: as they are.
    """

    queries: str
    keys: str
    values: str
    n_queries: int
    n_keys: int
    scale: float
    head: int
    causal: bool = False
    window: int = -1
    softcap: float = 0.0


def attend(b: Body, h: Heads, added: list[str], repeats: int = 1) -> tuple[str, str]:
    """What the values come to, (B, N, S, H), and the scores before the softmax."""
    scores = b("MatMul", h.queries, b.transpose(repeated(b, h.keys, repeats), [0, 1, 3, 2]))
    scores = b.times(scores, h.scale or 1 / h.head**0.5)
    if h.softcap:
        scores = b.times(b("Tanh", b.times(scores, 1 / h.softcap)), h.softcap)
    for mask in added:
        scores = b("Add", scores, mask)
    if h.n_queries > 1 and (h.causal or 0 < h.window < h.n_keys):
        scores = b("Add", scores, hidden(b, h))
    weights = b("Softmax", scores, axis=-1 if b.opset >= 13 else 3)
    return b("MatMul", weights, repeated(b, h.values, repeats), main=not _has_main(b)), scores


def _has_main(b: Body) -> bool:
    """Whether a projection has the name of the node already."""
    return any(node.name == b.title for node in b.nodes)


def hidden(b: Body, h: Heads) -> str:
    """A mask that is added: very low where a query does not see a key. It is made, not stored."""
    rows = b("Range", b.constant(h.n_keys - h.n_queries, 7), b.constant(h.n_keys, 7), b.constant(1, 7))
    cols = b("Range", b.constant(0, 7), b.constant(h.n_keys, 7), b.constant(1, 7))
    rows = b.unsqueeze(rows, 1)
    unseen = b("Greater", b.unsqueeze(cols, 0), rows)
    if 0 < h.window < h.n_keys:
        first = b("Sub", rows, b.constant(h.window - 1, 7))
        unseen = b("Or", unseen, b("Less", b.unsqueeze(cols, 0), first))
    dtype = b.dtype(b.input(0))
    low = b.constant(LOWEST if dtype != TensorProto.FLOAT16 else -6e4, dtype)
    return b("Where", unseen, low, b.constant(0.0, dtype))


def repeated(b: Body, x: str, times: int) -> str:
    """Each head of (B, N, T, H) `times` times, one after the other."""
    if times == 1:
        return x
    wide = b.unsqueeze(x, 2)
    wide = b("Expand", wide, b.integers(1, 1, times, 1, 1))
    joined = b("Concat", b("Shape", x, start=0, end=1), b.integers(-1), b("Shape", x, start=2), axis=0)
    return b("Reshape", wide, joined)


def by_heads(b: Body, x: str, heads: int) -> str:
    """(B, S, N H) as (B, N, S, H)."""
    return b.transpose(b.reshape(x, [0, 0, heads, -1]), [0, 2, 1, 3])


def together(b: Body, x: str) -> str:
    """(B, N, S, H) as (B, S, N H)."""
    return b.reshape(b.transpose(x, [0, 2, 1, 3]), [0, 0, -1])


def past_and(b: Body, past: str, new: str) -> tuple[str, int]:
    """Keys or values with those of earlier positions before them, and how many those are."""
    if not past:
        return new, 0
    return b("Concat", past, new, axis=2), b.shape(past)[2]


def padding(b: Body, mask: str, n_keys: int, value: float) -> str:
    """A mask that comes with the input, as what is added to (B, N, S, T)."""
    shape = b.shape(mask)
    if len(shape) == 1:  # lengths of the sequences
        places = b.constant(np.arange(n_keys)[None], TensorProto.INT32)
        kept = b("Cast", b("Less", places, b.unsqueeze(mask, 1)), to=TensorProto.FLOAT)
    else:
        kept = b("Cast", mask, to=TensorProto.FLOAT)
    added = b("Mul", b("Sub", b.constant(1.0), kept), b.constant(value))
    return (
        b.unsqueeze(added, 1, 2) if len(shape) <= 2 else b.unsqueeze(added, 1) if len(shape) == 3 else added
    )


@stand_in("Attention", "QAttention")
def attention(b: Body) -> None:
    """One projection to queries, keys and values, then the attention."""
    if b.node.op_type == "QAttention":
        x = dequantised(b, b.input(0), b.input(3), b.input(6))
        weights = dequantised(b, b.input(1), b.input(4), b.input(7), -1)
        mask, past, bias_of_scores = b.input(5), b.input(8), ""
    else:
        x, weights = b.input(0), b.input(1)
        mask, past, bias_of_scores = b.input(3), b.input(4), b.input(5)
    heads, n = b.integer("num_heads"), b.shape(b.input(0))[1]
    sizes = list(b.attributes.get("qkv_hidden_sizes", ())) or [b.shape(b.input(1))[-1] // 3] * 3
    if b.integer("do_rotary"):
        raise b.error("do_rotary is not supported, expected a RotaryEmbedding of its own")
    joint = b.plus(b("MatMul", x, weights, main=True), b.input(2))
    q, k, v = (by_heads(b, part, heads) for part in b.split(joint, sizes, -1))
    before = ["", ""]
    if past:
        before = [b("Gather", past, b.constant(i, 7), axis=0) for i in (0, 1)]
    n_past = b.shape(past)[3] if past else 0
    if past:
        k, v = (b("Concat", old, new, axis=2) for old, new in zip(before, (k, v), strict=True))
    h = Heads(
        q, k, v, n, n + n_past, b.number("scale", 0.0), sizes[0] // heads, bool(b.integer("unidirectional"))
    )
    added = [padding(b, mask, n + n_past, b.number("mask_filter_value", PADDED))] if mask else []
    y, _ = attend(b, h, [*added, *([bias_of_scores] if bias_of_scores else [])])
    b.give(0, together(b, y))
    if b.wants(1):
        b.give(1, b("Concat", b.unsqueeze(k, 0), b.unsqueeze(v, 0), axis=0))


@stand_in("MultiHeadAttention", "DecoderMaskedMultiHeadAttention")
def multi_head(b: Body) -> None:
    """Queries, keys and values as they come, packed together or not."""
    query, key, value, bias = (b.input(i) for i in range(4))
    decoding = b.node.op_type != "MultiHeadAttention"
    mask, scores_bias, past_k, past_v = (b.input(i) for i in range(4, 8))
    heads, shape = b.integer("num_heads"), b.shape(query)
    n, head = shape[1], shape[-1] // heads if len(shape) == 3 else shape[-1]
    biases = b.split(bias, _bias_sizes(b, shape, key, value, bias), 0) if bias else ["", "", ""]
    if len(shape) == 5:  # (B, S, N, 3, H)
        parts = b.split(query, [1, 1, 1], 3)
        q, k, v = (b.reshape(p, [0, 0, -1]) for p in parts)
        q, k, v = (by_heads(b, b.plus(x, c), heads) for x, c in zip((q, k, v), biases, strict=True))
        n_keys = n
    else:
        q = by_heads(b, b.plus(query, biases[0]), heads)
        keys = b.shape(key)
        if len(keys) == 5:  # (B, T, N, 2, H)
            k, v = (by_heads(b, b.reshape(p, [0, 0, -1]), heads) for p in b.split(key, [1, 1], 3))
            n_keys = keys[1]
        elif len(keys) == 4:  # cross attention: keys and values are by heads already
            k, v, n_keys = key, value, keys[2]
        else:
            k = by_heads(b, b.plus(key, biases[1]), heads)
            v = by_heads(b, b.plus(value, biases[2]), heads)
            n_keys = keys[1]
    k, n_past = past_and(b, past_k, k)
    v, _ = past_and(b, past_v, v)
    total = n_keys + n_past
    h = Heads(q, k, v, n, total, b.number("scale", 0.0), head, bool(b.integer("unidirectional")))
    added = [padding(b, mask, total, b.number("mask_filter_value", PADDED))] if mask and not decoding else []
    y, scores = attend(b, h, [*added, *([scores_bias] if scores_bias else [])])
    b.give(0, together(b, y))
    b.give(1, k)
    b.give(2, v)
    b.give(3, scores)


def _bias_sizes(b: Body, shape: tuple[int, ...], key: str, value: str, bias: str) -> list[int]:
    """Of the biases of queries, keys and values in one."""
    whole = b.shape(bias)[0]
    if len(shape) == 5 or len(b.shape(key)) != 3:
        return [whole // 3] * 3
    q = shape[-1]
    return [q, b.shape(key)[-1], b.shape(value)[-1]]


@stand_in("GroupQueryAttention")
def group_query(b: Body) -> None:
    """Causal, with a cache of earlier keys and values, rotation of positions, and fewer heads for them."""
    query, key, value, past_k, past_v = (b.input(i) for i in range(5))
    heads, kv_heads = b.integer("num_heads"), b.integer("kv_num_heads")
    shape = b.shape(query)
    n, head = shape[1], shape[2] // heads
    if not key:
        head = shape[2] // (heads + 2 * kv_heads)
        query, key, value = b.split(query, [heads * head, kv_heads * head, kv_heads * head], -1)
    q, k, v = (by_heads(b, x, c) for x, c in ((query, heads), (key, kv_heads), (value, kv_heads)))
    if b.integer("do_rotary"):
        q, k = (rotated(b, x, b.input(7), b.input(8), b.integer("rotary_interleaved")) for x in (q, k))
    k, n_past = past_and(b, past_k, k)
    v, _ = past_and(b, past_v, v)
    h = Heads(
        q, k, v, n, n + n_past, b.number("scale", 0.0), head, causal=True,
        window=b.integer("local_window_size", -1), softcap=b.number("softcap", 0.0),
    )  # fmt: skip
    y, _ = attend(b, h, [b.input(10)] if b.input(10) else [], heads // kv_heads)
    b.give(0, together(b, y))
    b.give(1, k)
    b.give(2, v)


def rotated(b: Body, x: str, cosine: str, sine: str, interleaved: int = 0) -> str:
    """x (B, N, S, H) turned by its positions (Su et al. 2021), by the tables of all positions."""
    return b("RotaryEmbedding", x, cosine, sine, interleaved=interleaved)


@stand_in("RotaryEmbedding")
def rotary(b: Body) -> None:
    """(B, S, N H) or (B, N, S, H); which rows of the tables are read is no work."""
    x, cosine, sine = b.input(0), b.input(2), b.input(3)
    shape = b.shape(x)
    part = b.integer("rotary_embedding_dim")
    if len(shape) == 4:
        b.give(0, rotated(b, x, cosine, sine, b.integer("interleaved")))
        return
    head = 2 * b.shape(cosine)[-1] if not part else 0
    heads = b.integer("num_heads") or (shape[-1] // head if head else 0)
    if not heads:
        raise b.error("num_heads is not said, which rotary_embedding_dim needs")
    b.give(0, together(b, rotated(b, by_heads(b, x, heads), cosine, sine, b.integer("interleaved"))))


@stand_in("PackedAttention")
def packed(b: Body) -> None:
    """Sequences without padding, (tokens, hidden): full ones, as no others have static shapes."""
    x, sequences = b.input(0), b.shape(b.input(3))[0]
    tokens = b.shape(x)[0]
    if tokens % sequences:
        raise b.error(f"{tokens} tokens of {sequences} sequences: expected sequences of the same length")
    heads = b.integer("num_heads")
    sizes = list(b.attributes.get("qkv_hidden_sizes", ())) or [b.shape(b.input(1))[-1] // 3] * 3
    joint = b.reshape(
        b.plus(b("MatMul", x, b.input(1), main=True), b.input(2)),
        [sequences, tokens // sequences, sum(sizes)],
    )
    q, k, v = (by_heads(b, part, heads) for part in b.split(joint, sizes, -1))
    n = tokens // sequences
    h = Heads(q, k, v, n, n, b.number("scale", 0.0), sizes[0] // heads)
    y, _ = attend(b, h, [b.input(5)] if b.input(5) else [])
    b.give(0, b.reshape(together(b, y), [tokens, sizes[2]]))


@stand_in("PackedMultiHeadAttention")
def packed_multi_head(b: Body) -> None:
    """The same without the projection."""
    query, key, value, bias = (b.input(i) for i in range(4))
    sequences, shape = b.shape(b.input(4))[0], b.shape(query)
    tokens, heads = shape[0], b.integer("num_heads")
    if tokens % sequences or len(shape) == 4:
        raise b.error(
            f"{tokens} tokens of {sequences} sequences: expected (tokens, hidden), all of one length"
        )
    n, hidden_size = tokens // sequences, shape[-1]
    biases = b.split(bias, [hidden_size, hidden_size, b.shape(value)[-1]], 0) if bias else ["", "", ""]
    parts = (
        b.reshape(b.plus(x, c), [sequences, n, -1]) for x, c in zip((query, key, value), biases, strict=True)
    )
    q, k, v = (by_heads(b, part, heads) for part in parts)
    h = Heads(q, k, v, n, n, b.number("scale", 0.0), hidden_size // heads)
    y, _ = attend(b, h, [b.input(6)] if b.input(6) else [])
    b.give(0, b.reshape(together(b, y), [tokens, -1]))
