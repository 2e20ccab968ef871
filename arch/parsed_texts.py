"""Plain values that have been worked out before, kept in the user's cache folder.

One JSON file for each text, named by the SHA-256 of the text and of the reader's own source: another text or
another reader never finds an old value. The folder may be deleted at any time.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any

LEAST_CHARACTERS = 512
"""Shorter texts are parsed as fast as they are looked up."""
_HERE = Path(__file__).parent
MOST_FILES = 512
"""Beyond, the older half goes."""


def folder(kind: str = "yaml") -> Path:
    """Where values are kept: ``ohmsum/KIND`` in the folder that the system has for caches."""
    if sys.platform == "win32":
        base = os.environ.get("LOCALAPPDATA", "")
    else:
        base = os.environ.get("XDG_CACHE_HOME", "")
    return (Path(base) if base else Path("~/.cache").expanduser()) / "ohmsum" / kind


def get(text: str) -> tuple[bool, Any]:
    """Whether the text is known, and its value."""
    return (False, None) if len(text) < LEAST_CHARACTERS else recall(_digest(text))


def put(text: str, value: Any) -> None:
    """Keep the value of a text."""
    if len(text) >= LEAST_CHARACTERS:
        keep(_digest(text), value)


def recall(digest: str, kind: str = "yaml") -> tuple[bool, Any]:
    """Whether a plain value is kept under a digest of all that it follows from, and that value."""
    try:
        return True, json.loads((folder(kind) / f"{digest}.json").read_text("utf-8"))
    except (OSError, ValueError):
        return False, None


def keep(digest: str, value: Any, kind: str = "yaml") -> None:
    """Keep a plain value. Where the folder cannot be written, nothing is kept."""
    with suppress(ValueError):
        keep_file(f"{digest}.json", json.dumps(value).encode(), kind)


def keep_file(name: str, content: bytes, kind: str) -> None:
    """Keep a file, whole or not at all. Where the folder cannot be written, nothing is kept."""
    target = folder(kind) / name
    part = target.with_suffix(f".{os.getpid()}")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        _make_room(target.parent)
        part.write_bytes(content)
        part.replace(target)
    except OSError:
        with suppress(OSError):
            part.unlink(missing_ok=True)


def package_digest() -> str:
    """Digest of the presets and of the source that makes chips of them."""
    found = hashlib.sha256()
    for path in sorted([*_HERE.rglob("*.py"), *_HERE.rglob("*.yaml")]):
        found.update(path.name.encode() + path.read_bytes())
    return found.hexdigest()


def _make_room(kept: Path) -> None:
    if len(os.listdir(kept)) >= MOST_FILES:
        by_age = sorted(kept.iterdir(), key=lambda file: file.stat().st_mtime_ns)
        for file in by_age[: MOST_FILES // 2]:
            file.unlink(missing_ok=True)


def _digest(text: str) -> str:
    return hashlib.sha256(_reader() + text.encode("utf-8", "surrogatepass")).hexdigest()


@cache
def _reader() -> bytes:
    """Stands for the code that makes values of texts."""
    return hashlib.sha256((_HERE / "yaml_parser.py").read_bytes()).digest()
