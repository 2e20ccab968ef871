"""The last output of a decoder as its next input.

Tokens of a decoding phase are row-major over (step, sequence): the input of a sequence at one step is its
output at the step before, so token k of the input waits for output token k - (sequences), and sequences
pipeline through the layers between each other. The chosen token's number goes back to where inputs come
from, the host.
"""

from __future__ import annotations

from ..program import Schedule
from .context import Context
from .grouping import firings_for, token_ends
from .shares import ALL, Share, flows, unicasts
from .stage import Stage
from .transfers import transfer


def feed_back(context: Context, source: Stage, sink: Stage, *, multicast: bool = True) -> None:
    """A channel from the stage that chooses tokens to the one that brings inputs.

    Parameters
    ----------
    source, sink : Stage
        Streams of the same tokens.
    """
    n, n_sequences = source.firings.n, source.firings.grid.cols
    before = tuple(firings_for(source.firings, end - n_sequences) for end in token_ends(sink.firings))
    need = Schedule((0,), before)
    n_bytes = max(1, sum(share.size for share in source.held)) * context.word_bytes
    wanted = tuple(Share((0, ALL), (0, source.elements), share.tiles) for share in sink.held)
    sent = flows(source.held, wanted, context.word_bytes)
    moved = transfer(context, "next token", source.operator, n, sent if multicast else unicasts(sent))
    if moved is not None:
        every = Schedule.affine(1, 1, n)
        context.builder.channel(source.last, moved, n, every, bytes_per_token=n_bytes)
    last = source.last if moved is None else moved
    context.builder.channel(last, sink.first, n, need, bytes_per_token=n_bytes)
