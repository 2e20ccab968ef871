"""Inputs and labels from an .npz file, checked against the network."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx

from ..errors import SimulationError
from .metrics import Labels
from .model import dtype_of

Array = npt.NDArray[Any]
LABELS = ("labels", "label", "y")


@dataclass(frozen=True)
class Data:
    """Samples along the first axis of every array.

    Parameters
    ----------
    arrays : dict of str to array
        By the network's input.
    labels : array or None
        (n, ...) classes or values.
    shared : tuple of str
        Inputs that every batch gets whole, such as an initial state: of the size that the network fixes.
    step : int
        Samples that one run of the network takes, 0 if the network does not fix it.
    """

    arrays: dict[str, Array]
    labels: Labels | None
    shared: tuple[str, ...] = ()
    step: int = 0

    @property
    def n(self) -> int:
        """Number of samples."""
        return next(len(a) for name, a in self.arrays.items() if name not in self.shared)

    def batches(self, size: int) -> Iterator[dict[str, Array]]:
        """Feeds for one run after the other, of `size` samples where the network lets us choose."""
        step = self.step or size
        for start in range(0, self.n, step):
            yield {
                name: a if name in self.shared else a[start : start + step] for name, a in self.arrays.items()
            }

    def some(self, n: int, in_order: bool = False) -> Data:
        """About `n` samples: evenly spread, or the first ones where they are steps of a sequence."""
        if n >= self.n or self.step > 1:
            return self
        pick = np.arange(n) if in_order else np.linspace(0, self.n - 1, n).round().astype(int)
        arrays = {name: a if name in self.shared else a[pick] for name, a in self.arrays.items()}
        return Data(arrays, None if self.labels is None else self.labels[pick], self.shared, self.step)


def load_data(path: Path, inputs: Sequence[onnx.ValueInfoProto]) -> Data:
    """Read an .npz file: an array for every input of the network, and `labels` where there are any.

    With a single input the array may have any name.

    Raises
    ------
    SimulationError
        The file is no .npz, an array is missing, or has the wrong shape or type, NaN or infinity.
    """
    stored = _read(path)
    labels = next(
        (stored.pop(name) for name in LABELS if name in stored and name not in _names(inputs)), None
    )
    if len(inputs) == len(stored) == 1 and inputs[0].name not in stored:
        stored = {inputs[0].name: next(iter(stored.values()))}
    arrays = {}
    for value in inputs:
        if value.name not in stored:
            found = ", ".join(map(repr, stored)) or "nothing"
            raise SimulationError(f"{path}: no array for input {value.name!r}; the file has {found}")
        arrays[value.name] = _checked(path, value, stored[value.name])
    fixed = {v.name: d for v in inputs if (d := _first(v)) is not None}
    whole = [name for name, a in arrays.items() if not a.ndim or len(a) == fixed.get(name)]
    batched = [name for name in arrays if name not in whole] or [next(iter(arrays))]
    shared = tuple(name for name in arrays if name not in batched)
    _same_length(path, {name: len(arrays[name]) for name in batched})
    n = len(arrays[batched[0]])
    steps = {fixed[name] for name in batched if name in fixed}
    step = max(steps, default=0)
    if step and n % step:
        raise SimulationError(f"{path}: {n} samples, expected a multiple of {step}, the network's batch")
    return Data(arrays, _labels(path, labels, n), shared, step)


def _read(path: Path) -> dict[str, Array]:
    try:
        with np.load(path, allow_pickle=False) as file:
            if not isinstance(file, np.lib.npyio.NpzFile):
                raise SimulationError(f"{path}: a single array, expected an .npz file (numpy.savez)")
            return {name: file[name] for name in file.files}
    except OSError as error:
        raise SimulationError(f"{path}: cannot be read: {error.strerror or error}") from None
    except (ValueError, EOFError, zipfile.BadZipFile) as error:
        raise SimulationError(f"{path}: is no .npz file of plain arrays ({error})") from None


def _names(inputs: Sequence[onnx.ValueInfoProto]) -> set[str]:
    return {v.name for v in inputs}


def _dims(value: onnx.ValueInfoProto) -> list[int | None]:
    shape = value.type.tensor_type.shape
    return [d.dim_value if d.HasField("dim_value") and d.dim_value > 0 else None for d in shape.dim]


def _first(value: onnx.ValueInfoProto) -> int | None:
    dims = _dims(value)
    return dims[0] if dims else 1


def _checked(path: Path, value: onnx.ValueInfoProto, array: Array) -> Array:
    where = f"{path}: array for input {value.name!r}"
    expected = dtype_of(value.type.tensor_type.elem_type)
    if array.dtype != expected:
        raise SimulationError(f"{where}: found {array.dtype}, expected {expected}")
    dims = _dims(value)
    fits = array.ndim == len(dims) and all(
        want is None or want == got for want, got in zip(dims[1:], array.shape[1:], strict=True)
    )
    if value.type.tensor_type.HasField("shape") and not fits:
        wish = ", ".join(["n", *("any" if d is None else str(d) for d in dims[1:])])
        raise SimulationError(f"{where}: found shape {array.shape}, expected ({wish})")
    if not array.size:
        raise SimulationError(f"{where}: is empty, expected at least one sample")
    if array.dtype.kind == "f":
        n_bad = int(np.count_nonzero(~np.isfinite(array)))
        if n_bad:
            raise SimulationError(
                f"{where}: {n_bad} of {array.size} values are NaN or infinite, expected finite numbers"
            )
    return array


def _same_length(path: Path, lengths: dict[str, int]) -> None:
    if len(set(lengths.values())) > 1:
        found = ", ".join(f"{name}: {n}" for name, n in lengths.items())
        raise SimulationError(f"{path}: arrays with different numbers of samples ({found})")


def _labels(path: Path, labels: Array | None, n: int) -> Labels | None:
    if labels is None:
        return None
    if labels.dtype.kind not in "iuf" or labels.shape[:1] != (n,) or not np.isfinite(labels).all():
        raise SimulationError(
            f"{path}: labels: found {labels.dtype} {labels.shape}, expected finite numbers for {n} samples"
        )
    return labels.astype(np.float64 if labels.dtype.kind == "f" else np.int64)
