"""Machine code that is never stale: a digest of all that it is compiled from is part of its file's name.

The digest is taken before the files are imported and again when the code has been compiled; if they changed
in between, nothing is kept.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

HERE = Path(__file__).parent


class Sources:
    """Files and folders (of Python files) that machine code is compiled from, and their digest at first.

    Attributes
    ----------
    digest : int
        62 bits of the SHA-256 of every file.
    """

    def __init__(self, *paths: Path) -> None:
        self._paths = (HERE / "records.py", HERE / "record_code.py", *paths)
        self.digest = self._now()

    def unchanged(self) -> bool:
        """Whether the files are what they were."""
        return self._now() == self.digest

    def _now(self) -> int:
        digest = hashlib.sha256()
        for file in self._files():
            digest.update(file.name.encode() + b"\0" + file.read_bytes() + b"\0")
        return int.from_bytes(digest.digest()[:8], "big") >> 2

    def _files(self) -> Iterator[Path]:
        for path in self._paths:
            yield from sorted(path.glob("*.py")) if path.is_dir() else (path,)
