"""What one segment of layers makes for a later one, and where it waits.

Segments are those that take turns on the crossbars, or on a chip whose layers work one after the other
(`schedule: layer_serial`) every layer with what follows it.

In the buffers of the tiles that will use it, if all that waits at the same time fits into the buffers of all
tiles (any address in any buffer: assumption). Otherwise every such stream is written to the memory and read
again when its consumer has room; without memory it is an error.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ...arch.chip import Chip
from ..errors import SimulationError
from ..program import I64
from .assignment import OnArray, OnCrossbars, OnRewritten
from .mapping import Mapping


@dataclass(frozen=True)
class Waiting:
    """Streams between segments.

    Attributes
    ----------
    level : dict of str to int
        The last segment that each operator waits for: its own, or the latest of its inputs'; 0 without any.
    kept_bytes : int
        Most that waits at once, over the borders between segments.
    buffer_bytes : int
        Room of all tile buffers.
    """

    level: dict[str, int]
    kept_bytes: int
    buffer_bytes: int

    @staticmethod
    def of(mapping: Mapping, chip: Chip) -> Waiting:
        """Of a mapped network."""
        level = levels(mapping, chip)
        room = chip.tile.buffer.capacity_bytes * mapping.tiles_total if chip.tile else 0
        return Waiting(level, _kept_bytes(mapping, chip, level), room)

    @property
    def in_memory(self) -> bool:
        """Whether the buffers are too small."""
        return self.kept_bytes > self.buffer_bytes

    def between(self, src: str, dst: str) -> bool:
        """Whether a stream waits for a later segment; network outputs do not."""
        return self.level[src] < self.level.get(dst, self.level[src])

    def check(self, chip: Chip, group: int) -> None:
        """Raise `SimulationError` if there is nowhere to wait."""
        if self.in_memory and chip.memory is None:
            smaller = ", or a smaller `swap_group`" if group > 1 else ""
            serial = chip.schedule == "layer_serial"
            what, which = ("schedule layer_serial", "layers") if serial else ("`swap`", "segments")
            raise SimulationError(
                f"{what}: up to {self.kept_bytes} bytes wait between {which}, the tile buffers hold "
                f"{self.buffer_bytes}\nuse a chip with memory (memory), more or larger buffers{smaller}"
            )


def in_turn(mapping: Mapping) -> list[str]:
    """The layers that work one after the other where the chip says so: those of crossbars and MAC arrays."""
    return [a.operator for a in mapping.assignments if isinstance(a, OnCrossbars | OnRewritten | OnArray)]


def levels(mapping: Mapping, chip: Chip) -> dict[str, int]:
    """The last segment that each operator waits for."""
    if chip.schedule == "layer_serial":
        own = {name: i for i, name in enumerate(in_turn(mapping))}
    else:
        segments = mapping.swap.segments if mapping.swap else ()
        own = {name: i for i, segment in enumerate(segments) for name in segment.layers}
    found: dict[str, int] = {}
    for o in mapping.network.operators:
        before = (found[mapping.network.producer(p.tensor).name] for p in o.inputs)
        found[o.name] = max([own.get(o.name, 0), *before])
    return found


def _kept_bytes(mapping: Mapping, chip: Chip, level: dict[str, int]) -> int:
    """Most bytes, over the borders, of streams that are made before and used after."""
    until: dict[str, int] = {}
    for o in mapping.network.operators:
        for port in o.inputs:
            maker = mapping.network.producer(port.tensor).name
            until[maker] = max(until.get(maker, 0), level[o.name])
    word_bytes = -(-chip.activation_bits // 8)
    kept: I64 = np.zeros(max(level.values(), default=0) + 1, np.int64)
    for o in mapping.network.operators:
        kept[level[o.name] : until.get(o.name, level[o.name])] += o.samples * o.output.size * word_bytes
    return int(kept.max(initial=0))
