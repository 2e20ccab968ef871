"""From a preset's name, a chip file or a system file to a validated `Chip`."""

from __future__ import annotations

from collections.abc import Mapping
from copy import copy, deepcopy
from importlib.resources import files
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from .chip import FIELDS_ALONE, Chip
from .errors import ConfigError
from .estimates import resolve, without_models
from .messages import describe_errors
from .modes import apply_mode, split_mode
from .nearest import nearest_hint
from .overrides import apply_override
from .system import expand, is_system
from .yaml_text import Document, read_file, read_text


def names() -> list[str]:
    """Names of the chips that come with the package, sorted."""
    return sorted(
        item.name.removesuffix(".yaml")
        for item in files("ohmsum.arch.chips").iterdir()
        if item.name.endswith(".yaml")
    )


def load(
    source: str | Path,
    overrides: Mapping[str, str] | None = None,
    n_chips: int | None = None,
    layers: Path | None = None,
) -> Chip:
    """Read and validate a chip, or the chips of a system.

    Parameters
    ----------
    source : str or Path
        Name of a preset (see `names`) or path of a ``.yaml`` file; with ``@`` and the name of one of its
        modes (``jia-2020@1.2V``), that operating point. A file with the key ``system`` is a system file
        (`system.py`).
    overrides : mapping of str to str, optional
        Dotted paths to texts, as in a file: ``{"tile.adc.bits": "6", "units.softmax.lanes": "8"}``. The text
        ``null`` removes an optional field.
    n_chips : int, optional
        Number of copies of the chip; its file must say what links them.
    layers : Path, optional
        A file of rules by layer (`layer_rules`).

    Raises
    ------
    ConfigError
        With file, line, path, what was found and what was expected.
    """
    chip = _load(source, overrides or {}, n_chips)
    if layers is None:
        return chip
    from .layer_rules import read_rules, resolved

    rules = read_rules(layers)
    return chip.with_layers(
        resolved(rules, chip, lambda changes: _load(source, {**(overrides or {}), **changes}, n_chips))
    )


def _load(source: str | Path, changes: Mapping[str, Any], n_chips: int | None) -> Chip:
    """The chip with some fields changed."""
    document = _require_mapping(_read(source))
    if is_system(document):
        document = expand(document, _read)
    for path, text in changes.items():
        apply_override(document, path, text)
    if n_chips is not None:
        _set_copies(document, n_chips)
    changed = document.value != document.stated
    chip = validate(document)
    if not changed:
        return chip
    from .geometry import rescaled

    return rescaled(document, chip, validate)


def loads(text: str, label: str = "<text>") -> Chip:
    """Validate a chip from YAML text; `label` stands for the file name in messages."""
    return validate(_require_mapping(read_text(text, label)))


def _require_mapping(document: Document) -> Document:
    value = document.value
    if isinstance(value, dict) and value:
        return document
    what = "a list" if isinstance(value, list) else "nothing" if not value else "one plain value"
    raise ConfigError(f"{document.place(())}: found {what}, expected the fields of a chip (name, tile, ...)")


def validate(document: Document) -> Chip:
    """The chip of a parsed document, its cost models evaluated.

    Where a model fails, a field that is wrong by itself is the cause to tell, if there is one.
    """
    try:
        resolve(document)
    except ConfigError:
        fields = copy(document)
        fields.value = without_models(document.value)
        _validated(fields, {FIELDS_ALONE: True})
        raise
    return _validated(document, {})


def _validated(document: Document, context: dict[str, bool]) -> Chip:
    try:
        return Chip.model_validate(document.value, context=context)
    except ValidationError as error:
        raise ConfigError(describe_errors(document, error)) from None


def _read(source: str | Path) -> Document:
    """The document of a preset or file, in its mode."""
    if isinstance(source, Path) or source in names() or Path(source).exists():
        document = _read_plain(source)
    else:
        name, mode = split_mode(source)
        document = _read_plain(name)
        if mode is not None:
            document.state()
            apply_mode(_require_mapping(document), mode)
            _follow(document)
    document.state()
    return document


def _follow(document: Document) -> None:
    """Move costs that are stated in parts by what a mode changes; all others are as the mode has them."""
    stated = document.stated
    if not any(f"{key}_parts" in part for part in _analog_parts(stated) for key in ("energy", "read_time")):
        return
    from .geometry import follow_parts

    before, chip = (
        validate(Document(document.label, deepcopy(v), document.text)) for v in (stated, document.value)
    )
    follow_parts(document, before, chip)


def _analog_parts(value: Any) -> list[dict[str, Any]]:
    """Crossbars, row drivers and converters of a parsed file."""
    tile = value.get("tile") if isinstance(value, dict) else None
    found = [tile.get(key) for key in ("crossbar", "dac", "adc")] if isinstance(tile, dict) else []
    return [part for part in found if isinstance(part, dict)]


def _read_plain(source: str | Path) -> Document:
    known = names()
    if str(source) in known:
        text = files("ohmsum.arch.chips").joinpath(f"{source}.yaml").read_text("utf-8")
        return read_text(text, f"{source}.yaml")
    path = Path(source)
    if path.is_dir():
        raise ConfigError(f"{path}: a folder, expected a chip file (.yaml) or one of {', '.join(known)}")
    if path.suffix in (".yaml", ".yml") or path.exists():
        return read_file(path)
    raise ConfigError(f"unknown chip {str(source)!r}{nearest_hint(source, known)} (or give a .yaml file)")


def _set_copies(document: Document, n_chips: int) -> None:
    if n_chips < 1:
        raise ConfigError(f"`chips: {n_chips}`: expected at least 1")
    chips: Any = document.value.get("chips")
    if isinstance(chips, dict):
        apply_override(document, "chips.count", str(n_chips))
    elif n_chips > 1:
        needed = "expected a 'chips' section with the bandwidth and latency of the links"
        raise ConfigError(f"{document.label}: `chips: {n_chips}`: the chip has no links to others, {needed}")
