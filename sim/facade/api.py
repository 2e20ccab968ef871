"""The few calls that a script or notebook needs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from .arch import Chip
from .arch import load as load_chip
from .sim.answers.run import Run
from .sim.simulate import simulate
from .sim.training import simulate_training
from .workloads import Network
from .workloads import load as load_network

__all__ = ["load_chip", "load_network", "run"]


def run(
    network: str | Path | Network,
    chip: str | Path | Chip,
    *,
    overrides: Mapping[str, str] | None = None,
    n_chips: int | None = None,
    bind: Mapping[str, int] | None = None,
    training: bool = False,
    **options: Any,
) -> Run:
    """Run a network on a chip: what `ohmsum run` does, as a call.

    Parameters
    ----------
    network : str, Path or Network
        A name of the zoo, an ONNX file, or what `load_network` returned.
    chip : str, Path or Chip
        A preset's name, a YAML file, or what `load_chip` returned.
    overrides : mapping of str to str
        Changes of the chip: ``{"tile.adc.bits": "6"}``. Only for a chip given by name or file, as `n_chips`.
    n_chips : int
        Copies of the chip.
    bind : mapping of str to int
        Values of symbolic dimensions. Only for a network given by name or file.
    training : bool
        One training step of `batch` samples instead of inferences; `epoch_samples` may be given, too.
    **options
        Of `ohmsum.simulate`: batch, arrival, engine, mapping, operands, progress.

    Raises
    ------
    NetworkError, ConfigError, SimulationError
        The message says where, what was found and what was expected.
    """
    given: dict[str, Any] = {"set": dict(overrides or {}), "chips": n_chips, "bind": dict(bind or {})}
    if not isinstance(network, Network):
        given["network"] = str(network)
        network = load_network(network, bind=bind)
    elif bind:
        raise TypeError("bind: the network is loaded already; bind its dimensions in load_network")
    if not isinstance(chip, Chip):
        given["chip"] = str(chip)
        chip = load_chip(chip, overrides=overrides, n_chips=n_chips)
    elif overrides or n_chips is not None:
        raise TypeError("overrides, n_chips: the chip is loaded already; give them to load_chip")
    run_it: Callable[..., Run] = simulate_training if training else simulate
    return run_it(network, chip, options={k: v for k, v in given.items() if v}, **options)
