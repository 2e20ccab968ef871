"""What depends on the data in its size: boxes that a detector keeps, places that are not zero.

Such work has no static shape. Where it comes last and has no weights, the network is cut before it, and says
so; where weights follow it, there is no telling how often they are applied, and the network is refused.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import onnx

from ..errors import NetworkError
from .nodes import Graph
from .order import label, reads

DEPENDENT = frozenset({"NonZero", "NonMaxSuppression", "Unique", "Compress"})
WEIGHTED = frozenset(
    {"Conv", "ConvTranspose", "MatMul", "Gemm", "LSTM", "GRU", "RNN", "Einsum", "DeformConv"}
)


@dataclass
class Tail:
    """The part of a network whose sizes depend on the data.

    Attributes
    ----------
    lost : dict of str to str
        Tensors of it, and the node that each goes back to.
    ends : dict of str to None
        Live tensors of known size that it reads.
    """

    lost: dict[str, str] = field(default_factory=dict)
    ends: dict[str, None] = field(default_factory=dict)
    n_nodes: int = 0

    def takes(self, node: onnx.NodeProto, graph: Graph, begins: bool) -> bool:
        """Whether a node belongs to it; if so, what it makes does, too.

        Parameters
        ----------
        begins : bool
            The size of what the node makes depends on the data, whatever it reads.

        Raises
        ------
        NetworkError
            It does, and has weights.
        """
        names = reads(node)
        before = next((self.lost[n] for n in node.input if n in self.lost), None)
        before = before or next((self.lost[n] for n in names if n in self.lost), None)
        if before is None and not begins:
            return False
        cause = before or label(node)
        weights = [n for n in node.input if graph.is_static(n) and len(graph.shape(n)) > 1]
        if node.op_type in WEIGHTED and weights:
            raise NetworkError(
                f"{graph.file}: node {label(node)}: how often its weights are applied depends on the data"
                f" (node {cause}); `outputs` can end the network before that"
            )
        self.n_nodes += 1
        for name in filter(None, node.output):
            self.lost[name] = cause
        for name in sorted(names):
            if name in graph.shapes and not graph.is_static(name):
                self.ends[name] = None
        return True

    def outputs(self, names: list[str], graph: Graph) -> list[str]:
        """The outputs of a network without it; says in a note that it is cut off.

        Raises
        ------
        NetworkError
            Nothing is left.
        """
        cut = [n for n in names if n in self.lost]
        if not cut:
            return names
        left = [n for n in names if n not in self.lost]
        ends = [n for n in self.ends if n not in graph.inputs]
        if not left and not ends:
            raise NetworkError(
                f"{graph.file}: node {self.lost[cut[0]]}: the size of what it makes depends on the data,"
                " and nothing is computed before it"
            )
        graph.notes.append(
            f"cut before {', '.join(map(repr, ends[:3]))}{' ...' if len(ends) > 3 else ''}: the size of what"
            f" node {self.lost[cut[0]]} makes depends on the data"
            f" ({self.n_nodes} nodes without weights left out)"
        )
        return [*left, *ends]
