"""A torch program as an ONNX model, by PyTorch's own exporter.

The exporter knows the meaning of its operators best, so that a network is the same whether its author
exported it to ONNX or hands over the program.
"""

from __future__ import annotations

import logging
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import onnx

from ..errors import NetworkError
from .extra import find_torch
from .projected import translations
from .quantised import write_ranges
from .unsupported import Culprit, find_culprit

UNKNOWN_DOMAIN = "torch"
"""Of the nodes that stand for operators without a translation."""
MOST_UNKNOWN = 64
ELEMENTS = (
    "float", "double", "float16", "bfloat16", "int64", "int32", "int16", "int8", "uint8", "bool", "complex64",
)  # fmt: skip


def translate(program: Any, where: str, keep_unknown: bool = False) -> onnx.ModelProto:
    """The ONNX model of an ExportedProgram, with its weights.

    Parameters
    ----------
    program : torch.export.ExportedProgram
    where : str
        File or module, for messages.
    keep_unknown : bool
        An operator that has no translation becomes a node of domain "torch", instead of an error.

    Raises
    ------
    NetworkError
        An operator has no translation; names it and the line that calls it.
    """
    torch = find_torch(where)
    kept: dict[Any, Callable[..., Any]] = translations(program, where, torch)
    while True:
        try:
            with quiet():
                exported = torch.onnx.export(
                    program, dynamo=True, verbose=False, custom_translation_table=kept or None
                )
                model: onnx.ModelProto = exported.model_proto
            write_ranges(model, exported.exported_program or program)
            return model
        except torch.onnx.errors.OnnxExporterError as error:
            culprit = find_culprit(error, program)
            if culprit is None:
                raise NetworkError(f"{where}: PyTorch cannot export it to ONNX: {_reason(error)}") from None
            if not keep_unknown or culprit.target in kept or len(kept) == MOST_UNKNOWN:
                raise NetworkError(_message(culprit, where, keep_unknown)) from None
            kept[culprit.target] = _stand_in(culprit)


@contextmanager
def quiet() -> Iterator[None]:
    """Without the exporter's remarks on its own working; its errors are raised all the same."""
    before = logging.root.manager.disable
    logging.disable(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(before)


def _message(culprit: Culprit, where: str, keep_unknown: bool) -> str:
    line = f" ({culprit.line})" if culprit.line else ""
    hint = "" if keep_unknown else "; `unknown_operators: vector` keeps it if it has no weights"
    return (
        f"{where}: node {culprit.node!r}{line}: operator {culprit.name} has no translation to ONNX{hint},"
        " or write it with other operators"
    )


def _stand_in(culprit: Culprit) -> Callable[..., Any]:
    """A translation to one node of the operator's own name, which reads its tensors."""
    from onnxscript import ir
    from onnxscript.values import Op, Opset

    def translation(*arguments: Any, **_: Any) -> Any:
        tensors = [a for a in arguments if isinstance(a, ir.Value)]
        schema = _schema(culprit.name.removesuffix(".default"), len(tensors), culprit.n_outputs)
        return Op(Opset(UNKNOWN_DOMAIN, 1), schema.name, schema)(*tensors)

    return translation


def _schema(name: str, n_inputs: int, n_outputs: int) -> onnx.defs.OpSchema:
    """An operator of tensors of any types."""
    types = [f"tensor({element})" for element in ELEMENTS]
    letters = [f"{kind}{i}" for kind, n in (("x", n_inputs), ("y", n_outputs)) for i in range(n)]
    formal = [onnx.defs.OpSchema.FormalParameter(letter, f"T{letter}") for letter in letters]
    return onnx.defs.OpSchema(
        name,
        UNKNOWN_DOMAIN,
        1,
        inputs=formal[:n_inputs],
        outputs=formal[n_inputs:],
        type_constraints=[(f"T{letter}", types, "any tensor") for letter in letters],
    )


def _reason(error: BaseException) -> str:
    """The first cause in one line."""
    while error.__cause__ is not None:
        error = error.__cause__
    lines = str(error).strip().splitlines() or [type(error).__name__]
    return lines[0][:200]
