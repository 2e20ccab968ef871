"""Mixture of experts: every feed-forward block of a decoder as a router and several copies of itself.

A router (a matrix and a softmax) weighs the experts for every token, and the token goes to the `top_k` that
a `Routing` draws for it (Shazeer et al., ICLR 2017; Fedus et al., JMLR 2022). Each expert has weights of its
own and works only on its own tokens, in their order; their outputs are weighed and added up. An expert that
no token goes to does nothing, but its weights are there. Choosing the largest of the router's outputs is not
counted.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from .attention import Attention, first_matrices
from .errors import NetworkError
from .graph import Grid, Matrix, Network, Operator, Port, Tensor, Window
from .phase import Phase, stream
from .routing import Routing


@dataclass(frozen=True)
class Block:
    """A feed-forward block: its operators in order, the tensor that they take and the one that they make."""

    operators: tuple[str, ...]
    taken: str
    made: str


@dataclass(frozen=True)
class Experts:
    """What becomes of the feed-forward blocks.

    Parameters
    ----------
    n, top_k : int
        Experts of a block, and how many of them a token uses.
    routing : Routing
    seed : int
    blocks : tuple of Block
    everywhere : bool
        Every token goes to every expert: not a run, but what the mapping has to find room for.
    """

    n: int
    top_k: int
    routing: Routing
    seed: int
    blocks: tuple[Block, ...]
    everywhere: bool = False

    @staticmethod
    def of(
        network: Network,
        attentions: tuple[Attention, ...],
        head: str,
        n: int,
        top_k: int,
        routing: Routing,
        seed: int,
    ) -> Experts:
        """Find the feed-forward blocks; raises `NetworkError` if there are none, or numbers do not fit."""
        if n < 1 or not 1 <= top_k <= n:
            raise NetworkError(
                f"`experts: {n}`, `top_k: {top_k}`: expected at least one expert, and that a token "
                "goes to at least one and at most all of them"
            )
        for row in routing.weights:
            if len(row) != n or sum(weight > 0 for weight in row) < top_k:
                raise NetworkError(
                    f"routing: {routing.name}: chooses {sum(w > 0 for w in row)} of {len(row)} experts, "
                    f"expected weights for {n} and at least {top_k} of them above 0"
                )
        blocks = _blocks(network, attentions, head)
        if len(routing.weights) not in (1, len(blocks)):
            raise NetworkError(
                f"routing: {routing.name}: {len(routing.weights)} lines of weights, expected 1 or "
                f"{len(blocks)}, one per layer"
            )
        return Experts(n, top_k, routing, seed, blocks)


def with_experts(network: Network, experts: Experts, phase: Phase) -> Network:
    """The network with every block replaced by its experts, and tokens drawn for them."""
    block_of = {name: i for i, b in enumerate(experts.blocks) for name in b.operators}
    made: list[Operator] = []
    for o in network.operators:
        if o.name not in block_of:
            made.append(o)
        elif o.name == experts.blocks[block_of[o.name]].operators[-1]:
            made += _mixture(network, experts, block_of[o.name], phase)
    return replace(network, operators=tuple(made), _by_tensor={})


def _mixture(network: Network, experts: Experts, layer: int, phase: Phase) -> list[Operator]:
    """Router, experts and the sum of their outputs, in place of one block."""
    block = experts.blocks[layer]
    by_name = {o.name: o for o in network.operators}
    copied = [by_name[name] for name in block.operators]
    source, grid = network.producer(block.taken).output, phase.grid
    router, gate = _router(copied[-1].name, source, grid, experts.n)
    chosen = _chosen(experts, layer, grid.n_tokens)
    made, ports = [router, gate], []
    for e in range(experts.n):
        tokens = [t for t, picked in enumerate(chosen) if e in picked]
        if not tokens:
            continue
        # Steps of a decoding phase are rows, and an expert may have any number of tokens in one.
        own = Grid(len(tokens), 1) if grid.rows > 1 else Grid(1, len(tokens))
        made += _expert(copied, block, source, gate.output.name, tokens, own, e)
        ports.append(Port(f"{block.made}.{e}", _counted(tokens, grid.n_tokens)))
    output = copied[-1].output
    sums = (("mul", experts.top_k * output.elements), ("add", max(1, experts.top_k - 1) * output.elements))
    made.append(
        Operator(
            f"{copied[-1].name} mixture", "Mixture", "vector", tuple(ports), output, function="add",
            work=sum(work for _, work in sums), state_work=sums,
        )
    )  # fmt: skip
    return made


def _chosen(experts: Experts, layer: int, n_tokens: int) -> tuple[tuple[int, ...], ...]:
    if experts.everywhere:
        return (tuple(range(experts.n)),) * n_tokens
    return experts.routing.draw(layer, n_tokens, experts.top_k, experts.seed)


def _router(name: str, source: Tensor, grid: Grid, n: int) -> tuple[Operator, Operator]:
    """The matrix that weighs the experts, and its softmax."""
    logits = Tensor(f"{name} router", (1, grid.n_tokens, n), grid, n)
    matrix = Operator(
        logits.name, "MatMul", "matrix", (Port(source.name),), logits,
        matrix=Matrix(source.elements, n), params=source.elements * n,
    )  # fmt: skip
    shares = replace(logits, name=f"{name} gate")
    gate = Operator(
        shares.name, "Softmax", "vector", (Port(logits.name),), shares, function="softmax", work=n
    )
    return matrix, gate


def _expert(
    copied: list[Operator], block: Block, source: Tensor, gate: str, tokens: list[int], grid: Grid, e: int
) -> list[Operator]:
    """One copy of a block, and the picking of its tokens."""
    window = Window("routed", ends=tuple(t + 1 for t in tokens))
    name = f"{copied[0].name} tokens.{e}"
    picked = stream(replace(source, name=name), grid, source.elements)
    made = [Operator(name, "Gather", "move", (Port(source.name, window), Port(gate, window)), picked)]
    inside = {o.output.name: f"{o.output.name}.{e}" for o in copied} | {block.taken: name}
    for o in copied:
        output = stream(replace(o.output, name=inside[o.output.name]), grid, o.output.elements)
        ports = tuple(Port(inside[port.tensor], port.window) for port in o.inputs)
        matrix = o.matrix and replace(o.matrix, weight=o.matrix.weight and f"{o.matrix.weight}.{e}")
        made.append(replace(o, name=f"{o.name}.{e}", inputs=ports, output=output, matrix=matrix))
    return made


def _counted(tokens: list[int], n_tokens: int) -> Window:
    """How many outputs of an expert are needed through each token."""
    own = set(tokens)
    ends, count = [], 0
    for t in range(n_tokens):
        count += t in own
        ends.append(count)
    return Window("routed", ends=tuple(ends))


def _blocks(network: Network, attentions: tuple[Attention, ...], head: str) -> tuple[Block, ...]:
    """The feed-forward block behind each attention."""
    order = {o.name: i for i, o in enumerate(network.operators)}
    ends = [set(_inputs_of(network, a)) for a in attentions[1:]] + [{head}]
    found = []
    for attention, after in zip(attentions, ends, strict=True):
        begin, end = order[attention.mix], min(order[name] for name in after)
        within = [o for o in network.operators[begin:end] if o.kind == "matrix"]
        own = [o for o in within if _projects(network, o, attention.mix) is False]
        if not own:
            raise NetworkError(
                f"{network.name}: no feed-forward block behind {attention.mix}: nothing to make experts of"
            )
        found.append(_block(network, own))
    return tuple(found)


def _inputs_of(network: Network, attention: Attention) -> tuple[str, ...]:
    """Projections of queries, keys and values."""
    scores = next(o for o in network.operators if o.name == attention.scores)
    return first_matrices(network, [*(p.tensor for p in scores.inputs), attention.values])


def _projects(network: Network, matrix: Operator, mix: str) -> bool:
    """Whether a matrix takes the output of an attention as it is (the projection behind it)."""
    maker = network.producer(matrix.inputs[0].tensor)
    while maker.kind in ("vector", "move") and len(maker.inputs) == 1:
        maker = network.producer(maker.inputs[0].tensor)
    return maker.name == mix


def _block(network: Network, matrices: list[Operator]) -> Block:
    """Everything between the input that the first matrices share and the output of the last."""
    taken, last = matrices[0].inputs[0].tensor, matrices[-1]
    names: set[str] = set()
    pending = [last]
    while pending:
        o = pending.pop()
        names.add(o.name)
        makers = (network.producer(port.tensor) for port in o.inputs if port.tensor != taken)
        pending += [maker for maker in makers if maker.name not in names]
    if any(o.kind == "input" for o in network.operators if o.name in names):
        raise NetworkError(
            f"{network.name}: {last.name}: a feed-forward block with a second input cannot become experts"
        )
    ordered = tuple(o.name for o in network.operators if o.name in names)
    return Block(ordered, taken, last.output.name)


def busiest_expert(network: Network) -> tuple[int, float]:
    """Tokens of the expert that has most of them in any layer, and those of a mean expert.

    Raises
    ------
    NetworkError
        The network has no experts.
    """
    picked: dict[str, list[int]] = {}
    routers = {o.name: o.output.elements for o in network.operators}
    for o in network.operators:
        if o.op == "Gather" and len(o.inputs) == 2 and o.inputs[0].window.ends:
            picked.setdefault(o.inputs[1].tensor, []).append(o.output.grid.n_tokens)
    if not picked:
        raise NetworkError(f"{network.name}: there are no experts")
    most, gate = max((max(tokens), gate) for gate, tokens in picked.items())
    return most, sum(picked[gate]) / routers[gate]
