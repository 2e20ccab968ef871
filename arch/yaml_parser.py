"""The parser of YAML 1.2: plain values, and the line of every one of them.

Only plain data is accepted: no tags, no merge keys, no duplicate keys, no several documents. Texts are
limited in depth and number of nodes after aliases are followed, so that none takes long.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode
from ruamel.yaml.reader import ReaderError

from .errors import ConfigError

MAX_NODES = 50_000
MAX_DEPTH = 50

Location = tuple[str | int, ...]
"""Keys and indices that lead to a value."""


@dataclass(frozen=True)
class Parsed:
    """Values of a text and the line of each."""

    value: Any
    lines: dict[Location, int]


@lru_cache(maxsize=64)
def parse(text: str, label: str) -> Parsed:
    """The values of a text, kept: the same file is read again and again with other overrides."""
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
    return Parsed(value, reader.lines)


class _Reader:
    """Turns composed nodes into plain values and remembers their lines."""

    def __init__(self, label: str) -> None:
        self.label = label
        self.lines: dict[Location, int] = {}
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
        self.lines.setdefault(path, node.start_mark.line + 1)
        if isinstance(node, MappingNode):
            return self._mapping(node, path)
        if isinstance(node, SequenceNode):
            return [self.read(item, (*path, index)) for index, item in enumerate(node.value)]
        return self._scalar(node)

    def _mapping(self, node: MappingNode, path: Location) -> dict[str, Any]:
        values: dict[str, Any] = {}
        for key_node, value_node in node.value:
            key = self._text(key_node) if isinstance(key_node, ScalarNode) else None
            if str(key_node.tag).endswith(":merge"):
                raise self.fail(key_node, "merge keys (<<) are not accepted, expected plain values")
            if key is None:
                raise self.fail(key_node, "a key is no plain text")
            if key in values:
                raise self.fail(key_node, f"{'.'.join(map(str, (*path, key)))} is given twice")
            self.lines[(*path, key)] = key_node.start_mark.line + 1
            values[key] = self.read(value_node, (*path, key))
        return values

    def _text(self, node: Node) -> str:
        """The text of a scalar; escapes that are the two halves of a character, as in JSON, are joined."""
        text = str(node.value)
        if text.isascii():
            return text
        try:
            return text.encode("utf-16", "surrogatepass").decode("utf-16")
        except UnicodeDecodeError:
            raise self.fail(node, "half of a character (an escape from \\ud800 to \\udfff alone)") from None

    def _scalar(self, node: Node) -> Any:
        tag, text = str(node.tag).rpartition(":")[2], self._text(node)
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
