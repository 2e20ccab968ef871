"""The mapping that a simulation of a few inferences likes best, of those that estimates do.

An estimate of a mapping knows how long its tiles and links are busy, not what waits for what. So the mapping
with the best estimate is simulated. Where that takes longer than the estimate, so are others that promise
more than half of what is missing; the product of latency and interval decides. A mapping that is refused (its
streams do not fit into the buffers) is none.

Of a system of chips the same is asked of all chips, half of them, a quarter, and so on, each in its place on
the whole system, as links between chips are slower than those on them: from the fewest chips that hold the
network upwards, more of them are taken if neither latency nor interval is longer.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from ..arch.board import host_chip
from .errors import SimulationError
from .mapping import Candidate, Mapping, MappingOptions, candidates
from .mapping.problem import check_tiles
from .mapping.timing import total_tiles

if TYPE_CHECKING:
    from ..arch.chip import Chip
    from ..workloads.graph import Network
    from .program import Program

CLOSE = 1.06
"""Time per inference, by the estimate, up to which nothing else is tried."""
MOST = 3
"""Mappings that are simulated on as many chips."""
VISITS = 4_000_000
"""Visits that are simulated to confirm a mapping, about, within the numbers of inferences below."""
FEWEST, N_CONFIRMING = 3, 8
"""Inferences simulated; the interval is the mean over the later half of them."""


@dataclass(frozen=True)
class Confirmed:
    """A mapping, and its Program at packet detail if it has been simulated."""

    mapping: Mapping
    program: Program | None = None


@dataclass(frozen=True)
class _Tried:
    """A mapping with what a simulation says of it: femtoseconds."""

    mapping: Mapping
    program: Program
    latency_fs: int
    interval_fs: int

    @property
    def cost(self) -> int:
        return self.latency_fs * self.interval_fs


def mapped(network: Network, chip: Chip, options: MappingOptions) -> Confirmed:
    """The mapping on as many of the chips as help.

    Parameters
    ----------
    network : Network
    chip : Chip
    options : MappingOptions
        With a partition that is settled.

    Raises
    ------
    SimulationError
        The network does not fit on all chips either.
    """
    check_tiles(chip, options)
    counts = _counts(chip, options)
    kept: _Search | None = None
    refused: SimulationError | None = None
    for n in counts:
        search = _Search(chip, n, options, candidates(network, _with_chips(chip, n), options))
        try:
            only = search.begin(alone=len(counts) == 1)
        except SimulationError as error:  # it takes more
            refused = error
            continue
        if only is not None:
            return Confirmed(only)
        if kept is None or search.no_worse_than(kept):
            kept = search
    if kept is None:
        assert refused is not None  # some number of chips was tried
        raise refused
    best = kept.finish()
    return Confirmed(best.mapping, best.program)


@dataclass
class _Search:
    """Mappings on some of the chips, with the best one found so far."""

    chip: Chip
    n: int
    options: MappingOptions
    others: Iterator[Candidate]
    best: _Tried | None = None
    estimate_fs: int = 0

    def begin(self, *, alone: bool) -> Mapping | None:
        """Simulate the first mapping that is not refused.

        Parameters
        ----------
        alone : bool
            There is no other number of chips to choose from: what has no estimate is not simulated, it is
            the mapping.

        Raises
        ------
        SimulationError
            All are refused; it is the first one's.
        """
        refused: SimulationError | None = None
        for candidate in self.others:
            if alone and not candidate.interval_fs:
                return candidate.mapping
            try:
                self.best, self.estimate_fs = self._tried(candidate.mapping), candidate.interval_fs
            except SimulationError as error:
                refused = refused or error
                continue
            return None
        assert refused is not None  # there is a first one
        raise refused

    def no_worse_than(self, other: _Search) -> bool:
        """Whether neither latency nor interval of the best is longer."""
        assert self.best is not None
        assert other.best is not None
        return (
            self.best.latency_fs <= other.best.latency_fs and self.best.interval_fs <= other.best.interval_fs
        )

    def finish(self) -> _Tried:
        """Simulate the others whose estimates promise more than has been found, and return the best."""
        assert self.best is not None
        for _ in range(MOST - 1):
            candidate = next(self.others, None)
            if candidate is None or not self._promises(candidate):
                break
            try:
                found = self._tried(candidate.mapping)
            except SimulationError:
                continue
            if found.cost < self.best.cost:
                self.best, self.estimate_fs = found, candidate.interval_fs
        return self.best

    def _promises(self, candidate: Candidate) -> bool:
        """Whether an estimate is below the geometric mean of the best one's and of what that really took."""
        assert self.best is not None
        if self.best.interval_fs <= CLOSE * self.estimate_fs:
            return False
        return candidate.interval_fs**2 < self.best.interval_fs * self.estimate_fs

    def _tried(self, mapping: Mapping) -> _Tried:
        """The mapping on the whole system, with what a few inferences take at packet detail."""
        from .engines import compiled
        from .lowering import lower

        if self.n < self.chip.n_chips:
            mapping = _on_all(mapping, self.chip, self.n)
        program = lower(mapping, self.chip, multicast=self.options.multicast, detail="packet")
        n = min(N_CONFIRMING, max(FEWEST, VISITS // program.visits_per_iteration))
        ends = compiled.run(program, n, n_bins=1, keep_path=False).iteration_end_fs
        return _Tried(mapping, program, int(ends[0]), int(ends[-1] - ends[n // 2 - 1]) // (n - n // 2))


def _counts(chip: Chip, options: MappingOptions) -> list[int]:
    """Numbers of chips to try, ascending, the last that of all; with the one that the host hangs on."""
    alike = chip.chips is not None and chip.chips.links is None  # else links of their own decide who is near
    n = chip.n_chips
    if not alike or options.swap or options.partition != "pipeline":
        return [n]
    found = [n]
    while found[0] // 2 > host_chip(chip):
        found.insert(0, found[0] // 2)
    return found


def _with_chips(chip: Chip, n: int) -> Chip:
    if n == chip.n_chips:
        return chip
    assert chip.chips is not None
    return chip.model_copy(update={"chips": chip.chips.model_copy(update={"count": n})})


def _on_all(mapping: Mapping, chip: Chip, n: int) -> Mapping:
    """A mapping on the first n chips, as one of the whole system."""
    tiles = total_tiles(chip)
    per_tile = chip.tile.crossbar.count if chip.tile else 0
    return replace(
        mapping,
        tile_order=(*mapping.tile_order, *range(len(mapping.tile_order), tiles)),
        n_chips=chip.n_chips,
        tiles_total=tiles,
        crossbars_total=per_tile * tiles,
        remarks=(f"uses {n} of {chip.n_chips} chips: more would not be faster", *mapping.remarks),
    )


__all__ = ["Confirmed", "mapped"]
