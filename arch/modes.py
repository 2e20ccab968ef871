"""Operating points of a chip: ``jia-2020@1.2V`` is the preset jia-2020 with the settings of its mode 1.2V."""

from __future__ import annotations

from typing import Any

from .errors import ConfigError
from .nearest import nearest_hint
from .overrides import apply_override
from .yaml_text import Document

SEPARATOR = "@"


def split_mode(text: str) -> tuple[str, str | None]:
    """Name and mode of ``name@mode``; the mode is None where there is none."""
    name, separator, mode = text.rpartition(SEPARATOR)
    return (name, mode) if separator and name else (text, None)


def apply_mode(document: Document, mode: str) -> None:
    """Put the settings of a mode in force, in place.

    Every setting is a dotted path with its value; the mode's own ``source`` says what they rest on.

    Raises `ConfigError` where the chip has no such mode, or a setting has no such field.
    """
    modes: Any = document.value.get("modes")
    known = list(modes) if isinstance(modes, dict) else []
    if mode not in known or not isinstance(modes[mode], dict):
        has = nearest_hint(mode, known) if known else ", the chip has none"
        raise ConfigError(f"{document.label}: unknown mode {mode!r}{has}")
    settings = modes[mode]
    mark = settings.get("source", "assumed: no source given")
    del document.value["modes"]
    for path, value in settings.items():
        if path != "source":
            apply_override(document, path, value, str(mark))
    document.value["name"] = f"{document.value.get('name', document.label)}{SEPARATOR}{mode}"
