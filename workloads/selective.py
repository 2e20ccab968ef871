"""Attention of a step in which prompts join running sequences: each part by itself, all the rest together.

Projections and feed-forward blocks take the tokens of prompts and of running sequences as one stream. At
an attention the stream parts: prompts get their keys and values from each other, running sequences from the
cache; then it comes together again (selective batching, Yu et al., Orca, OSDI 2022).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from .attention import Attention
from .graph import Grid, Network, Operator, Port, Reach, Tensor, Window
from .phase import CACHE_APPEND, Phase, stream


@dataclass(frozen=True)
class ScanPart:
    """Prompts or running sequences: neighbouring tokens of a step."""

    name: str
    first: int
    reach: Reach
    grid: Grid
    cached: bool

    @property
    def most(self) -> int:
        """Positions that the furthest token sees."""
        return self.reach.most(self.grid.n_tokens)


def parts_of(phase: Phase) -> tuple[ScanPart, ScanPart]:
    """The prompts, and the running sequences."""
    fresh, each = phase.n_fresh, phase.reach.each
    prompts = ScanPart("prompts", 0, Reach(1, each=each[:fresh]), Grid(1, fresh), cached=False)
    contexts = each[fresh:]
    running = ScanPart(
        "running", fresh, Reach(1, 0, len(contexts), contexts), Grid(1, len(contexts)), cached=True
    )
    return prompts, running


def at_attention(
    network: Network, operator: Operator, attention: Attention, phase: Phase, length: int
) -> list[Operator]:
    """One operator of an attention, for both parts."""
    if operator.name == attention.scores:
        return _products(network, operator, attention, phase, length, is_scores=True)
    if operator.name == attention.mix:
        return _products(network, operator, attention, phase, length, is_scores=False)
    return [_between(operator, part, length) for part in parts_of(phase)]


def _between(operator: Operator, part: ScanPart, length: int) -> Operator:
    elements = operator.output.elements * part.most // length
    return replace(
        operator,
        name=f"{operator.name} {part.name}",
        inputs=tuple(Port(f"{port.tensor} {part.name}") for port in operator.inputs),
        output=_named(operator.output, part, elements),
        work=operator.work * part.most // length,
        reach=part.reach,
    )


def _products(
    network: Network, o: Operator, attention: Attention, phase: Phase, length: int, *, is_scores: bool
) -> list[Operator]:
    """A product of each part, and what brings their operands to them."""
    what = "keys" if is_scores else "values"
    source = network.producer(o.inputs[1].tensor).output
    kept = stream(replace(source, name=f"{o.name} {what}"), phase.grid, source.elements)
    made = [Operator(kept.name, CACHE_APPEND, "move", (Port(source.name),), kept)]
    for part in parts_of(phase):
        streamed = f"{o.inputs[0].tensor} {part.name}"
        if is_scores:
            queries = network.producer(o.inputs[0].tensor).output
            made.append(_slice(queries, streamed, part))
        if part.cached:
            ends = tuple(part.first + k + 1 for k in range(part.grid.n_tokens))
            stationary = Port(kept.name, Window("routed", ends=ends))
        else:
            made.append(_slice(source, f"{kept.name} {part.name}", part))
            stationary = Port(made[-1].output.name, Window("prefix"))
        made.append(_product(o, attention, part, (Port(streamed), stationary), length, is_scores=is_scores))
    return made if is_scores else [*made, _together(o, phase)]


def _product(
    o: Operator,
    attention: Attention,
    part: ScanPart,
    ports: tuple[Port, Port],
    length: int,
    *,
    is_scores: bool,
) -> Operator:
    assert o.product is not None
    sizes = {"n": part.most} if is_scores else {"k": part.most}
    elements = o.output.elements * part.most // length if is_scores else o.output.elements
    return replace(
        o,
        name=f"{o.name} {part.name}",
        inputs=ports,
        output=_named(o.output, part, elements),
        product=replace(o.product, **sizes, shared_by=attention.shared_by, cached=part.cached),
        reach=part.reach,
    )


def _slice(source: Tensor, name: str, part: ScanPart) -> Operator:
    """The tokens of one part."""
    output = stream(replace(source, name=name), part.grid, source.elements)
    window = Window("window", pad=(0, -part.first))
    return Operator(name, "Slice", "move", (Port(source.name, window),), output)


def _together(mix: Operator, phase: Phase) -> Operator:
    """Both parts as one stream again."""
    prompts, running = parts_of(phase)
    n, fresh = phase.grid.n_tokens, phase.n_fresh
    ports = (
        Port(
            f"{mix.output.name} {prompts.name}",
            Window("routed", ends=tuple(min(t + 1, fresh) for t in range(n))),
        ),
        Port(
            f"{mix.output.name} {running.name}",
            Window("routed", ends=tuple(max(0, t + 1 - fresh) for t in range(n))),
        ),
    )
    output = stream(mix.output, phase.grid, mix.output.elements)
    return Operator(f"{mix.name} together", "Concat", "move", ports, output)


def _named(tensor: Tensor, part: ScanPart, elements: int) -> Tensor:
    return stream(replace(tensor, name=f"{tensor.name} {part.name}"), part.grid, elements)
