"""The Job: everything that one simulation depends on, small enough to be sent to another process."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from ...arch.nearest import nearest_hint
from ...arch.range_rules import RangeRule
from ..asked import Asked
from ..known_networks import from_zoo
from ..mapping.options import MappingOptions
from ..noc.detail import Detail
from .errors import QuestionError
from .work import InferenceWork, Whole, Work

if TYPE_CHECKING:
    from ...arch.chip import Chip
    from ...workloads.graph import Network
    from ...workloads.onnx_import.cut import Value
    from ..accuracy.model import ModelSource
    from ..operands.source import DataSource

Texts = dict[str, str]


def text_of(value: Any) -> str:
    """A plain value as the text that a chip file would say.

    Examples
    --------
    >>> text_of(6), text_of("1.2 ns"), text_of([14, 12]), text_of(True)
    ('6', '1.2 ns', '[14, 12]', 'true')
    """
    return value if isinstance(value, str) else json.dumps(value, sort_keys=True)


def _pairs(value: Any) -> dict[str, Any]:
    """``NAME=VALUE`` texts, or a mapping, as a dict; a name may be there only once."""
    if isinstance(value, Mapping):
        return dict(value)
    if not isinstance(value, Iterable) or isinstance(value, str):
        raise ValueError("")  # what was found, and expected, is said where it is caught
    found: dict[str, str] = {}
    for text in value:
        name, equals, rest = str(text).partition("=")
        if not equals or not name.strip():
            raise ValueError(f"found {text!r}, expected NAME=VALUE such as {{example}}")
        if name.strip() in found:
            raise ValueError(f"{name.strip()!r} is given twice")
        found[name.strip()] = rest.strip()
    return found


def _changes(value: Any) -> Texts:
    return {name: text_of(item) for name, item in _pairs(value).items()}


def _sizes(value: Any) -> dict[str, int]:
    found = {}
    for name, item in _pairs(value).items():
        if not re.fullmatch(r"[0-9]{1,9}", str(item)) or int(item) < 1:
            raise ValueError(f"{name}: found {item!r}, expected a whole number from 1")
        found[name] = int(item)
    return found


def _shapes(value: Any) -> dict[str, tuple[int, ...]]:
    found = {}
    for name, item in _pairs(value).items():
        sizes = str(item).lower().split("x") if isinstance(item, str | int) else [str(size) for size in item]
        if not all(re.fullmatch(r"[0-9]{1,9}", size) and int(size) > 0 for size in sizes):
            raise ValueError(f"{name}: found {item!r}, expected sizes from 1 such as 1x3x224x224")
        found[name] = tuple(map(int, sizes))
    return found


def _values(value: Any) -> dict[str, tuple[float, ...]]:
    found = {}
    for name, item in _pairs(value).items():
        listed = item if isinstance(item, list | tuple) else [item]
        parts = item.split(",") if isinstance(item, str) else listed
        try:
            found[name] = tuple(float(part) for part in parts)
        except (TypeError, ValueError):
            raise ValueError(f"{name}: found {item!r}, expected numbers such as {{example}}") from None
    return found


def _text(value: Any) -> Any:
    return str(value) if isinstance(value, Path) else value


Name = Annotated[str, BeforeValidator(_text), Field(min_length=1)]


OF_THE_NETWORK = (
    "bind", "input", "unknown_operators", "operator", "outputs", "inputs", "value", "weight_inputs_from",
)  # fmt: skip
"""Fields that say which network of its file is meant."""
OF_THE_CHIP = ("chips", "set", "layers", "input_range", "adc_range")
"""Fields that say how the chip of its file is changed, by the names that doors have."""


class Job(BaseModel):
    """A question: a network, a chip, and what is to be found out about them.

    Its fields and their help are in the reference of the commands; `given.job` makes one from flat names.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    @model_validator(mode="before")
    @classmethod
    def _known(cls, given: Any) -> Any:
        """Name the nearest field to one that there is not."""
        for name in given if isinstance(given, Mapping) else ():
            if name not in cls.model_fields:
                raise QuestionError(f"unknown field {name!r}{nearest_hint(name, cls.model_fields)}", name)
        return given

    network: Annotated[
        Name, Asked("A name of the zoo, an .onnx or a .pt2 file.", "NETWORK", example="resnet18")
    ]
    chip: Annotated[Name, Asked("A preset's name or a .yaml file.", "CHIP", example="isaac")]
    chips: Annotated[
        Whole | None, Asked("Number of copies of the chip.", "N", aliases=("n_chips", "copies"))
    ] = None
    changes: Annotated[
        Texts,
        BeforeValidator(_changes),
        Asked(
            "Change a field of the chip: tile.adc.bits=6.",
            "PATH=VALUE",
            name="set",
            aliases=("overrides", "changes"),
            example="tile.adc.bits=6",
        ),
    ] = Field(default_factory=dict)
    layers: Annotated[
        Name | None,
        Asked(
            "Rules by layer, a .yaml file: bits, device or encoding of some layers, or digital.",
            "FILE",
            not_with={
                "training": "the way back and the update know one tile for all layers",
                "swap": "layers that take turns share the tile",
            },
        ),
    ] = None
    work: Work = Field(default_factory=InferenceWork)
    engine: Annotated[
        Literal["compiled", "reference"] | None,
        Asked("compiled, or reference: the same result, slow and readable.", "NAME"),
    ] = None
    noc: Annotated[
        Detail | None,
        Asked(
            "Detail of the network: packets book links; flits go through routers (some times slower); "
            "or transfers take no time.",
            "packet|flit|ideal",
            aliases=("detail",),
        ),
    ] = None
    bind: Annotated[
        dict[str, int],
        BeforeValidator(_sizes),
        Asked("Value of a symbolic dimension: batch=1.", "DIM=N", example="batch=1"),
    ] = Field(default_factory=dict)
    input: Annotated[
        dict[str, tuple[int, ...]],
        BeforeValidator(_shapes),
        Asked(
            "Shape of an input of the network: x=1x3x224x224.",
            "NAME=SHAPE",
            aliases=("input_shapes",),
            example="x=1x3x224x224",
        ),
    ] = Field(default_factory=dict)
    unknown_operators: Annotated[
        Literal["error", "vector"],
        Asked(
            "vector: operators that are not known and have no weights are one operation per output element.",
            "error|vector",
        ),
    ] = "error"
    operator: Annotated[
        Texts,
        BeforeValidator(_changes),
        Asked(
            "What an unknown operator is: com.x:Foo=matmul (its input times its stored matrix), an ONNX "
            "operator with the same inputs and attributes, or a function of every element.",
            "OP=WHAT",
            aliases=("operators",),
            example="com.x:Foo=matmul",
        ),
    ] = Field(default_factory=dict)
    outputs: Annotated[
        tuple[str, ...],
        Asked("Tensor or node of the network where it ends, instead of its own outputs.", "NAME"),
    ] = ()
    inputs: Annotated[
        tuple[str, ...],
        Asked("Tensor of the network that comes in from outside, instead of being made.", "NAME"),
    ] = ()
    value: Annotated[
        dict[str, tuple[float, ...]],
        BeforeValidator(_values),
        Asked(
            "Value that an input of the network always has; what hangs on it is folded: sr=16000.",
            "NAME=V[,V...]",
            aliases=("values",),
            example="sr=16000",
        ),
    ] = Field(default_factory=dict)
    weight_inputs_from: Annotated[
        int | None,
        Field(strict=True, ge=0),
        Asked("Graph inputs from this one on (from 0) are weights without values.", "N"),
    ] = None
    mapping: MappingOptions = Field(default_factory=MappingOptions)
    data: Annotated[
        Name | None,
        Asked(
            ".npz with real inputs: energies as they make them, and times with zero-skipping.",
            "FILE",
            not_with=dict.fromkeys(("training", "prefill", "decode"), "operands are taken from inferences"),
        ),
    ] = None
    operands: Annotated[
        Literal["statistical", "exact"] | None,
        Asked("Of data: statistical (some vectors, fast), or exact (all values).", "NAME", needs=("data",)),
    ] = None
    input_range: Annotated[
        RangeRule | None,
        Asked(
            "Of data: rule of the inputs' ranges ('least error', 'maximum', 'percentile 99.99', 'deviations "
            "4'), in place of the chip's.",
            "RULE",
            needs=("data",),
        ),
    ] = None
    adc_range: Annotated[
        RangeRule | None,
        Asked("Of data: the same of the converters' ranges.", "RULE", needs=("data",)),
    ] = None
    samples: Annotated[
        Whole | None, Asked("Of data: take only so many samples, evenly spread.", "N", needs=("data",))
    ] = None

    def with_changes(self, changes: Mapping[str, str]) -> Job:
        """The same with more fields of the chip changed; one that is changed already gets the new value."""
        kept = {path: text for path, text in self.changes.items() if path not in changes}
        return self.model_copy(update={"changes": {**kept, **changes}})

    def load_network(self) -> Network:
        """The network; takes a while."""
        from ... import workloads

        asked: dict[str, Any] = {
            "bind": self.bind,
            "input_shapes": self.input,
            "weight_inputs_from": self.weight_inputs_from,
            "outputs": self.outputs,
            "inputs": self.inputs,
            "values": self._fixed_inputs(),
            "operators": self.operator,
        }
        if self.network in workloads.names() and not any(asked.values()) and self.weight_inputs_from is None:
            return from_zoo(self.network)
        return workloads.load(self.network, unknown_operators=self.unknown_operators, **asked)

    def load_chip(self) -> Chip:
        """The chip with all its changes."""
        from ... import arch

        rules = {"tile.dac.range_rule": self.input_range, "tile.adc.range_rule": self.adc_range}
        asked = {path: rule for path, rule in rules.items() if rule is not None}
        rules_file = None if self.layers is None else Path(self.layers)
        return arch.load(self.chip, {**asked, **self.changes}, n_chips=self.chips, layers=rules_file)

    def source(self) -> DataSource | None:
        """Where operands come from; None without data."""
        if self.data is None:
            return None
        from ..operands import DataSource

        return DataSource(self.model_source(), Path(self.data), self.operands == "exact", self.samples)

    def model_source(self) -> ModelSource:
        """The network with its weights, to be computed on data."""
        from ..accuracy.model import ModelSource

        return ModelSource(self.network, self.outputs, self.inputs, self._fixed_inputs())

    def _fixed_inputs(self) -> dict[str, Value]:
        """Inputs that have one value; a validator of the module has the shorter name."""
        return {name: v[0] if len(v) == 1 else v for name, v in self.value.items()}

    def with_shapes_of_data(self) -> Job:
        """The same with the shapes of the network's inputs that its data have, where none were given."""
        source = self.source()
        if source is None or self.bind or self.input:
            return self
        return self.model_copy(update={"input": {n: shape for n, shape in source.shapes().items() if shape}})

    def options(self) -> dict[str, Any]:
        """What the result depends on, for its provenance: JSON values, by the names that doors have.

        The engine is not among them: both give the same. Nor is the mapping, of which a run knows more.
        """
        from .records import given_by

        texts = {
            "set": [f"{path}={text}" for path, text in self.changes.items()],
            "bind": [f"{name}={size}" for name, size in self.bind.items()],
        }
        shapes = [f"{name}={'x'.join(map(str, shape))}" for name, shape in self.input.items()]
        texts["operator"] = [f"{name}={what}" for name, what in self.operator.items()]
        texts["value"] = [f"{name}={','.join(f'{v:g}' for v in vs)}" for name, vs in self.value.items()]
        asked = {**given_by(self), **texts, "input": shapes}
        return {name: value for name, value in asked.items() if value and name != "engine"}
