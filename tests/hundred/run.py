"""One network as five files: each loaded, counted, and run on four chips."""

from __future__ import annotations

import contextlib
import io
import re
import signal
import warnings
from collections.abc import Callable, Collection, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from ohmsum import arch
from ohmsum.sim.errors import SimulationError
from ohmsum.sim.mapping.options import MappingOptions
from ohmsum.sim.metrics.invariants import check_invariants, check_mapping_bounds
from ohmsum.sim.report.json_result import dumps
from ohmsum.sim.simulate import simulate
from ohmsum.workloads import load
from ohmsum.workloads.graph import Network
from onnxruntime import quantization
from onnxruntime.quantization.shape_inference import quant_pre_process

from ..kit.stored_numbers import stored_numbers
from .catalogue import Case
from .count import counted, position_tables

KINDS = ("legacy", "dynamo", "qdq", "qoperator", "dynamic")
CHIPS = ("isaac", "hermes-64", "systolic", "isaac@attention")
PLAIN = MappingOptions(replicate=False, placement="linear")
MOST_S = 60
"""Processor time of one step."""


@contextlib.contextmanager
def limited() -> Iterator[None]:
    """A step that takes longer is an error of its own; what it prints goes nowhere."""

    def stop(*_: object) -> None:
        raise TimeoutError(f"more than {MOST_S} s")

    signal.signal(signal.SIGVTALRM, stop)
    signal.setitimer(signal.ITIMER_VIRTUAL, MOST_S)
    try:
        with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
            warnings.simplefilter("ignore")
            yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)


def attempt(do: Callable[[], str]) -> str:
    """What a step says, or its error in one line."""
    try:
        with limited():
            return do()
    except (Exception, SystemExit) as error:  # whatever a library raises is a row of the table
        return f"{type(error).__name__}: {' '.join(str(error).split())[:300]}"


def files(
    case: Case, folder: Path, kinds: Collection[str]
) -> Iterator[tuple[str, Path | str, dict[str, np.ndarray[Any, Any]]]]:
    """The files that can be made, or why not, with an input for each."""
    torch.manual_seed(0)
    module, example = case.make()
    module.eval()
    feeds = {f"in{i}": x.numpy() for i, x in enumerate(example)}
    plain = None
    for kind, dynamo in (("legacy", False), ("dynamo", True)):
        if kind not in kinds:
            continue
        path = folder / f"{kind}.onnx"
        told = attempt(partial(_export, module, example, path, dynamo))
        yield kind, told or path, feeds
        plain = plain or (None if told else path)
    if plain is None:
        return
    for kind in [k for k in ("qdq", "qoperator", "dynamic") if k in kinds]:
        path = folder / f"{kind}.onnx"
        told = attempt(partial(_quantise, plain, path, kind, feeds))
        yield kind, told or path, feeds


def _export(module: torch.nn.Module, example: Any, path: Path, dynamo: bool) -> str:
    names = [f"in{i}" for i in range(len(example))]
    torch.onnx.export(
        module, example, path, dynamo=dynamo, input_names=names, external_data=False, verbose=False,
        opset_version=18 if dynamo else 17,
    )  # fmt: skip
    return ""


def _quantise(plain: Path, path: Path, kind: str, feeds: dict[str, Any]) -> str:
    prepared = path.with_name("prepared.onnx")
    if not prepared.exists():
        quant_pre_process(plain, prepared, skip_symbolic_shape=True)
    if kind == "dynamic":
        quantization.quantize_dynamic(prepared, path)
        return ""

    class Reader(quantization.CalibrationDataReader):  # type: ignore[misc]
        def __init__(self) -> None:
            self.left = [feeds]

        def get_next(self) -> Any:
            return self.left.pop() if self.left else None

    form = quantization.QuantFormat.QDQ if kind == "qdq" else quantization.QuantFormat.QOperator
    quantization.quantize_static(prepared, path, Reader(), quant_format=form, per_channel=kind == "qdq")
    return ""


def compared(path: Path, feeds: dict[str, Any]) -> tuple[str, Network | None]:
    """The network, and "equal" or how it differs from the count that runs the file."""
    found: list[Network] = []

    def do() -> str:
        network = load(path)
        found.append(network)
        parts = []
        if (wanted := stored_numbers(path, position_tables(path))) != network.params:
            parts.append(f"{network.params} parameters for {wanted}")
        run = counted(path, feeds, path.parent)
        if network.macs != run.stored:
            parts.append(f"{network.macs} MACs for {run.stored}")
        causal = any(o.reach is not None for o in network.operators)
        if network.product_macs != run.live and not (causal and network.product_macs < run.live):
            parts.append(f"{network.product_macs} product MACs for {run.live}")
        return ", ".join(parts) or ("equal, causal" if causal else "equal")

    told = attempt(do)
    return told, found[0] if found else None


def on_chip(network: Network, chip: str) -> str:
    """ "holds", or what does not; on as many chips as are asked for."""

    def do() -> str:
        n = None
        for _ in range(3):
            try:
                run = simulate(network, arch.load(chip, n_chips=n), mapping=PLAIN)
                break
            except SimulationError as error:
                asked = re.search(r"use `chips: (\d+)`", str(error))
                if asked is None:
                    raise
                n = int(asked[1])
        check_invariants(run)
        check_mapping_bounds(run)
        dumps(run.to_json())
        return "holds" if n is None else f"holds x {n}"

    return attempt(do)
