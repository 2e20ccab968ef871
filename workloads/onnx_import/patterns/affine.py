"""Batch-norm, biases, scales and paddings that belong to the convolution or the linear layer beside them."""

from __future__ import annotations

from ..nodes import Graph, Links, Node

CHANNELS_FIRST = frozenset({"Conv", "ConvTranspose", "BatchNormalization"})
CHANNELS_LAST = frozenset({"Gemm", "MatMul"})


def absorb_affine(graph: Graph, links: Links) -> None:
    """What multiplies or shifts each channel by a constant after a matrix goes into its weights and bias."""
    for node in graph.nodes:
        if links.producer.get(node.outputs[0]) is not node:  # absorbed itself
            continue
        if node.op not in CHANNELS_FIRST | CHANNELS_LAST or not _has_weights(graph, node):
            continue
        current, statics = node, list(node.absorbed)
        last = node
        while (reader := links.only_consumer(last.outputs[0])) is not None:
            constants = _per_channel(graph, node, reader, last.outputs[0])
            if constants is None:
                break
            statics += constants
            last = reader
        if last is not node:
            merged = Node(
                node.name,
                node.op,
                node.inputs,
                list(last.outputs),
                node.attributes,
                statics,
                node.domain,
                node.version,
            )
            links.replace(last, merged)
            links.forget(current)


def _has_weights(graph: Graph, node: Node) -> bool:
    if node.op == "MatMul":
        return any(graph.is_static(name) for name in node.inputs)
    return graph.is_static(node.input(1))


def _channel_axis(graph: Graph, node: Node) -> int:
    """Counted from the end."""
    if node.op in CHANNELS_LAST:
        static_left = node.op == "MatMul" and graph.is_static(node.inputs[0])
        return -2 if static_left else -1
    return 1 - len(graph.shape(node.outputs[0]))


def _per_channel(graph: Graph, node: Node, reader: Node, name: str) -> list[str] | None:
    """The constants of `reader` if it scales or shifts each channel of `name`, else None."""
    axis = _channel_axis(graph, node)
    if reader.op == "BatchNormalization" and reader.inputs[0] == name and axis == 1 - len(graph.shape(name)):
        statics = reader.inputs[1:]
    elif reader.op in ("Add", "Mul", "Sub") or (reader.op == "Div" and reader.inputs[0] == name):
        statics = [n for n in reader.inputs if n != name]
        if any(not _along(graph, n, axis) for n in statics):
            return None
    else:
        return None
    return (
        statics
        if len(statics) == len(reader.inputs) - 1 and all(graph.is_static(n) for n in statics)
        else None
    )


def _along(graph: Graph, name: str, axis: int) -> bool:
    """Whether a static operand varies along the channel axis only."""
    shape = graph.shape(name)
    return all(n == 1 or i - len(shape) == axis for i, n in enumerate(shape))


def absorb_padding(graph: Graph, links: Links) -> None:
    """A constant padding of the pixels before a convolution is the convolution's own padding."""
    for node in graph.nodes:
        if node.op != "Conv" or node.attributes.get("auto_pad", "NOTSET") not in ("NOTSET", "VALID"):
            continue
        before = links.made_by(node.inputs[0], "Pad")
        if before is None or before.attributes.get("mode", "constant") != "constant":
            continue
        pads = before.attributes.get("pads") or graph.integers(before, 1) or []
        rank = len(graph.shape(node.inputs[0]))
        if (
            before.input(3)
            or len(pads) != 2 * rank
            or any(pads[i] for i in (0, 1, rank, rank + 1))
            or min(pads) < 0
        ):
            continue
        own = node.attributes.get("pads") or [0] * 2 * (rank - 2)
        outer = [*pads[2:rank], *pads[rank + 2 :]]
        attributes = {
            **node.attributes,
            "auto_pad": "NOTSET",
            "pads": [a + b for a, b in zip(own, outer, strict=True)],
        }
        inputs = [before.inputs[0], *node.inputs[1:]]
        links.replace(
            node,
            Node(node.name, "Conv", inputs, node.outputs, attributes, node.absorbed, version=node.version),
        )
