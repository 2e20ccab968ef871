"""Attentions of a decoder: which operators they are, and where their keys and values come from."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from .errors import NetworkError
from .graph import Network, Operator


@dataclass(frozen=True)
class Attention:
    """The operators of one self-attention.

    Parameters
    ----------
    scores, mix : str
        The products of queries and keys, and of weights and values.
    between : tuple of str
        What lies between them (scaling, masks, softmax), in the order of the network.
    keys, values : str
        The tensors that a decoder keeps in its cache.
    shared_by : int
        Query heads that use the same keys and values.
    """

    scores: str
    between: tuple[str, ...]
    mix: str
    keys: str
    values: str
    shared_by: int


def attentions(network: Network, length: int) -> tuple[Attention, ...]:
    """Every attention of a network that was traced with `length` tokens, in order.

    Raises
    ------
    NetworkError
        A product of two activations that is no part of a causal self-attention.
    """
    products = [o for o in network.operators if o.product is not None]
    taken: set[str] = set()
    found = []
    for scores in products:
        if scores.name in taken:
            continue
        mix = next((o for o in products if _fed_by(network, o, scores)), None)
        if mix is None or scores.product is None or mix.product is None:
            raise _no_attention(network, scores)
        if scores.product.n != length or mix.product.k != length:
            raise _no_attention(network, scores)
        if not _looks_back(scores):
            raise NetworkError(
                f"{network.name}: {scores.name}: an attention without a causal mask: the network is no "
                "language model that writes token by token (`prefill` and `decode` need one)"
            )
        taken |= {scores.name, mix.name}
        between = _between(network, scores, mix)
        found.append(_attention(network, scores, between, mix))
    return tuple(found)


def _attention(network: Network, scores: Operator, between: tuple[str, ...], mix: Operator) -> Attention:
    assert scores.product is not None
    keys, values = scores.inputs[1].tensor, mix.inputs[1].tensor
    wide = scores.product.heads * scores.product.k
    kept = network.producer(keys).output.elements
    if kept == 0 or wide % kept:
        raise NetworkError(
            f"{network.name}: {scores.name}: keys of {kept} elements per token, expected a divisor of "
            f"{wide} ({scores.product.heads} heads of {scores.product.k})"
        )
    return Attention(scores.name, between, mix.name, keys, values, wide // kept)


def _looks_back(scores: Operator) -> bool:
    """Whether queries see no later keys: what a causal mask means."""
    return scores.reach is not None or scores.inputs[1].window.kind == "prefix"


def _fed_by(network: Network, mix: Operator, scores: Operator) -> bool:
    """Whether the streamed operand of a product is made of the scores without another product between."""
    if mix.name == scores.name:
        return False
    tensor = mix.inputs[0].tensor
    while True:
        maker = network.producer(tensor)
        if maker.name == scores.name:
            return True
        if maker.kind not in ("vector", "move") or not maker.inputs:
            return False
        tensor = maker.inputs[0].tensor


def _between(network: Network, scores: Operator, mix: Operator) -> tuple[str, ...]:
    names: list[str] = []
    maker = network.producer(mix.inputs[0].tensor)
    while maker.name != scores.name:
        if len(maker.inputs) != 1:
            raise NetworkError(
                f"{network.name}: {maker.name} ({maker.op}): {len(maker.inputs)} inputs inside an attention; "
                "only operators on the scores alone can grow with the context"
            )
        names.append(maker.name)
        maker = network.producer(maker.inputs[0].tensor)
    return tuple(reversed(names))


def _no_attention(network: Network, product: Operator) -> NetworkError:
    return NetworkError(
        f"{network.name}: {product.name} ({product.op}): a product of two activations that is no part of a "
        "self-attention over all tokens; the network cannot be unrolled over its context"
    )


def first_matrices(network: Network, tensors: Iterable[str]) -> tuple[str, ...]:
    """Operators with weights that make tensors, through anything that has none."""
    found: dict[str, None] = {}
    pending = list(tensors)
    seen: set[str] = set()
    while pending:
        maker = network.producer(pending.pop())
        if maker.name in seen:
            continue
        seen.add(maker.name)
        if maker.kind == "matrix":
            found[maker.name] = None
        elif maker.kind in ("vector", "move"):
            pending += [port.tensor for port in maker.inputs]
    return tuple(found)
