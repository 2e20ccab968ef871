"""The roofline (Williams, Waterman and Patterson, CACM 2009) of one tile or MAC array, and where layers lie.

Layers use different numbers of tiles, so everything is per tile (or per MAC array). A layer lies at the
operations that it made per second of its own span, over the operations per byte. Which bytes:

- Tiles: activations in and out, each counted once. They pass the buffers, so the buffer's bandwidth is a
  bound; reading a byte again costs bandwidth and moves no layer. The links bound what comes from other tiles.
- MAC arrays: weights, which are fetched from memory for every inference.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ....arch.reads import vector_interval_fs
from ...mapping.timing import FS_PER_S, ceil_div
from ...metrics.seconds import seconds

if TYPE_CHECKING:
    from ....arch.chip import Chip
    from ....workloads.graph import Operator
    from ...answers.run import Run
    from ...metrics.layers import Layer

OPS_PER_MAC = 2


def roofline(run: Run) -> list[dict[str, Any]]:
    """One roofline per kind of compute hardware that has layers: its roofs and its layers."""
    layers = {layer.name: layer for layer in run.layers}
    operators = {o.name: o for o in run.mapping.network.operators}
    found = []
    for place, roofs in (("crossbar", _tile_roofs(run.chip)), ("mac_array", _array_roofs(run.chip))):
        names = [a.operator for a in run.mapping.assignments if a.place == place]
        points = [_point(run, layers[name], operators[name], place) for name in names]
        if roofs and any(points):
            found.append({**roofs, "points": [point for point in points if point]})
    return found


def _tile_roofs(chip: Chip) -> dict[str, Any] | None:
    tile = chip.tile
    if tile is None:
        return None
    macs = tile.crossbar.count * tile.crossbar.rows * tile.weights_per_row
    buffer = tile.buffer.width_bits / 8 * FS_PER_S / tile.buffer.cycle_fs
    slopes: list[dict[str, Any]] = [{"name": "tile buffer", "class": "buffer", "bytes_per_s": buffer}]
    if chip.noc is not None:
        rate = 2 * chip.noc.flit_bits / 8 * FS_PER_S / chip.noc.cycle_fs
        slopes.append({"name": "links of the tile, in and out", "class": "link", "bytes_per_s": rate})
    return {
        "unit": "tile",
        "bytes": "activations in and out, each counted once",
        "peak_ops_per_s": OPS_PER_MAC * macs * FS_PER_S / vector_interval_fs(tile),
        "slopes": slopes,
    }


def _array_roofs(chip: Chip) -> dict[str, Any] | None:
    array = chip.mac_array
    if array is None or chip.memory is None:
        return None
    rate = chip.memory.channels * chip.memory.bandwidth_bytes_per_s / array.count
    return {
        "unit": "MAC array",
        "bytes": "weights fetched from memory (layers that fetch none are left out)",
        "peak_ops_per_s": OPS_PER_MAC * array.rows * array.cols * FS_PER_S / array.cycle_fs,
        "slopes": [{"name": "memory", "class": "memory", "bytes_per_s": rate}],
    }


def _point(run: Run, layer: Layer, operator: Operator, place: str) -> dict[str, Any] | None:
    ops = OPS_PER_MAC * (layer.macs + layer.product_macs)
    array = run.chip.mac_array
    if place == "crossbar" or array is None:
        units, n_bytes = layer.tiles, _activation_bytes(run, operator)
    else:
        units, n_bytes = array.count, _weight_bytes(operator, array.weight_bits)
    if not ops or not n_bytes or not layer.latency_fs:
        return None
    rate = ops / seconds(layer.latency_fs) / units
    return {"layer": layer.name, "ops_per_s": rate, "ops_per_byte": ops / n_bytes}


def _activation_bytes(run: Run, operator: Operator) -> int:
    """Inputs and outputs, each once."""
    inputs = {p.tensor: run.mapping.network.producer(p.tensor).output.size for p in operator.inputs}
    return (sum(inputs.values()) + operator.output.size) * ceil_div(run.chip.activation_bits, 8)


def _weight_bytes(operator: Operator, weight_bits: int) -> int:
    m = operator.matrix
    return 0 if m is None else ceil_div(m.k * m.n * m.groups * weight_bits, 8)
