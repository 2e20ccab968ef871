"""The files behind the names of a sweep, and whether the fields that it names exist."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from .fields import CHIP, NETWORK, Value, is_chip_field, text_of

if TYPE_CHECKING:
    from .spec import SweepSpec

Fail = Callable[[str, str], Exception]
"""Makes the error for a field and a message."""


def check_sources(spec: SweepSpec, fail: Fail) -> None:
    """Every network and chip can be found, and every field of the chip exists in at least one of the chips.

    Whether values are good, and whether a network fits, is found out point by point.
    """
    from ...arch import load, to_yaml
    from ...arch.errors import ConfigError
    from ...arch.overrides import apply_override
    from ...arch.yaml_text import read_text
    from ...workloads.errors import NetworkError
    from ...workloads.load import find

    for field in (NETWORK, CHIP):
        for source in spec.values_of(field):
            if not isinstance(source, str):
                raise fail(field, f"found {source!r}, expected a name or a file")
    try:
        for source in spec.values_of(NETWORK):
            find(source)
    except NetworkError as error:
        raise fail(NETWORK, str(error)) from None
    try:
        texts = [to_yaml(load(source)) for source in spec.values_of(CHIP)]
    except ConfigError as error:
        raise fail(CHIP, str(error)) from None
    for field in (*spec.fixed, *spec.fields):
        if not is_chip_field(field, spec.values_of(field)[0]):
            continue
        problems = []
        for text in texts:
            try:
                apply_override(read_text(text, "chip"), field, text_of(spec.values_of(field)[0]))
            except ConfigError as error:
                problems.append(str(error).removeprefix(f"`set: {field}`: "))
        if len(problems) == len(texts):
            raise fail(field, problems[0])


def network_digest(source: str) -> str:
    """SHA-256 of the network's file."""
    from ...workloads.load import find

    return _file_digest(find(source)[0])


def chip_digest(source: str) -> str:
    """SHA-256 of the chip's file, before any override; of a preset, what its file means."""
    from ...arch.modes import split_mode

    for path in (Path(source), Path(split_mode(source)[0])):
        if path.is_file():
            return _file_digest(path)
    return _preset_digest(source)


@lru_cache(maxsize=64)
def _preset_digest(source: str) -> str:
    from ...arch import load, to_yaml

    return hashlib.sha256(to_yaml(load(source)).encode()).hexdigest()


def files_digest(settings: Mapping[str, Value]) -> str:
    """SHA-256 of the data and the routing that a point reads from files; "" where there are none."""
    named = (Path(str(settings[field])) for field in ("data", "routing") if settings.get(field) is not None)
    return " ".join(_file_digest(path) for path in named if path.is_file())


def _file_digest(path: Path) -> str:
    state = path.stat()
    return _digest(path, state.st_mtime_ns, state.st_size)


@lru_cache(maxsize=64)
def _digest(path: Path, _mtime_ns: int, _size: int) -> str:
    """The digest, worked out again when the file has changed."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
