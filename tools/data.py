"""Data that a run gets its operands from."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from .errors import UsageError

if TYPE_CHECKING:
    from ..sim.operands import DataSource

WAYS = ("statistical", "exact")


def data_source(
    network: str, data: Path | None, operands: str | None, samples: int | None
) -> DataSource | None:
    """What `--data`, `--operands` and `--samples` say together; None without data.

    Raises
    ------
    UsageError
        An option that needs `--data` without it, an unknown way, or no samples.
    """
    if data is None:
        for option, value in (("--operands", operands), ("--samples", samples)):
            if value is not None:
                raise UsageError(f"{option}: found {value}, but no --data FILE.npz to take operands from")
        return None
    if operands is not None and operands not in WAYS:
        raise UsageError(f"--operands: found {operands!r}, expected {' or '.join(map(repr, WAYS))}")
    if samples is not None and samples < 1:
        raise UsageError(f"--samples: found {samples}, expected at least 1")
    from ..sim.operands import DataSource

    return DataSource(network, data, operands == "exact", samples)


def shapes_of_data(source: DataSource | None) -> list[str]:
    """Shapes of the network's inputs as `--input` takes them, for one inference of the data."""
    if source is None:
        return []
    return [f"{name}={'x'.join(map(str, shape))}" for name, shape in source.shapes().items() if shape]
