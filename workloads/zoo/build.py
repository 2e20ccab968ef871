"""Writes the small networks of the zoo, structure only, and is the record of what they are.

    python -m ohmsum.workloads.zoo.build [FOLDER]

The large ones (resnet50, mobilenetv2, vit-b16, bert-base, gpt2, llama-1b) were exported with torch 2.13
(`torch.onnx.export`, opset 20) from the model classes of transformers 5.23, built from their
configuration alone, and stripped of their weights (see `structure`). The two convolutional ones have a
batch-norm behind each convolution. Folding it leaves a bias, which the exporter dropped because it is zero
before any training; `with_biases` puts it back.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import onnx
from onnx import NodeProto, TensorProto, ValueInfoProto, helper

from .structure import absent

OPSET = 20
Dims = tuple[int, ...]


class Sketch:
    """A graph under construction: every method adds a node and returns the name of its output."""

    def __init__(self, name: str, shape: Dims) -> None:
        self.name = name
        self.input = helper.make_tensor_value_info("input", TensorProto.FLOAT, shape)
        self.nodes: list[NodeProto] = []
        self.weights: list[TensorProto] = []

    def add(self, op: str, name: str, *inputs: str, **attributes: Any) -> str:
        self.nodes.append(helper.make_node(op, inputs, [name], name=name, **attributes))
        return name

    def weight(self, name: str, *shape: int) -> str:
        self.weights.append(absent(name, shape))
        return name

    def conv(
        self, name: str, x: str, n_in: int, n_out: int, kernel: int, stride: int = 1, pad: int = 0
    ) -> str:
        """Convolution with bias (a batch-norm behind it is folded in)."""
        weight = self.weight(f"{name}.weight", n_out, n_in, kernel, kernel)
        bias = self.weight(f"{name}.bias", n_out)
        sizes = {"kernel_shape": [kernel] * 2, "strides": [stride] * 2, "pads": [pad] * 4}
        return self.add("Conv", name, x, weight, bias, **sizes)

    def linear(self, name: str, x: str, n_in: int, n_out: int) -> str:
        weight, bias = self.weight(f"{name}.weight", n_out, n_in), self.weight(f"{name}.bias", n_out)
        return self.add("Gemm", name, x, weight, bias, transB=1)

    def relu(self, x: str) -> str:
        return self.add("Relu", f"{x}.relu", x)

    def max_pool(self, name: str, x: str, kernel: int, stride: int, pad: int = 0) -> str:
        return self.add("MaxPool", name, x, kernel_shape=[kernel] * 2, strides=[stride] * 2, pads=[pad] * 4)

    def model(self, output: str, shape: Dims) -> onnx.ModelProto:
        result: ValueInfoProto = helper.make_tensor_value_info(output, TensorProto.FLOAT, shape)
        graph = helper.make_graph(self.nodes, self.name, [self.input], [result], self.weights)
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=10)
        return onnx.shape_inference.infer_shapes(model, strict_mode=True, data_prop=True)


def mlp() -> onnx.ModelProto:
    """784-128-10, for 28 x 28 images."""
    s = Sketch("mlp", (1, 784))
    x = s.relu(s.linear("fc1", "input", 784, 128))
    return s.model(s.linear("fc2", x, 128, 10), (1, 10))


def lenet5() -> onnx.ModelProto:
    """LeNet-5 (LeCun et al., Proc. IEEE 86(11), 1998) with max pooling, ReLU and full connections."""
    s = Sketch("lenet5", (1, 1, 28, 28))
    x = s.max_pool("pool1", s.relu(s.conv("conv1", "input", 1, 6, 5, pad=2)), 2, 2)
    x = s.max_pool("pool2", s.relu(s.conv("conv2", x, 6, 16, 5)), 2, 2)
    x = s.add("Flatten", "flatten", x)
    x = s.relu(s.linear("fc1", x, 400, 120))
    x = s.relu(s.linear("fc2", x, 120, 84))
    return s.model(s.linear("fc3", x, 84, 10), (1, 10))


def vgg16() -> onnx.ModelProto:
    """VGG-16, configuration D (Simonyan and Zisserman, ICLR 2015)."""
    s = Sketch("vgg16", (1, 3, 224, 224))
    x, n_in = "input", 3
    for stage, (n_out, depth) in enumerate([(64, 2), (128, 2), (256, 3), (512, 3), (512, 3)], 1):
        for i in range(1, depth + 1):
            x = s.relu(s.conv(f"conv{stage}_{i}", x, n_in, n_out, 3, pad=1))
            n_in = n_out
        x = s.max_pool(f"pool{stage}", x, 2, 2)
    x = s.add("Flatten", "flatten", x)
    x = s.relu(s.linear("fc6", x, 512 * 7 * 7, 4096))
    x = s.relu(s.linear("fc7", x, 4096, 4096))
    return s.model(s.linear("fc8", x, 4096, 1000), (1, 1000))


def resnet18() -> onnx.ModelProto:
    """ResNet-18 (He et al., CVPR 2016), shortcuts B, batch-norm folded."""
    s = Sketch("resnet18", (1, 3, 224, 224))
    x = s.max_pool("maxpool", s.relu(s.conv("conv1", "input", 3, 64, 7, 2, 3)), 3, 2, 1)
    n_in = 64
    for stage, n_out in enumerate([64, 128, 256, 512], 1):
        for block in range(2):
            name, stride = f"layer{stage}.{block}", 2 if stage > 1 and block == 0 else 1
            y = s.relu(s.conv(f"{name}.conv1", x, n_in, n_out, 3, stride, 1))
            y = s.conv(f"{name}.conv2", y, n_out, n_out, 3, 1, 1)
            if n_in != n_out:
                x = s.conv(f"{name}.downsample", x, n_in, n_out, 1, stride)
            x = s.relu(s.add("Add", f"{name}.add", y, x))
            n_in = n_out
    x = s.add("Flatten", "flatten", s.add("GlobalAveragePool", "avgpool", x))
    return s.model(s.linear("fc", x, 512, 1000), (1, 1000))


def kws_lstm() -> onnx.ModelProto:
    """Keyword spotting on 49 frames of 40 MFCC: LSTM 128, then 12 classes from its last state.

    The task and its input are those of Zhang et al., "Hello Edge" (arXiv 1711.07128); the size is our own.
    """
    n_frames, n_features, hidden = 49, 40, 128
    s = Sketch("kws-lstm", (n_frames, 1, n_features))
    weights = [
        s.weight("lstm.W", 1, 4 * hidden, n_features),
        s.weight("lstm.R", 1, 4 * hidden, hidden),
        s.weight("lstm.B", 1, 8 * hidden),
    ]
    s.nodes.append(
        helper.make_node("LSTM", ["input", *weights], ["", "last"], name="lstm", hidden_size=hidden)
    )
    x = s.add("Flatten", "flatten", s.add("Transpose", "batch_first", "last", perm=[1, 0, 2]))
    return s.model(s.linear("fc", x, hidden, 12), (1, 12))


def with_biases(model: onnx.ModelProto) -> onnx.ModelProto:
    """The model with a bias (of which only the shape exists) for every convolution that has none."""
    shapes = {tensor.name: tensor.dims for tensor in model.graph.initializer}
    for node in model.graph.node:
        if node.op_type == "Conv" and len(node.input) == 2:
            bias = node.input[1].removesuffix(".weight") + ".bias"
            model.graph.initializer.append(absent(bias, shapes[node.input[1]][:1]))
            node.input.append(bias)
    return model


WITH_BIASES = ("resnet50", "mobilenetv2")
NETWORKS = {"mlp": mlp, "lenet5": lenet5, "vgg16": vgg16, "resnet18": resnet18, "kws-lstm": kws_lstm}


def main(folder: Path) -> None:
    """Write the small ones, and mend the large ones that are there."""
    for name, build in NETWORKS.items():
        (folder / f"{name}.onnx").write_bytes(build().SerializeToString(deterministic=True))
    for path in (folder / f"{name}.onnx" for name in WITH_BIASES):
        if path.exists():
            model = with_biases(onnx.load(path, load_external_data=False))
            path.write_bytes(model.SerializeToString(deterministic=True))


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent)
