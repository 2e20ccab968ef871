"""How long crossbars take to be written, and how much there is to write.

A crossbar is written row by row (`write_time`, verification included). The write drivers of a chip
(`tile.write_parallel`; one per tile if absent, an assumption) are spread over its tiles, whose crossbars take
turns at them; tiles are written side by side, as far as the drivers go, and so are chips. Rows and columns
that hold no weights are not written.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from math import inf

from ...arch.chip import Chip, Tile
from ...workloads.graph import Matrix
from ..errors import SimulationError
from ..interconnect import interconnect
from ..noc.link import Link, LinkKind
from .assignment import HOST
from .tiling import Tiling
from .timing import FS_PER_S, ceil_div


@dataclass(frozen=True)
class Copy:
    """The weights of one layer as they are written: matrix, tiling, replicas, and where each crossbar lies.

    Parameters
    ----------
    tile_of : callable
        (replica, row block, column block) to the tile.
    """

    matrix: Matrix
    tiling: Tiling
    replicas: int
    tile_of: Callable[[int, int, int], int]


def check_writable(chip: Chip) -> None:
    """Raise `SimulationError` naming the first field that swapping needs and the chip does not give."""
    assert chip.tile is not None
    crossbar = chip.tile.crossbar
    needed = (
        ("write_time", crossbar.write_time_fs, "100 ns", "time to write one row"),
        ("write_energy", crossbar.write_energy_j, "1 pJ", "energy to write one cell"),
    )
    for name, value, example, what in needed:
        if value is None:
            raise SimulationError(
                f"`swap`: chip {chip.name!r} does not say what writing costs: tile.crossbar.{name} "
                f"({what}) is missing\nset it, such as `set: tile.crossbar.{name}={example}`"
            )
    if chip.memory is None and chip.host is None:
        raise SimulationError(
            f"`swap`: chip {chip.name!r} has neither memory nor host to bring weights from; add one to it"
        )


def weight_bytes(tile: Tile, matrix: Matrix) -> int:
    """Bytes of the weights of a layer, as they come from memory."""
    return ceil_div(matrix.k * matrix.n * matrix.groups * tile.weights.bits, 8)


def rows_of(matrix: Matrix, tiling: Tiling, row_block: int) -> int:
    """Rows of a crossbar of that row block that hold weights."""
    if tiling.row_blocks == 1:
        return tiling.rows_per_crossbar
    return min(tiling.rows_per_crossbar, matrix.k - row_block * tiling.rows_per_crossbar)


def rows_by_tile(copies: Iterable[Copy]) -> dict[int, int]:
    """Rows to be written in every tile, over all its crossbars."""
    rows: dict[int, int] = defaultdict(int)
    for copy in copies:
        for replica in range(copy.replicas):
            for r in range(copy.tiling.row_blocks):
                n = rows_of(copy.matrix, copy.tiling, r)
                for c in range(copy.tiling.col_blocks):
                    rows[copy.tile_of(replica, r, c)] += n
    return dict(rows)


def bytes_by_tiles(tile: Tile, copies: Iterable[Copy]) -> dict[tuple[int, ...], int]:
    """Bytes of weights by the tiles that want them: the replicas of a block want the same."""
    n_bytes: dict[tuple[int, ...], int] = defaultdict(int)
    for copy in copies:
        blocks: dict[tuple[int, ...], int] = defaultdict(int)
        for r in range(copy.tiling.row_blocks):
            for c in range(copy.tiling.col_blocks):
                blocks[tuple(sorted({copy.tile_of(i, r, c) for i in range(copy.replicas)}))] += 1
        total = weight_bytes(tile, copy.matrix)
        for tiles, n in blocks.items():
            n_bytes[tiles] += ceil_div(total * n, copy.tiling.crossbars)
    return dict(n_bytes)


def rows_in_turn(chip: Chip, rows: dict[int, int]) -> int:
    """Rows that are written one after the other, of so many rows by tile."""
    assert chip.tile is not None
    per_chip, drivers = chip.tile.count, chip.tile.write_parallel or chip.tile.count
    in_tile = max(1, drivers // per_chip)
    of_chip: dict[int, int] = defaultdict(int)
    for tile, n in rows.items():
        of_chip[tile // per_chip] += n
    slowest_tile = max((ceil_div(n, in_tile) for n in rows.values()), default=0)
    return max([slowest_tile, *(ceil_div(n, drivers) for n in of_chip.values())])


def source_bytes_per_s(chip: Chip) -> float:
    """Bandwidth that weights come at, evenly spread over all tiles: of the memories, else from the host.

    On the way from the host that link decides which is the slowest for the share of the tiles behind it.
    """
    if chip.memory is not None:
        copies = 1 if chip.memory.shared else chip.n_chips
        return chip.memory.bandwidth_bytes_per_s * chip.memory.channels * copies
    topology = interconnect(chip)
    behind = Counter(link for tile in topology.endpoints() for link in topology.route(HOST, tile))
    rates = ((_link_bytes_per_s(chip, topology.link(i)), n / topology.n_endpoints) for i, n in behind.items())
    return min(rate / share for rate, share in rates)


def _link_bytes_per_s(chip: Chip, link: Link) -> float:
    """Bandwidth of a link; without end on a chip that has no network."""
    if link.kind == LinkKind.HOST:
        assert chip.host is not None
        return chip.host.bandwidth_bytes_per_s
    if link.kind == LinkKind.CHIP:
        assert chip.chips is not None
        return chip.chips.bandwidth_bytes_per_s
    return inf if chip.noc is None else chip.noc.flit_bits / 8 * FS_PER_S / chip.noc.cycle_fs
