"""Softmax and the normalisations: element work per token, some with statistics over all tokens."""

from __future__ import annotations

from ..builder import Builder
from ..nodes import Node
from .elementwise import same_layout
from .registry import rule


@rule("Softmax", "LogSoftmax", "Hardmax")
def softmax(node: Node, b: Builder) -> None:
    rank = len(b.view(node).axes)
    if node.version < 13:  # flattened to two dimensions at `axis`
        axes = tuple(range(int(node.attributes.get("axis", 1)) % rank, rank))
    else:
        axes = (int(node.attributes.get("axis", -1)) % rank,)
    same_layout(node, b, "log_softmax" if node.op == "LogSoftmax" else "softmax", statistics=axes)


@rule("LayerNormalization", "RMSNormalization")
def layer_norm(node: Node, b: Builder) -> None:
    rank = len(b.view(node).axes)
    axes = tuple(range(int(node.attributes.get("axis", -1)) % rank, rank))
    function = "layer_norm" if node.op == "LayerNormalization" else "rms_norm"
    same_layout(node, b, function, statistics=axes, params=_params(node, b))


@rule("BatchNormalization")
def batch_norm(node: Node, b: Builder) -> None:
    same_layout(node, b, "batch_norm", params=_params(node, b))


@rule("InstanceNormalization", "GroupNormalization", "MeanVarianceNormalization")
def group_norm(node: Node, b: Builder) -> None:
    """Mean and variance over the pixels of a channel or of a group of channels."""
    axes = tuple(range(2, len(b.view(node).axes)))
    params = b.params(node.inputs[1:] + node.absorbed, formula=True)
    same_layout(node, b, "group_norm", statistics=axes, params=params)


@rule("LRN")
def local_response(node: Node, b: Builder) -> None:
    same_layout(node, b, "lrn", statistics=(1,))


@rule("LpNormalization")
def lp_norm(node: Node, b: Builder) -> None:
    axis = int(node.attributes.get("axis", -1)) % len(b.view(node).axes)
    same_layout(node, b, "rms_norm", statistics=(axis,))


@rule("CumSum")
def cumulative_sum(node: Node, b: Builder) -> None:
    """Along the tokens, one needs all those before it."""
    values = b.graph.integers(node, 1)
    axis = (values or [0])[0] % len(b.view(node).axes)
    same_layout(node, b, "cumsum", statistics=(axis,), causal=not node.attributes.get("reverse", 0))


def _params(node: Node, b: Builder) -> int:
    return b.params(node.inputs[1:], node.absorbed)
