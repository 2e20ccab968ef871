"""Bytes of the cache of keys and values, from the sizes of the network."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ...workloads.phase import CACHE_APPEND

if TYPE_CHECKING:
    from ...arch.chip import Chip
    from ...workloads.graph import Network


@dataclass(frozen=True)
class CacheTraffic:
    """Bytes written to the cache, read from it, and in it at the end."""

    written_bytes: int
    read_bytes: int
    held_bytes: int

    def times(self, n: int) -> CacheTraffic:
        """Of `n` sequences alike."""
        return CacheTraffic(n * self.written_bytes, n * self.read_bytes, n * self.held_bytes)

    def then(self, later: CacheTraffic) -> CacheTraffic:
        """Both, one after the other."""
        return CacheTraffic(
            self.written_bytes + later.written_bytes,
            self.read_bytes + later.read_bytes,
            self.held_bytes + later.written_bytes,
        )


def traffic(network: Network, chip: Chip) -> CacheTraffic:
    """What one run of a network of a language model writes and reads.

    A token writes its keys and values once in every layer, and reads those of every position that it looks
    back at, itself included, once for all the heads that share them.
    """
    written = sum(o.output.size for o in network.operators if o.op == CACHE_APPEND)
    n_bytes = _bytes(written, chip)
    return CacheTraffic(n_bytes, _bytes(sum(_reads(network, None)), chip), n_bytes)


def read_bytes(network: Network, chip: Chip, tokens: range) -> int:
    """What some tokens of a network read, by their number in its stream."""
    return _bytes(sum(_reads(network, tokens)), chip)


def _reads(network: Network, tokens: range | None) -> Iterator[int]:
    """Values that each cached product reads, for some tokens or for all."""
    for o in network.operators:
        if o.product is not None and o.product.cached and o.reach is not None:
            of_position = network.producer(o.inputs[1].tensor).output.elements
            reach = o.reach
            far = reach.total(o.output.grid.n_tokens) if tokens is None else sum(map(reach, tokens))
            yield of_position * far


def _bytes(values: int, chip: Chip) -> int:
    """Bytes of so many values in the cache."""
    bits = chip.activation_bits
    if chip.kv_cache is not None and chip.kv_cache.bits is not None:
        bits = chip.kv_cache.bits
    return -(-values * bits // 8)
