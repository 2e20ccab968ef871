"""Tokens that wait long, and do not fit into the buffer of the tile that wants them: put aside until then.

They are sent on as they come, and fetched shortly before they are used: to buffers of other tiles of the chip
that have room, the nearest first and each a slice of every token; where there is not enough of that, to the
memory behind the chip; where there is none, to the host. Ways there and back are transfers like any other,
and the buffers' ports are busy with them. What has to be moved least is put aside first.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace

from ..errors import SimulationError
from ..mapping.assignment import HOST
from ..program import I64, Schedule
from .context import Context
from .crossbars import port_visit
from .growth import ALIKE
from .memory import move
from .queues import TokenQueue, bytes_in, live, peaks, tokens_in
from .shares import Flow
from .transfers import UNDER_WAY, transfer

ROUNDS = 12
"""Times that tokens are put aside, and rooms found anew, before a network is refused."""
PASSING = 1
"""Tokens that there is room for in a tile that they only pass."""
AT_LEAST = 64
"""Tokens counted on where so many are made: those of other streams may come to be put aside, too."""
LENT = 0.75
"""Share of the bytes that a tile has left which those of others may take."""
SMALLEST = 32
"""Bytes of the smallest slice of a token that is worth a transfer of its own."""


def store_of(context: Context, place: int) -> tuple[str, str, int]:
    """Name, class and capacity of the store at a place: of a tile its buffer, below zero that of a memory."""
    if place >= 0:
        return f"tile {place} buffer", "buffer", context.tile.buffer.capacity_bytes
    chip, memory = -2 - place, context.chip.memory
    assert memory is not None  # something lies there
    alone = context.chip.n_chips == 1 or memory.shared
    name = "memory" if alone else f"chip {chip} memory"
    return name, "memory", 1 << 60 if memory.capacity_bytes is None else memory.capacity_bytes


def lodge(context: Context, queues: list[TokenQueue]) -> tuple[list[TokenQueue], tuple[I64, I64]]:
    """The queues, some of them by way of other places, so that least rooms fit, and the peaks in each.

    Raises
    ------
    SimulationError
        There is a tile in which they do not, whatever is put aside.
    """
    found = peaks(context.builder, queues)
    if not lacking_in(context, queues, found[0].tolist()):
        return queues, found
    for _ in range(ROUNDS):
        found = peaks(context.builder, queues, waiting=True)
        least = found[0].tolist()
        lacking = lacking_in(context, queues, least)
        if not lacking:
            return queues, found
        waits = _put_aside(context, queues, least, lacking)
        if not waits:
            raise _too_small(context, queues, least, lacking)
        room = _Room.of(context, queues, least)
        queues = [
            part
            for i, queue in enumerate(queues)
            for part in (_by_way(context, queue, waits[i], room) if i in waits else [queue])
        ]
    least = peaks(context.builder, queues, waiting=True)[0].tolist()
    raise _too_small(context, queues, least, lacking_in(context, queues, least) or lacking)


def lacking_in(context: Context, queues: list[TokenQueue], least: list[int]) -> dict[int, int]:
    """Bytes that are missing, by tile."""
    if context.chip.tile is None:
        return {}
    capacity = context.tile.buffer.capacity_bytes
    return {t: n - capacity for t, n in bytes_in(queues, least).items() if t >= 0 and n > capacity}


def _put_aside(
    context: Context, queues: list[TokenQueue], least: list[int], lacking: dict[int, int]
) -> dict[int, int]:
    """Queues to be put aside, with their tokens: enough for what tiles lack, the least bytes to be moved."""
    readers: dict[tuple[int, int], list[int]] = defaultdict(list)
    for i, queue in enumerate(queues):
        for tile, _ in queue.places:
            if tile in lacking:
                readers[queue.src, tile].append(i)
    sizes = tokens_in(queues, least)
    options: dict[int, list[tuple[int, int, list[int]]]] = defaultdict(list)
    for (src, tile), those in readers.items():
        tokens, n_bytes = sizes[src, tile]
        needed = {i: live(context.builder, queues[i]) for i in those}
        long = [
            i
            for i in those
            if not (queues[i].lodged or queues[i].fetched or queues[i].whole)
            and (queues[i].lazy or not queues[i].relayed)
            and least[i] > needed[i] + PASSING
        ]
        stays = max([PASSING, *(least[i] for i in those if i not in long)])
        gain = (tokens - stays) * n_bytes - sum(needed[i] * n_bytes for i in long)
        if long and gain > 0:
            moved = sum(context.builder.n_firings(src) * n_bytes for _ in long)
            options[tile].append((moved, gain, long))
    chosen: dict[int, int] = {}
    for tile, missing in lacking.items():
        gained = sum(gain for _, gain, long in options[tile] if chosen.keys() & set(long))
        left = sorted(o for o in options[tile] if not chosen.keys() & set(o[2]))
        while gained < missing and left:
            best = next((o for o in left if gained + o[1] >= missing), max(left, key=lambda o: o[1]))
            left.remove(best)
            gained += best[1]
            chosen |= {i: least[i] for i in best[2]}
    return chosen


@dataclass
class _Room:
    """Bytes that tiles have left for others."""

    context: Context
    left: dict[int, int]

    @staticmethod
    def of(context: Context, queues: list[TokenQueue], least: list[int]) -> _Room:
        capacity = context.tile.buffer.capacity_bytes
        taken = bytes_in(queues, [max(n, q.lodged) for q, n in zip(queues, least, strict=True)])
        tiles = range(context.chip.n_chips * context.tile.count)
        return _Room(context, {t: int(LENT * max(0, capacity - taken.get(t, 0))) for t in tiles})

    def slices(self, tile: int, n_bytes: int, tokens: int) -> tuple[tuple[int, int], ...]:
        """Bytes of every token by the tiles near one that have room for them; none if they do not."""
        word, missing = self.context.word_bytes, n_bytes
        found: list[tuple[int, int]] = []
        chip = self.context.chip_of(tile)
        near = [t for t in self.left if t != tile and self.context.chip_of(t) == chip]
        for there in sorted(near, key=lambda t: (len(self.context.route(tile, t)), t)):
            part = min(missing, self.left[there] // tokens // word * word)
            if part < min(SMALLEST, missing):
                continue
            found.append((there, part))
            missing -= part
            if not missing:
                for t, taken in found:
                    self.left[t] -= taken * tokens
                return tuple(found)
        return ()


def _by_way(context: Context, queue: TokenQueue, tokens: int, room: _Room) -> list[TokenQueue]:
    """A queue as three: into the tile, where the tokens wait, and back in the tile as they are needed."""
    builder = context.builder
    n = builder.n_firings(queue.src)
    most = min(n, max(2 * tokens, AT_LEAST)) + UNDER_WAY
    slices = {tile: room.slices(tile, n_bytes, most) for tile, n_bytes in queue.places if n_bytes}
    name = f"{builder.actor_name(queue.src)} -> {builder.actor_name(queue.dst)}"
    layer = builder.actor_layer(queue.dst)
    if all(slices.values()):
        there, back, places = _in_tiles(context, slices, (name, layer, n))
    elif context.chip.memory is not None:
        there, back, places = _in_memory(context, queue, (name, layer, n))
    elif context.chip.host is not None:
        there, back, places = _at_host(context, queue, (name, layer, n))
    else:
        return [queue]
    every = Schedule.affine(1, 1, n)
    return [
        replace(queue, dst=there, need=every, free=every, relayed=True, lazy=False, stream=()),
        TokenQueue(there, back, every, every, UNDER_WAY, queue.n_bytes, places, lodged=most),
        replace(queue, src=back, under_way=UNDER_WAY, fetched=True),
    ]


_Actors = tuple[int, int, tuple[tuple[int, int], ...]]
"""One that takes tokens away, one that brings them back, and bytes of a token by where they are meanwhile."""


def _in_tiles(
    context: Context, slices: dict[int, tuple[tuple[int, int], ...]], what: tuple[str, str, int]
) -> _Actors:
    name, layer, n = what
    places: dict[int, int] = defaultdict(int)
    for parts in slices.values():
        for tile, n_bytes in parts:
            places[tile] += n_bytes
    sent = [Flow(tile, (t,), b) for tile, parts in slices.items() for t, b in parts]
    fetched = [Flow(t, (tile,), b) for tile, parts in slices.items() for t, b in parts]
    there = transfer(context, f"{name}, put aside", layer, n, sent)
    back = transfer(context, f"{name}, fetched", layer, n, fetched)
    assert there is not None  # other tiles than those that want them
    assert back is not None
    sizes = max(places.values()), sum(places.values())
    for actor, action in ((there, "write"), (back, "read")):
        port_visit(
            context, actor, ("buffer", action), context.tile.buffer, tuple(sorted(places)), sizes, ALIKE
        )
    return there, back, tuple(sorted(places.items()))


def _in_memory(context: Context, queue: TokenQueue, what: tuple[str, str, int]) -> _Actors:
    name, layer, n = what
    memory = context.chip.memory
    assert memory is not None
    place = queue.places[0][0]
    there = context.builder.actor(f"{name}, put aside", n, layer=layer)
    back = context.builder.actor(f"{name}, fetched", n, layer=layer)
    for actor in (there, back):
        move(context, actor, memory, place, [sum(n_bytes for _, n_bytes in queue.places)])
    chip = 0 if memory.shared else context.chip_of(place)
    return there, back, ((-2 - chip, sum(n_bytes for _, n_bytes in queue.places)),)


def _at_host(context: Context, queue: TokenQueue, what: tuple[str, str, int]) -> _Actors:
    name, layer, n = what
    there = transfer(context, f"{name}, put aside", layer, n, [Flow(t, (HOST,), b) for t, b in queue.places])
    back = transfer(context, f"{name}, fetched", layer, n, [Flow(HOST, (t,), b) for t, b in queue.places])
    assert there is not None  # the host is no tile
    assert back is not None
    return there, back, ()


def _too_small(
    context: Context, queues: list[TokenQueue], least: list[int], lacking: dict[int, int]
) -> SimulationError:
    builder, capacity = context.builder, context.tile.buffer.capacity_bytes
    tile = max(lacking, key=lambda t: (lacking[t], -t))
    inside = {src: size for (src, at), size in tokens_in(queues, least).items() if at == tile}
    src = max(inside, key=lambda a: inside[a][0] * inside[a][1])
    layer = next(
        builder.actor_layer(q.dst) for q in queues if q.src == src and tile in [t for t, _ in q.places]
    )
    tokens, n_bytes = inside[src]
    return SimulationError(
        f"tile {tile}: its streams need {capacity + lacking[tile]} bytes of buffer, tile.buffer.capacity is "
        f"{capacity}: {lacking[tile]} bytes missing, most of them for layer {layer}, which needs {tokens} "
        f"tokens of {n_bytes} bytes at once (of {builder.actor_name(src)})\n"
        "use larger buffers, more tiles or chips (narrower stripes), or unlimited ones to see what they cost"
    )
