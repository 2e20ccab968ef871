"""What layers of a network have otherwise than the chip: a file of rules, and the tiles as they use them.

    layers:
      - match: [conv1, "block*/fc"]    # names of layers, ONNX types, patterns with * and ?
        tile.weights.bits: 4
        tile.adc.bits: 6
      - match: Gemm
        digital: true

Of several rules that match a layer the last one decides. A layer without any is as the chip file says.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .errors import ConfigError
from .nearest import nearest_hint
from .yaml_text import Document, Location, read_file

if TYPE_CHECKING:
    from .chip import Chip, Tile

OF_A_LAYER = (
    "tile.weights.bits", "tile.weights.encoding", "tile.dac.bits", "tile.dac.slice_bits",
    "tile.dac.range_rule", "tile.adc.bits", "tile.adc.range", "tile.adc.range_bits", "tile.adc.range_rule",
    "tile.crossbar.cell.model", "tile.crossbar.cell.bits",
)  # fmt: skip
"""Fields that may differ between layers on tiles of one kind."""
MATCH, DIGITAL = "match", "digital"


@dataclass(frozen=True)
class LayerRule:
    """One rule of a file.

    Parameters
    ----------
    place : str
        ``file:line``.
    patterns : tuple of str
    digital : bool
        The layers stay off the crossbars.
    changes : tuple of (path, value)
        Fields of the chip.
    """

    place: str
    patterns: tuple[str, ...]
    digital: bool = False
    changes: tuple[tuple[str, Any], ...] = ()

    def matches(self, name: str, kind: str) -> bool:
        """Whether it is about a layer of this name and ONNX type."""
        return any(p in (name, kind) or fnmatchcase(name, p) for p in self.patterns)


@dataclass(frozen=True)
class LayerTile:
    """A rule, and the tile as its layers use it."""

    rule: LayerRule
    tile: Tile


def read_rules(path: Path) -> tuple[LayerRule, ...]:
    """The rules of a file.

    Raises
    ------
    ConfigError
        It cannot be read, or a rule names no layer or a field that layers cannot have for themselves; with
        the line.
    """
    document = read_file(path)
    found = document.value
    if not isinstance(found, dict) or set(found) != {"layers"} or not isinstance(found["layers"], list):
        raise ConfigError(
            f"{path}: expected one key, layers, with a list of rules (match, tile.adc.bits ...)"
        )
    return tuple(_rule(document, i, rule) for i, rule in enumerate(found["layers"]))


def _rule(document: Document, i: int, rule: Any) -> LayerRule:
    at: Location = ("layers", i)
    if not isinstance(rule, dict) or MATCH not in rule:
        raise ConfigError(f"{document.place(at)}: found {rule!r}, expected a rule with {MATCH}: NAME")
    named = rule[MATCH] if isinstance(rule[MATCH], list) else [rule[MATCH]]
    if not named or not all(isinstance(name, str) and name for name in named):
        raise ConfigError(
            f"{document.place((*at, MATCH))}: {MATCH}: found {rule[MATCH]!r}, expected names of layers"
        )
    digital = rule.get(DIGITAL, False)
    if not isinstance(digital, bool):
        place = document.place((*at, DIGITAL))
        raise ConfigError(f"{place}: {DIGITAL}: found {digital!r}, expected true or false")
    changes = {path: value for path, value in rule.items() if path not in (MATCH, DIGITAL)}
    for path in changes:
        if path not in OF_A_LAYER:
            hint = nearest_hint(path, OF_A_LAYER) or f", expected one of {', '.join(OF_A_LAYER)}"
            raise ConfigError(f"{document.place((*at, path))}: {path}: is not of a single layer{hint}")
    if digital == bool(changes):
        what = "both digital and fields of a tile" if digital else f"nothing but {MATCH}"
        raise ConfigError(f"{document.place(at)}: found {what}, expected digital: true, or fields of a tile")
    return LayerRule(document.place(at), tuple(named), digital, tuple(changes.items()))


def resolved(
    rules: Iterable[LayerRule], chip: Chip, changed: Callable[[dict[str, Any]], Chip]
) -> tuple[LayerTile, ...]:
    """Rules with the tiles that they make.

    Parameters
    ----------
    chip : Chip
        As it is without rules.
    changed : callable
        The same with some fields changed, its costs following.

    Raises
    ------
    ConfigError
        The chip has no crossbars, or a field cannot have this value; with the line.
    """
    found = []
    for rule in rules:
        if chip.tile is None:
            raise ConfigError(f"{rule.place}: chip {chip.name!r} has no crossbars, so no layer has any bits")
        most, asked = chip.tile.adc.bits, dict(rule.changes).get("tile.adc.bits", 0)
        if isinstance(asked, int) and asked > most:
            raise ConfigError(
                f"{rule.place}: tile.adc.bits: found {asked}, the converters of the chip have {most}; give "
                "the chip the most bits that a layer has, and other layers fewer"
            )
        try:
            tile = changed(dict(rule.changes)).tile if rule.changes else chip.tile
        except ConfigError as error:
            raise ConfigError(f"{rule.place}: {error}") from None
        assert tile is not None
        found.append(LayerTile(rule, tile))
    return tuple(found)
