"""A network and its data on disk, and how PyTorch modules become networks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .store import needed


@dataclass(frozen=True)
class Prepared:
    """Files that `ohmsum accuracy` takes as they are."""

    network: Path
    data: Path


def export(module: Any, inputs: Sequence[Any], names: Sequence[str], path: Path) -> None:
    """Write a PyTorch module as ONNX; the first axis of every input is free."""
    torch = needed("torch")
    needed("onnxscript")
    torch.set_num_threads(1)
    batch = torch.export.Dim("n", min=1, max=4096)
    program = torch.onnx.export(
        module.eval(),
        tuple(inputs),
        input_names=list(names),
        output_names=["y"],
        dynamic_shapes=[{0: batch} for _ in inputs],
        dynamo=True,
        verbose=False,
    )
    program.save(str(path))
