"""A network on a chip, run on data: the float result, the layers' precision, the result under conditions."""

from __future__ import annotations

import warnings
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numba
import numpy as np
import numpy.typing as npt

from ...arch.chip import Chip
from ..errors import SimulationError
from ..kernels.rng import derive_seed
from ..mapping import Mapping
from ..progress import Progress, silent
from .calibrate import Observed, enough_samples, observe
from .conditions import Conditions
from .data import Data
from .functional import Functional
from .metrics import decibels, mean_and_interval
from .precision import Precision, precisions
from .scores import Score, score_of

Floats = npt.NDArray[np.float32]
BATCH_BYTES = 64e6  # of im2col matrices at once
CALIBRATION_STEPS = 256  # of a sequence


@dataclass(frozen=True)
class LayerError:
    """Signal-to-noise ratio of one layer's outputs, decibels.

    Parameters
    ----------
    own_db : float
        Against the exact product of the inputs that it really had: what the layer itself adds.
    total_db : float
        Against the float network: what reaches its outputs from all layers so far.
    """

    own_db: float
    total_db: float


@dataclass(frozen=True)
class Outcome:
    """One row of a study."""

    conditions: Conditions
    values: tuple[float, ...]
    mean: float
    interval: float | None
    layers: dict[str, LayerError]
    notes: tuple[str, ...]


class Study:
    """A network calibrated on a chip.

    Parameters
    ----------
    functional, mapping, chip, data
        `functional` made from the same mapping.
    metric : str or Score
        Of the network's first output; a text as `score_of` reads it.
    n_calibration : int, optional
        Samples of the data that calibrate input and converter ranges (`enough_samples`); the first
        `CALIBRATION_STEPS`, in order, for recurrent networks, which also get all data in one run.
    like : Study, optional
        Of the same network and data on another chip: what it has computed and seen is used again where this
        chip would give the same.

    Attributes
    ----------
    float_value : float
        The metric of ONNX Runtime's own result.
    observed : Observed
        What was seen in calibration.
    mapping_error : float
        See `Observed`.
    """

    def __init__(
        self,
        functional: Functional,
        mapping: Mapping,
        chip: Chip,
        data: Data,
        metric: str | Score = "top1",
        n_calibration: int | None = None,
        progress: Progress = silent,
        like: Study | None = None,
    ) -> None:
        self.functional, self.data = functional, data
        self.metric = score_of(metric) if isinstance(metric, str) else metric
        self.batch = self._batch(mapping)
        self.precision, self.precisions = Precision.of(chip), precisions(chip, mapping)
        self.reference: npt.NDArray[Any] = (
            self._outputs(functional.reference) if like is None else like.reference
        )
        self.float_value = self._score(self.reference)
        n = n_calibration or enough_samples(functional, mapping)
        n = CALIBRATION_STEPS if functional.in_time else n
        some = data.some(n, functional.in_time)
        seen = None if like is None else like.observed
        if seen is None or not seen.serves(functional, self.precisions):
            seen = observe(functional, mapping, self.precisions, some, self.batch, progress)
        self.observed: Observed = seen
        self.layers, self.mapping_error = seen.layers(self.precisions), seen.mapping_error

    @property
    def noisy(self) -> bool:
        """Whether the devices of any layer are other than ideal."""
        return any(self.precisions[name].device.noisy for name in self.layers)

    @property
    def imperfect(self) -> bool:
        """Whether wires or converters of any layer are worse than their number of bits."""
        return any(self.precisions[name].imperfect for name in self.layers)

    @property
    def devices(self) -> str:
        """Names of the devices of all layers."""
        return ", ".join(dict.fromkeys(self.precisions[name].device.name for name in self.layers))

    def evaluate(
        self,
        conditions: Conditions,
        seeds: Sequence[int] = (0,),
        digital: frozenset[str] = frozenset(),
        progress: Progress | None = None,
        layers: bool = True,
    ) -> Outcome:
        """The metric for every seed, and the precision of every layer (unless `layers` is False).

        Layers named in `digital` are computed exactly.
        """
        values, powers = [], Powers()
        noisy = conditions.noise and self.noisy
        uneven = any(p.gain_spread or p.offset_spread for p in self.precisions.values())
        random = noisy or conditions.yield_fraction < 1 or uneven
        with _one_thread(), warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always", UserWarning)
            for i, seed in enumerate(seeds if random else seeds[:1]):
                if progress is not None:
                    progress(f"seed {seed}", i / len(seeds))
                one = Pass(self, conditions, seed, digital, powers if layers else None)
                outputs = self._outputs(one.run)
                values.append(self._score(outputs))
            notes = list(dict.fromkeys(str(w.message) for w in caught))
        mean, interval = mean_and_interval(values)
        return Outcome(conditions, tuple(values), mean, interval, powers.layers(), tuple(notes))

    def _batch(self, mapping: Mapping) -> int:
        """Samples at once, so that no layer's patches take much memory; all of a sequence."""
        if self.functional.in_time:
            return self.data.n
        most = 1
        for o in mapping.network.operators:
            if o.matrix is not None and o.name in self.functional.matrices:
                most = max(most, o.output.grid.n_tokens * o.matrix.k * o.matrix.groups * 4)
        return max(1, min(256, int(BATCH_BYTES / most)))

    def _outputs(self, run: Callable[[dict[str, Any]], dict[str, Any]]) -> npt.NDArray[Any]:
        """The network's first output for all data."""
        name = self.functional.outputs[0]
        parts = [run(feeds)[name] for feeds in self.data.batches(self.batch)]
        result: npt.NDArray[Any] = np.concatenate([p.reshape(1) if p.ndim == 0 else p for p in parts])
        return result

    def _score(self, outputs: npt.NDArray[Any]) -> float:
        if not np.isfinite(outputs).all():
            raise SimulationError(f"output {self.functional.outputs[0]!r}: NaN or infinite values")
        return self.metric.measure(outputs, self.reference, self.data.labels)


@contextmanager
def _one_thread() -> Iterator[None]:
    """Kernels on one thread: draws come in small parts, and waiting for a second thread costs more than it
    saves. The numbers do not depend on it.
    """
    before = numba.get_num_threads()
    numba.set_num_threads(1)
    try:
        yield
    finally:
        numba.set_num_threads(before)


class Powers:
    """Power of signals and of deviations, layer by layer."""

    def __init__(self) -> None:
        self.sums: dict[str, npt.NDArray[np.float64]] = {}

    def add(self, name: str, got: Floats, own: Floats, true: Floats) -> None:
        """Outputs of a layer, the exact ones for its inputs, and those of the float network."""
        pairs = ((own, got), (true, got))
        sums = [(_power(want), _power(want - have)) for want, have in pairs]
        self.sums[name] = self.sums.get(name, np.zeros((2, 2))) + np.array(sums)

    def layers(self) -> dict[str, LayerError]:
        """Ratios in decibels."""
        return {name: LayerError(decibels(*s[0]), decibels(*s[1])) for name, s in self.sums.items()}


def _power(x: Floats) -> float:
    return float(np.square(x, dtype=np.float64).sum())


class Pass:
    """All data through one set of programmed crossbars; layers' precision is taken from the first batch."""

    def __init__(
        self, study: Study, conditions: Conditions, seed: int, digital: frozenset[str], powers: Powers | None
    ) -> None:
        self.study, self.digital, self.powers = study, digital, powers
        self.programmed = {
            name: layer.program(conditions, derive_seed(seed, zlib.crc32(name.encode())))
            for name, layer in study.layers.items()
            if name not in digital
        }
        self.done = dict.fromkeys(study.layers, 0)
        self.true: list[Floats] | None = []

    def run(self, feeds: dict[str, Any]) -> dict[str, Any]:
        """One batch."""
        powers = self.powers
        if self.true is None or powers is None:
            return self.study.functional.run(feeds, self._product)
        self._exact(feeds)
        calls = iter(self.true)

        def product(name: str, x: Floats) -> Floats:
            y, true = self._product(name, x), next(calls)
            if name not in self.digital:
                powers.add(name, y, self.study.layers[name].exact(x), true)
            return y

        result = self.study.functional.run(feeds, product)
        self.true = None
        return result

    def _exact(self, feeds: dict[str, Any]) -> None:
        """The float network's layer outputs, in the order of the calls."""
        true: list[Floats] = []

        def product(name: str, x: Floats) -> Floats:
            true.append(self.study.layers[name].exact(x))
            return true[-1]

        self.study.functional.run(feeds, product)
        self.true = true

    def _product(self, name: str, x: Floats) -> Floats:
        layer = self.study.layers[name]
        if name in self.digital:
            return layer.exact(x)
        try:
            y = layer.compute(self.programmed[name], x, self.done[name])
        except ValueError as error:
            raise SimulationError(f"layer {name!r}: {error}") from None
        self.done[name] += len(x)
        return y
