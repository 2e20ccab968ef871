"""Crossbars for the copies of every layer, tile by tile, so that no tile has more to do than the others.

A copy of a layer takes crossbars of a tile, bytes of its buffer, and a part of the time of what is in the
tile once: the port of the buffer, the bus, the digital units, also for the operators that work where the
layer's outputs are. For a time per inference T, every layer gets as many copies as it needs to be done in T,
and a tile as many copies as fit into it with their crossbars, their bytes and their times. The least T for
which all copies find room is found by bisection; crossbars that are left over stay empty.
"""

from __future__ import annotations

from dataclasses import dataclass

FULL = 0.9
"""Share of its time that a part of a tile may be busy: what several layers queue for is never kept busy."""
FILLED = (0.75, 0.85, 0.95, 1.1, 1.3, 1.6, 2.5, 10.0)
"""Shares of a buffer that an estimate of what waits there may take, until all copies find room."""
BYTES = "bytes"
"""Key of the bytes of the buffer, among the times of parts."""
OPEN = 64
"""Tiles, of those begun last, that later layers may fill up: farther back means longer ways."""
STEPS = 24
"""Halvings of the interval that holds the least time per inference."""


@dataclass(frozen=True)
class Room:
    """What a tile offers, and how many tiles there are.

    Attributes
    ----------
    crossbars, n_bytes, tiles : int
        Bytes that may wait in a tile; 0 for no limit.
    """

    crossbars: int
    n_bytes: int
    tiles: int

    @property
    def bytes(self) -> float:
        """Bytes that may be counted on."""
        return float(self.n_bytes or 1 << 60)


@dataclass(frozen=True)
class Load:
    """A layer on crossbars, as packing sees it.

    Attributes
    ----------
    name : str
    crossbars : int
        Of one copy; none of an operator on units that has stripes of its own.
    tokens : int
    hold_fs : int
        Time that a copy takes for a token.
    most : int
        Copies that are of any use.
    least : int
        Copies that there must be.
    of_token_fs : dict of str to int
        Time of each part of the tile for a token, by the part's path in the chip.
    n_bytes : int
        Of the tile buffer, for the streams of all copies together.
    """

    name: str
    crossbars: int
    tokens: int
    hold_fs: int
    most: int
    least: int
    of_token_fs: dict[str, int]
    n_bytes: int = 0

    def copies(self, interval_fs: float, room: Room) -> int:
        """Copies with which it is done in a given time."""
        busiest = self.hold_fs * 1.0
        if self.crossbars <= room.crossbars:
            busiest = max(busiest, max(self.of_token_fs.values(), default=0) / FULL)
        asked = max(int(-(-self.tokens * busiest // interval_fs)), int(-(-self.n_bytes // room.bytes)))
        return max(self.least, min(self.most, asked))


@dataclass
class _Tile:
    """What is taken of a tile: crossbars from `first` on, and shares of its times and its bytes."""

    first: int
    crossbars: int
    taken: dict[str, float]


Packed = dict[str, tuple[int, ...]]
"""By layer: the first crossbar of every copy."""


def pack(loads: list[Load], room: Room, floor_fs: int) -> tuple[Packed, int] | None:
    """Copies of every layer and where they lie, and the time per inference; None if they do not fit.

    Parameters
    ----------
    floor_fs : int
        Time per inference of the slowest stage that is not on crossbars; being faster is of no use.
    """
    slowest = max((x.tokens * max(x.hold_fs, *x.of_token_fs.values(), 1) / FULL for x in loads), default=1.0)
    total = sum(x.tokens * max([*x.of_token_fs.values(), 0]) for x in loads)
    high = max(1.0, floor_fs, slowest, total)
    best = fit(loads, high, room)
    if best is None:
        return None
    low = max(1.0, float(floor_fs))
    found = fit(loads, low, room)
    if found is not None:
        return found, int(low)
    for _ in range(STEPS):
        if high / low < 1.002:
            break
        middle = (low * high) ** 0.5
        found = fit(loads, middle, room)
        if found is None:
            low = middle
        else:
            best, high = found, middle
    return best, int(high)


def fit(loads: list[Load], interval_fs: float, room: Room) -> Packed | None:
    """The copies that a given time per inference asks for, in tiles that can do their work in that time."""
    counts = [load.copies(interval_fs, room) for load in loads]
    if sum(n * load.crossbars for n, load in zip(counts, loads, strict=True)) > room.crossbars * room.tiles:
        return None
    begun: list[_Tile] = []
    packed: Packed = {}
    for load, n in zip(loads, counts, strict=True):
        part = {k: fs * load.tokens / n / (FULL * interval_fs) for k, fs in load.of_token_fs.items()}
        part[BYTES] = load.n_bytes / n / room.bytes
        if load.crossbars > room.crossbars:
            found = _over_tiles(load, n, part, begun, room)
        else:
            found = _in_tiles(load, n, part, begun, room)
        if found is None:
            return None
        packed[load.name] = tuple(found)
    return packed


def _in_tiles(
    load: Load,
    n: int,
    part: dict[str, float],
    begun: list[_Tile],
    room: Room,
) -> list[int] | None:
    """Copies that fit into a tile, into those begun last and into new ones."""
    found: list[int] = []
    for tile in begun[-OPEN:]:
        _fill(tile, load, n, part, room, found)
        if len(found) == n:
            return found
    while len(found) < n:
        if len(begun) == room.tiles:
            return None
        begun.append(_Tile(len(begun) * room.crossbars, 0, {}))
        before = len(found)
        _fill(begun[-1], load, n, part, room, found)
        if len(found) == before:  # more work than the time allows, whatever the tile
            found.append(begun[-1].first)
            _take(begun[-1], load.crossbars, part, 1)
    return found


def _fill(
    tile: _Tile,
    load: Load,
    n: int,
    part: dict[str, float],
    room: Room,
    found: list[int],
) -> None:
    copies = n - len(found)
    if load.crossbars:
        copies = min(copies, (room.crossbars - tile.crossbars) // load.crossbars)
    for key, share in part.items():
        if copies <= 0:
            return
        if share > 0:
            copies = min(copies, int((1.0 - tile.taken.get(key, 0.0)) / share + 1e-9))
    if copies > 0:
        first = tile.first + (tile.crossbars if load.crossbars else 0)
        found += [first + i * load.crossbars for i in range(copies)]
        _take(tile, copies * load.crossbars, part, copies)


def _take(tile: _Tile, crossbars: int, part: dict[str, float], copies: float) -> None:
    tile.crossbars += crossbars
    for key, share in part.items():
        tile.taken[key] = tile.taken.get(key, 0.0) + copies * share


def _over_tiles(
    load: Load,
    n: int,
    part: dict[str, float],
    begun: list[_Tile],
    room: Room,
) -> list[int] | None:
    """Copies larger than a tile, one after the other, from the last tile on where that has time for it."""
    found: list[int] = []
    if begun and any(begun[-1].taken.get(k, 0.0) + share > 1.0 for k, share in part.items()):
        begun.append(_Tile(len(begun) * room.crossbars, 0, {}))
    for _ in range(n):
        left = load.crossbars
        if not begun or begun[-1].crossbars == room.crossbars:
            begun.append(_Tile(len(begun) * room.crossbars, 0, {}))
        found.append(begun[-1].first + begun[-1].crossbars)
        while left:
            if begun[-1].crossbars == room.crossbars:
                begun.append(_Tile(len(begun) * room.crossbars, 0, {}))
            here = min(left, room.crossbars - begun[-1].crossbars)
            _take(begun[-1], here, part, 1.0)
            left -= here
    return None if len(begun) > room.tiles else found
