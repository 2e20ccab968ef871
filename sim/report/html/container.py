"""Numbers for the page: a JSON object and large arrays in one compressed text."""

from __future__ import annotations

import base64
import gzip
import json
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.uint8] | NDArray[np.int32] | NDArray[np.float32] | NDArray[np.float64]
_TYPES = {"uint8": "u1", "int32": "<i4", "float32": "<f4", "float64": "<f8"}


class Container:
    """Collects arrays; in the JSON object each is a reference of type, offset and length.

    Layout: 4 bytes length of the JSON (little endian), the JSON, zeros up to a multiple of 8, the arrays,
    each at a multiple of 8; then gzip and base64.
    """

    def __init__(self) -> None:
        self._parts: list[bytes] = []
        self._size = 0

    def add(self, array: Array) -> dict[str, Any]:
        """Keep an array; returns what stands for it in the JSON object."""
        name = array.dtype.name
        if name not in _TYPES:
            raise TypeError(f"array of {name}, expected one of {', '.join(_TYPES)}")
        body = np.ascontiguousarray(array, _TYPES[name]).tobytes()
        reference = {"array": name, "offset": self._size, "length": int(array.size)}
        self._parts.append(body + bytes(-len(body) % 8))
        self._size += len(self._parts[-1])
        return reference

    def text(self, head: dict[str, Any]) -> str:
        """The container with `head` as its JSON object."""
        body = json.dumps(head, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()
        start = len(body).to_bytes(4, "little") + body
        whole = b"".join([start, bytes(-len(start) % 8), *self._parts])
        return base64.b64encode(gzip.compress(whole, mtime=0)).decode()
