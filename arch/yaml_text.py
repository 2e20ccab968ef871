"""YAML 1.2 read into plain values, with the line of every field.

Only plain data is accepted: no tags, no merge keys, no duplicate keys, no several documents. Files are
limited in size, depth and number of nodes after aliases are followed, so that no file takes long.
"""

from __future__ import annotations

import warnings
from copy import deepcopy
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode
from ruamel.yaml.reader import ReaderError

from .errors import ConfigError

MAX_BYTES = 256 * 1024
MAX_NODES = 50_000
MAX_DEPTH = 50

Location = tuple[str | int, ...]
"""Keys and indices that lead to a value."""


@dataclass
class Document:
    """A parsed file: the plain value, and where each part of it stands."""

    label: str
    value: Any
    places: dict[Location, str] = field(default_factory=dict)

    def place(self, path: Location) -> str:
        """``file:line`` of the field, or of the nearest part around it that exists."""
        while path and path not in self.places:
            path = path[:-1]
        return self.places.get(path, self.label)


def read_file(path: Path) -> Document:
    """Parse a YAML file; `ConfigError` for anything that is not acceptable."""
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror or error}") from error
    if len(data) > MAX_BYTES:
        raise ConfigError(f"{path}: larger than {MAX_BYTES // 1024} KiB, the limit for a chip file")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise ConfigError(
            f"{path}:{line}: not UTF-8 text (byte 0x{data[error.start]:02x}), expected a YAML file"
        ) from error
    return read_text(text, str(path))


def read_text(text: str, label: str) -> Document:
    """Parse YAML text; `label` is the name that messages use for it."""
    known = _parse(text, label)
    return Document(label, deepcopy(known.value), dict(known.places))


@lru_cache(maxsize=64)
def _parse(text: str, label: str) -> Document:
    """The document of a text, kept: the same file is read again and again with other overrides."""
    yaml = YAML(typ="safe", pure=True)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            node = yaml.compose(text)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise ConfigError(
            f"{label}:{mark.line + 1 if mark else 1}: not valid YAML: {error.problem or error.context}"
        ) from error
    except ReaderError as error:
        line = text[: error.position].count("\n") + 1
        raise ConfigError(f"{label}:{line}: not valid YAML: a control character ({error.reason})") from error
    except RecursionError as error:
        raise ConfigError(
            f"{label}: nested deeper than {MAX_DEPTH} levels, the limit for a chip file"
        ) from error
    except (YAMLError, Warning, ValueError) as error:
        raise ConfigError(f"{label}: not valid YAML: {' '.join(str(error).split())}") from error
    reader = _Reader(label)
    value = None if node is None else reader.read(node, ())
    return Document(label, value, reader.places)


class _Reader:
    """Turns composed nodes into plain values and remembers their lines."""

    def __init__(self, label: str) -> None:
        self.label = label
        self.places: dict[Location, str] = {}
        self.n_nodes = 0

    def fail(self, node: Node, message: str) -> ConfigError:
        return ConfigError(f"{self.label}:{node.start_mark.line + 1}: {message}")

    def read(self, node: Node, path: Location) -> Any:
        self.n_nodes += 1
        if self.n_nodes > MAX_NODES:
            raise self.fail(
                node, f"more than {MAX_NODES} values once its aliases are followed, the limit for a chip file"
            )
        if len(path) > MAX_DEPTH:
            raise self.fail(node, f"nested deeper than {MAX_DEPTH} levels, the limit for a chip file")
        self.places.setdefault(path, f"{self.label}:{node.start_mark.line + 1}")
        if isinstance(node, MappingNode):
            return self._mapping(node, path)
        if isinstance(node, SequenceNode):
            return [self.read(item, (*path, index)) for index, item in enumerate(node.value)]
        return self._scalar(node)

    def _mapping(self, node: MappingNode, path: Location) -> dict[str, Any]:
        values: dict[str, Any] = {}
        for key_node, value_node in node.value:
            key = key_node.value
            if str(key_node.tag).endswith(":merge"):
                raise self.fail(key_node, "merge keys (<<) are not accepted, expected plain values")
            if not isinstance(key_node, ScalarNode) or not isinstance(key, str):
                raise self.fail(key_node, "a key is no plain text")
            if key in values:
                raise self.fail(key_node, f"{'.'.join(map(str, (*path, key)))} is given twice")
            self.places[(*path, key)] = f"{self.label}:{key_node.start_mark.line + 1}"
            values[key] = self.read(value_node, (*path, key))
        return values

    def _scalar(self, node: Node) -> Any:
        tag, text = str(node.tag).rpartition(":")[2], str(node.value)
        if tag == "str":
            return text
        if tag == "null":
            return None
        if tag == "bool":
            return text.lower() == "true"
        try:
            if tag == "int":
                return (
                    int(text.replace("_", ""), 0)
                    if not text.lstrip("+-").startswith("0")
                    else _zero_led(text)
                )
            if tag == "float":
                return float(text.replace("_", "").replace(".inf", "inf").replace(".nan", "nan"))
        except ValueError as error:
            raise self.fail(node, f"{text!r} is no number") from error
        if tag == "timestamp":
            return text
        raise self.fail(node, f"the YAML tag {node.tag!s} is not accepted, expected plain values")


def _zero_led(text: str) -> int:
    """YAML 1.2: 0o17 is octal, 0x1f hexadecimal, 017 the decimal 17."""
    return int(text, 0) if text.lower().lstrip("+-")[:2] in ("0o", "0x") else int(text, 10)
