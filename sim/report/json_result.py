"""The result file: one JSON object, SI units, every name ending in its unit; what is not known is left out.

Keys
----
schema
    Name and version of this format.
provenance
    version (of ohmsum), chip_hash, network_hash, program_hash, with --data data_hash (SHA-256), seed,
    options: enough to run it again.
network, chip, batch
    What ran: names, sources, counts; inferences run together.
chip_fields
    Every field of the chip by its dotted path, as a chip file would say it, so that two results can be told
    apart by their causes.
latency_s, latency_fs
    First input to last output of one inference alone.
makespan_s, throughput_per_s, throughput_basis
    Of the whole batch; the basis says what the rate was measured on.
requests
    Only for requests that arrive over time. arrival: as asked for; offered_per_s: the rate asked for,
    arrived_per_s: that of these arrivals, served_per_s: at which they ended (each between the first and the
    last). latency_s: from arrival to the end of the last output; queueing_s: how much of that is beyond
    latency_s of one inference alone; both as mean, p50, p95, p99 and max, percentiles by nearest rank.
    mean_in_system, most_in_system: requests that had arrived and not ended. capacity_per_s: steady-state
    rate of the same number of inferences back to back; above_capacity: whether more is offered than that, so
    that the queue grows without end; both left out if the batch was too short to tell. verdict: in words.
training
    Only for a training step, which is then what an inference is everywhere else; see `training_block`.
energy_j, energy_by_component_j, energy_by_action_j, static_energy_j, power_w
    Per inference. Static energy is booked in the component that leaks, under the action and the layer
    "(static)".
area_mm2, area_by_part_mm2, tops, tops_per_w, tops_per_mm2
    Of all chips; area_by_part_mm2 (by path in the chip file) is that of one chip. 1 multiply-accumulate = 2
    operations. TOPS/W covers all that was simulated: chips, links,
    memory, host.
macs, product_macs
    Multiply-accumulates with stored weights, and of two activations.
tiles_used, tiles_total, mapping
    Where the network went.
operands
    What energies of crossbars and converters hold for. basis: assumed (means of the chip file, over full
    scale), stated, statistical or exact; energy: constant, or with the data; file, sha256, samples: the data.
    layers: of every layer on crossbars bit_density by input slice (least significant first), mean_input of
    the driven rows and mean_code of the converters (over full scale), zero_slice_share of the reads drive no
    row, skipped_share are not made; column_mean, column_std: of column sums over the converter's range
    (column_range_a: its current, if the chip file has conductances and a read voltage);
    column_shares (-1 to 1), code_shares, input_shares, level_shares: histograms in equal bins.
utilization
    Busy share by class of resource, of the hardware that the program uses.
layers
    One entry per operator, in order, then the parts of the program that belong to none; energies add up to
    energy_j. stall_s is in actor-seconds by cause; utilization is the busy share of the class named by
    `busiest` while the layer lasts.
critical_path, critical_path_summary
    What made the latency as long as it is. duration_fs are integers that add up to latency_fs exactly;
    duration_s = duration_fs / 1e15.
stalls_s, network_s, host_s
    Standing time of all actors by cause; time of the critical path on links; busy time of the host.
swap
    Only where layers take turns on the crossbars. n_segments, n_written: of them, and that are written for
    every inference; group: inferences that share it, and are one inference everywhere here; weight_bytes,
    cells, write_j: what is written; most_writes, mean_writes: of a cell in one inference; path_s: time on the
    critical path for bringing and writing weights; endurance (writes of a cell), inferences (until it is
    reached): left out if unknown; kept_bytes, buffer_bytes: most that waits for later segments, and the room
    of all tile buffers (if that is less, it waits in memory).
links
    The busiest. load: busy share; queueing_s: waiting of the transfers over it (one that waits for several
    links counts for each), in one inference; transfers: who shares it, and their shares of its busy time.
interconnect
    flit_hops: flits through routers in one inference, energy_per_flit_hop_j, energy_per_bit_hop_j; hop_s,
    queue_s: of all transfers. heat: of the chip with the busiest link, the load of the busiest link out of
    each router, by row and column.
transfers
    Every stream over the network. hop_s: what its n_tokens would take one by one on an empty network;
    queue_s: what they waited beyond that.
time_series
    Utilization by class and power, in bins over one inference.
events, wall_s
    Visits simulated; seconds that this computer took, the only entry that differs between two equal runs.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from importlib.metadata import version
from math import fsum
from typing import TYPE_CHECKING, Any

from ...arch import describe, roll_up
from ..mapping.assignment import InBlocks
from ..metrics.seconds import seconds
from .operands_block import data_hash, operands_json
from .training_block import training_json

if TYPE_CHECKING:
    from ..metrics.layers import Layer
    from ..metrics.requests import Distribution, Requests
    from ..run import Run

SCHEMA = "ohmsum-result/1"
N_LINKS = 16
"""Busiest links listed."""


def to_json(run: Run) -> dict[str, Any]:
    """The result as an object of plain dicts, lists, strings and numbers."""
    return _known(
        {
            "schema": SCHEMA,
            "provenance": _provenance(run),
            "network": _network(run),
            "chip": _known(
                {
                    "name": run.chip.name,
                    "n_chips": run.mapping.n_chips,
                    "parts_without_area": list(run.parts_without_area) or None,
                }
            ),
            "chip_fields": {row.path: row.value for row in describe(run.chip)},
            "batch": run.batch,
            **_figures(run),
            "requests": None if run.requests is None else _requests(run.requests),
            "training": training_json(run),
            "area_by_part_mm2": _area_by_part(run),
            "tiles_used": run.mapping.tiles_used,
            "tiles_total": run.mapping.tiles_total or None,
            "mapping": _mapping(run),
            "utilization": run.busy.class_utilization,
            "energy_by_component_j": run.energy.by_component_j,
            "energy_by_action_j": run.energy.by_action_j,
            "static_energy_j": run.energy.static_j,
            "operands": operands_json(run),
            "stalls_s": run.stalls_s,
            "host_s": run.host_s,
            "swap": _swap(run),
            "network_s": run.network_s,
            "links": busiest_links(run),
            "interconnect": _interconnect(run),
            "transfers": [asdict(transfer) for transfer in run.interconnect.transfers],
            "layers": [_layer(layer) for layer in run.layers],
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
            "events": run.events,
            "wall_s": dict(run.wall_s),
        }
    )


def dumps(result: dict[str, Any]) -> str:
    """The object as text, one line per entry and per element of a list of objects: fit for `diff`."""
    parts = []
    for key, value in result.items():
        if isinstance(value, list) and value and isinstance(value[0], dict):
            body = "[\n" + ",\n".join(f"    {_compact(item)}" for item in value) + "\n  ]"
        else:
            body = _compact(value)
        parts.append(f"  {json.dumps(key)}: {body}")
    return "{\n" + ",\n".join(parts) + "\n}\n"


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
    return _known(
        {
            "flit_hops": use.flit_hops or None,
            "energy_per_flit_hop_j": use.energy_per_flit_hop_j,
            "energy_per_bit_hop_j": use.energy_per_bit_hop_j,
            "hop_s": fsum(t.hop_s for t in use.transfers),
            "queue_s": fsum(t.queue_s for t in use.transfers),
            "heat": None if run.heat is None else {"chip": run.heat.chip, "loads": run.heat.loads.tolist()},
        }
    )


def _provenance(run: Run) -> dict[str, Any]:
    return {
        "version": version("ohmsum"),
        "chip_hash": run.chip.hash,
        "network_hash": run.network.hash,
        "program_hash": run.program.hash,
        **data_hash(run),
        "seed": run.options.get("mapping", {}).get("seed", 0),
        "options": dict(run.options),
    }


def _network(run: Run) -> dict[str, Any]:
    network = run.network
    return _known(
        {
            "name": network.name,
            "file_hash": network.file_hash or None,
            "operators": len(network.operators),
            "params": network.params,
            "notes": list(network.notes) or None,
        }
    )


def _figures(run: Run) -> dict[str, Any]:
    return {
        "latency_s": run.latency_s,
        "latency_fs": run.latency_fs,
        "makespan_s": run.makespan_s,
        "throughput_per_s": run.throughput.per_s,
        "throughput_basis": run.throughput.basis,
        "energy_j": run.energy.total_j,
        "power_w": run.power_w,
        "area_mm2": run.area_mm2,
        "tops": run.tops,
        "tops_per_w": run.tops_per_w,
        "tops_per_mm2": run.tops / run.area_mm2 if run.area_mm2 else None,
        "macs": run.network.macs,
        "product_macs": run.network.product_macs,
    }


def _requests(requests: Requests) -> dict[str, Any]:
    return _known(
        {
            "arrival": str(requests.arrivals),
            "offered_per_s": requests.offered_per_s,
            "arrived_per_s": requests.arrived_per_s,
            "served_per_s": requests.served_per_s,
            "capacity_per_s": requests.capacity.steady_per_s,
            "above_capacity": requests.above_capacity,
            "verdict": requests.verdict,
            "latency_s": distribution(requests.latency),
            "queueing_s": distribution(requests.queueing),
            "mean_in_system": requests.mean_in_system,
            "most_in_system": requests.most_in_system,
        }
    )


def distribution(times: Distribution) -> dict[str, float]:
    """Mean and percentiles by name."""
    return {
        "mean": times.mean_s,
        "p50": times.p50_s,
        "p95": times.p95_s,
        "p99": times.p99_s,
        "max": times.max_s,
    }


def _area_by_part(run: Run) -> dict[str, float]:
    """Area of all instances of each part of one chip, by its path; parts of unknown area are left out."""
    leaves = roll_up(run.chip).root.leaves()
    return {part.path: part.total_area_mm2 for part in leaves if part.total_area_mm2 is not None}


def _mapping(run: Run) -> dict[str, Any]:
    mapping = run.mapping
    tilings = [(a.replicas, a.tiling) for a in mapping.assignments if isinstance(a, InBlocks)]
    used = sum(n * t.cells_used for n, t in tilings)
    total = sum(n * t.cells_total for n, t in tilings)
    places: dict[str, int] = {}
    for assignment in mapping.assignments:
        places[assignment.place] = places.get(assignment.place, 0) + 1
    return _known(
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


def _swap(run: Run) -> dict[str, Any] | None:
    use = run.swap
    return None if use is None else _known({**asdict(use), "inferences": use.inferences})


def _layer(layer: Layer) -> dict[str, Any]:
    return _known(
        {
            "name": layer.name,
            "op": layer.op,
            "unit": layer.unit,
            "begin_s": None if layer.begin_fs is None else seconds(layer.begin_fs),
            "latency_s": None if layer.latency_fs is None else seconds(layer.latency_fs),
            "energy_j": layer.energy_j,
            "macs": layer.macs,
            "product_macs": layer.product_macs or None,
            "tiles": layer.tiles,
            "replicas": layer.replicas,
            "busiest": layer.busiest or None,
            "utilization": layer.utilization,
            "stall_s": layer.stall_s or None,
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


def _known(values: dict[str, Any]) -> dict[str, Any]:
    """Without the entries that are not known."""
    return {key: value for key, value in values.items() if value is not None}


def _compact(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(", ", ": "))
