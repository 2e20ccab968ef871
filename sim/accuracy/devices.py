"""Named device models: what a conductance is after programming, after a time, and from read to read.

Each name joins the published fits of `sim.kernels` that belong to one device. All fits are relative to the
device's largest conductance and are stretched to the window of the cell, as aihwkit does.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib.metadata import entry_points
from pathlib import Path

import numpy as np
import numpy.typing as npt

from ...arch.analog import Cell
from ..errors import SimulationError
from ..kernels import drift, faults, programming, read_noise, retention, temperature
from ..kernels.rng import derive_seed
from .by_path import loaded
from .conditions import Conditions

Floats = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Device:
    """One memory device.

    Parameters
    ----------
    name, kind : str
        As in ``cell.model``, and what ``cell.kind`` has to be.
    g_max_us : float
        Largest conductance of the fits, microsiemens.
    fit : str
        Name of the programming fit in `kernels.programming`, "" for an ideal device.
    drifts : bool
        Whether drift and 1/f noise have fits of the same name.
    range_c : tuple of float
        Temperatures without a warning (an assumption: commercial grade).
    """

    name: str
    kind: str
    g_max_us: float
    fit: str
    drifts: bool = False
    range_c: tuple[float, float] = (0.0, 85.0)

    @property
    def noisy(self) -> bool:
        """Whether it is other than ideal."""
        return bool(self.fit)

    def drawn(self, target_us: Floats, time_s: float, seed: int) -> tuple[Floats, Floats]:
        """Conductances `time_s` after the first read, and their standard deviations from read to read.

        The draws hang on `seed` alone: the same cells are looked at whatever the time.
        """
        return _drawn(self, target_us, time_s, seed)

    def spreads(self, target_us: Floats, time_s: float) -> tuple[Floats, Floats]:
        """Standard deviations of `drawn`: from cell to cell, and of one cell from read to read."""
        return _spreads(self, target_us, time_s)

    def check_window(self, g_min_us: float) -> None:
        """SimulationError if it is not known down to this conductance; a fit always is."""


GROUP = "ohmsum.devices"
IDEAL = Device("ideal", "", 1.0, "")
DEVICES = {
    d.name: d
    for d in (
        Device("hermes-1", "pcm", 10.35, "pcm_hermes_1_device", True),
        Device("hermes-2", "pcm", 20.7, "pcm_hermes_2_devices", True),
        Device("pcm-like", "pcm", 25.0, "pcm_nandakumar_2019", True),
        Device("rram-wan", "rram", 40.0, "rram_wan_2022"),
        Device("rram-cmo", "rram", 88.0, "rram_cmo_hfox_2pct"),
    )
}
WHITE_READ_NOISE = 0.01  # of g_max, common for RRAM (Wan et al., Nature 608, 2022, as used in aihwkit)


def find_device(cell: Cell) -> Device:
    """The device of a chip's cells; the ideal one if they name none.

    Devices of others come through the entry point group ``ohmsum.devices``: a name, and the `Device`; or by
    path, as a table (``cells.csv``, see `measured`) or an object of a file (``cells.py:MINE``).

    Raises
    ------
    SimulationError
        There is none of that name, or it is of another technology than the cell.
    """
    if cell.model is None:
        return IDEAL
    if cell.model.endswith(".csv"):
        from .measured import measured_device

        return measured_device(Path(cell.model), cell.kind)
    place, colon, name = cell.model.rpartition(":")
    if colon:
        return _of_kind(loaded(place, name, "tile.crossbar.cell.model"), cell)
    others = {entry.name: entry for entry in entry_points(group=GROUP)} if cell.model not in DEVICES else {}
    if cell.model not in DEVICES and cell.model not in others:
        known = ", ".join((*DEVICES, *others))
        raise SimulationError(f"tile.crossbar.cell.model: found {cell.model!r}, expected one of {known}")
    device = DEVICES[cell.model] if cell.model in DEVICES else others[cell.model].load()
    return _of_kind(device, cell)


def _of_kind(device: object, cell: Cell) -> Device:
    """A device of the cell's technology."""
    if not isinstance(device, Device):
        what = f"device {cell.model!r} is a {type(device).__name__}"
        raise SimulationError(f"{what}, expected an ohmsum.sim.accuracy.devices.Device")
    if device.kind != cell.kind:
        raise SimulationError(
            f"tile.crossbar.cell.model: found {cell.model!r}, a device of {device.kind}, but "
            f"tile.crossbar.cell.kind is {cell.kind}"
        )
    return device


def conductances(
    device: Device, target_us: Floats, g_min_us: float, conditions: Conditions, seed: int
) -> tuple[Floats, Floats | None]:
    """Conductance of every cell under some conditions, and its standard deviation from read to read.

    The draws hang on `seed` alone: the same cells are looked at whatever the time.

    Parameters
    ----------
    target_us : any shape, conductance wanted
    g_min_us : where a cell is stuck that does not conduct
    """
    g, sigma = target_us, None
    if conditions.noise and device.noisy:
        g, sigma = device.drawn(target_us, conditions.time_s, seed)
        if conditions.temperature_c != 25.0:
            temperature.check_temperature(conditions.temperature_c, *device.range_c)
            g = temperature.conductance_at(
                g, device.g_max_us, conditions.temperature_c, activation_off_ev=conditions.activation_ev
            )
    if conditions.yield_fraction < 1:
        stuck = faults.stuck_cells(g.shape, conditions.yield_fraction, derive_seed(seed, 2))
        g = faults.apply_faults(g, stuck, g_min_us, device.g_max_us)
    return g.astype(np.float32, copy=False), sigma


def _spreads(device: Device, target_us: Floats, time_s: float) -> tuple[Floats, Floats]:
    """Standard deviations of `conductances`: from cell to cell, and of one cell from read to read."""
    if not device.fit:
        return np.zeros_like(target_us), np.zeros_like(target_us)
    if device.name == "rram-wan":
        read = np.full_like(target_us, WHITE_READ_NOISE * device.g_max_us)
        return retention.wan_sigma(target_us, time_s), read
    written = programming.programming_sigma(target_us, device.fit)
    if not device.drifts:
        _, spread = retention.cmo_relaxation(max(time_s, 1.0))
        return np.hypot(written, np.float32(spread)), retention.cmo_read_sigma(target_us, max(time_s, 1.0))
    relative = target_us / np.float32(device.g_max_us)
    amplitude, t0_s = read_noise.flicker_amplitude(relative, device.fit), drift.DRIFT[device.fit][2]
    t_read = read_noise.read_time_s(device.fit)
    return written, read_noise.flicker_sigma(target_us, amplitude, t0_s + time_s, t_read)


def _drawn(device: Device, target: Floats, time_s: float, seed: int) -> tuple[Floats, Floats]:
    """Conductances `time_s` after the first read, and read noise."""
    if device.name == "rram-wan":
        g = programming.program(target, retention.wan_sigma(target, time_s), derive_seed(seed, 0))
        return g, np.full_like(g, WHITE_READ_NOISE * device.g_max_us)
    first = programming.program(
        target, programming.programming_sigma(target, device.fit), derive_seed(seed, 0)
    )
    if not device.drifts:
        shift, spread = retention.cmo_relaxation(max(time_s, 1.0))
        g = programming.program(
            np.maximum(first + np.float32(shift), 0), np.full_like(first, spread), derive_seed(seed, 1)
        )
        return g, retention.cmo_read_sigma(target, max(time_s, 1.0))
    relative = target / np.float32(device.g_max_us)
    nu = drift.drift_coefficients(*drift.drift_statistics(relative, device.fit), derive_seed(seed, 1))
    t0_s = drift.DRIFT[device.fit][2]
    g = drift.drift(first, nu, time_s, t0_s)
    amplitude = read_noise.flicker_amplitude(relative, device.fit)
    t_read = read_noise.read_time_s(device.fit)
    return g, read_noise.flicker_sigma(g, amplitude, t0_s + time_s, t_read)
