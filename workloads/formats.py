"""Number formats: in what a quantised network keeps its weights and hands on its activations."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Granularity = Literal["tensor", "channel", "block"]


@dataclass(frozen=True)
class Format:
    """How numbers are stored: as codes of few bits, times a scale.

    Parameters
    ----------
    code : str
        "int8", "uint4", "float8e4m3fn" ...
    bits : int
        Of one code.
    per : {"tensor", "channel", "block"}
        What has a scale of its own.
    block : int
        Codes that share a scale, where `per` is "block"; else 0.
    dynamic : bool
        The scale is found anew for every input, from all elements of the tensor.
    """

    code: str
    bits: int
    per: Granularity = "tensor"
    block: int = 0
    dynamic: bool = False

    def __str__(self) -> str:
        per = f"per block of {self.block}" if self.per == "block" else f"per {self.per}"
        return f"{self.code} {per}{', dynamic' if self.dynamic else ''}"
