"""A network as segments of digital operators for ONNX Runtime, and operators on crossbars between them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
from onnx import helper

from ...workloads.onnx_import.order import reads
from ..errors import SimulationError
from ..mapping import Mapping as ChipMapping
from ..mapping.assignment import OnCrossbars, OnRewritten
from .contraction import Einsum, matmul
from .model import (
    ModelSource,
    element_types,
    is_recurrent,
    load_model,
    part_of,
    run,
    session,
    static_names,
    static_values,
)
from .operators import ComputedOperator, Conv, Gemm, Mapped, Product, UnsupportedError
from .own_codes import CodesOf, OwnCodes
from .recurrent import Recurrent
from .transposed import ConvTranspose

Array = npt.NDArray[Any]
KINDS: dict[str, Callable[[onnx.NodeProto, str, Mapping[str, Array], Mapped], ComputedOperator]] = {
    "Conv": Conv,
    "ConvTranspose": ConvTranspose,
    "Einsum": Einsum,
    "Gemm": Gemm,
    "MatMul": matmul,
    "LSTM": Recurrent,
    "GRU": Recurrent,
    "RNN": Recurrent,
}
PARTS = ("", "/forward", "/reverse", "/patches", "/columns")
"""What the mapping may put behind the name of a node."""


def _called(name: str, wanted: set[str]) -> list[str]:
    """The operators that a node of this name became; the second of a name is called ``name#2``."""
    for number in range(1, len(wanted) + 2):
        mark = f"#{number}" if number > 1 else ""
        mine = [f"{name}{part}{mark}" for part in PARTS if f"{name}{part}{mark}" in wanted]
        if mine:
            return mine
    return []


def _computed(
    node: onnx.NodeProto, name: str, mapped: Mapped, stored: Mapping[str, Array]
) -> ComputedOperator:
    return KINDS[node.op_type](node, name, stored, mapped)


@dataclass(frozen=True)
class DigitalSegment:
    """Digital operators that one session runs."""

    session: Any
    inputs: tuple[str, ...]


class Functional:
    """A network whose operators on crossbars are computed by whoever calls it.

    Parameters
    ----------
    source : ModelSource
    mapping : Mapping
        Says which operators lie on crossbars.

    Raises
    ------
    NetworkError, SimulationError
        The file has no weights, weights that are not finite, or an operator that cannot be split off.
    """

    def __init__(self, source: ModelSource, mapping: ChipMapping) -> None:
        self.model, self.file = load_model(source)
        self.static = static_names(self.model)
        graph = self.model.graph
        stored = {t.name for t in graph.initializer}
        self.inputs = [v for v in graph.input if v.name not in stored]
        self.outputs = [v.name for v in graph.output]
        self.whole = session(self.model, self.file)
        self.own_codes: dict[str, OwnCodes] = {}
        self.operators = self._operators(mapping)
        self.steps = self._steps()

    @property
    def matrices(self) -> dict[str, npt.NDArray[np.float32]]:
        """(groups, k, n) of every operator on crossbars, by its name in the mapping."""
        return {name: m for o in self.operators.values() for name, m in o.matrices.items()}

    @property
    def input_parts(self) -> dict[str, tuple[int, ...]]:
        """Rows of inputs that have a scale of their own, by the names of the matrices that have such."""
        return {name: o.input_parts for o in self.operators.values() for name in o.matrices if o.input_parts}

    @property
    def in_time(self) -> bool:
        """Whether samples may follow each other in time: the network keeps a state."""
        return is_recurrent(self.model)

    def reference(self, feeds: dict[str, Array]) -> dict[str, Array]:
        """What ONNX Runtime makes of the network as it is."""
        return run(self.whole, feeds, self.file)

    def run(self, feeds: Mapping[str, Array], product: Product) -> dict[str, Array]:
        """The network's outputs, with `product` for every matrix on crossbars."""
        values: dict[str, Array] = dict(feeds)
        for step in self.steps:
            if isinstance(step, DigitalSegment):
                values.update(run(step.session, {n: values[n] for n in step.inputs}, self.file))
            else:
                values.update(step.run(values, product))
        return {name: values[name] for name in self.outputs}

    def _operators(self, mapping: ChipMapping) -> dict[int, ComputedOperator]:
        """Operators on crossbars by the index of their node."""
        chosen = self._chosen(mapping)
        nodes = {i: self.model.graph.node[i] for i in chosen}
        names = sorted({n for node in nodes.values() for n in node.input if n in self.static})
        values = static_values(self.model, names)
        layers = {o.name: o for o in mapping.network.operators}
        mapped = {o.name: o.matrix for o in layers.values() if o.matrix is not None}
        codes = CodesOf(self.model, self.static)
        found: dict[int, ComputedOperator] = {}
        refused: list[tuple[str, str]] = []
        for i, mine in chosen.items():
            kind, first = nodes[i].op_type, mine[0]
            try:
                if kind not in KINDS:
                    raise UnsupportedError([(first, kind)])
                if first not in mapped:
                    raise UnsupportedError([(first, f"{kind} of two activations")])
                make = partial(_computed, nodes[i], first, Mapped(mine, mapped[first]))
                found[i] = make(values)
                self.own_codes |= codes(nodes[i], values, make, layers[first])
            except UnsupportedError as error:
                refused += error.found
        if refused:
            raise UnsupportedError(refused)
        return found

    def _chosen(self, mapping: ChipMapping) -> dict[int, tuple[str, ...]]:
        """Nodes on crossbars, with the names of the operators that they became."""
        wanted = {a.operator for a in mapping.assignments if isinstance(a, OnCrossbars | OnRewritten)}
        chosen: dict[int, tuple[str, ...]] = {}
        for i, node in enumerate(self.model.graph.node):
            if all(o in self.static for o in node.output if o):
                continue
            plain = node.name or next((o for o in node.output if o), "")
            mine = _called(plain, wanted)
            if mine:
                chosen[i] = tuple(mine)
                wanted -= set(mine)
        if wanted:
            what = "an operator that is no single node of the file"
            raise UnsupportedError([(name, what) for name in sorted(wanted)])
        return chosen

    def _steps(self) -> list[DigitalSegment | ComputedOperator]:
        """Segments and operators on crossbars, level by level: a level ends where crossbars are needed."""
        level = dict.fromkeys(self.static | {v.name for v in self.inputs} | {""}, 0)
        digital: dict[int, list[onnx.NodeProto]] = {}
        analog: dict[int, list[ComputedOperator]] = {}
        for i, node in enumerate(self.model.graph.node):
            if all(o in self.static for o in node.output if o):
                continue
            at = max(level[name] for name in reads(node) | {""})
            if i in self.operators:
                analog.setdefault(at, []).append(self.operators[i])
            else:
                digital.setdefault(at, []).append(node)
            level.update(dict.fromkeys(node.output, at + (i in self.operators)))
        types = element_types(self.model)
        steps: list[DigitalSegment | ComputedOperator] = []
        for at in sorted({*digital, *analog}):
            if at in digital:
                steps.append(self._segment(digital[at], types))
            steps.extend(analog.get(at, []))
        return steps

    def _segment(self, nodes: list[onnx.NodeProto], types: dict[str, int]) -> DigitalSegment:
        """A session for some nodes, with the constants that they need."""
        made = {o for n in nodes for o in n.output if o}
        read = set().union(*(reads(n) for n in nodes))
        inputs = tuple(sorted(read - made - self.static))
        others = [n for n in self.model.graph.node if not made & set(n.output)]
        later = set(self.outputs).union(*(reads(n) for n in others))
        outputs = sorted(made & later)
        stored = {t.name for t in self.model.graph.initializer}
        constants = [n for n in self.model.graph.node if any(o in self.static - stored for o in n.output)]
        needed_later, kept = set(read), []
        for node in reversed(constants):
            if needed_later & set(node.output):
                needed_later |= reads(node)
                kept.append(node)
        infos = []
        for name in inputs:
            if name not in types:
                raise SimulationError(
                    f"{self.file}: the type of tensor {name!r} is unknown; save with shapes"
                )
            infos.append(helper.make_tensor_value_info(name, types[name], None))
        part = part_of(self.model, [*kept[::-1], *nodes], infos, outputs)
        return DigitalSegment(session(part, self.file), inputs)
