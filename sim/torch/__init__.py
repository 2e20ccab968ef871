"""PyTorch modules whose layers behave as on a chip: for training that knows of the noise, and for evaluation.

`unfold` turns a layer into products of rows and a matrix; `surrogate` computes them fast and with gradients,
as training needs, on crossbars that are `drawn` for every call; `layer` is a layer in either mode; `module`
wraps a whole network.

PyTorch is an extra (``pip install 'ohmsum[torch]'``) and is imported when a name here is first used.

Sources: V. Joshi et al., Accurate deep neural network inference using computational phase-change memory,
Nature Communications 11 (2020) 2473 (noise injection, clipped weights); M. Rasch et al., Hardware-aware
training for large-scale and diverse deep learning inference workloads, Nature Communications 14 (2023) 5282;
Y. Bengio et al., arXiv:1308.3432 (straight-through estimator).
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from ..extras import need

if TYPE_CHECKING:
    from .module import OnChip, on_chip

__all__ = ["OnChip", "on_chip"]


def __getattr__(name: str) -> Any:
    """Import a public name when it is first used."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    need("ohmsum.sim.torch", "torch", "torch")
    return getattr(import_module(".module", __name__), name)
