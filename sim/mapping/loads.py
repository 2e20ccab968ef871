"""What every layer asks of the tiles that it is in: crossbars, and time of what a tile has once.

The times are those of the lowering: a token's row vector is read from the buffer over the bus, its outputs
go through the fused units and back; an operator on tile units (an addition, a pool) works where the last of
its inputs is made, and counts for the layer there.
"""

from __future__ import annotations

from collections import defaultdict
from math import ceil

from ...arch.chip import Tile
from ...arch.digital import Unit
from ...workloads.graph import Grid, Network, Operator
from .assignment import Analog, Choice, OnTileUnits
from .attention import written
from .packing import Load
from .places import work_of
from .problem import Problem
from .stripes import ROW, streams_by
from .timing import MvmTiming, ceil_div, unit_beats

JOINED = 1.5
"""Rows of a short branch that wait where it meets a long one."""
STREAMED = 0.25
"""Rows that wait of what streams through."""


def loads(problem: Problem, apart: frozenset[str]) -> list[Load]:
    """All layers on crossbars, in the order of the network.

    Parameters
    ----------
    apart : frozenset of str
        Operators on tile units that have tiles of their own.
    """
    network, chip, choices, tilings = problem.network, problem.chip, problem.choices, problem.tilings
    assert chip.tile is not None
    word = ceil_div(chip.activation_bits, 8)
    homes = home_layers(network, choices, apart)
    follow: dict[str, dict[str, float]] = defaultdict(lambda: defaultdict(float))
    follow_bytes: dict[str, int] = defaultdict(int)
    for o in network.operators:
        home = homes.get(o.name)
        choice = choices[o.name]
        if home is not None and home != o.name and isinstance(choice, OnTileUnits):
            for key, fs in _of_unit(o, choice, network, chip.tile, word).items():
                follow[home][key] += fs * o.output.grid.n_tokens
            follow_bytes[home] += _waiting(o, network)
    found = []
    for o in network.operators:
        choice = choices[o.name]
        if o.name in apart and isinstance(choice, OnTileUnits):
            n = o.output.grid.n_tokens
            times = _of_unit(o, choice, network, chip.tile, word)
            for key, total in follow[o.name].items():
                times[key] = times.get(key, 0) + ceil(total / n)
            n_bytes = (_waiting(o, network) + follow_bytes[o.name]) * word
            found.append(Load(o.name, 0, n, 0, n, 1, times, n_bytes))
        if o.name not in tilings:
            continue
        tiling, n = tilings[o.name], o.output.grid.n_tokens
        if o.matrix is None:  # written at run time: as many copies as there are sequences
            sequences = written(o, network).sequences
            found.append(Load(o.name, tiling.crossbars, n, 0, sequences, sequences, {}))
            continue
        choice = choices[o.name]
        assert isinstance(choice, Analog)  # it has a tiling
        tile = chip.tile_of(o.name, o.op)
        times = _of_layer(o, choice, tile, word)
        for key, total in follow[o.name].items():
            times[key] = times.get(key, 0) + ceil(total / n)
        alone = o.matrix.recurrent_k > 0 or not problem.options.replicate
        hold = MvmTiming.of(tile, tiling, 1).crossbar_hold_fs * o.matrix.applications
        n_bytes = (_waiting(o, network) + follow_bytes[o.name]) * word
        found.append(Load(o.name, tiling.crossbars, n, hold, 1 if alone else n, 1, times, n_bytes))
    return found


def _waiting(o: Operator, network: Network) -> int:
    """Elements that wait for an operator: rows its windows cover, what a longer branch is behind.

    Estimates: `STREAMED` rows of what streams through, and `JOINED` where a short branch meets a long one.
    """
    ranks = {maker.name: i for i, maker in enumerate(network.operators)}
    found = STREAMED * _row(o.output.grid) * o.output.elements
    last = max((ranks[network.producer(p.tensor).name] for p in o.inputs), default=0)
    for port in o.inputs:
        maker, window = network.producer(port.tensor), port.window
        made = maker.output
        rows = STREAMED
        if window.kind == "all":
            found += made.size
            continue
        if window.kind == "window":
            rows += (window.kernel[0] - 1) * window.dilation[0] + window.stride[0] - 1
        if ranks[maker.name] != last:
            rows += JOINED
        found += min(rows, made.grid.rows if made.grid.rows > 1 else ROW) * _row(made.grid) * made.elements
    return ceil(found)


def _row(grid: Grid) -> int:
    """Tokens of a row, as stripes have it."""
    return grid.cols if grid.rows > 1 else min(ROW, grid.cols)


def joins(network: Network, choices: dict[str, Choice]) -> frozenset[str]:
    """Operators on tile units where streams meet that were made on crossbars."""
    homes = home_layers(network, choices)
    return frozenset(
        o.name
        for o in network.operators
        if isinstance(choices[o.name], OnTileUnits)
        and len(o.inputs) > 1
        and o.name in homes
        and streams_by(o)
    )


def home_layers(
    network: Network, choices: dict[str, Choice], apart: frozenset[str] = frozenset()
) -> dict[str, str]:
    """The layer on crossbars in whose tiles an operator works: itself, or that of its last input.

    Those of `apart` have tiles of their own, and so have a home.
    """
    homes: dict[str, str] = {}
    rank = {o.name: i for i, o in enumerate(network.operators)}
    for o in network.operators:
        choice = choices[o.name]
        if isinstance(choice, Analog) or o.name in apart:
            homes[o.name] = o.name
        elif isinstance(choice, OnTileUnits) and not choice.at_middle:
            makers = sorted((network.producer(p.tensor).name for p in o.inputs), key=rank.__getitem__)
            home = next((homes[m] for m in reversed(makers) if m in homes), None)
            if home is not None:
                homes[o.name] = home
    return homes


def _ports(tile: Tile, times: dict[str, int], n_bytes: int, *, bus: bool) -> None:
    """Add the time that bytes take at the buffer, and on the bus."""
    ports = {"tile.buffer": tile.buffer, "tile.bus": tile.bus if bus else None}
    for path, port in ports.items():
        if port is not None:
            times[path] = times.get(path, 0) + port.hold_fs(max(1, port.beats(n_bytes)))


def _units(times: dict[str, int], work: list[tuple[str, int]], units: tuple[Unit, ...]) -> None:
    """Add the time of functions on the units of a tile."""
    for (function, amount), unit in zip(work, units, strict=True):
        if amount:
            fs = unit.hold_fs(unit_beats(unit, amount, function, 1))
            path = f"tile.units.{unit.name}"  # not the name alone, which may be that of a port
            times[path] = times.get(path, 0) + fs


def _of_layer(o: Operator, choice: Analog, tile: Tile, word: int) -> dict[str, int]:
    assert o.matrix is not None
    times: dict[str, int] = {}
    _ports(tile, times, o.matrix.k * o.matrix.groups * o.matrix.applications * word, bus=True)
    _ports(tile, times, o.output.elements * word, bus=True)
    _units(times, [(f, o.output.elements) for f in o.fused], choice.fused)
    return times


def _of_unit(o: Operator, choice: OnTileUnits, network: Network, tile: Tile, word: int) -> dict[str, int]:
    times: dict[str, int] = {}
    read = sum(network.producer(p.tensor).output.size for p in o.inputs)
    _ports(tile, times, max(1, ceil_div(read, o.output.grid.n_tokens)) * word, bus=False)
    _ports(tile, times, o.output.elements * word, bus=True)
    if choice.own:
        _units(times, list(work_of(o)), choice.own)
    _units(times, [(f, o.output.elements) for f in o.fused], choice.fused)
    return times
