"""JSON Schema of chip files, so that editors complete and check them."""

from __future__ import annotations

from typing import Any

from pydantic.json_schema import GenerateJsonSchema

from .chip import Chip

DIALECT = GenerateJsonSchema.schema_dialect


def json_schema() -> dict[str, Any]:
    """The schema of a chip file: structure, units, descriptions.

    What cannot be said in JSON Schema (contradictions between fields) is left to `load`.
    """
    schema = Chip.model_json_schema(by_alias=True, mode="validation")
    schema = {"$schema": DIALECT, **schema, "title": "ohmsum chip"}
    for definition in schema["$defs"].values():
        _allow_clock(definition)
    return schema


def _allow_clock(definition: dict[str, Any]) -> None:
    """`clock` may stand for `cycle`, but one of them must be there."""
    properties = definition.get("properties", {})
    if "cycle" not in properties:
        return
    properties["clock"] = {**properties["cycle"], "description": "The same as `cycle`.", "title": "Clock"}
    definition["required"] = [key for key in definition["required"] if key != "cycle"]
    definition["oneOf"] = [{"required": ["cycle"]}, {"required": ["clock"]}]
