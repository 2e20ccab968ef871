"""Where everything lies on the chip: tiles, the parts of the chip beside them, and links."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

from ....arch.parts import off_tile
from ....arch.reads import crossbars_per_adc
from ...interconnect import interconnect, near_square
from ...mapping.assignment import HOST, InBlocks, OnTileUnits
from ...mapping.stripes import cuts
from ...metrics.stalls import is_link
from ...noc.link import Link
from ...noc.topology import Topology

if TYPE_CHECKING:
    from ....arch.chip import Chip
    from ...answers.run import Run

Point = tuple[float, float]
MOST_WIRES = 4000
"""Wires of one chip drawn though nothing goes over them."""


def floorplan(run: Run) -> dict[str, Any]:
    """The floorplan for the page.

    Coordinates are in tile pitches from the upper left corner of a chip, all chips alike. ``cover`` says on
    which tiles a resource lies: ``[resource, tile, units, units of a tile]``; ``layer_tiles`` which share of
    a layer's work each tile does (crossbars held; where there are none, evenly); ``buffers`` the most bytes
    that were in the buffers of tiles: ``[tile, peak, capacity]``.
    """
    chip, topology = run.chip, interconnect(run.chip)
    places = tile_places(chip, topology)
    nodes = _router_places(topology, places)
    named = {f"link {link.name}": link for link in topology.links()}
    links = [
        [r, *_node(topology, nodes, places, link.src), *_node(topology, nodes, places, link.dst), link.kind]
        for r, link in _used_links(run, named)
    ]
    return {
        "n_chips": chip.n_chips,
        "chip_grid": list(_chip_grid(chip)),
        "size": [max(x for x, _ in places) + 1, max(y for _, y in places) + 1],
        "has_tiles": chip.tile is not None,
        "tiles": [list(p) for p in places],
        "cover": _cover(run),
        "layer_tiles": layer_tiles(run),
        "buffers": [[s.tile, s.peak_bytes, s.capacity_bytes] for s in run.stores if s.tile is not None],
        "boxes": _boxes(run),
        "links": links,
        "wires": _wires(topology, nodes, places),
        "off_tile": sorted(off_tile(chip)),
    }


def tile_places(chip: Chip, topology: Topology) -> list[Point]:
    """Column and row of each tile of one chip.

    On a grid of routers, tiles lie around their router; otherwise row by row.
    """
    if chip.tile is None:
        return [(0.0, 0.0)]
    fabric = topology.fabrics[0]
    router_cols = getattr(fabric, "cols", None)
    if router_cols is None or chip.noc is None:
        return [(float(t % chip.tile.grid[1]), float(t // chip.tile.grid[1])) for t in range(chip.tile.count)]
    down, across = near_square(chip.noc.concentration)
    places = []
    for tile in range(chip.tile.count):
        row, col = divmod(fabric.enter[tile], router_cols)
        y, x = divmod(tile % chip.noc.concentration, across)
        places.append((float(col * across + x), float(row * down + y)))
    return places


def _chip_grid(chip: Chip) -> tuple[int, int]:
    """Rows and columns in which the chips lie."""
    mesh = chip.chips is not None and chip.chips.topology == "mesh"
    return near_square(chip.n_chips) if mesh else (1, chip.n_chips)


def _router_places(topology: Topology, places: list[Point]) -> list[Point]:
    """Place of each router of one chip: amid its tiles, or amid its neighbours if it has none."""
    fabric = topology.fabrics[0]
    around: dict[int, list[Point]] = defaultdict(list)
    for tile, (x, y) in enumerate(places):
        for router in {fabric.enter[tile], fabric.leave[tile]}:
            around[router].append((x + 0.5, y + 0.5))
    found = {router: _centre(points) for router, points in around.items()}
    while len(found) < fabric.n_routers:
        beside: dict[int, list[Point]] = defaultdict(list)
        for wire in fabric.wires:
            if wire.dst not in found and wire.src in found:
                beside[wire.dst].append(found[wire.src])
        if not beside:  # routers that nothing leads to
            middle = _centre(list(found.values()))
            beside = defaultdict(list, {r: [middle] for r in range(fabric.n_routers) if r not in found})
        found |= {router: _centre(points) for router, points in beside.items()}
    return [found[r] for r in range(fabric.n_routers)]


def _centre(points: list[Point]) -> Point:
    return sum(x for x, _ in points) / len(points), sum(y for _, y in points) / len(points)


def _node(topology: Topology, routers: list[Point], places: list[Point], node: int) -> list[float]:
    """Chip and place of a node: chip -1 is the host, -2 a router between the chips."""
    per_chip = len(places)
    if node == HOST:
        return [-1, 0.0, 0.0]
    if node < topology.n_endpoints:
        copy, tile = divmod(node, per_chip)
        return [copy, places[tile][0] + 0.5, places[tile][1] + 0.5]
    copy, router = divmod(node - topology.n_endpoints, len(routers))
    if copy >= topology.n_endpoints // per_chip:
        return [-2, 0.0, 0.0]
    return [copy, *routers[router]]


def _used_links(run: Run, named: dict[str, Link]) -> list[tuple[int, Link]]:
    """Links that the program uses, with the resource that each became."""
    program = run.program
    return [
        (r, named[name])
        for r, klass in enumerate(program.resource_class)
        if is_link(klass)
        for name in program.resource_members[r]
        if name in named
    ]


def _wires(topology: Topology, routers: list[Point], places: list[Point]) -> list[list[float]]:
    """Ends of all wires of one chip, each way once."""
    fabric = topology.fabrics[0]
    if len(places) < 2 or len(fabric.wires) > MOST_WIRES:
        return []
    pairs = sorted({(min(w.src, w.dst), max(w.src, w.dst)) for w in fabric.wires})
    return [[*routers[a], *routers[b]] for a, b in pairs]


def layer_tiles(run: Run) -> dict[str, list[list[float]]]:
    """Tiles of each layer with the share of its work that each does."""
    found: dict[str, list[list[float]]] = {}
    for name, tiles in _crossbars(run).items():
        total = sum(tiles.values())
        found[name] = [[tile, n / total] for tile, n in sorted(tiles.items())]
    for a in run.mapping.assignments:
        tiles_of = [t for t in a.sources if t != HOST]
        if a.operator not in found and isinstance(a, OnTileUnits) and tiles_of:
            found[a.operator] = [[tile, 1 / len(tiles_of)] for tile in tiles_of]
    return found


def _crossbars(run: Run) -> dict[str, dict[int, int]]:
    """Crossbars of each layer by tile."""
    tile, order = run.chip.tile, run.mapping.tile_order
    found: dict[str, dict[int, int]] = {}
    for a in run.mapping.assignments:
        if tile is None or not isinstance(a, InBlocks):
            continue
        counts: dict[int, int] = defaultdict(int)
        for crossbar in sorted(a.crossbars()):
            counts[order[crossbar // tile.crossbar.count]] += 1
        found[a.operator] = dict(counts)
    return found


def _crossbars_by_owner(run: Run) -> dict[str, dict[int, int]]:
    """Crossbars by tile of each layer, and of each of its stripes where it works in stripes, by name."""
    tile, mapping, found = run.chip.tile, run.mapping, _crossbars(run)
    if mapping.swap is not None or mapping.partition != "pipeline":
        return found
    cut_of = cuts(mapping.network, run.chip, mapping.by_name, mapping.tile_order)
    for a in mapping.assignments:
        if tile is None or not isinstance(a, InBlocks) or a.operator not in cut_of:
            continue
        cut, copy = cut_of[a.operator], 0
        for stripe, n_copies in enumerate(cut.copies):
            counts: dict[int, int] = defaultdict(int)
            for replica in range(copy, copy + n_copies):
                first = a.crossbar(replica, 0, 0)
                for crossbar in range(first, first + a.tiling.crossbars):
                    counts[mapping.tile_order[crossbar // tile.crossbar.count]] += 1
            copy += n_copies
            found[cut.name(a.operator, stripe)] = dict(counts)
    return found


def _cover(run: Run) -> list[list[int]]:
    """Resources that lie on tiles: resource, tile, units there, units of a whole tile."""
    tile = run.chip.tile
    if tile is None:
        return []
    crossbars, per_tile = _crossbars_by_owner(run), tile.crossbar.count
    rows = []
    for r, members in enumerate(run.program.resource_members):
        for name in members:
            first, _, rest = name.partition(" ")
            owner, _, part = name.rpartition(" ")
            if first == "tile":
                rows.append([r, int(rest.split(" ")[0]), 1, 1])
            elif first == "adc" and rest.isdigit():
                group = crossbars_per_adc(tile)
                place = run.mapping.tile_order[int(rest) * group // per_tile]
                rows.append([r, place, min(group, per_tile), per_tile])
            elif part in ("crossbars", "adcs", "shift-add") and owner in crossbars:
                rows += [[r, t, n, per_tile] for t, n in sorted(crossbars[owner].items())]
    return rows


def _boxes(run: Run) -> list[dict[str, Any]]:
    """Parts beside the tiles: the host (also if it only sends and receives), memory, units and arrays."""
    names = run.program.resource_name
    boxes: list[dict[str, Any]] = []
    if "host" in names or "host link" in run.program.resource_class:
        boxes.append({"name": "host", "chip": -1, "resource": names.index("host") if "host" in names else -1})
    for r, members in enumerate(run.program.resource_members):
        for name in members:
            first, _, rest = name.partition(" ")
            if first == "chip":
                number, _, part = rest.partition(" ")
                boxes.append({"name": part, "chip": int(number), "resource": r})
            elif name == "memory":
                boxes.append({"name": name, "chip": -1, "resource": r})
    return boxes


__all__ = ["floorplan", "layer_tiles", "tile_places"]
