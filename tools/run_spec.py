"""One run as `ohmsum run` would make it, as a value: what to load, what to change, how to map."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from ..sim.mapping.options import MappingOptions
from .errors import UsageError
from .loading import load_chip, load_network

if TYPE_CHECKING:
    from ..arch.chip import Chip
    from ..sim.answers.run import Run
    from ..workloads.graph import Network

ENGINES = ("compiled", "reference")


@dataclass(frozen=True)
class RunSpec:
    """What one run depends on, in the texts of the command line; small, fit to be sent to another process.

    Parameters
    ----------
    network, chip : str
        A name of the zoo or an .onnx file; a preset's name or a .yaml file.
    overrides : tuple of str
        ``PATH=VALUE`` texts of ``--set``.
    chips : int or None
        Copies of the chip.
    batch : int
    engine : {"compiled", "reference"}
    bind, inputs : tuple of str
        ``DIM=N`` and ``NAME=SHAPE`` texts.
    unknown_operators : str
    weight_inputs_from : int or None
    noc : str or None
        Detail of the network, as in `sim.simulate`.
    mapping : MappingOptions
    """

    network: str
    chip: str
    overrides: tuple[str, ...] = ()
    chips: int | None = None
    batch: int = 1
    engine: str = "compiled"
    bind: tuple[str, ...] = ()
    inputs: tuple[str, ...] = ()
    unknown_operators: str = "error"
    weight_inputs_from: int | None = None
    noc: str | None = None
    mapping: MappingOptions = field(default_factory=MappingOptions)

    def __post_init__(self) -> None:
        if self.engine not in ENGINES:
            raise UsageError(f"--engine: found {self.engine!r}, expected {' or '.join(map(repr, ENGINES))}")
        if self.batch < 1:
            raise UsageError(f"--batch: found {self.batch}, expected at least 1")

    def with_set(self, changes: dict[str, str]) -> RunSpec:
        """The same run with more ``--set``; a path that is set already gets the new value."""
        kept = tuple(text for text in self.overrides if text.partition("=")[0].strip() not in changes)
        return replace(self, overrides=(*kept, *(f"{path}={value}" for path, value in changes.items())))

    def load_network(self) -> Network:
        """The network; takes a while."""
        return load_network(
            self.network, self.bind, self.inputs, self.unknown_operators, self.weight_inputs_from
        )

    def load_chip(self) -> Chip:
        """The chip with all overrides."""
        return load_chip(self.chip, self.overrides, self.chips)

    def simulate(
        self, network: Network | None = None, progress: Callable[[str, float], None] | None = None
    ) -> Run:
        """Make the run; `network` is what `load_network` gave, if it has been called before."""
        from ..sim.simulate import simulate

        return simulate(
            self.load_network() if network is None else network,
            self.load_chip(),
            batch=self.batch,
            engine="reference" if self.engine == "reference" else None,
            noc=self.noc,
            mapping=self.mapping,
            options=self.options,
            progress=progress,
        )

    @property
    def options(self) -> dict[str, Any]:
        """What goes into the provenance of the result; the same as `ohmsum run` writes."""
        given = {
            "network": self.network,
            "chip": self.chip,
            "set": list(self.overrides),
            "chips": self.chips,
            "bind": list(self.bind),
            "input": list(self.inputs),
            "unknown_operators": None if self.unknown_operators == "error" else self.unknown_operators,
            "weight_inputs_from": self.weight_inputs_from,
        }
        return {key: value for key, value in given.items() if value}
