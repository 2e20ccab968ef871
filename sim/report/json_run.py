"""Blocks of the result file that only a run, or a step of training, has."""

from __future__ import annotations

from dataclasses import asdict
from math import fsum
from typing import TYPE_CHECKING, Any

from ...arch.geometry import kept_costs, scaled_costs
from ..figures import FAMILIES
from ..mapping.assignment import InBlocks
from ..metrics.seconds import seconds
from .known import known
from .operands_block import data_hash, operands_json
from .training_block import training_json

if TYPE_CHECKING:
    from ..answers.run import Run
    from ..metrics.layers import Layer
    from ..metrics.requests import Requests

N_LINKS = 16
"""Busiest links listed."""


def run_blocks(run: Run) -> dict[str, Any]:
    """Everything but the heading and the figures."""
    return {
        "provenance": {"program_hash": run.program.hash, **data_hash(run)},
        "network": known(
            {
                "file_hash": run.network.file_hash or None,
                "operators": len(run.network.operators),
                "params": run.network.params,
                "notes": list(run.network.notes) or None,
            }
        ),
        "chip": known(
            {
                "parts_without_area": list(run.parts_without_area) or None,
                "scaled_costs": {cost.path: cost.mark for cost in scaled_costs(run.chip)} or None,
                "kept_costs": {cost.path: cost.mark for cost in kept_costs(run.chip)} or None,
            }
        ),
        "batch": run.batch,
        "latency_fs": run.latency_fs,
        "throughput_basis": run.throughput.basis,
        "bounds": _bounds(run),
        "requests": None if run.requests is None else _requests(run.requests),
        "training": training_json(run),
        "tiles_total": run.mapping.tiles_total or None,
        "mapping": _mapping(run),
        "energy_by_action_j": run.energy.by_action_j,
        "operands": operands_json(run),
        "swap": None if run.swap is None else known(asdict(run.swap)),
        "stores": [asdict(store) for store in run.stores],
        "links": busiest_links(run),
        "interconnect": _interconnect(run),
        "transfers": [asdict(transfer) for transfer in run.interconnect.transfers],
        "layers": _layers(run),
        "critical_path_summary": {
            "by_layer_s": run.critical_path.by_layer_s,
            "by_class_s": run.critical_path.by_class_s,
            "by_cause_s": run.critical_path.by_cause_s,
        },
        "critical_path": _path(run),
        "time_series": {
            "bin_s": run.time_series.bin_s,
            "utilization": run.time_series.utilization,
            "power_w": run.time_series.power_w,
        },
        "wall_s": dict(run.wall_s),
    }


def _bounds(run: Run) -> dict[str, str] | None:
    found = run.mapping_bounds
    return None if found is None else {"latency_by": found.latency.by, "interval_by": found.interval.by}


def busiest_links(run: Run) -> list[dict[str, Any]]:
    """The links with the highest load (busy share of the makespan), the highest first."""
    return [
        {
            "name": link.name,
            "load": link.load,
            "queueing_s": link.queueing_s,
            "transfers": [{"name": name, "share": share} for name, share in link.transfers[:N_LINKS]],
        }
        for link in run.interconnect.links[:N_LINKS]
    ]


def _interconnect(run: Run) -> dict[str, Any]:
    use = run.interconnect
    return known(
        {
            "flit_hops": use.flit_hops or None,
            "energy_per_flit_hop_j": use.energy_per_flit_hop_j,
            "energy_per_bit_hop_j": use.energy_per_bit_hop_j,
            "hop_s": fsum(t.hop_s for t in use.transfers),
            "queue_s": fsum(t.queue_s for t in use.transfers),
            "heat": None if run.heat is None else {"chip": run.heat.chip, "loads": run.heat.loads.tolist()},
        }
    )


def _requests(requests: Requests) -> dict[str, Any]:
    return {
        "arrival": str(requests.arrivals),
        "above_capacity": requests.above_capacity,
        "verdict": requests.verdict,
    }


def _mapping(run: Run) -> dict[str, Any]:
    mapping = run.mapping
    tilings = [(a.replicas, a.tiling) for a in mapping.assignments if isinstance(a, InBlocks)]
    used = sum(n * t.cells_used for n, t in tilings)
    total = sum(n * t.cells_total for n, t in tilings)
    places: dict[str, int] = {}
    for assignment in mapping.assignments:
        places[assignment.place] = places.get(assignment.place, 0) + 1
    return known(
        {
            "n_chips": mapping.n_chips,
            "partition": mapping.partition if mapping.n_chips > 1 else None,
            "remarks": list(mapping.remarks) or None,
            "operators_by_place": dict(sorted(places.items())),
            "crossbars_used": mapping.crossbars_used,
            "crossbars_total": mapping.crossbars_total or None,
            "cell_occupancy": used / total if total else None,
            "hop_bytes": mapping.hop_bytes,
        }
    )


def _path(run: Run) -> list[dict[str, Any]]:
    return [
        {
            "actor": p.actor,
            "layer": p.layer,
            "resource": p.resource,
            "class": p.klass,
            "cause": p.cause,
            "start_s": seconds(p.start_fs),
            "duration_s": seconds(p.duration_fs),
            "duration_fs": p.duration_fs,
            "visits": p.n_visits,
        }
        for p in run.critical_path.pieces
    ]


def _layers(run: Run) -> list[dict[str, Any]]:
    """A row for each layer, with its figures."""
    figures = {
        family.key.rpartition(".")[2]: family.of(run) or {}
        for family in FAMILIES
        if family.key.startswith("layers.")
    }
    return [
        known({**_layer(layer), **{key: of.get(layer.name) for key, of in figures.items()}})
        for layer in run.layers
    ]


def _layer(layer: Layer) -> dict[str, Any]:
    return {
        "name": layer.name,
        "op": layer.op,
        "unit": layer.unit,
        "begin_s": None if layer.begin_fs is None else seconds(layer.begin_fs),
        "product_macs": layer.product_macs or None,
        "busiest": layer.busiest or None,
        "stall_s": layer.stall_s or None,
    }
