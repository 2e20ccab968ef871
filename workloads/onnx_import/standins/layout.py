"""Operators whose channels come last, or in blocks: the work is the same as with channels first."""

from __future__ import annotations

from .activation import activated
from .body import Body
from .fused import CONV
from .qlinear import to_first, to_last
from .registry import stand_in

BLOCKED = "com.microsoft.nchwc"
LAST = "com.ms.internal.nhwc"
POOL = ("auto_pad", "ceil_mode", "dilations", "kernel_shape", "pads", "strides", "storage_order")


@stand_in("Conv", domain=BLOCKED)
def blocked_conv(b: Body) -> None:
    """activation(conv + B + sum); the blocks change where elements lie, not which there are."""
    y = b.plus(b("Conv", b.input(0), b.input(1), b.input(2), main=True, **b.given(*CONV)), b.input(3))
    b.give(0, activated(b, y, b.text("activation"), list(b.attributes.get("activation_params", []))))


@stand_in("MaxPool", "AveragePool", domain=BLOCKED)
def blocked_pool(b: Body) -> None:
    b.give(0, b(b.node.op_type, b.input(0), main=True, **b.given(*POOL, "count_include_pad")))


@stand_in("GlobalMaxPool", "GlobalAveragePool", domain=BLOCKED)
def blocked_global_pool(b: Body) -> None:
    b.give(0, b(b.node.op_type, b.input(0), main=True))


@stand_in("ReorderInput", domain=BLOCKED)
def into_blocks(b: Body) -> None:
    """Channels become blocks; those that fill up the last block are not there for anybody else."""
    x = b.input(0)
    b.give(0, to_first(b, x, len(b.shape(x))) if b.integer("channels_last") else b("Identity", x))


@stand_in("ReorderOutput", domain=BLOCKED)
def out_of_blocks(b: Body) -> None:
    """As many channels as there are without those that fill up the last block."""
    x, channels = b.input(0), b.integer("channels")
    if b.shape(x)[1] > channels:
        x = b("Slice", x, b.integers(0), b.integers(channels), b.integers(1))
    b.give(0, to_last(b, x, len(b.shape(b.input(0)))) if b.integer("channels_last") else x)


@stand_in("Upsample", domain=BLOCKED)
def blocked_upsample(b: Body) -> None:
    scales = [float(s) for s in b.attributes["scales"]]
    given = {"mode": b.text("mode", "nearest"), "nearest_mode": "floor"}
    given["coordinate_transformation_mode"] = b.text("coordinate_transformation_mode", "asymmetric")
    b.give(0, b("Resize", b.input(0), "", b.constant(scales), main=True, **given))


@stand_in("Conv", domain=LAST)
@stand_in("NhwcConv", "NhwcFusedConv")
def conv_last(b: Body) -> None:
    """Weights of NhwcConv are (outputs, kernel, inputs), in the other domain (outputs, inputs, kernel)."""
    rank, w = len(b.shape(b.input(0))), b.input(1)
    if b.node.op_type != "Conv":
        w = to_first(b, w, rank)
    x = to_first(b, b.input(0), rank)
    y = to_last(b, b("Conv", x, w, b.input(2), main=True, **b.given(*CONV)), rank)
    y = b.plus(y, b.input(3))
    b.give(0, activated(b, y, b.text("activation"), list(b.attributes.get("activation_params", []))))


@stand_in("MaxPool", "AveragePool", "GlobalMaxPool", "GlobalAveragePool", domain=LAST)
@stand_in("NhwcMaxPool")
def pool_last(b: Body) -> None:
    rank, op = len(b.shape(b.input(0))), b.node.op_type.removeprefix("Nhwc")
    given = b.given(*POOL, "count_include_pad") if not op.startswith("Global") else {}
    b.give(0, to_last(b, b(op, to_first(b, b.input(0), rank), main=True, **given), rank))
