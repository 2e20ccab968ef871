"""The operands of a network's layers on real data, as the float network makes them."""

from __future__ import annotations

from collections.abc import Callable
from math import gcd

import numpy as np

from ...arch.chip import Chip
from ...workloads.graph import Matrix
from ..accuracy.calibrate import enough_samples, observe
from ..accuracy.data import Data
from ..accuracy.functional import Functional
from ..accuracy.layer import ComputedLayer, blocks, tiled_product
from ..accuracy.precision import precisions
from ..errors import SimulationError
from ..lowering.grouping import Firings, replica_group
from ..mapping.mapping import Mapping
from ..mapping.stripes import run_free
from ..progress import Progress
from .columns import ExactColumns, NormalColumns
from .drives import Floats
from .firings import expected_reads, reads_by_firing
from .layer_operands import LayerOperands
from .tally import Tally

Taker = Callable[[str, Floats], None]
"""Given the name of a layer and the vectors of one call of it."""

VECTORS = 16384
"""Of a layer, for statistics, evenly spread."""
BATCH_BYTES = 64e6


class Collector:
    """A network on a chip, calibrated on a sample of the data.

    Raises
    ------
    NetworkError, SimulationError
        The network has no weights, or a layer or tensor cannot be computed; by its name.
    """

    def __init__(
        self, functional: Functional, mapping: Mapping, chip: Chip, data: Data, tell: Progress
    ) -> None:
        self.functional, self.mapping, self.data, self._tell = functional, mapping, data, tell
        self._precisions, self._chip = precisions(chip, mapping), chip
        self._free = run_free(chip, mapping.network)
        self.matrices = functional.matrices
        self._operators = {o.name: o for o in mapping.network.operators}
        self._parts = {name: list(blocks(m, self._precisions[name])) for name, m in self.matrices.items()}
        self._size = data.n if functional.in_time else self._batch()
        some = data.some(enough_samples(functional, mapping), functional.in_time)
        self._run(data.some(1, functional.in_time), lambda name, x: None, "shapes")  # told before the rest
        seen = observe(functional, mapping, self._precisions, some, self._size, tell)
        self.layers = seen.layers(self._precisions)

    def exact(self) -> dict[str, LayerOperands]:
        """From every value of every sample."""
        tallies = {name: self._tally(layer, exact=True) for name, layer in self.layers.items()}
        self._run(self.data, lambda name, x: self._take(tallies[name], name, x), "operands")
        return {name: self._result(name, tally, exact=True) for name, tally in tallies.items()}

    def statistical(self) -> dict[str, LayerOperands]:
        """From some vectors of every layer; column sums are not computed."""
        found = {}
        for name, x in self._thinned(self.data, VECTORS, "statistics").items():
            tally = self._tally(self.layers[name], exact=False)
            self._take(tally, name, x)
            found[name] = self._result(name, tally, exact=False)
        return found

    def _thinned(self, data: Data, n_vectors: int, what: str) -> dict[str, Floats]:
        """About so many vectors of every layer. The stride never falls in step with the tokens."""
        seen: dict[str, list[Floats]] = {}
        done: dict[str, int] = {}

        def take(name: str, x: Floats) -> None:
            tokens = max(1, round(self._products(name)))
            stride = 1 + int(data.n * tokens) // n_vectors
            while gcd(stride, tokens) > 1:
                stride += 1
            first = -done.get(name, 0) % stride
            done[name] = done.get(name, 0) + len(x)
            seen.setdefault(name, []).append(x[first::stride].copy())

        self._run(data, take, what)
        return {name: np.concatenate(xs) for name, xs in seen.items()}

    def _run(self, data: Data, take: Taker, what: str) -> None:
        """All samples through the float network; `take` sees the input vectors of every layer."""

        seen: dict[str, int] = {}

        def product(name: str, x: Floats) -> Floats:
            seen[name] = seen.get(name, 0) + len(x)
            take(name, x)
            _, _, n = self.matrices[name].shape
            return tiled_product(x, self._parts[name], self.matrices[name].shape[0] * n)

        done = 0
        for feeds in data.batches(self._size):
            self._tell(what, done / data.n)
            self.functional.run(feeds, product)
            done += data.step or self._size
        if not self.functional.in_time:
            self._check_products(seen, data.n / (data.step or 1))

    def _check_products(self, seen: dict[str, int], n_inferences: float) -> None:
        """The data have to be of the shape that was mapped."""
        for name, n in seen.items():
            if n != n_inferences * self._products(name):
                raise SimulationError(
                    f"layer {name!r}: the data make {n / n_inferences:g} products per inference, the mapped "
                    f"network {self._products(name):g}; give it the shape of the data (`input`, `bind`)"
                )

    def _take(self, tally: Tally, name: str, x: Floats) -> None:
        try:
            tally.add(self.layers[name].codes(x))
        except ValueError as error:
            raise SimulationError(f"layer {name!r}: its inputs are not valid: {error}") from None

    def _tally(self, layer: ComputedLayer, exact: bool) -> Tally:
        columns = ExactColumns() if exact else NormalColumns()
        codes = layer.codes
        tile = self._chip.tile_of(layer.name, self._operators[layer.name].op)
        return Tally(layer.crossbars, tile, codes.signed, (codes.low, codes.high), columns)

    def _products(self, name: str) -> float:
        """Products of one inference."""
        return float(self._operators[name].output.grid.n_tokens * self._matrix(name).applications)

    def _matrix(self, name: str) -> Matrix:
        found = self._operators[name].matrix
        assert found is not None
        return found

    def _batch(self) -> int:
        """Samples at once, so that no layer's patches take much memory."""
        most = 1.0
        for name, (groups, k, _) in ((name, m.shape) for name, m in self.matrices.items()):
            most = max(most, self._products(name) * k * groups * 4)
        return max(1, min(256, int(BATCH_BYTES / most)))

    def _result(self, name: str, tally: Tally, exact: bool) -> LayerOperands:
        n_products, applications = self._products(name), self._matrix(name).applications
        grid = self._operators[name].output.grid
        together = 1 if self._free else self.mapping.blocks_of(name).replicas
        firings = Firings(grid, replica_group(grid, together))
        if exact and not self.functional.in_time:
            reads = reads_by_firing(tally.reads, firings, applications)
            reads = reads[:1] if len(set(reads)) == 1 else reads
        else:
            reads = (expected_reads(tally.reads, firings, applications),)
        return tally.result("exact" if exact else "statistical", n_products, reads)
