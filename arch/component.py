"""What every part of a chip has in common: its source, its costs, its clock."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema, model_validator

from .quantities import AreaMm2, Count, CycleFs, Cycles, PowerW

KINDS = ("published", "derived", "estimated", "scaled", "assumed")
"""What a number may rest on: a source, arithmetic on published numbers, a named model, a law by which it was
moved from the geometry that it was stated for, or nothing.
"""

Source = Mapping[str, str]
"""Field to source text; ``"*"`` holds for the fields that are not named."""


def _read_source(value: object) -> Source:
    source = {"*": value} if isinstance(value, str) else value
    if not isinstance(source, dict) or not source:
        raise ValueError(f"found {value!r}, expected a text or a mapping from fields to texts")
    for key, text in source.items():
        words = text.split(maxsplit=1) if isinstance(text, str) else []
        if not words or words[0].rstrip(":") not in KINDS:
            where = "" if key == "*" else f" for {key!r}"
            raise ValueError(f"found {text!r}{where}, expected a text that begins with {', '.join(KINDS)}")
    return source


SourceField = Annotated[
    dict[str, str],
    BeforeValidator(_read_source),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "string", "pattern": f"^({'|'.join(KINDS)})"},
                {
                    "type": "object",
                    "additionalProperties": {"type": "string", "pattern": f"^({'|'.join(KINDS)})"},
                },
            ]
        }
    ),
]


class Component(BaseModel):
    """Anything with fields in a chip file.

    Attribute names carry the unit (``read_time_fs``); the keys of the file do not (``read_time: 100 ns``).
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    source: SourceField | None = Field(
        None,
        description="Where the numbers come from: one text for all fields, or a mapping from field to text "
        "with '*' for the others; begins with published, derived, estimated or assumed. Inherited inwards.",
    )


class Costed(Component):
    """A part that draws power and takes area. All figures are for one instance.

    Dynamic energy is ``energy`` times the number of actions where the part gives an energy, else ``power``
    times the time it is busy. ``static_power`` comes on top, all the time. The peak power of an instance is
    ``power`` (or, where only an energy is given, energy times the highest rate) plus ``static_power``.
    A cost that is not given is None: unknown, and left out of the sums.
    """

    power_w: PowerW | None = Field(
        None, alias="power", description="Power of one instance while busy, beyond static_power."
    )
    static_power_w: PowerW | None = Field(
        None, alias="static_power", description="Power of one instance at all times (leakage)."
    )
    area_mm2: AreaMm2 | None = Field(None, alias="area", description="Area of one instance.")


class Idling(Costed):
    """A part that is known to work at times and to do nothing at others."""

    idle_power_w: PowerW | None = Field(
        None,
        alias="idle_power",
        description="Power of one instance that does nothing and is not gated, beyond static_power (clock, "
        "biases); the upper end of the energy's bracket takes the power of a busy one if absent.",
    )
    gating: Literal["none", "clock", "power"] | None = Field(
        None,
        description="What stops while it does nothing: none, it draws idle_power; clock (if absent), "
        "static_power alone is left; power, nothing is left (waking up costs nothing here).",
    )


class Clock(Idling):
    """A part with a clock of its own. ``clock: 1 GHz`` may be written instead of ``cycle: 1 ns``."""

    synonyms: ClassVar[Mapping[str, str]] = {"clock": "cycle"}

    cycle_fs: CycleFs = Field(alias="cycle", description="Clock period, as a time or as a frequency.")

    @model_validator(mode="before")
    @classmethod
    def _rename(cls, data: Any) -> Any:
        if not isinstance(data, dict) or "clock" not in data:
            return data
        if "cycle" in data:
            raise ValueError("found both 'clock' and 'cycle', expected one of them")
        renamed = {cls.synonyms.get(key, key): value for key, value in data.items()}
        if isinstance(renamed.get("source"), dict):
            renamed["source"] = {cls.synonyms.get(key, key): text for key, text in renamed["source"].items()}
        return renamed


class Clocked(Clock):
    """A clocked part that works on jobs.

    A job of `beats` cycles keeps the part busy for that long, and its result is there after
    ``max(latency_cycles, beats)`` cycles.
    """

    latency_cycles: Cycles = Field(
        0,
        description="Least number of cycles from the start of a job to its result (a fixed pipeline stage).",
    )

    def hold_fs(self, beats: int) -> int:
        """How long a job of so many cycles keeps the part busy."""
        return beats * self.cycle_fs

    def latency_fs(self, beats: int) -> int:
        """From the start of a job of so many cycles to its last result."""
        return max(beats, self.latency_cycles) * self.cycle_fs


class Counted(Component):
    """A part of which there are several."""

    count: Count = Field(1, description="Number of instances in the enclosing part.")


class Other(Costed):
    """What a part has beside its components: control, clock tree, or all that is not known apart.

    Nothing says when it works: its ``power`` counts at the peak and where nothing is gated (the upper end of
    the energy's bracket); what it draws all the time is its ``static_power``.
    """
