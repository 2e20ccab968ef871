"""Where the keys and values of every attention are kept, and how many bytes they are."""

from __future__ import annotations

from dataclasses import dataclass, replace

from ...arch.chip import Chip
from ...arch.links import KvCache, Memory
from ...workloads.graph import Network, Operator
from ..errors import SimulationError
from .assignment import OnHost, OnRewritten
from .growth import grows_along, kept_positions
from .mapping import Mapping

CACHE_APPEND = "CacheAppend"
"""Operators (kind "move") that write their output into the cache, token by token."""


@dataclass(frozen=True)
class Cache:
    """Keys or values of one attention.

    Attributes
    ----------
    name : str
        The operator that appends to it, or else the product that reads it.
    chip : int
        Number of the chip that the product runs on.
    elements : int
        Of one position.
    element_bits : int
    positions : int
        Of all sequences, when the last token has been worked on.
    keeper : KvCache or Memory
        Banks of SRAM on the chip, or the memory behind it.
    """

    name: str
    chip: int
    elements: int
    element_bits: int
    positions: int
    keeper: KvCache | Memory

    @property
    def n_bytes(self) -> int:
        """What it takes when it is full."""
        return self.bytes_of(self.positions)

    def bytes_of(self, n_positions: int) -> int:
        """Bytes of some positions."""
        return -(-n_positions * self.elements * self.element_bits // 8)


def kv_caches(mapping: Mapping, chip: Chip) -> dict[str, Cache]:
    """The caches by the operators that write and read them.

    Banks of SRAM are filled in the order of the network; what does not fit goes to the memory.

    Raises
    ------
    SimulationError
        There is no place for a cache.
    """
    network = mapping.network
    per_chip = chip.tile.count if chip.tile else 1
    free: dict[int, int] = {}
    found: dict[str, Cache] = {}
    for operator in network.operators:
        if operator.op != CACHE_APPEND and not (operator.product and operator.product.cached):
            continue
        if operator.name in found or isinstance(mapping.of(operator.name), OnHost | OnRewritten):
            continue  # kept by the host, or in the crossbars themselves
        readers = _readers(network, operator)
        at = mapping.of(operator.name).home // per_chip
        cache = _placed(_cache(network, chip, operator, readers, at), chip, free)
        for name in (operator.name, *(r.name for r in readers)):
            found[name] = cache
    return found


def _readers(network: Network, operator: Operator) -> list[Operator]:
    """Products whose stationary operand comes from an append (or the product itself)."""
    if operator.product is not None:
        return [operator]
    tensor = operator.output.name
    return [o for o in network.operators if o.product and o.inputs[1].tensor == tensor]


def position_elements(product: Operator, network: Network) -> int:
    """Elements that one position has in the stationary operand of a product: those of all groups of heads."""
    p = product.product
    assert p is not None
    return p.heads // p.shared_by * (p.n if grows_along(product, network) == "k" else p.k)


def _cache(network: Network, chip: Chip, operator: Operator, readers: list[Operator], at: int) -> Cache:
    """The cache in its first choice: the banks of its chip, if it has some, else the memory."""
    kept = [kept_positions(r) for r in readers if r.reach is not None]
    elements = position_elements(operator, network) if operator.product else operator.output.elements
    kv = chip.kv_cache
    keeper = kv if kv is not None and kv.kind == "sram" else chip.memory
    if keeper is None:
        raise SimulationError(
            f"operator {operator.name!r}: chip {chip.name!r} has neither kv_cache nor memory to keep keys "
            "and values in; add one of them to the chip file"
        )
    return Cache(
        name=operator.name,
        chip=at,
        elements=elements,
        element_bits=kv.bits if kv is not None and kv.bits is not None else chip.activation_bits,
        positions=max(kept, default=operator.output.grid.n_tokens),
        keeper=keeper,
    )


def _placed(cache: Cache, chip: Chip, free: dict[int, int]) -> Cache:
    """The cache in the SRAM of its chip, if there is one with room; else in memory."""
    kv = cache.keeper
    if not isinstance(kv, KvCache):
        return cache
    assert kv.capacity_bytes is not None
    left = free.setdefault(cache.chip, kv.capacity_bytes * kv.count)
    if cache.n_bytes <= left:
        free[cache.chip] = left - cache.n_bytes
        return cache
    if kv.overflow == "error" or chip.memory is None:
        size = kv.capacity_bytes * kv.count
        raise SimulationError(
            f"operator {cache.name!r}: its cache takes {cache.n_bytes} bytes "
            f"({cache.positions} positions of {cache.elements} elements), "
            f"the kv_cache of chip {chip.name!r} has {left} of {size} left\n"
            "use a larger kv_cache.capacity, more chips, a shorter context, or overflow: memory on a "
            "chip that has one"
        )
    return replace(cache, keeper=chip.memory)
