"""Operators on digital units and on the host: functions, reductions, products, data movement.

A unit of a tile reads its share of the input from the tile's buffer, computes, and writes its share of the
output back; all the tiles where the stream lies do so in lock step. Functions that need a whole token
(softmax, normalisation) get it into one tile. A unit of the chip sits at one tile. The host gets and
returns everything over its link.
"""

from __future__ import annotations

from fractions import Fraction

from ...arch.digital import MacArray
from ...arch.links import Host
from ...workloads.functions import get
from ...workloads.graph import Operator
from ..mapping.assignment import (
    HOST,
    AtInput,
    InCache,
    InMemory,
    OnChipUnits,
    OnHost,
    OnTileUnits,
)
from ..mapping.growth import output_grows
from ..mapping.places import work_of
from ..mapping.stripes import Cut, followed
from ..mapping.timing import ceil_div, host_fs
from . import kv_cache, memory, unit_visits
from .context import Context
from .crossbars import port_visit, write_outputs
from .grouping import Firings, Group, following_group
from .growth import ALIKE, Growth, mean_share
from .kv_reads import read_cache
from .part import LayerPart
from .prefetch import fetch_kept
from .shares import Shares, busiest, even, rescaled, tiles_of
from .stage import Stage
from .unit_visits import growth_of_output, steps

Elsewhere = OnTileUnits | OnChipUnits | InMemory | InCache | OnHost | AtInput
"""What this file lowers."""


def lower(
    context: Context, operator: Operator, a: Elsewhere, source: Stage | None, written: Stage | None = None
) -> Stage:
    """The stage of an operator on a unit of the tiles or of the chip, on a buffer, in memory, or on the host.

    Parameters
    ----------
    source : Stage or None
        The one that makes the first input; its grouping and its cut over tiles are taken over where possible.
    written : Stage or None
        The one that appends to the cache that a product reads.
    """
    if isinstance(a, OnTileUnits) and operator.name in context.cuts:
        return _in_stripes(context, operator, a, context.cuts[operator.name])
    grid = operator.output.grid
    group = following_group(grid, source.firings) if source else _input_group(context, operator)
    firings = Firings(grid, group, samples=operator.samples)
    growth = Growth.of(operator, firings)
    actor = context.builder.actor(operator.name, firings.n, layer=operator.name)
    held = even(firings.group.n_tokens, operator.output.elements, a.sources)
    n_tokens = firings.group.n_tokens
    match a:
        case AtInput():
            latency = interval = _arrive(context, actor)
        case OnHost():
            latency = interval = _on_host(context, actor, operator, a.host, n_tokens, growth)
        case InCache():
            latency, interval = kv_cache.append(context, actor, operator, n_tokens)
        case InMemory():
            latency, interval = _in_memory(context, actor, operator, a, n_tokens)
        case OnTileUnits():
            held = _cut(operator, firings, a, source)
            latency, interval = _on_tiles(context, actor, operator, a, held, growth)
        case OnChipUnits():
            latency, interval = _on_chip(context, actor, operator, a, n_tokens, growth)
            fetch_kept(context, operator, a, actor)
    if operator.name in context.caches and operator.product is not None:
        read_cache(context, actor, operator, firings, held, written)
    share = mean_share(operator) if output_grows(operator, context.mapping.network) else Fraction(1)
    return Stage(operator.name, actor, actor, firings, held, latency, interval, mean_share=share)


def _in_stripes(context: Context, operator: Operator, a: OnTileUnits, cut: Cut) -> Stage:
    """A stage of stripes, each in the tiles of the same stripe of the input that it follows, or its own."""
    maker = followed(operator, context.mapping.network, context.mapping.by_name)
    tokens_of = cut.tokens(operator.output.grid)
    parts: list[LayerPart] = []
    for stripe, tiles in enumerate(cut.places):
        tokens = tokens_of[stripe]
        if len(tokens) == 0:
            continue
        name = cut.name(operator.name, stripe)
        actor = context.builder.actor(name, len(tokens), layer=operator.name)
        of_maker = None if maker is None else context.stripe_held.get((maker, stripe))
        held = _stripe_held(context, operator, tiles, of_maker)
        context.stripe_held[operator.name, stripe] = held
        latency, interval = _on_tiles(context, actor, operator, a, held, ALIKE)
        parts.append(LayerPart(actor, actor, tokens, held, latency, interval))
    return Stage(
        operator=operator.name,
        first=parts[0].first,
        last=parts[-1].last,
        firings=Firings(operator.output.grid, Group()),
        held=tuple(share for part in parts for share in part.held),
        latency_fs=max(part.latency_fs for part in parts),
        interval_fs=min(part.interval_fs for part in parts),
        parts=tuple(parts),
    )


def _stripe_held(
    context: Context, operator: Operator, tiles: tuple[int, ...], followed_held: Shares | None
) -> Shares:
    """Which tile of a stripe makes which elements: as the input is cut, where the function allows it."""
    elements = operator.output.elements
    if len(tiles) == 1 or followed_held is None:
        return even(1, elements, tiles[:1])
    if any(get(function).whole_token for function, _ in work_of(operator)):
        return even(1, elements, tiles[:1])
    of_input = max(share.elements[1] for share in followed_held)
    return rescaled(followed_held, (1, 1), (of_input, elements))


def _input_group(context: Context, operator: Operator) -> Group:
    """Network inputs arrive row by row (a line of an image), or token by token where there is one row.

    The sequences of a decoder, which are the columns of a row, do not wait for each other.
    """
    grid = operator.output.grid
    return Group(1, grid.cols) if grid.rows > 1 and not context.autoregressive else Group()


def _cut(operator: Operator, firings: Firings, a: OnTileUnits, source: Stage | None) -> Shares:
    """Which tile makes which part: as the input is cut, where the function allows it."""
    n, elements = firings.group.n_tokens, operator.output.elements
    if source is None or tiles_of(source.held) != a.sources:
        return even(n, elements, a.sources)
    whole = all(share.elements == (0, source.elements) for share in source.held)
    if operator.inputs[0].window.kind != "same" or source.firings.grid != firings.grid:
        return even(n, elements, a.sources)
    # A head of a product takes its own part of a token.
    at_once = operator.product is None and any(get(f).whole_token for f, _ in work_of(operator))
    if at_once and not whole:
        return even(n, elements, a.sources[:1])
    return rescaled(source.held, (source.firings.group.n_tokens, n), (source.elements, elements))


def _arrive(context: Context, actor: int) -> int:
    """Inputs lie ready in the host's memory; one firing per cycle of the network starts them on their way."""
    cycle = context.chip.noc.cycle_fs if context.chip.noc else 1_000_000
    context.builder.visit(actor, (), cycle)
    return cycle


def _on_host(
    context: Context, actor: int, operator: Operator, host: Host, n_tokens: int, growth: Growth
) -> int:
    """One visit of the host. Data movement costs it one operation per element."""
    operations = sum(work for _, work in work_of(operator)) or operator.output.elements
    fused = len(operator.fused) * operator.output.elements * n_tokens
    of_output = growth_of_output(context, operator, growth)

    def work(reach: tuple[int, ...]) -> int:
        alike = reach if of_output.most == growth.most else (1,) * len(reach)
        return growth.part(reach, operations * n_tokens) + of_output.part(alike, fused)

    fs = growth.each(lambda reach: host_fs(host, work(reach)))
    context.builder.visit(actor, context.resource("host", "host"), fs)
    context.spend(actor, "host", "operation", growth.each(work), host.energy_j, host.power_w, fs)
    return host_fs(host, operations * n_tokens + fused)


def _in_memory(
    context: Context, actor: int, operator: Operator, a: InMemory, n_tokens: int
) -> tuple[int, int]:
    """A look-up in the memory behind the chip: the bytes of the output are read."""
    n_bytes = operator.output.elements * n_tokens * context.word_bytes
    return memory.move(context, actor, a.memory, a.home, [n_bytes])


def _on_tiles(
    context: Context, actor: int, operator: Operator, a: OnTileUnits, held: Shares, growth: Growth
) -> tuple[int, int]:
    """Visits of buffer, units and buffer again, on all tiles that hold a share.

    Returns the latency and the longest hold.
    """
    port, tiles = context.tile.buffer, tiles_of(held)
    total = sum(share.size for share in held)
    n_bytes = _operand_bytes(context, operator, total)
    here = ceil_div(n_bytes * busiest(held), total)
    latency = port_visit(context, actor, ("buffer", "read"), port, tiles, (here, n_bytes), growth)
    hold = port.hold_fs(max(1, port.beats(here)))
    for step in steps(context, operator, a, growth):
        latency += unit_visits.on_tiles(context, actor, step, held)[0]
    return latency + write_outputs(context, actor, held, growth_of_output(context, operator, growth)), hold


def _operand_bytes(context: Context, operator: Operator, n_elements: int) -> int:
    """Bytes read for so many output elements: as many new input elements as they use on average.

    What comes from a cache is read there.
    """
    cached = operator.product is not None and operator.product.cached
    ports = operator.inputs[:1] if cached else operator.inputs
    size = sum(context.mapping.network.producer(p.tensor).output.size for p in ports)
    return max(1, ceil_div(size * n_elements, operator.output.size)) * context.word_bytes


def _on_chip(
    context: Context, actor: int, operator: Operator, a: OnChipUnits, n_tokens: int, growth: Growth
) -> tuple[int, int]:
    """Visits of the units of the chip, between buffer accesses on a chip with MAC arrays.

    Returns the latency and the longest hold.
    """
    elements = operator.output.elements * n_tokens
    latency, interval = 0, 1
    if a.array is not None:
        n_bytes = _operand_bytes(context, operator, elements)
        latency += array_buffer(context, actor, a.array, a.sources, n_bytes, "read", growth)
    for step in steps(context, operator, a, growth):
        added, hold = unit_visits.on_chip(context, actor, step, a.sources, elements)
        latency, interval = latency + added, max(interval, hold)
    if a.array is not None:
        written, n_bytes = growth_of_output(context, operator, growth), elements * context.word_bytes
        latency += array_buffer(context, actor, a.array, a.sources, n_bytes, "write", written)
    return latency, max(interval, latency if interval == 1 else interval)


def array_buffer(
    context: Context,
    actor: int,
    array: MacArray,
    sources: tuple[int, ...],
    n_bytes: int,
    action: str,
    growth: Growth = ALIKE,
) -> int:
    """A visit of the buffers beside the MAC arrays of a chip, over which the bytes are spread evenly.

    They are taken together, so that they are one resource. Returns the latency in the longest firing.
    """
    port = array.buffer

    def beats(whole: int) -> int:
        return max(1, port.beats(ceil_div(whole, array.count)))

    chips = tuple(
        context.resource(f"chip {c} buffer", "buffer", units=array.count) for c in sorted(set(sources))
    )
    hold = growth.each(lambda reach: port.hold_fs(beats(growth.part(reach, n_bytes))))
    latency = growth.each(lambda reach: port.latency_fs(beats(growth.part(reach, n_bytes))))
    context.builder.visit(actor, chips, hold, latency)
    count = growth.each(lambda reach: growth.part(reach, n_bytes))
    instances = array.count * len(chips)
    context.spend(actor, "buffer", action, count, port.energy_per_byte_j, port.power_w, hold, instances)
    return port.latency_fs(beats(n_bytes))


def output(context: Context, name: str, producer: Stage) -> Stage:
    """The host takes a network output, firing by firing."""
    actor = context.builder.actor(name, producer.firings.n, layer=name)
    latency = _arrive(context, actor)
    held = even(producer.firings.group.n_tokens, producer.elements, (HOST,))
    return Stage(name, actor, actor, producer.firings, held, latency, latency)
