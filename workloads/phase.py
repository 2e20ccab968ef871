"""What tokens a network of a template works on, and what that makes of an attention."""

from __future__ import annotations

from dataclasses import dataclass, replace

from .attention import Attention
from .graph import Grid, Network, Operator, Port, Reach, Tensor, Window

CACHE_APPEND = "CacheAppend"
"""The operator that writes keys or values of new tokens into the cache."""


@dataclass(frozen=True)
class Phase:
    """Tokens of one network of a decoder.

    Parameters
    ----------
    grid : Grid
        (1, tokens) of a prompt or a step; (steps, sequences) of a decoding phase.
    reach : Reach
        Positions that each token sees, itself included.
    cached : bool
        Keys and values are read from the cache; else they come along with the prompt.
    n_logits : int
        The last tokens, so many of them, get logits.
    n_fresh : int
        Of a step: the first tokens, so many of them, are of prompts, whose keys and values are not read from
        the cache.
    """

    grid: Grid
    reach: Reach
    cached: bool
    n_logits: int
    n_fresh: int = 0

    @property
    def most(self) -> int:
        """Positions that the furthest token sees."""
        return self.reach.most(self.grid.n_tokens)


def at_attention(
    network: Network, operator: Operator, attention: Attention, phase: Phase, length: int
) -> list[Operator]:
    """One operator of an attention, with the append to the cache before each of the two products."""
    if operator.name == attention.scores:
        return _product(network, operator, attention, phase, length, "keys")
    if operator.name == attention.mix:
        return _product(network, operator, attention, phase, length, "values")
    grown = operator.output.elements * phase.most // length
    return [
        replace(
            operator,
            inputs=tuple(Port(port.tensor) for port in operator.inputs),
            output=stream(operator.output, phase.grid, grown),
            work=operator.work * phase.most // length,
            reach=phase.reach,
        )
    ]


def _product(
    network: Network, operator: Operator, attention: Attention, phase: Phase, length: int, what: str
) -> list[Operator]:
    """A product with its operand from the cache, or straight from the prompt so far."""
    assert operator.product is not None
    is_scores = operator.name == attention.scores
    source = network.producer(operator.inputs[1].tensor).output
    name = f"{operator.name} {what}"
    kept = stream(replace(source, name=name), phase.grid, source.elements)
    append = Operator(name, CACHE_APPEND, "move", (Port(source.name),), kept)
    sizes = {"n": phase.most} if is_scores else {"k": phase.most}
    product = replace(operator.product, **sizes, shared_by=attention.shared_by, cached=phase.cached)
    elements = operator.output.elements
    if is_scores:
        elements = elements * phase.most // length
    return [
        append,
        replace(
            operator,
            inputs=(
                Port(operator.inputs[0].tensor),
                Port(name) if phase.cached else Port(source.name, Window("prefix")),
            ),
            output=stream(operator.output, phase.grid, elements),
            product=product,
            reach=phase.reach,
        ),
    ]


def stream(tensor: Tensor, grid: Grid, elements: int) -> Tensor:
    """A tensor with other tokens, and so many elements in each."""
    return Tensor(tensor.name, (1, grid.n_tokens, elements), grid, elements)
