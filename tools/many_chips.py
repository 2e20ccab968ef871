"""Options for networks that do not fit: partition over several chips, weight swapping."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, get_args, get_type_hints

from .errors import UsageError

if TYPE_CHECKING:
    from ..sim.mapping.options import MappingOptions


def with_choices(mapping: MappingOptions, swap: bool, no_overlap: bool, partition: str) -> MappingOptions:
    """The options with the texts of --swap, --swap-no-overlap (which implies --swap) and --partition.

    Raises `UsageError` for a partition that there is not.
    """
    allowed = get_args(get_type_hints(type(mapping))["partition"])
    if partition not in allowed:
        raise UsageError(f"--partition: found {partition!r}, expected {' or '.join(map(repr, allowed))}")
    choice: Any = partition
    return replace(mapping, swap=swap or no_overlap, swap_overlap=not no_overlap, partition=choice)
