"""One function per family of ONNX operators; importing this package registers them all."""

from . import (
    convolution,
    elementwise,
    indexing,
    matmul,
    moves,
    normalisation,
    pooling,
    recurrent,
    resampling,
    spectral,
    views,
)
from .registry import RULES, rule
from .unknown import said, unknown

__all__ = [
    "RULES",
    "convolution",
    "elementwise",
    "indexing",
    "matmul",
    "moves",
    "normalisation",
    "pooling",
    "recurrent",
    "resampling",
    "rule",
    "said",
    "spectral",
    "unknown",
    "views",
]
