"""Buffers: the most that every stream held, against the room that it had."""

from __future__ import annotations

from dataclasses import dataclass

from ...sim.answers.run import Run
from ...sim.metrics.seconds import seconds

ARROW = " -> "
"""In the name of a stream."""


@dataclass(frozen=True)
class Occupancy:
    """One channel in one inference.

    Parameters
    ----------
    from_actor, to_actor : str
        A transfer over the network is an actor, too, and called "PRODUCER -> CONSUMER".
    producer, consumer : str
        Their layers.
    peak_tokens, capacity_tokens : int
        Most tokens in it, and its room.
    token_bytes : int
    room_stall_s, input_stall_s : float
        Time that the producer stood still for want of room, and the consumer for want of a token.
    """

    from_actor: str
    to_actor: str
    producer: str
    consumer: str
    peak_tokens: int
    capacity_tokens: int
    token_bytes: int
    room_stall_s: float
    input_stall_s: float

    @property
    def peak_bytes(self) -> int:
        """Most bytes in it."""
        return self.peak_tokens * self.token_bytes

    @property
    def capacity_bytes(self) -> int:
        """Bytes that it has room for."""
        return self.capacity_tokens * self.token_bytes

    @property
    def share(self) -> float:
        """Peak against room."""
        return self.peak_tokens / self.capacity_tokens


def occupancies(run: Run) -> tuple[Occupancy, ...]:
    """All channels that carry bytes: the longest waits for room first, then the fullest."""
    program, result = run.program, run.single
    rows = []
    for c in range(program.n_channels):
        if not program.channel_bytes[c]:
            continue
        src, dst = int(program.channel_src[c]), int(program.channel_dst[c])
        rows.append(
            Occupancy(
                program.actor_name[src],
                program.actor_name[dst],
                program.actor_layer[src],
                program.actor_layer[dst],
                int(result.peak_tokens[c]),
                int(program.channel_capacity[c]),
                int(program.channel_bytes[c]),
                seconds(int(result.stall_room_fs[c])),
                seconds(int(result.stall_input_fs[c])),
            )
        )
    return tuple(sorted(rows, key=lambda row: (-row.room_stall_s, -row.share, row.from_actor, row.to_actor)))


@dataclass(frozen=True)
class Shortage:
    """A layer whose inputs took more room than all the buffers of its tiles together have.

    The model gives every stream the room without which the network could not run at all, whether the buffers
    have it or not; so the figures of such a run are those of larger buffers.

    Parameters
    ----------
    layer : str
    needed_bytes, present_bytes : int
        Most bytes of its inputs, and capacity of the buffers of its tiles.
    tiles : int
    field : str
        The capacity, as a field of the chip.
    """

    layer: str
    needed_bytes: int
    present_bytes: int
    tiles: int
    field: str


def shortages(run: Run, rows: tuple[Occupancy, ...]) -> tuple[Shortage, ...]:
    """Layers whose inputs cannot fit, the one that lacks most first.

    Counted with every byte in one place only, so what is told is certain; copies need more.
    """
    needed: dict[str, int] = {}
    for row in rows:
        if ARROW not in row.to_actor:
            needed[row.consumer] = needed.get(row.consumer, 0) + row.peak_bytes
    found = []
    for layer, n_bytes in needed.items():
        place = run.mapping.by_name.get(layer)
        tiles = len(place.tiles) if place else 0
        capacity, field = _capacity(run)
        if tiles and n_bytes > tiles * capacity:
            found.append(Shortage(layer, n_bytes, tiles * capacity, tiles, field))
    return tuple(sorted(found, key=lambda s: (s.present_bytes - s.needed_bytes, s.layer)))


def _capacity(run: Run) -> tuple[int, str]:
    """Bytes of the buffer of one tile (of one chip, where it has no tiles), and its field."""
    tile, array = run.chip.tile, run.chip.mac_array
    if tile is not None:
        return tile.buffer.capacity_bytes, "tile.buffer.capacity"
    assert array is not None
    return array.buffer.capacity_bytes * array.count, "mac_array.buffer.capacity"
