"""Figures of every part, class of resources, layer or phase."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..metrics.seconds import seconds
from .record import Family

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..answers.run import Run
    from ..metrics.layers import Layer
    from .record import Number


def _layers(get: Callable[[Layer], Number | None]) -> Callable[[Run], dict[str, Number]]:
    """What gets one figure of every layer that has it."""

    def of(run: Run) -> dict[str, Number]:
        found = {layer.name: get(layer) for layer in run.layers}
        return {name: value for name, value in found.items() if value is not None}

    return of


def _area_by_part(run: Run) -> dict[str, Number]:
    """Area of all instances of each part of one chip, by its path; parts of unknown area are left out."""
    from ...arch import roll_up  # with the schema of chips, which costs a tenth of a second

    leaves = roll_up(run.chip).root.leaves()
    return {part.path: part.total_area_mm2 for part in leaves if part.total_area_mm2 is not None}


FAMILIES = (
    Family(
        key="utilization.*", unit="share", label="busy", better=None, about="use",
        meaning="busy share of a class of resources, of the hardware that the program uses",
        inference=lambda run: run.busy.class_utilization,
    ),
    Family(
        key="energy_by_component_j.*", unit="J", label="energy", better="less", about="energy",
        meaning="of a component, per inference; of a language model, of everything",
        inference=lambda run: run.energy.by_component_j,
        generation=lambda made: made.breakdown.energy_by_component_j,
        serving=lambda served: served.breakdown.energy_by_component_j,
    ),
    Family(
        key="area_by_part_mm2.*", unit="mm2", label="area", better="less", about="area",
        meaning="of a part of one chip, by its path in the chip file",
        inference=_area_by_part,
    ),
    Family(
        key="stalls_s.*", unit="s", label="standing time", better="less", about="time",
        meaning="of all actors, by cause",
        inference=lambda run: run.stalls_s,
    ),
    Family(
        key="layers.*.latency_s", unit="s", label="latency", better="less", about="time",
        meaning="of a layer, in one inference alone",
        inference=_layers(lambda layer: None if layer.latency_fs is None else seconds(layer.latency_fs)),
    ),
    Family(
        key="layers.*.energy_j", unit="J", label="energy", better="less", about="energy",
        meaning="of a layer, per inference",
        inference=_layers(lambda layer: layer.energy_j),
    ),
    Family(
        key="layers.*.snr_db", unit="dB", label="signal to noise", better="more", about="accuracy",
        meaning="estimate of a layer on crossbars, in closed form",
        inference=lambda run: {name: found.snr_db for name, found in run.signals.items()},
    ),
    Family(
        key="layers.*.adc_bits_missing", unit="bit", label="converter bits missing", better="less",
        about="accuracy", meaning="that converters lack to hold every sum of a column of a layer",
        inference=lambda run: {name: found.missing_bits for name, found in run.signals.items()},
    ),
    Family(
        key="layers.*.tiles", unit="", label="tiles", better=None, about="work",
        meaning="that a layer takes",
        inference=_layers(lambda layer: layer.tiles),
    ),
    Family(
        key="layers.*.replicas", unit="", label="copies", better=None, about="work",
        meaning="of a layer",
        inference=_layers(lambda layer: layer.replicas),
    ),
    Family(
        key="layers.*.macs", unit="", label="MACs", better=None, about="work",
        meaning="of a layer, with stored weights",
        inference=_layers(lambda layer: layer.macs),
    ),
    Family(
        key="layers.*.utilization", unit="share", label="busy", better=None, about="use",
        meaning="busy share of the class that a layer uses most, while the layer lasts",
        inference=_layers(lambda layer: layer.utilization),
    ),
    Family(
        key="work.*.makespan_s", unit="s", label="makespan", better="less", about="time",
        meaning="of a phase of a language model: prefill or decode",
        generation=lambda made: {name: phase.makespan_s for name, phase in made.phases.items()},
    ),
    Family(
        key="work.*.non_matrix_time", unit="share", label="time not in matrices", better="less", about="time",
        meaning="share of the critical path of a phase that multiplies no matrices",
        generation=lambda made: {name: shares.non_matrix_time for name, shares in made.shares.items()},
    ),
    Family(
        key="work.*.non_matrix_energy", unit="share", label="energy not in matrices",
        better="less", about="energy",
        meaning="share of the energy of a phase that multiplies no matrices",
        generation=lambda made: {name: shares.non_matrix_energy for name, shares in made.shares.items()},
    ),
)  # fmt: skip
