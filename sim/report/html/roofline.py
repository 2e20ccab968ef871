"""The roofline (Williams, Waterman and Patterson, CACM 2009) of one tile or MAC array, and where layers lie.

Layers use different numbers of tiles, so everything is per tile (or per MAC array): the peak of its
crossbars, the bandwidth of its buffer, its link into the network. A layer lies at the operations that it made
per second of its own span, over the operations per byte of activations in and out, each counted once (and of
weights, where those are fetched). Re-reading a byte costs bandwidth and moves no layer: the bounds hold.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ....arch.peak import vector_interval_fs
from ...mapping.timing import FS_PER_S, ceil_div
from ...metrics.seconds import seconds

if TYPE_CHECKING:
    from ....arch.chip import Chip
    from ....arch.digital import Buffer
    from ....workloads.graph import Operator
    from ...metrics.layers import Layer
    from ...run import Run

OPS_PER_MAC = 2


def roofline(run: Run) -> list[dict[str, Any]]:
    """One roofline per kind of compute hardware that has layers: its roofs and its layers."""
    layers = {layer.name: layer for layer in run.layers}
    found = []
    for place, unit, roofs in (
        ("crossbar", "tile", _tile_roofs(run.chip)),
        ("mac_array", "MAC array", _array_roofs(run.chip)),
    ):
        names = [a.operator for a in run.mapping.assignments if a.place == place]
        points = [p for name in names if (p := _point(run, layers[name], place)) is not None]
        if points and roofs:
            found.append({"unit": unit, **roofs, "points": points})
    return found


def _tile_roofs(chip: Chip) -> dict[str, Any] | None:
    tile = chip.tile
    if tile is None:
        return None
    macs = tile.crossbar.count * tile.crossbar.rows * tile.weights_per_row
    slopes = [{"name": "tile buffer", "bytes_per_s": _bandwidth(tile.buffer)}]
    if chip.noc is not None:
        rate = chip.noc.flit_bits / 8 * FS_PER_S / chip.noc.cycle_fs
        slopes.append({"name": "network link of the tile", "bytes_per_s": rate})
    return {"peak_ops_per_s": OPS_PER_MAC * macs * FS_PER_S / vector_interval_fs(tile), "slopes": slopes}


def _array_roofs(chip: Chip) -> dict[str, Any] | None:
    array = chip.mac_array
    if array is None:
        return None
    slopes = [{"name": "buffer", "bytes_per_s": _bandwidth(array.buffer)}]
    if chip.memory is not None:
        rate = chip.memory.channels * chip.memory.bandwidth_bytes_per_s / array.count
        slopes.append({"name": "memory", "bytes_per_s": rate})
    peak = OPS_PER_MAC * array.rows * array.cols * FS_PER_S / array.cycle_fs
    return {"peak_ops_per_s": peak, "slopes": slopes}


def _bandwidth(port: Buffer) -> float:
    """Bytes per second of one port, in the long run."""
    return port.width_bits / 8 * FS_PER_S / port.cycle_fs


def _point(run: Run, layer: Layer, place: str) -> dict[str, Any] | None:
    macs = layer.macs + layer.product_macs
    if not macs or not layer.latency_fs:
        return None
    array = run.chip.mac_array
    units = layer.tiles if place == "crossbar" or array is None else array.count
    operator = next(o for o in run.mapping.network.operators if o.name == layer.name)
    ops = OPS_PER_MAC * macs
    return {
        "layer": layer.name,
        "ops_per_s": ops / seconds(layer.latency_fs) / units,
        "ops_per_byte": ops / _bytes(run, operator, weights=place == "mac_array"),
    }


def _bytes(run: Run, operator: Operator, *, weights: bool) -> int:
    """Activations in and out, each once, and weights if they are fetched for every inference."""
    network, chip = run.mapping.network, run.chip
    tensors = {p.tensor: network.producer(p.tensor).output.size for p in operator.inputs}
    n = (sum(tensors.values()) + operator.output.size) * ceil_div(chip.activation_bits, 8)
    m, array = operator.matrix, chip.mac_array
    if weights and m is not None and array is not None and chip.memory is not None:
        n += ceil_div(m.k * m.n * m.groups * array.weight_bits, 8)
    return n
