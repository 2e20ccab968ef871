"""What no mapping can beat: bounds of interval and latency over a class of mappings, each with its argument.

The class: every operator is on the kind of hardware that it is on here, weights stay in their crossbars; any
number of copies, any stripes, any tiles, any order. Let a layer have n tokens of s femtoseconds each on a
crossbar, x crossbars a copy, r copies, and let there be X crossbars.

- *Crossbars, interval.* The copies share n s, so that an interval T needs ``r >= n s / T`` copies, whole
  ones: T is at least the smallest for which ``sum x r <= X``. A recurrent layer has one copy.
- *Crossbars, latency.* Some copy has ``ceil(n / r)`` tokens, one after the other. Before them lies what the
  first of them needs, each layer with all crossbars for itself, and behind them a token of every layer that
  needs the last: with ``latency - before - behind`` for the tokens, the same search.
- *Order.* On a way through the network a layer may begin when the layer before has made the part `a` of its
  tokens that a first window needs (all of them where it needs the whole), so that the latency is at least
  ``sum a n s / r`` over the way. With ``sum x r <= X``, the inequality of Cauchy and Schwarz makes that at
  least ``(sum sqrt(a x n s))^2 / X``.
- *Shared work.* Host, memory, ports (their own time for every vector) and MAC arrays do work that no mapping
  of the class takes from them: work over servers. So do the links to the host: bytes over bandwidth.

Sources: the pooled bound is the resource bound of modulo scheduling (Rau, MICRO 1994) with whole copies.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from math import sqrt
from typing import TYPE_CHECKING

from ...arch.parts import port_word
from ...workloads.graph import Network
from ...workloads.stream import Tensor, Window
from ..mapping.assignment import OnCrossbars
from ..mapping.plan import input_fs
from ..mapping.timing import MvmTiming, ceil_div, total_tiles
from .busy import BusyTimes, class_members
from .seconds import seconds

if TYPE_CHECKING:
    from ...arch.chip import Chip
    from ..mapping.mapping import Mapping

SHARED = {"host": 1, "memory": 0, "mac_array": 0}
"""Classes of resources whose work hangs on the kind of hardware alone: how many; 0 is one in every chip."""


@dataclass(frozen=True)
class Bound:
    """A time that cannot be beaten, femtoseconds, and what forbids it."""

    fs: int
    by: str

    @property
    def s(self) -> float:
        """In seconds."""
        return seconds(self.fs)


@dataclass(frozen=True)
class MappingBounds:
    """Bounds over all mappings of the class; `interval` is the time per inference of a full pipeline."""

    interval: Bound
    latency: Bound


@dataclass(frozen=True)
class _Layer:
    """A layer on crossbars.

    Attributes
    ----------
    tokens, token_fs : int
        Of one inference, and the time of one on a crossbar.
    crossbars : int
        Of one copy.
    most : int
        Copies that it may have.
    before_fs, behind_fs : int
        What lies before its first token and behind its last one at least.
    """

    tokens: int
    token_fs: int
    crossbars: int
    most: int
    before_fs: int = 0
    behind_fs: int = 0

    @property
    def weight(self) -> float:
        """Crossbars x time of all tokens."""
        return self.crossbars * self.tokens * float(self.token_fs)


def mapping_bounds(
    chip: Chip, mapping: Mapping, alone: BusyTimes, *, skips_zeros: bool
) -> MappingBounds | None:
    """Bounds of one network on a chip; None where layers take turns on the crossbars.

    Parameters
    ----------
    alone : BusyTimes
        Of one inference.
    skips_zeros : bool
        Data were given, so that a chip that can may leave out reads of zeros; then crossbars say nothing.
    """
    if mapping.swap is not None:
        return None
    layers = _layers(chip, mapping)
    shared = [*_shared(chip, mapping, alone)]
    interval, latency = list(shared), list(shared)
    if layers and chip.tile is not None and not (skips_zeros and chip.tile.dac.zero_skipping):
        n_crossbars = chip.tile.crossbar.count * total_tiles(chip)
        every = _with_surroundings(mapping.network, layers, n_crossbars)
        interval.append(Bound(_least(every, n_crossbars, _copies_for_interval), "crossbars"))
        latency.append(Bound(_least(every, n_crossbars, _copies_for_latency), "crossbars"))
        latency.append(Bound(_along_ways(mapping.network, layers, n_crossbars), "order of layers"))
    most = [max(found, key=lambda bound: bound.fs, default=Bound(0, "")) for found in (interval, latency)]
    return MappingBounds(*most)


def _layers(chip: Chip, mapping: Mapping) -> dict[str, _Layer]:
    found = {}
    for o in mapping.network.operators:
        a = mapping.of(o.name)
        if not isinstance(a, OnCrossbars) or o.matrix is None or chip.tile is None:
            continue
        # Converters that are shared are fastest where a tile has one crossbar of the layer.
        timing = MvmTiming.of(chip.tile_of(o.name, o.op), replace(a.tiling, crossbars=1), 1)
        tokens = o.output.grid.n_tokens
        most = 1 if o.matrix.recurrent_k else tokens
        token_fs = timing.crossbar_hold_fs * o.matrix.applications
        found[o.name] = _Layer(tokens, token_fs, a.tiling.crossbars, most)
    return found


def _least(layers: list[_Layer], n_crossbars: int, copies: Callable[[_Layer, int], int | None]) -> int:
    """The least time for which all copies that it needs fit, by bisection."""

    def fits(fs: int) -> bool:
        needed = [copies(layer, fs) for layer in layers]
        return None not in needed and n_crossbars >= sum(
            layer.crossbars * (n or 0) for layer, n in zip(layers, needed, strict=True)
        )

    low, high = 0, sum(x.tokens * x.token_fs + x.before_fs + x.behind_fs for x in layers) + 1
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if fits(middle) else (middle + 1, high)
    return low


def _copies_for_interval(layer: _Layer, fs: int) -> int | None:
    if fs < 1:
        return None
    n = ceil_div(layer.tokens * layer.token_fs, fs)
    return n if n <= layer.most else None


def _copies_for_latency(layer: _Layer, fs: int) -> int | None:
    own_fs = fs - layer.before_fs - layer.behind_fs
    if own_fs < layer.token_fs:
        return None
    n = ceil_div(layer.tokens, own_fs // layer.token_fs) if layer.token_fs else 1
    return n if n <= layer.most else None


def _with_surroundings(network: Network, layers: dict[str, _Layer], n_crossbars: int) -> list[_Layer]:
    """Layers with what lies before and behind them."""

    def least_fs(layer: _Layer | None, tokens: int) -> int:
        """Time of so many tokens of a layer that has all crossbars for itself."""
        if layer is None:
            return 0
        return ceil_div(tokens, min(layer.most, n_crossbars // layer.crossbars)) * layer.token_fs

    begins: dict[str, int] = {}
    ends: dict[str, int] = {}
    for o in network.operators:
        begin = end = 0
        for port in o.inputs:
            maker = network.producer(port.tensor)
            if port.window.kind == "all":
                begin = max(begin, ends[maker.name])
            else:
                first = least_fs(layers.get(maker.name), _least_window(port.window, maker.output, o.output))
                begin = max(begin, begins[maker.name] + first)
            if _needs_every(port.window, maker.output, o.output):
                end = max(end, ends[maker.name] + least_fs(layers.get(o.name), 1))
        begins[o.name] = begin
        ends[o.name] = max(end, begin + least_fs(layers.get(o.name), o.output.grid.n_tokens))
    behind = {o.name: 0 for o in network.operators}
    for o in reversed(network.operators):
        for port in o.inputs:
            maker = network.producer(port.tensor)
            if _needs_every(port.window, maker.output, o.output):
                left = o.output.grid.n_tokens if port.window.kind == "all" else 1
                own = least_fs(layers.get(o.name), left)
                behind[maker.name] = max(behind[maker.name], behind[o.name] + own)
    return [replace(layer, before_fs=begins[name], behind_fs=behind[name]) for name, layer in layers.items()]


def _along_ways(network: Network, layers: dict[str, _Layer], n_crossbars: int) -> int:
    """The largest bound of any way, by the sums of roots to the begin and to the end of each layer."""
    begins: dict[str, float] = {}
    ends: dict[str, float] = {}
    for o in network.operators:
        begin = end = 0.0
        for port in o.inputs:
            maker = network.producer(port.tensor)
            if port.window.kind == "all":
                begin = max(begin, ends[maker.name])
            elif (layer := layers.get(maker.name)) is not None:
                part = _least_window(port.window, maker.output, o.output) / layer.tokens
                begin = max(begin, begins[maker.name] + sqrt(part * layer.weight))
            else:
                begin = max(begin, begins[maker.name])
            if _needs_every(port.window, maker.output, o.output):
                end = max(end, ends[maker.name])
        own = layers.get(o.name)
        begins[o.name] = begin
        ends[o.name] = max(end, begin + (sqrt(own.weight) if own else 0.0))
    return int(max(ends.values(), default=0.0) ** 2 / n_crossbars)


def _least_window(window: Window, made: Tensor, out: Tensor) -> int:
    """Tokens of an input that an output token needs at least; at a border the kernel hangs over it."""
    if window.kind != "window" or window.dilation != (1, 1):
        return 0 if window.kind == "routed" else 1
    least = 1
    for axis, (n_in, n_out) in enumerate(_sizes(made, out)):
        first, last = window.spans(axis, range(n_out), n_in)
        least *= int((last - first).min()) + 1
    return least


def _needs_every(window: Window, made: Tensor, out: Tensor) -> bool:
    """Whether every token of an input is needed by some output token."""
    if window.kind in ("same", "prefix", "all"):
        return True
    if window.kind == "routed" or window.dilation != (1, 1):
        return False
    for axis, (n_in, n_out) in enumerate(_sizes(made, out)):
        first, last = window.spans(axis, range(n_out), n_in)
        if first[0] > 0 or last[-1] < n_in - 1 or (first[1:] > last[:-1] + 1).any():
            return False
    return True


def _sizes(made: Tensor, out: Tensor) -> tuple[tuple[int, int], ...]:
    """Rows, and columns, of the input and of the output."""
    return (made.grid.rows, out.grid.rows), (made.grid.cols, out.grid.cols)


def _shared(chip: Chip, mapping: Mapping, alone: BusyTimes) -> Iterator[Bound]:
    """Work that every mapping of the class leaves where it is, over the servers of all chips."""
    program = alone.program
    yield Bound(input_fs(mapping.network, chip), "link to the host")
    for port in chip.ports:
        vectors = sum(
            a.tiling.crossbars * a.matrix.applications * o.output.grid.n_tokens
            for o in mapping.network.operators
            if isinstance(a := mapping.of(o.name), OnCrossbars)
        )
        n = port.of_chip(chip.n_crossbars) * chip.n_chips
        yield Bound(vectors * port.time_fs // n, port_word(port.name))
    members = class_members(program)
    for name, n_copies in SHARED.items():
        if name in members:
            work = int(alone.resource_fs[members[name]].sum())
            servers = int(program.resource_servers[members[name]].sum())
            yield Bound(work // (servers * (n_copies or chip.n_chips)), name)
