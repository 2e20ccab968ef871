"""Where packets go: a file that knows its size, compressed or not."""

from __future__ import annotations

import zlib
from typing import BinaryIO

_CHUNK = 1 << 16
_GZIP = 31
"""zlib's window bits for the gzip format."""


class Sink:
    """Writes bytes to a file, through gzip on request, and says how large the file will be at most.

    Parameters
    ----------
    file : BinaryIO
    compress : bool
    """

    def __init__(self, file: BinaryIO, *, compress: bool) -> None:
        self._file = file
        self._pending = bytearray()
        self._written = 0
        self._zip = zlib.compressobj(6, zlib.DEFLATED, _GZIP) if compress else None

    @property
    def size(self) -> int:
        """Bytes of the file if no more were added, or a little more."""
        return self._written + len(self._pending)

    def add(self, part: bytes) -> None:
        """Append bytes."""
        self._pending += part
        if len(self._pending) >= _CHUNK:
            self._flush(zlib.Z_SYNC_FLUSH)

    def close(self) -> None:
        """Write what is left; the file stays open."""
        self._flush(zlib.Z_FINISH)

    def _flush(self, mode: int) -> None:
        part = bytes(self._pending)
        if self._zip is not None:
            part = self._zip.compress(part) + self._zip.flush(mode)
        self._file.write(part)
        self._written += len(part)
        self._pending.clear()
