"""Decoders as templates: one traced graph, and networks of any prompt length, context and batch made of it.

A decoder that was traced with T tokens says everything about one with any other number: operators outside
attention work token by token; the two products of an attention, and what lies between them, reach as many
positions back as a token has before it. So a prompt of any length, a decoding phase, or one step of a batch
in which every sequence has a context of its own are the same operators with other numbers of tokens and
another `Reach`; nothing is traced again.

What the template adds to the graph: keys and values are appended to a cache (`CacheAppend`); the logits are
made of the last token of a prompt only, as nothing reads the others (the last block itself runs on all of
them); and the next token is the largest logit (greedy decoding: one comparison per word).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from . import selective
from .attention import Attention, attentions, first_matrices
from .errors import NetworkError
from .experts import Experts, with_experts
from .graph import Grid, Network, Operator, Port, Reach, Tensor, Window
from .phase import Phase, at_attention, stream
from .routing import Routing

KNOWN_LIMITS = {"llama-1b": 2048}
"""Longest context of networks of the zoo whose graph has no table of positions: TinyLlama-1.1B's
configuration (max_position_embeddings)."""

SAMPLE = "sample"
"""The operator that chooses the next token."""


@dataclass(frozen=True)
class LanguageModel:
    """A decoder of which networks for any number of tokens are made.

    Parameters
    ----------
    network : Network
        As traced.
    length : int
        Tokens it was traced with.
    attentions : tuple of Attention
    head : str
        The operator that makes the logits.
    after_cut : tuple of str
        Operators from the last block to the logits, which only tokens with logits go through.
    limit : int or None
        Positions that the model has; None if the graph does not say.
    experts : Experts or None
        Feed-forward blocks as mixtures of experts.
    """

    network: Network
    length: int
    attentions: tuple[Attention, ...]
    head: str
    after_cut: tuple[str, ...]
    limit: int | None = None
    experts: Experts | None = None

    @staticmethod
    def of(network: Network) -> LanguageModel:
        """Recognise a decoder.

        Raises
        ------
        NetworkError
            The network is no language model that writes token by token; the message says why.
        """
        length = _length(network)
        found = attentions(network, length)
        if not found:
            raise NetworkError(
                f"{network.name}: no attention in it: not a language model that `prefill` and `decode` "
                "could run (the zoo has gpt2 and llama-1b)"
            )
        head = _head(network)
        for o in network.operators:
            if o.output.grid.n_tokens != length:
                raise NetworkError(
                    f"{network.name}: {o.name} ({o.op}) makes {o.output.grid.n_tokens} tokens, the prompt "
                    f"has {length}; the network cannot be unrolled over its context"
                )
        limit = _limit(network, length) or KNOWN_LIMITS.get(network.name)
        return LanguageModel(network, length, found, head.name, _after_cut(network, head), limit)

    @property
    def vocabulary(self) -> int:
        """Words that a token can be."""
        return self._operator(self.head).output.elements

    @property
    def kv_elements(self) -> int:
        """Elements that one position has in the cache, keys and values of all layers."""
        return sum(
            self.network.producer(tensor).output.elements
            for a in self.attentions
            for tensor in (a.keys, a.values)
        )

    def with_experts(self, n: int, top_k: int, routing: Routing, seed: int = 0) -> LanguageModel:
        """The same decoder with every feed-forward block as `n` experts, of which each token uses `top_k`.

        Raises
        ------
        NetworkError
            Numbers that do not fit together, or no feed-forward block to be found.
        """
        experts = Experts.of(self.network, self.attentions, self.head, n, top_k, routing, seed)
        return replace(self, experts=experts)

    def prefill(self, n_tokens: int, *, all_logits: bool = False) -> Network:
        """The network of a prompt: every token sees itself and those before it.

        Parameters
        ----------
        n_tokens : int
        all_logits : bool
            Make the logits of every token rather than of the last one only.

        Raises
        ------
        NetworkError
            More tokens than the model has positions, or fewer than one.
        """
        self.check_positions(n_tokens, "a prompt")
        grid, logits = Grid(1, n_tokens), n_tokens if all_logits else 1
        return self._network(Phase(grid, Reach(1, 1), cached=False, n_logits=logits), "prefill")

    def decode(self, context: int, n_tokens: int, n_sequences: int = 1) -> Network:
        """The network of a decoding phase: rows are the steps, columns the sequences.

        Its output is its next input: token k of the input cannot be there before output token
        ``k - n_sequences``. `lower` does that on request (``autoregressive``).

        Parameters
        ----------
        context : int
            Positions in the cache before the first step; token t of a sequence reaches ``context + t + 1``.
        n_tokens : int
            Steps: tokens that every sequence decodes.
        n_sequences : int
        """
        if n_tokens < 1 or n_sequences < 1 or context < 0:
            raise NetworkError(
                f"{self.network.name}: {n_tokens} tokens of {n_sequences} sequences after a context of "
                f"{context}: expected at least one of each"
            )
        self.check_positions(context + n_tokens, "a context")
        grid, reach = Grid(n_tokens, n_sequences), Reach(context + 1, 1, n_sequences)
        return self._network(Phase(grid, reach, cached=True, n_logits=grid.n_tokens), "decode")

    def step(self, contexts: tuple[int, ...], prompts: tuple[int, ...] = ()) -> Network:
        """The network of one step of a running batch: a token of every sequence, and whole prompts.

        Prompts come first, and of those the tokens that get no logits (all but the last of each), so that
        those which do are neighbours.

        Parameters
        ----------
        contexts : tuple of int
            Positions that each running sequence has in the cache.
        prompts : tuple of int
            Tokens of each prompt that joins.
        """
        if (not contexts and not prompts) or min((*contexts, 0)) < 0:
            raise NetworkError(f"{self.network.name}: a step of contexts {contexts} and prompts {prompts}")
        for prompt in prompts:
            self.check_positions(prompt, "a prompt")
        self.check_positions(max((*contexts, 0)) + 1, "a context")
        silent = tuple(i for prompt in prompts for i in range(1, prompt))
        each = (*silent, *prompts, *(c + 1 for c in contexts))
        grid, reach = Grid(1, len(each)), Reach(max(each), 0, 1 if prompts else len(each), each)
        fresh = sum(prompts) if contexts else 0
        phase = Phase(grid, reach, not prompts, len(contexts) + len(prompts), fresh)
        return self._network(phase, "step")

    def check_positions(self, n_tokens: int, what: str) -> None:
        """Raise `NetworkError` if so many tokens are none, or more than the model has positions."""
        if n_tokens < 1:
            raise NetworkError(f"{self.network.name}: {what} takes {n_tokens} positions, expected at least 1")
        if self.limit is not None and n_tokens > self.limit:
            raise NetworkError(
                f"{self.network.name}: {what} takes {n_tokens} positions, the model has {self.limit}; use a "
                "shorter prompt, or decode fewer tokens"
            )

    def _network(self, phase: Phase, name: str) -> Network:
        tail = Grid(1, phase.n_logits) if phase.n_logits < phase.grid.n_tokens else phase.grid
        cut = self._operator(self.after_cut[0]).inputs[0].tensor
        made: list[Operator] = []
        of = {name: a for a in self.attentions for name in (a.scores, *a.between, a.mix)}
        for o in self.network.operators:
            if o.name == self.after_cut[0] and tail is not phase.grid:
                made.append(_last_tokens(self.network.producer(cut), phase, tail))
                o = replace(o, inputs=(Port(made[-1].output.name), *o.inputs[1:]))
            if o.name in of:
                attend = selective.at_attention if phase.n_fresh else at_attention
                made += attend(self.network, o, of[o.name], phase, self.length)
            else:
                made.append(_with_tokens(o, tail if o.name in self.after_cut else phase.grid))
        made.append(_sample(self._operator(self.head), self._output, tail))
        whole = Network(
            f"{self.network.name} {name}",
            tuple(made),
            (SAMPLE,),
            self.network.notes,
            self.network.source,
            self.network.file_hash,
        )
        return whole if self.experts is None else with_experts(whole, self.experts, phase)

    @property
    def _output(self) -> str:
        return self._operator(self.network.outputs[0]).output.name

    def _operator(self, name: str) -> Operator:
        return next(o for o in self.network.operators if o.name == name)


def _length(network: Network) -> int:
    """Tokens of the one input."""
    inputs = [o for o in network.operators if o.kind == "input"]
    if len(inputs) != 1 or inputs[0].output.elements != 1 or inputs[0].output.grid.n_tokens < 2:
        found = ", ".join(f"{o.name} {o.output.shape}" for o in inputs) or "none"
        raise NetworkError(
            f"{network.name}: not a language model: expected one input, a row of two or more token "
            f"numbers; found {found} (the zoo has gpt2 and llama-1b)"
        )
    return inputs[0].output.grid.n_tokens


def _head(network: Network) -> Operator:
    """The last operator with weights before the one output."""
    outputs = [o for o in network.operators if o.name in network.outputs]
    heads = first_matrices(network, [o.output.name for o in outputs])
    if len(outputs) != 1 or len(heads) != 1:
        raise NetworkError(
            f"{network.name}: not a language model: expected one output, the logits; found "
            f"{', '.join(f'{o.name} {o.output.shape}' for o in outputs)}"
        )
    return next(o for o in network.operators if o.name == heads[0])


def _after_cut(network: Network, head: Operator) -> tuple[str, ...]:
    """From the last norm on: operators that only tokens with logits need go through."""
    first = head
    while True:
        maker = network.producer(first.inputs[0].tensor)
        readers = [o for o in network.operators if any(p.tensor == maker.output.name for p in o.inputs)]
        if maker.kind != "vector" or len(maker.inputs) != 1 or len(readers) != 1:
            break
        first = maker
    names = [o.name for o in network.operators]
    return tuple(names[names.index(first.name) :])


def _limit(network: Network, length: int) -> int | None:
    """Rows of the table of positions that is added to the embedding, if there is one."""
    for o in network.operators:
        if o.kind in ("matrix", "product"):
            return None
        rows, rest = divmod(o.params, o.output.elements)
        if o.function == "add" and len(o.inputs) == 1 and not rest and rows >= length:
            return rows
    return None


def _with_tokens(operator: Operator, grid: Grid) -> Operator:
    return replace(operator, output=stream(operator.output, grid, operator.output.elements))


def _last_tokens(maker: Operator, phase: Phase, tail: Grid) -> Operator:
    """The tokens that get logits, out of all."""
    before = phase.grid.n_tokens - tail.n_tokens
    output = Tensor("last_tokens", (1, tail.n_tokens, maker.output.elements), tail, maker.output.elements)
    window = Window("window", pad=(0, -before))
    return Operator("last tokens", "Slice", "move", (Port(maker.output.name, window),), output)


def _sample(head: Operator, logits: str, grid: Grid) -> Operator:
    """The number of the largest logit."""
    output = Tensor("next_token", (1, grid.n_tokens, 1), grid, 1)
    return Operator(
        SAMPLE, "ArgMax", "vector", (Port(logits),), output, function="reduce", work=head.output.elements
    )


__all__ = ["SAMPLE", "Experts", "LanguageModel", "Phase", "Routing"]
