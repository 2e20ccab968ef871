"""Crossbars for the copies of every layer, tile by tile, so that no tile has more to do than the others.

A copy of a layer takes crossbars of a tile and a part of the time of what is in the tile once: the port of
its buffer, its bus, its digital units, also for the operators that work where the layer's outputs are. For
a time per inference T, every layer gets as many copies as it needs to be done in T, and a tile as many
copies as fit into it with their crossbars and their times. The least T for which all copies find room is
found by bisection; crossbars that are left over stay empty.
"""

from __future__ import annotations

from dataclasses import dataclass

FULL = 0.9
"""Share of its time that a part of a tile may be busy: what several layers queue for is never kept busy."""
OPEN = 64
"""Tiles, of those begun last, that later layers may fill up: farther back means longer ways."""
STEPS = 24
"""Halvings of the interval that holds the least time per inference."""


@dataclass(frozen=True)
class Load:
    """A layer on crossbars, as packing sees it.

    Attributes
    ----------
    name : str
    crossbars : int
        Of one copy.
    tokens : int
    hold_fs : int
        Time that a copy takes for a token.
    most : int
        Copies that are of any use.
    least : int
        Copies that there must be.
    of_token_fs : dict of str to int
        Time of each part of the tile for a token.
    """

    name: str
    crossbars: int
    tokens: int
    hold_fs: int
    most: int
    least: int
    of_token_fs: dict[str, int]

    def copies(self, interval_fs: float, per_tile: int) -> int:
        """Copies with which it is done in a given time."""
        busiest = self.hold_fs * 1.0
        if self.crossbars <= per_tile:
            busiest = max(busiest, max(self.of_token_fs.values(), default=0) / FULL)
        asked = int(-(-self.tokens * busiest // interval_fs))
        return max(self.least, min(self.most, asked))


@dataclass
class _Tile:
    """What is taken of a tile."""

    first: int
    crossbars: int
    busy_fs: dict[str, float]


Packed = dict[str, tuple[int, ...]]
"""By layer: the first crossbar of every copy."""


def pack(loads: list[Load], per_tile: int, tiles: int, floor_fs: int) -> tuple[Packed, int] | None:
    """Copies of every layer and where they lie, and the time per inference; None if they do not fit.

    Parameters
    ----------
    floor_fs : int
        Time per inference of the slowest stage that is not on crossbars; being faster is of no use.
    """
    slowest = max((x.tokens * max(x.hold_fs, *x.of_token_fs.values(), 1) / FULL for x in loads), default=1.0)
    total = sum(x.tokens * max([*x.of_token_fs.values(), 0]) for x in loads)
    high = max(1.0, floor_fs, slowest, total)
    best = fit(loads, high, per_tile, tiles)
    if best is None:
        return None
    low = max(1.0, float(floor_fs))
    found = fit(loads, low, per_tile, tiles)
    if found is not None:
        return found, int(low)
    for _ in range(STEPS):
        if high / low < 1.002:
            break
        middle = (low * high) ** 0.5
        found = fit(loads, middle, per_tile, tiles)
        if found is None:
            low = middle
        else:
            best, high = found, middle
    return best, int(high)


def fit(loads: list[Load], interval_fs: float, per_tile: int, tiles: int) -> Packed | None:
    """The copies that a given time per inference asks for, in tiles that can do their work in that time."""
    counts = [load.copies(interval_fs, per_tile) for load in loads]
    if sum(n * load.crossbars for n, load in zip(counts, loads, strict=True)) > per_tile * tiles:
        return None
    begun: list[_Tile] = []
    packed: Packed = {}
    for load, n in zip(loads, counts, strict=True):
        part = {k: fs * load.tokens / n for k, fs in load.of_token_fs.items()}
        if load.crossbars > per_tile:
            found = _over_tiles(load, n, part, begun, per_tile, tiles, interval_fs)
        else:
            found = _in_tiles(load, n, part, begun, per_tile, tiles, interval_fs)
        if found is None:
            return None
        packed[load.name] = tuple(found)
    return packed


def _in_tiles(
    load: Load,
    n: int,
    part: dict[str, float],
    begun: list[_Tile],
    per_tile: int,
    tiles: int,
    interval_fs: float,
) -> list[int] | None:
    """Copies that fit into a tile, into those begun last and into new ones."""
    found: list[int] = []
    for tile in begun[-OPEN:]:
        _fill(tile, load, n, part, per_tile, interval_fs * FULL, found)
        if len(found) == n:
            return found
    while len(found) < n:
        if len(begun) == tiles:
            return None
        begun.append(_Tile(len(begun) * per_tile, 0, {}))
        before = len(found)
        _fill(begun[-1], load, n, part, per_tile, interval_fs * FULL, found)
        if len(found) == before:  # more work than the time allows, whatever the tile
            found.append(begun[-1].first)
            _take(begun[-1], load.crossbars, part, 1)
    return found


def _fill(
    tile: _Tile,
    load: Load,
    n: int,
    part: dict[str, float],
    per_tile: int,
    time_fs: float,
    found: list[int],
) -> None:
    room = min(n - len(found), (per_tile - tile.crossbars) // load.crossbars)
    for key, fs in part.items():
        if room <= 0:
            return
        if fs > 0:
            room = min(room, int((time_fs - tile.busy_fs.get(key, 0.0)) / fs))
    if room > 0:
        first = tile.first + tile.crossbars
        found += [first + i * load.crossbars for i in range(room)]
        _take(tile, room * load.crossbars, part, room)


def _take(tile: _Tile, crossbars: int, part: dict[str, float], copies: float) -> None:
    tile.crossbars += crossbars
    for key, fs in part.items():
        tile.busy_fs[key] = tile.busy_fs.get(key, 0.0) + copies * fs


def _over_tiles(
    load: Load,
    n: int,
    part: dict[str, float],
    begun: list[_Tile],
    per_tile: int,
    tiles: int,
    interval_fs: float,
) -> list[int] | None:
    """Copies larger than a tile, one after the other, from the last tile on where that has time for it."""
    found: list[int] = []
    if begun and any(begun[-1].busy_fs.get(k, 0.0) + fs > interval_fs * FULL for k, fs in part.items()):
        begun.append(_Tile(len(begun) * per_tile, 0, {}))
    for _ in range(n):
        left = load.crossbars
        if not begun or begun[-1].crossbars == per_tile:
            begun.append(_Tile(len(begun) * per_tile, 0, {}))
        found.append(begun[-1].first + begun[-1].crossbars)
        while left:
            if begun[-1].crossbars == per_tile:
                begun.append(_Tile(len(begun) * per_tile, 0, {}))
            here = min(left, per_tile - begun[-1].crossbars)
            _take(begun[-1], here, part, here / load.crossbars)
            left -= here
    return None if len(begun) > tiles else found
