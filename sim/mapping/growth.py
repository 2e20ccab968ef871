"""What of an operator grows with the positions that its tokens look back at.

Scores (queries times keys), and what is done to them, have an element per position; their product with the
values adds up over the positions, and its output has the same size for every token.
"""

from __future__ import annotations

from typing import Literal

from ...workloads.graph import Network, Operator

Along = Literal["none", "n", "k"]


def grows_along(operator: Operator, network: Network) -> Along:
    """Dimension of a product that counts positions: its outputs (n), the sum (k), or none of them."""
    if operator.reach is None or operator.product is None:
        return "none"
    return "k" if output_grows(network.producer(operator.inputs[0].tensor), network) else "n"


def output_grows(operator: Operator, network: Network) -> bool:
    """Whether output tokens have an element (or several) for every position."""
    if operator.reach is None:
        return False
    return operator.product is None or grows_along(operator, network) == "n"


def positions(operator: Operator) -> list[int]:
    """Positions that each token looks back at; as many for all of them where there is no `Reach`."""
    n = operator.output.grid.n_tokens
    if operator.reach is None:
        return [1] * n
    return [operator.reach(k) for k in range(n)]


def kept_positions(operator: Operator) -> int:
    """Positions of all sequences together that are in a cache when the last token has been worked on.

    The last `every` tokens are one of each sequence. Where every token says its own and nothing is said of
    sequences, each token has one, but those that count up from 1 are one (a prompt).
    """
    reach = positions(operator)
    assert operator.reach is not None
    if not operator.reach.each or operator.reach.every > 1:
        return sum(reach[-operator.reach.every :])
    total, run = 0, False
    for k, here in enumerate(reach):
        run = here == 1 or (run and here == reach[k - 1] + 1)
        total += 1 if run else here
    return total
