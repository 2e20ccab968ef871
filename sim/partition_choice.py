"""Pipeline or tensor partition, whichever is faster: both are mapped and simulated.

The time is that of what is asked for: one inference, or a batch back to back. A partition that does not fit
is out of question; if both take the same time, it is the pipeline.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Literal

from .errors import SimulationError
from .mapping import Mapping, MappingOptions, map_network
from .metrics.seconds import seconds
from .report.numbers import si

if TYPE_CHECKING:
    from ..arch.chip import Chip
    from ..workloads.graph import Network

PARTITIONS: tuple[Literal["pipeline", "tensor"], ...] = ("pipeline", "tensor")


def settle(
    network: Network,
    chip: Chip,
    options: MappingOptions,
    what: str,
    makespan_fs: Callable[[Mapping], int],
) -> tuple[MappingOptions, Mapping]:
    """The options with the faster partition, and its mapping, which says what both would take.

    Parameters
    ----------
    what : str
        What is timed, for the remark ("one inference").
    makespan_fs : callable
        Time of a mapping.

    Raises
    ------
    SimulationError
        Neither fits.
    """
    if chip.n_chips == 1:
        options = replace(options, partition="pipeline")
        return options, map_network(network, chip, options)
    times: dict[str, int] = {}
    mappings: dict[str, tuple[MappingOptions, Mapping]] = {}
    refused: dict[str, SimulationError] = {}
    for partition in PARTITIONS:
        chosen = replace(options, partition=partition, swap=options.swap and partition == "pipeline")
        try:
            mapping = map_network(network, chip, chosen)
            times[partition] = makespan_fs(mapping)
            mappings[partition] = chosen, mapping
        except SimulationError as error:
            refused[partition] = error
    if not times:
        raise refused["pipeline"]
    best = min(PARTITIONS, key=lambda name: times.get(name, float("inf")))
    chosen, mapping = mappings[best]
    return chosen, replace(mapping, remarks=(_remark(best, what, times), *mapping.remarks))


def _remark(best: str, what: str, times: dict[str, int]) -> str:
    other = next(name for name in PARTITIONS if name != best)
    took = f"partition {best} ({what}: {si(seconds(times[best]), 's')}"
    if other not in times:
        return f"{took}; {other}: not possible)"
    return f"{took}; {other}: {si(seconds(times[other]), 's')}), the faster when simulated"
