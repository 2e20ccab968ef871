"""A whole network with some of its layers on a chip."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor, nn

from ...arch.chip import Chip
from ...arch.nearest import did_you_mean
from ...arch.range_rules import Percentile
from ..accuracy.conditions import Conditions
from ..accuracy.precision import Precision
from ..errors import SimulationError
from .layer import AnalogLayer, Hardware
from .unfold import SUPPORTED


class OnChip(nn.Module):
    """A network whose layers behave as on a chip; made by `on_chip`.

    Attributes
    ----------
    module : torch.nn.Module
        The network, its parameters and buffers shared with the one it was made from: what is trained here is
        trained there.
    analog : dict of str to AnalogLayer
        Layers on crossbars by their path in the network.
    digital : dict of str to str
        Layers with weights that are not, and why.
    """

    def __init__(self, module: nn.Module, analog: dict[str, AnalogLayer], digital: dict[str, str]) -> None:
        super().__init__()
        self.module = module
        self.analog, self.digital = analog, digital

    def forward(self, *inputs: Any, **keywords: Any) -> Any:
        """The output: in training with gradients and fresh noise, else on the programmed devices."""
        return self.module(*inputs, **keywords)

    def calibrate(self, *inputs: Any, **keywords: Any) -> None:
        """Take the ranges of inputs and converters from what every layer of the float network sees.

        Afterwards the layers have no devices; `program` them.
        """
        training = [part for part in self.modules() if part.training]
        self.eval()
        try:
            for layer in self.analog.values():
                layer.sample(True)
            with torch.no_grad():
                self.module(*inputs, **keywords)
        finally:
            for layer in self.analog.values():
                layer.sample(False)
            for part in training:
                part.training = True

    def program(self, conditions: Conditions | None = None, seed: int = 0) -> None:
        """Draw the devices of a chip for evaluation, as ``ohmsum accuracy --seed`` does.

        Raises
        ------
        SimulationError
            The layers have not been calibrated.
        """
        for layer in self.analog.values():
            layer.program(conditions or Conditions(), seed)

    @torch.no_grad()
    def clip_weights(self, n_sigma: float) -> None:
        """Clip weights on crossbars to `n_sigma` standard deviations of their layer.

        Few large weights would leave most of the conductance window unused by the others (Joshi et al.,
        Nature Communications 11, 2020, who clip after every step).
        """
        if not n_sigma > 0:
            raise SimulationError(f"clip_weights: found {n_sigma:g}, expected more than 0")
        for layer in self.analog.values():
            limit = n_sigma * float(layer.weight.std())
            layer.weight.clamp_(-limit, limit)

    def state_dict(self, *args: Any, **keywords: Any) -> Any:
        """Of the network, under the names that it had before."""
        return self.module.state_dict(*args, **keywords)

    def load_state_dict(self, state_dict: Any, *args: Any, **keywords: Any) -> Any:
        """Of the network, under the names that it had before."""
        return self.module.load_state_dict(state_dict, *args, **keywords)


def on_chip(
    module: nn.Module,
    chip: Chip,
    *,
    layers: Sequence[str] | None = None,
    digital: Sequence[str] = (),
    conditions: Conditions | None = None,
    noise_scale: float = 1.0,
    percentile: float | None = None,
    recalibrate: int = 100,
    seed: int = 0,
) -> OnChip:
    """A network whose Linear and Conv layers behave as on the crossbars of a chip.

    Parameters
    ----------
    module : torch.nn.Module
        Left as it is; parameters and buffers are shared with the result.
    chip : Chip
        Its tiles give the precision of inputs, weights and converters, its cells the device model.
    layers : sequence of str, optional
        Paths of the layers on crossbars; every Linear, Conv1d and Conv2d if not given.
    digital : sequence of str
        Paths or types ("fc3", "Conv2d") that are not.
    conditions : Conditions, optional
        In training: age, temperature, yield, digital correction. Fresh devices if not given.
    noise_scale : float
        Factor on all deviations of the devices in training; 0 leaves quantization alone.
    percentile : float or None
        Share of a sample that ranges of inputs and converters hold; None takes the rules of the chip.
    recalibrate : int
        Calls in training after which a layer takes its ranges anew from its inputs.
    seed : int
        Of the devices and read noise in training.

    Raises
    ------
    SimulationError
        A name that is no layer, a layer that cannot lie on crossbars, or a chip without any.
    """
    if noise_scale < 0:
        raise SimulationError(f"noise_scale: found {noise_scale:g}, expected 0 or more")
    if recalibrate < 1:
        raise SimulationError(f"recalibrate: found {recalibrate}, expected at least 1")
    precision = Precision.of(chip)
    if percentile is not None:
        held = Percentile(percentile)
        precision = replace(precision, input_rule=held, adc_rule=held)
    hardware = Hardware(
        chip=chip,
        precision=precision,
        conditions=conditions or Conditions(),
        noise_scale=noise_scale,
        recalibrate=recalibrate,
        seed=seed,
        generator=torch.Generator().manual_seed(seed),
    )
    shared: dict[int, Tensor] = {id(t): t for t in (*module.parameters(), *module.buffers())}
    mine = copy.deepcopy(module, shared)
    chosen, left = _choose(mine, layers, digital)
    analog = {name: AnalogLayer(name, mine.get_submodule(name), hardware) for name in chosen}
    instead: dict[nn.Module, nn.Module] = {mine.get_submodule(name): layer for name, layer in analog.items()}
    for name, part in list(mine.named_modules(remove_duplicate=False)):
        if part in instead:  # under every name that it has
            mine = _replaced(mine, name, instead[part])
    return OnChip(mine, analog, left).train(module.training)


def _choose(
    module: nn.Module, layers: Sequence[str] | None, digital: Sequence[str]
) -> tuple[list[str], dict[str, str]]:
    """Paths of the layers on crossbars, and of those left, with the reason."""
    paths = {name: part for name, part in module.named_modules() if hasattr(part, "weight") or _inside(part)}
    types = {type(part).__name__ for part in paths.values()}
    for name in (*(layers or ()), *digital):
        if name not in paths and not (name in types and name not in (layers or ())):
            hint = did_you_mean(name, [*paths, *types]) or f" (layers: {', '.join(paths)})"
            raise SimulationError(f"{type(module).__name__} has no layer {name!r}{hint}")
    chosen, left = [], {}
    for name, part in paths.items():
        reason = _obstacle(module, name, part)
        if name in digital or type(part).__name__ in digital:
            reason = "kept digital on request"
        elif reason and name in (layers or ()):
            raise SimulationError(f"layer {name!r} cannot lie on crossbars: {reason}")
        elif not reason and layers is not None and name not in layers:
            reason = "not chosen"
        if reason:
            left[name] = reason
        else:
            chosen.append(name)
    if not chosen:
        raise SimulationError(f"{type(module).__name__}: no layer is left for the crossbars")
    return chosen, left


def _inside(part: nn.Module) -> bool:
    """Whether weights are used by a module itself, under other names."""
    return isinstance(part, (nn.RNNBase, nn.MultiheadAttention))


def _obstacle(module: nn.Module, name: str, part: nn.Module) -> str:
    """Why a layer cannot be replaced, "" if it can."""
    if not isinstance(part, SUPPORTED):
        return f"{type(part).__name__} is computed digitally here"
    parent = module.get_submodule(name.rpartition(".")[0]) if name else None
    if isinstance(parent, nn.MultiheadAttention):
        return "nn.MultiheadAttention takes its weights without calling it"
    return ""


def _replaced(module: nn.Module, name: str, layer: nn.Module) -> nn.Module:
    """The module with another layer at a path; the layer itself where the path is that of the whole."""
    if not name:
        return layer
    parent, _, last = name.rpartition(".")
    setattr(module.get_submodule(parent), last, layer)
    return module
