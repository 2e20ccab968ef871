"""What exporters take apart is put together again: activations, normalisations, attention."""

from __future__ import annotations

from ..nodes import Graph, Links
from . import activations, affine, attention, causal, normalisation

PASSES = (
    attention.drop_nan_guards,
    attention.drop_empty_masks,
    activations.silu,
    activations.hard_swish,
    activations.gelu,
    normalisation.layer_norm,  # before rms_norm, which would take its second half
    normalisation.rms_norm,
    normalisation.softmax,
    attention.rotary,
    affine.absorb_padding,
    affine.absorb_affine,
    causal.causal,  # last, since it marks nodes that others would replace
)


def recognise(graph: Graph) -> None:
    """Rewrite the graph in place."""
    for rewrite in PASSES:
        links = Links(graph)
        rewrite(graph, links)
        links.commit()
