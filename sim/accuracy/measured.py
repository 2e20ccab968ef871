"""A device from a table: means and spreads of conductance against target and time, measured or from SPICE."""

from __future__ import annotations

import csv
import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt

from ..errors import SimulationError
from ..kernels import rng
from .devices import Device, Floats

Doubles = npt.NDArray[np.float64]
NEEDED = ("target_us", "mean_us", "sigma_us")
COLUMNS = (*NEEDED, "read_sigma_us", "time_s")


@dataclass(frozen=True, kw_only=True)
class MeasuredDevice(Device):
    """A device whose cells spread normally around a mean; straight lines between the points of its table.

    A cell that is above the mean stays as far above it, in spreads, at all times (an assumption: the table
    does not say how cells change places). Between two times the logarithm of time counts; before the first
    and after the last, they hold.

    Parameters
    ----------
    targets_us, times_s : (n_targets,), (n_times,), ascending
    mean_us, sigma_us, read_sigma_us : (n_times, n_targets)
        Of the cells; their spread from cell to cell, and of one cell from read to read.
    """

    targets_us: Doubles = field(repr=False)
    times_s: Doubles = field(repr=False)
    mean_us: Doubles = field(repr=False)
    sigma_us: Doubles = field(repr=False)
    read_sigma_us: Doubles = field(repr=False)

    @property
    def noisy(self) -> bool:
        """Whether it is other than ideal."""
        return True

    def drawn(self, target_us: Floats, time_s: float, seed: int) -> tuple[Floats, Floats]:
        """See `Device`."""
        z = rng.normal((1, target_us.size), seed)[0].reshape(target_us.shape)
        mean, sigma, read = self._at(target_us, time_s)
        return np.maximum(mean + sigma * z, 0).astype(np.float32), read.astype(np.float32)

    def spreads(self, target_us: Floats, time_s: float) -> tuple[Floats, Floats]:
        """See `Device`; what the mean is off its target counts as spread."""
        mean, sigma, read = self._at(target_us, time_s)
        return np.hypot(sigma, mean - target_us).astype(np.float32), read.astype(np.float32)

    def check_window(self, g_min_us: float) -> None:
        """See `Device`."""
        if g_min_us < self.targets_us[0]:
            raise SimulationError(
                f"{self.name}: the lowest target_us is {self.targets_us[0]:g}, cells of the chip go down to "
                f"{g_min_us:g}; measure lower targets, or raise tile.crossbar.cell.g_min"
            )

    def _at(self, target_us: Floats, time_s: float) -> tuple[Doubles, Doubles, Doubles]:
        """Mean and both spreads, interpolated in time and target."""
        logs = np.log(self.times_s)
        at = math.log(time_s) if time_s > 0 else -math.inf
        k = int(np.clip(np.searchsorted(logs, at) - 1, 0, max(len(logs) - 2, 0)))
        after = min(k + 1, len(logs) - 1)
        width = logs[after] - logs[k]
        share = float(np.clip((at - logs[k]) / width, 0, 1)) if width else 0.0

        def column(table: Doubles) -> Doubles:
            row = (1 - share) * table[k] + share * table[after]
            found: Doubles = np.interp(target_us, self.targets_us, row)
            return found

        return column(self.mean_us), column(self.sigma_us), column(self.read_sigma_us)


def measured_device(path: Path, kind: str) -> MeasuredDevice:
    """Read a CSV file with a header: target_us, mean_us, sigma_us and, where known, read_sigma_us and time_s.

    A row for every target at every time; conductances in microsiemens, times in seconds since programming.
    The highest target is the device's highest conductance.

    Raises
    ------
    SimulationError
        A column or a value is missing or no number, a spread is below zero, a target is missing at some time
        or is there twice; with the line.
    """
    rows = _rows(path)
    times = sorted({row["time_s"] for _, row in rows})
    targets = sorted({row["target_us"] for _, row in rows})
    if len(targets) < 2:
        raise SimulationError(f"{path}: found {len(targets)} target_us, expected at least 2")
    place = {(row["time_s"], row["target_us"]): row for _, row in rows}
    if len(place) < len(rows):
        seen: set[tuple[float, float]] = set()
        for line, row in rows:
            key = row["time_s"], row["target_us"]
            if key in seen:
                raise SimulationError(
                    f"{path}:{line}: target_us {key[1]:g} at time_s {key[0]:g} is there twice"
                )
            seen.add(key)
    for t in times:
        for g in targets:
            if (t, g) not in place:
                raise SimulationError(
                    f"{path}: no row for target_us {g:g} at time_s {t:g}; the table has a hole"
                )

    def table(name: str) -> Doubles:
        return np.array([[place[t, g][name] for g in targets] for t in times])

    return MeasuredDevice(
        name=str(path), kind=kind, g_max_us=targets[-1], fit="", range_c=(-273.0, 1000.0),
        targets_us=np.array(targets), times_s=np.array(times), mean_us=table("mean_us"),
        sigma_us=table("sigma_us"), read_sigma_us=table("read_sigma_us"),
    )  # fmt: skip


def _rows(path: Path) -> list[tuple[int, dict[str, float]]]:
    """Lines and their numbers."""
    try:
        with path.open(encoding="utf-8", newline="") as file:
            lines = [(i, row) for i, row in enumerate(csv.reader(file), 1) if any(v.strip() for v in row)]
    except (OSError, UnicodeDecodeError) as error:
        raise SimulationError(f"{path}: cannot be read: {error}") from None
    header = [name.strip() for name in lines[0][1]] if lines else []
    missing = [name for name in NEEDED if name not in header]
    unknown = [name for name in header if name not in COLUMNS]
    if missing or unknown:
        found = f"no column {missing[0]}" if missing else f"unknown column {unknown[0]!r}"
        raise SimulationError(
            f"{path}: {found}, expected {', '.join(COLUMNS)} (the last two may be left out)"
        )
    return [(line, _numbers(path, line, header, values)) for line, values in lines[1:]]


def _numbers(path: Path, line: int, header: Sequence[str], values: Sequence[str]) -> dict[str, float]:
    found = {"read_sigma_us": 0.0, "time_s": 1.0}
    for name, text in zip(header, [*values, *[""] * (len(header) - len(values))], strict=False):
        try:
            found[name] = float(text)
        except ValueError:
            raise SimulationError(f"{path}:{line}: {name}: found {text!r}, expected a number") from None
        least = "above 0" if name == "time_s" else "0 or more"
        if not math.isfinite(found[name]) or found[name] < 0 or (name == "time_s" and found[name] == 0):
            raise SimulationError(f"{path}:{line}: {name}: found {text.strip()}, expected {least}")
    return found
