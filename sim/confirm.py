"""The mapping that a simulation of a few inferences likes best, of those that estimates do.

An estimate of a mapping knows how long its tiles and links are busy, not what waits for what. So the mapping
with the best estimate is simulated. Where that takes longer than the estimate, so are others that promise
more than half of what is missing; the product of latency and interval decides. A mapping that is refused (its
streams do not fit into the buffers) is none.

Of a system of chips the same is asked of all chips, half of them, a quarter, and so on, each in its place on
the whole system, as links between chips are slower than those on them: from the fewest chips that hold the
network upwards, more of them are taken if neither latency nor interval is longer, until both are.

What was found best is kept in the user's cache folder, by the network, the chip, the options and the code, so
that the same question is simulated once. The folder may be deleted at any time: the answer stays the same.
"""

from __future__ import annotations

import hashlib
from dataclasses import asdict, dataclass, replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .. import arch, workloads
from ..arch.board import host_chip
from ..arch.parsed_texts import keep, recall
from .errors import SimulationError
from .mapping import Candidate, Candidates, Mapping, MappingOptions, candidate
from .mapping.plan import Pace
from .mapping.problem import check_tiles
from .mapping.timing import total_tiles

if TYPE_CHECKING:
    from ..arch.chip import Chip
    from ..workloads.graph import Network
    from .program import Program

KIND = "mappings"
"""Folder of the user's cache in which it is kept which mapping was the best."""
_BELOW = [Path(room.__path__[0]) for room in (arch, workloads)]
CLOSE = 1.06
"""Time per inference, by the estimate, up to which nothing else is tried."""
VISITS = 4_000_000
"""Visits that are simulated to confirm a mapping, about, within the numbers of inferences below."""
FEWEST, N_CONFIRMING = 4, 8
"""Inferences simulated; the interval is the mean over the later half of them."""


@dataclass(frozen=True)
class Confirmed:
    """A mapping, and its Program at packet detail if that was made."""

    mapping: Mapping
    program: Program | None = None


@dataclass(frozen=True)
class Found:
    """What a search has confirmed, the chips that it is on, and the pace that its plan was made by."""

    confirmed: Confirmed
    n: int
    pace: Pace


@dataclass(frozen=True)
class _Tried:
    """A mapping with what a simulation says of it: femtoseconds."""

    candidate: Candidate
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
    digest = _digest(network, chip, options)
    is_known, kept = recall(digest, KIND)
    if is_known:
        return Confirmed(_again(network, chip, options, **kept))
    found = search(network, chip, options)
    order = found.confirmed.mapping.tile_order[: total_tiles(_with_chips(chip, found.n))]
    keep(digest, {"n": found.n, "pace": asdict(found.pace), "order": order}, KIND)
    return found.confirmed


def search(network: Network, chip: Chip, options: MappingOptions) -> Found:
    """The same, simulated in any case."""
    counts = _counts(chip, options)
    kept: _ChipSearch | None = None
    refused: SimulationError | None = None
    for n in counts:
        try:
            search = _ChipSearch(chip, n, options, Candidates(network, _with_chips(chip, n), options))
            only = search.begin(alone=len(counts) == 1)
        except SimulationError as error:  # it takes more
            refused = error
            continue
        if only is not None:
            return Found(Confirmed(only.mapping), n, only.pace)
        if kept is None or search.no_worse_than(kept):
            kept = search
        elif kept.no_worse_than(search):
            break  # more chips are further away from each other still
    if kept is None:
        assert refused is not None  # some number of chips was tried
        raise refused
    best = kept.finish()
    return Found(Confirmed(best.mapping, best.program), kept.n, best.candidate.pace)


def _again(
    network: Network, chip: Chip, options: MappingOptions, n: int, pace: dict[str, Any], order: list[int]
) -> Mapping:
    """A mapping that was confirmed before."""
    mapping = candidate(network, _with_chips(chip, n), options, Pace(**pace), tuple(order))
    return mapping if n == chip.n_chips else _on_all(mapping, chip, n)


def _digest(network: Network, chip: Chip, options: MappingOptions) -> str:
    """Of all that the choice follows from: the question, and the code that answers it."""
    asked = f"{_code_stamp()} {network.hash} {chip.hash} {chip.n_chips} {options!r}"
    return hashlib.sha256(asked.encode()).hexdigest()


@cache
def _code_stamp() -> str:
    """Names, sizes and times of change of the files that mappings follow from."""
    root = Path(__file__).parent
    files = sorted(file for room in (root, *_BELOW) for file in room.rglob("*.py"))
    told = [f"{file} {state.st_size} {state.st_mtime_ns}" for file in files for state in [file.stat()]]
    return hashlib.sha256("\n".join(told).encode()).hexdigest()


@dataclass
class _ChipSearch:
    """Mappings on some of the chips, with the best one found so far."""

    chip: Chip
    n: int
    options: MappingOptions
    candidates: Candidates
    best: _Tried | None = None

    def __post_init__(self) -> None:
        self._kinds = self.candidates.kinds()

    def begin(self, *, alone: bool) -> Candidate | None:
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
        for one in self._kinds:
            if alone and not one.interval_fs:
                return one
            try:
                self.best = self._tried(one)
            except SimulationError as error:
                refused = refused or error
                continue
            return None
        assert refused is not None  # there is a first one
        raise refused

    def no_worse_than(self, other: _ChipSearch) -> bool:
        """Whether neither latency nor interval of the best is longer."""
        assert self.best is not None
        assert other.best is not None
        return (
            self.best.latency_fs <= other.best.latency_fs and self.best.interval_fs <= other.best.interval_fs
        )

    def finish(self) -> _Tried:
        """Simulate the others whose estimates promise more than has been found, and return the best.

        Those of other kinds first, then those around the best.
        """
        assert self.best is not None
        for other in self._kinds:
            self._try(other)
        for other in self.candidates.around(self.best.candidate):
            self._try(other)
        return self.best

    def _try(self, other: Candidate) -> None:
        assert self.best is not None
        if not self._promises(other):
            return
        try:
            found = self._tried(other)
        except SimulationError:
            return
        if found.cost < self.best.cost:
            self.best = found

    def _promises(self, other: Candidate) -> bool:
        """Whether an estimate is below the geometric mean of the best one's and of what that really took."""
        assert self.best is not None
        estimate_fs = self.best.candidate.interval_fs
        if self.best.interval_fs <= CLOSE * estimate_fs:
            return False
        return other.interval_fs**2 < self.best.interval_fs * estimate_fs

    def _tried(self, one: Candidate) -> _Tried:
        """The mapping on the whole system, with what a few inferences take at packet detail."""
        from .engines import compiled
        from .lowering import lower

        mapping = one.mapping
        if self.n < self.chip.n_chips:
            mapping = _on_all(mapping, self.chip, self.n)
        program = lower(mapping, self.chip, multicast=self.options.multicast, detail="packet")
        n = min(N_CONFIRMING, max(FEWEST, VISITS // program.visits_per_iteration))
        ends = compiled.run(program, n, n_bins=1, keep_path=False).iteration_end_fs
        interval_fs = int(ends[-1] - ends[n // 2 - 1]) // (n - n // 2)
        return _Tried(one, mapping, program, int(ends[0]), interval_fs)


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


__all__ = ["Confirmed", "Found", "mapped", "search"]
