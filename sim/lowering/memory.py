"""Visits of the memory behind a chip, and of banks that work together.

A transfer lies in all channels by the interleave: piece m of it (`interleave_bytes` long) in channel m modulo
their number. All channels are taken together, for as long as the one with most pieces needs, so n channels of
a bandwidth are one of n times that bandwidth but for whole pieces; as they are always occupied alike they are
one resource of n units. What is shorter than a piece in every channel keeps the others idle meanwhile.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import accumulate, pairwise

from ...arch.links import Memory
from ..errors import SimulationError
from ..mapping.assignment import OnArray, OnCrossbars
from ..mapping.by_cost import weights_bytes
from ..mapping.timing import bytes_fs, ceil_div
from .context import Context
from .growth import schedule


def check_capacity(context: Context) -> None:
    """Raise `SimulationError` where weights, and keys and values, are more than the memory holds."""
    memory, mapping = context.chip.memory, context.mapping
    if memory is None or memory.capacity_bytes is None:
        return
    n_bytes: Counter[int] = Counter()
    for o in mapping.network.operators:
        a, m = mapping.of(o.name), o.matrix
        if m is not None and isinstance(a, OnArray):
            n_bytes[context.chip_of(a.home)] += weights_bytes(m, a.array)
        elif m is not None and mapping.swap is not None and isinstance(a, OnCrossbars):
            n_bytes[0] += ceil_div(m.k * m.n * m.groups * context.tile.weights.bits, 8)
    for cache in {c.name: c for c in context.caches.values() if isinstance(c.keeper, Memory)}.values():
        n_bytes[cache.chip] += cache.n_bytes
    most = n_bytes.total() if memory.shared else max(n_bytes.values(), default=0)
    if most > memory.capacity_bytes:
        raise SimulationError(
            f"memory.capacity: weights, keys and values take {most} bytes of {memory.capacity_bytes}: "
            f"{most - memory.capacity_bytes} too many; use a larger memory or more chips"
        )


def memory_fs(memory: Memory, n_bytes: int) -> int:
    """Time that the channels are busy with a transfer of so many bytes."""
    pieces = ceil_div(n_bytes, memory.interleave_bytes)
    of_channel = ceil_div(pieces, memory.channels) * memory.interleave_bytes
    return bytes_fs(min(n_bytes, of_channel), memory.bandwidth_bytes_per_s)


def move(
    context: Context,
    actor: int,
    memory: Memory,
    place: int,
    n_bytes: Sequence[int],
    *,
    action: str = "byte",
    latency_fs: int | None = None,
    in_order: bool = False,
) -> tuple[int, int]:
    """A visit that moves so many bytes in each firing (one number if they are all alike).

    Parameters
    ----------
    place : int
        A tile of the chip that the memory is behind.
    latency_fs : int, optional
        From the request to the first byte; that of the memory if not given.
    in_order : bool
        Each firing goes on in the channel where the one before it ended.

    Returns
    -------
    tuple of int
        Latency and hold of the longest firing.
    """
    after_fs = memory.latency_fs if latency_fs is None else latency_fs
    if in_order:
        ends = [memory_fs(memory, end) for end in accumulate(n_bytes)]
        holds = [max(1, end - begin) for begin, end in pairwise([0, *ends])]
    else:
        holds = [memory_fs(memory, n) for n in n_bytes]
    hold = schedule(holds)
    channels = context.memory(memory, place)
    context.builder.visit(actor, channels, hold, schedule([fs + after_fs for fs in holds]))
    context.spend(
        actor,
        "memory",
        action,
        schedule(n_bytes),
        memory.energy_per_byte_j,
        memory.power_w,
        hold,
    )
    return max(holds) + after_fs, max(holds)
