"""Plain values of YAML texts that have been read before, kept in the user's cache folder.

One JSON file for each text, named by the SHA-256 of the text and of the reader's own source: another text or
another reader never finds an old value. The folder may be deleted at any time.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
from functools import cache
from pathlib import Path
from typing import Any

LEAST_CHARACTERS = 512
"""Shorter texts are parsed as fast as they are looked up."""
MOST_FILES = 512
"""Beyond, the older half goes."""


def folder() -> Path:
    """Where values are kept: ``ohmsum/yaml`` in the folder that the system has for caches."""
    if sys.platform == "win32":
        base = os.environ.get("LOCALAPPDATA", "")
    else:
        base = os.environ.get("XDG_CACHE_HOME", "")
    return (Path(base) if base else Path("~/.cache").expanduser()) / "ohmsum" / "yaml"


def get(text: str) -> tuple[bool, Any]:
    """Whether the text is known, and its value."""
    if len(text) < LEAST_CHARACTERS:
        return False, None
    try:
        return True, json.loads(_file(text).read_text("utf-8"))
    except (OSError, ValueError):
        return False, None


def put(text: str, value: Any) -> None:
    """Keep the value of a text. Where the folder cannot be written, nothing is kept."""
    if len(text) < LEAST_CHARACTERS:
        return
    target = _file(text)
    part = target.with_suffix(f".{os.getpid()}")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        _make_room(target.parent)
        part.write_text(json.dumps(value), "utf-8")
        part.replace(target)
    except (OSError, ValueError):
        part.unlink(missing_ok=True)


def _make_room(kept: Path) -> None:
    if len(os.listdir(kept)) >= MOST_FILES:
        by_age = sorted(kept.iterdir(), key=lambda file: file.stat().st_mtime_ns)
        for file in by_age[: MOST_FILES // 2]:
            file.unlink(missing_ok=True)


def _file(text: str) -> Path:
    digest = hashlib.sha256(_reader() + text.encode("utf-8", "surrogatepass")).hexdigest()
    return folder() / f"{digest}.json"


@cache
def _reader() -> bytes:
    """Stands for the code that makes values of texts."""
    return hashlib.sha256(Path(__file__).with_name("yaml_parser.py").read_bytes()).digest()
