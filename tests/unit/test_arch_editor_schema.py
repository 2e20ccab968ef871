"""Does the JSON Schema accept the chip files that we ship and refuse what the loader refuses?"""

from __future__ import annotations

import json
import re
from importlib.resources import files
from typing import Any

import pytest
from ohmsum import arch
from ohmsum.arch.yaml_text import read_text

SCHEMA = arch.json_schema()
_TYPES = {
    "object": dict,
    "array": list,
    "string": str,
    "integer": int,
    "number": float,
    "boolean": bool,
    "null": type(None),
}
_IGNORED = {"$schema", "$defs", "title", "description", "default", "examples"}


def errors(value: Any, schema: dict[str, Any], path: str = "") -> list[str]:
    """The part of JSON Schema that our schema uses; a keyword it does not know is an error of the test."""
    found: list[str] = []
    for keyword, rule in schema.items():
        if keyword not in _IGNORED:
            found += [f"{path}: {problem}" for problem in _RULES[keyword](value, rule, schema)]
    properties = schema.get("properties", {})
    if isinstance(value, dict):
        for key, item in value.items():
            inner = properties.get(key, schema.get("additionalProperties"))
            if isinstance(inner, dict):
                found += errors(item, inner, f"{path}.{key}")
    if isinstance(value, list):
        prefix = schema.get("prefixItems", [])
        for index, item in enumerate(value):
            inner = prefix[index] if index < len(prefix) else schema.get("items", {})
            found += errors(item, inner, f"{path}.{index}")
    return found


def _type(value: Any, kind: str, _: dict[str, Any]) -> list[str]:
    matches = isinstance(value, _TYPES[kind]) and not (
        kind in ("integer", "number") and isinstance(value, bool)
    )
    return [] if matches else [f"{value!r} is no {kind}"]


def _unknown(value: Any, rule: Any, schema: dict[str, Any]) -> list[str]:
    if rule is not False or not isinstance(value, dict):
        return []
    return [f"unknown field {key}" for key in value if key not in schema.get("properties", {})]


def _one(value: Any, rules: list[dict[str, Any]], n_allowed: range) -> list[str]:
    n_right = sum(not errors(value, rule) for rule in rules)
    return [] if n_right in n_allowed else [f"{value!r} fits {n_right} of {len(rules)} choices"]


_RULES: dict[str, Any] = {
    "type": _type,
    "$ref": lambda v, ref, _: errors(v, SCHEMA["$defs"][ref.removeprefix("#/$defs/")]),
    "anyOf": lambda v, rules, _: _one(v, rules, range(1, 99)),
    "oneOf": lambda v, rules, _: _one(v, rules, range(1, 2)),
    "enum": lambda v, choices, _: [] if v in choices else [f"{v!r} not in {choices}"],
    "const": lambda v, choice, _: [] if v == choice else [f"{v!r} is not {choice!r}"],
    "pattern": lambda v, p, _: (
        [f"{v!r} does not match"] if isinstance(v, str) and not re.search(p, v) else []
    ),
    "minimum": lambda v, low, _: [f"{v!r} < {low}"] if isinstance(v, int) and v < low else [],
    "exclusiveMinimum": lambda v, low, _: (
        [f"{v!r} <= {low}"] if isinstance(v, int | float) and v <= low else []
    ),
    "maximum": lambda v, high, _: [f"{v!r} > {high}"] if isinstance(v, int) and v > high else [],
    "minItems": lambda v, n, _: ["too few"] if isinstance(v, list) and len(v) < n else [],
    "maxItems": lambda v, n, _: ["too many"] if isinstance(v, list) and len(v) > n else [],
    "minProperties": lambda v, n, _: ["too few"] if isinstance(v, dict) and len(v) < n else [],
    "required": lambda v, keys, _: [f"no {key}" for key in keys if isinstance(v, dict) and key not in v],
    "additionalProperties": _unknown,
    "propertyNames": lambda v, rule, _: [problem for key in v for problem in errors(key, rule)],
    "properties": lambda v, rule, _: [],
    "items": lambda v, rule, _: [],
    "prefixItems": lambda v, rule, _: [],
}


def raw(name: str) -> Any:
    return read_text(files("ohmsum.arch.chips").joinpath(f"{name}.yaml").read_text("utf-8"), name).value


@pytest.mark.parametrize("name", arch.names())
def test_presets_fit(name: str) -> None:
    assert errors(raw(name), SCHEMA) == []
    assert errors(read_text(arch.to_yaml(arch.load(name)), name).value, SCHEMA) == []


@pytest.mark.parametrize(
    ("part", "key", "value"),
    [
        ("adc", "bist", 8),
        ("adc", "bits", "8"),
        ("adc", "bits", 0),
        ("adc", "kind", "saar"),
        ("adc", "power", "2 ns"),
        ("adc", "power", 2),
        ("adc", "source", "because"),
        ("buffer", "clock", "1 GHz"),  # beside `cycle`
        ("crossbar", "cell", "rram"),
        ("units", 0, {"name": "u", "lanes": 1, "cycle": "1 ns", "functions": {"reluu": 1}}),
        ("units", 0, {"name": "u", "lanes": 1, "functions": {"relu": 1}}),
    ],
)
def test_mistakes_do_not_fit(part: str, key: str | int, value: object) -> None:
    chip = raw("isaac")
    chip["tile"][part][key] = value
    assert errors(chip, SCHEMA)


def test_every_field_is_described_and_the_schema_is_json() -> None:
    assert json.loads(json.dumps(SCHEMA)) == SCHEMA
    assert SCHEMA["$schema"].startswith("https://json-schema.org/")
    for name, definition in {**SCHEMA["$defs"], "Chip": SCHEMA}.items():
        assert definition["description"], name
        for key, field in definition["properties"].items():
            assert field.get("description"), f"{name}.{key}"
