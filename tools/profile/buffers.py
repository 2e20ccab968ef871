"""Buffers: the most that every stream held, against the room that it had."""

from __future__ import annotations

from dataclasses import dataclass

from ...sim.metrics.seconds import seconds
from ...sim.run import Run


@dataclass(frozen=True)
class Occupancy:
    """One channel in one inference.

    Parameters
    ----------
    name : str
        "PRODUCER -> CONSUMER", by actors.
    producer, consumer : str
        Their layers.
    peak_tokens, capacity_tokens : int
        Most tokens in it, and its room.
    token_bytes : int
    room_stall_s, input_stall_s : float
        Time that the producer stood still for want of room, and the consumer for want of a token.
    """

    name: str
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
                f"{program.actor_name[src]} -> {program.actor_name[dst]}",
                program.actor_layer[src],
                program.actor_layer[dst],
                int(result.peak_tokens[c]),
                int(program.channel_capacity[c]),
                int(program.channel_bytes[c]),
                seconds(int(result.stall_room_fs[c])),
                seconds(int(result.stall_input_fs[c])),
            )
        )
    return tuple(sorted(rows, key=lambda row: (-row.room_stall_s, -row.share, row.name)))
