"""The Chip: everything that is known about the hardware, validated and immutable."""

from __future__ import annotations

import hashlib
import json
from functools import cached_property
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field, PrivateAttr, ValidationInfo, model_validator

from .analog import Adc, Crossbar, Dac, SampleHold, Weights
from .checks import check
from .component import Component, Counted, Other
from .digital import Buffer, Bus, MacArray, Register, ShiftAdd, Unit
from .links import Chips, Host, KvCache, Memory, Noc
from .operands import StatedOperands
from .ports import Port
from .quantities import Bits, Count, LengthNm
from .sources import source_of
from .stated import Stated

if TYPE_CHECKING:
    from .layer_rules import LayerTile

FIELDS_ALONE = "fields_alone"
"""In the context of a validation: every field by itself is looked at, not what contradicts another one."""
TEXT_FIELDS = frozenset({"name", "description", "references", "source", "stated", "modes"})
"""Fields of a chip that say what it is or could be, not what it does; they are no part of its hash."""

Text = Annotated[str, Field(strict=True)]
Units = Annotated[tuple[Unit, ...], Field(strict=False)]
Ports = Annotated[tuple[Port, ...], Field(strict=False)]


class Tile(Counted):
    """Crossbars with the periphery that they share."""

    grid: tuple[Count, Count] = Field(
        description="Rows and columns in which the tiles of one chip are placed."
    )
    crossbar: Crossbar = Field(description="The arrays of one tile.")
    weights: Weights = Field(description="How weights are written into cells.")
    dac: Dac = Field(
        description="Row drivers; count is per tile. Fewer than a crossbar has rows drive them in turn; "
        "where crossbars share them, they are driven with the same inputs at once (slices of a weight)."
    )
    adc: Adc = Field(description="Column converters; count is per tile.")
    operands: StatedOperands | None = Field(
        None,
        description="The data that the energies of crossbar, row drivers and converters hold for; half of "
        "full scale each if absent.",
    )
    sample_hold: SampleHold | None = Field(None, description="Column sample-and-hold; count is per tile.")
    shift_add: ShiftAdd | None = Field(None, description="Shift-and-add units; count is per tile.")
    input_register: Register | None = Field(None, description="Memory for the inputs of the crossbars.")
    output_register: Register | None = Field(None, description="Memory for the outputs of the crossbars.")
    sum_register: Register | None = Field(
        None, description="Memory in which sums over several crossbars are collected."
    )
    buffer: Buffer = Field(description="Memory for the activations of one tile.")
    bus: Bus | None = Field(None, description="The path between buffer and crossbars.")
    replicas: Literal["lock_step", "free"] | None = Field(
        None,
        description="How copies of a layer work: free (if absent), each as soon as its own inputs are there; "
        "lock_step, all at the same instant on one controller's word.",
    )
    write_parallel: Count | None = Field(
        None,
        description="Crossbars of one chip that are programmed at the same time, one row of each after the "
        "other; one in every tile if absent.",
    )
    units: Units = Field((), description="Digital function units of one tile.")
    other: Other | None = Field(None, description="What one tile has beside these parts.")

    @property
    def rows_at_once(self) -> int:
        """Rows of a crossbar that one read drives: its active ones, no more than there are row drivers."""
        return min(self.crossbar.active_rows or self.crossbar.rows, self.dac.count)

    def row_groups(self, n_rows: int) -> int:
        """Reads that `n_rows` rows of a crossbar take, one group of rows after the other."""
        return -(-n_rows // self.rows_at_once)

    @property
    def slices(self) -> int:
        """Cells that the magnitude of one weight is cut into."""
        return -(-self.weights.bits // self.crossbar.cell.bits)

    @property
    def columns_per_weight(self) -> int:
        """Columns that one weight takes: its slices, twice for a differential pair of unsigned cells."""
        pair = self.weights.encoding == "differential" and not self.crossbar.cell.signed
        return self.slices * (2 if pair else 1)

    @property
    def weight_columns(self) -> int:
        """Columns of one crossbar that can hold weights (less the bias column, if it is not a spare one)."""
        bias = self.weights.encoding == "bias_column" and self.crossbar.spare_columns == 0
        return self.crossbar.cols - (1 if bias else 0)

    @property
    def weights_per_row(self) -> int:
        """Weights that one row of one crossbar holds: the outputs of one crossbar."""
        return self.weight_columns // self.columns_per_weight


class Chip(Component):
    """One chip and what it is connected to.

    Has `tile` (crossbars), `mac_array` (digital), or both. Made by `load`, never by hand.
    """

    name: Text = Field(description="Name of the chip.")
    description: Text = Field(
        "", description="What it is, in a few sentences, with the boundary of its figures."
    )
    references: dict[str, Text] = Field({}, description="Key to literature reference; sources name the key.")
    stated: Stated | None = Field(
        None,
        description="Published totals, which `ohmsum show --check` holds against the parts.",
    )
    modes: dict[str, dict[str, Any]] = Field(
        {},
        description="Operating points, chosen with NAME@MODE: a name to dotted paths with the values that "
        "differ, and to their `source`.",
    )
    node_nm: LengthNm | None = Field(None, alias="node", description="Technology node.")
    activation_bits: Bits = Field(description="Width of an activation in buffers and on the network.")
    tile: Tile | None = Field(None, description="The tiles with crossbars; left out of a chip that has none.")
    schedule: Literal["pipeline", "layer_serial"] | None = Field(
        None,
        description="When layers work: pipeline (if absent), all at once, each as soon as its inputs are "
        "there; layer_serial, one after the other: a layer begins when the one before it has made its last "
        "token, the first one when the inference before has ended.",
    )
    ports: Ports = Field((), description="What crossbars share: stream interfaces, banks, controllers.")
    units: Units = Field((), description="Digital function units of the chip, shared by its tiles.")
    mac_array: MacArray | None = Field(None, description="Digital multiply-accumulate arrays.")
    other: Other | None = Field(None, description="What the chip has beside these parts.")
    noc: Noc | None = Field(
        None, description="The network on chip; left out where nothing is to be connected."
    )
    memory: Memory | None = Field(None, description="Memory outside the chip.")
    kv_cache: KvCache | None = Field(
        None, description="Where keys and values of earlier positions are kept; `memory` if absent."
    )
    attention: Literal["mac_array", "unit", "analog", "host"] | None = Field(
        None,
        description="Where products of two activations run unless the user says otherwise; if absent on the "
        "MAC arrays, else on a unit that offers mac, else on the host.",
    )
    host: Host | None = Field(
        None, description="The processor that computes what the chip cannot, and the link to it."
    )
    chips: Chips | None = Field(
        None, description="How many of these chips there are, and the links between them."
    )

    _layers: tuple[LayerTile, ...] = PrivateAttr(())

    @model_validator(mode="before")
    @classmethod
    def _drop_none(cls, data: Any) -> Any:
        """`noc: {topology: none}` and `memory: {kind: none}` mean that there is none."""
        if not isinstance(data, dict):
            return data
        absent = [
            k
            for k, word in (("noc", "topology"), ("memory", "kind"))
            if isinstance(data.get(k), dict) and data[k].get(word) == "none"
        ]
        return {key: value for key, value in data.items() if key not in absent}

    @model_validator(mode="after")
    def _consistent(self, info: ValidationInfo) -> Chip:
        if not (info.context or {}).get(FIELDS_ALONE):
            check(self)
        return self

    @cached_property
    def hash(self) -> str:
        """SHA-256 over the validated values, defaults included and texts (name, sources) left out, and over
        what layers have otherwise.
        """
        values = _without_texts(self.model_dump(mode="json", exclude_none=True))
        if self._layers:
            values["layers"] = [
                [one.rule.patterns, one.rule.digital, _without_texts(one.tile.model_dump(mode="json"))]
                for one in self._layers
            ]
        return hashlib.sha256(json.dumps(values, sort_keys=True, separators=(",", ":")).encode()).hexdigest()

    @property
    def layers(self) -> tuple[LayerTile, ...]:
        """What layers of a network have otherwise (`layer_rules`)."""
        return self._layers

    def with_layers(self, layers: tuple[LayerTile, ...]) -> Chip:
        """The same chip, with tiles of their own for some layers."""
        changed = self.model_copy()
        changed.__dict__.pop("hash", None)
        changed._layers = layers
        return changed

    def rule_of(self, name: str, kind: str) -> LayerTile | None:
        """The rule for a layer of this name and ONNX type: the last one that matches."""
        return next((one for one in reversed(self._layers) if one.rule.matches(name, kind)), None)

    def tile_of(self, name: str, kind: str) -> Tile:
        """The tile as a layer of this name and ONNX type uses it; of a chip that has crossbars."""
        assert self.tile is not None
        rule = self.rule_of(name, kind)
        return self.tile if rule is None else rule.tile

    @property
    def n_crossbars(self) -> int:
        """Crossbars of one chip."""
        return self.tile.count * self.tile.crossbar.count if self.tile else 0

    @property
    def n_chips(self) -> int:
        """Number of chips in the system."""
        return self.chips.count if self.chips else 1

    def source_of(self, path: str) -> str:
        """What the number at a dotted path of the chip file rests on.

        Returns a text that begins with published, derived, estimated or assumed; ``"assumed (default)"`` for
        a field that the file leaves out and ``"assumed (no source given)"`` where nothing is said.
        Raises `ConfigError` for a path that does not exist.
        """
        return source_of(self, path)


def _without_texts(values: dict[str, Any], texts: frozenset[str] = TEXT_FIELDS) -> dict[str, Any]:
    kept = {key: value for key, value in values.items() if key not in texts}
    only_source = frozenset({"source"})
    for key, value in kept.items():
        if isinstance(value, dict):
            kept[key] = _without_texts(value, only_source)
        elif isinstance(value, list):
            kept[key] = [_without_texts(v, only_source) if isinstance(v, dict) else v for v in value]
    return kept
