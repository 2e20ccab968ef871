"""The page of a run: everything over time, by layer, by part, as one object of plain values and arrays."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ....arch.parts import colours
from ...answers.training_step import TrainingStep
from ...engines import compiled
from ...metrics.path import Piece
from ...metrics.seconds import seconds
from ...progress import Progress
from ..heading import named_figure, once, unbeaten
from ..numbers import percent, si
from ..training_block import training_notes
from .activity import LEAST_BINS, Activity, activity, n_bins_for
from .container import Container
from .floorplan import floorplan
from .page import head, page
from .requests import run_requests
from .roofline import roofline
from .shares import training_shares

if TYPE_CHECKING:
    from ...answers.run import Run
    from ...metrics.layers import Layer


MOST_PIECES = 20_000
"""Pieces of the critical path shown one by one; more are merged by layer and class."""


def payload(run: Run, activity: Activity, profile: dict[str, Any] | None) -> str:
    """The container for the page; `profile` as `ohmsum profile --json` writes it."""
    box = Container()
    names = [layer.name for layer in run.layers]
    index = {name: i for i, name in enumerate(names)}
    return box.text(
        {
            **head(run, _subtitle(run), _notes(run), _figures(run), program=run.program.hash),
            "batch": run.batch,
            "latency_s": run.latency_s,
            "total_s": run.makespan_s,
            "energy_j": run.energy.total_j,
            "layers": [_layer(layer, run) for layer in run.layers],
            "resources": {
                "name": list(run.program.resource_name),
                "class": list(run.program.resource_class),
                "servers": run.program.resource_servers.tolist(),
                "units": run.program.resource_units.tolist(),
            },
            "colours": colours(),
            "activity": activity.packed(box, index),
            "static_power_w": sum(watts for _, watts in run.program.static_power_w),
            "energy": [[index[t.layer], t.component, t.action, t.energy_j] for t in run.energy.terms],
            "path": _path(run, box, index),
            "roofline": roofline(run),
            "floorplan": floorplan(run),
            "requests": None if run.requests is None else run_requests(run.requests, box),
            "shares": [training_shares(run)] if isinstance(run, TrainingStep) else [],
            "profile": profile,
        }
    )


def _subtitle(run: Run) -> str:
    batch = run.training.batch if isinstance(run, TrainingStep) else run.batch
    parts = [f"batch {batch}", f"{si(run.network.params)} parameters", si(run.macs, "MAC")]
    return ", ".join([*parts, f"{len(run.network.operators)} operators"])


def _notes(run: Run) -> list[str]:
    notes = [*run.network.notes, *training_notes(run)]
    if run.parts_without_area and run.area_mm2 is not None:
        notes.append(f"Area unknown and left out: {', '.join(run.parts_without_area)}.")
    notes += [f"{told[0].upper()}{told[1:]}." for told in unbeaten(run)]
    if run.batch > 1:
        notes.append(
            f"Throughput: {run.throughput.basis}. Energy and power are those of the batch; everything over "
            "time and by layer is one inference alone."
        )
    return notes


def _figures(run: Run) -> list[tuple[str, str, str]]:
    """The large figures on top: name, value, and a line below."""
    mapping, total_j = run.mapping, run.energy.total_j
    rate = "training.samples_per_s" if isinstance(run, TrainingStep) else "throughput_per_s"
    notes = {
        "latency_s": f"{percent(run.network_s / run.latency_s)} in links",
        rate: f"{run.tops:.3g} TOPS",
        "energy_j": f"per {once(run)}",
        "power_w": f"{percent(run.energy.static_j / total_j)} static" if total_j else "",
        "tops_per_w": "",
        "area_mm2": f"{mapping.n_chips} chips" if mapping.n_chips > 1 else "1 chip",
    }
    figures = [(*named_figure(run, key), note) for key, note in notes.items() if key in run.figures]
    if mapping.tiles_total:
        used = f"{percent(mapping.tiles_used / mapping.tiles_total)} used"
        figures.append(("tiles", f"{mapping.tiles_used} / {mapping.tiles_total}", used))
    return figures


def _layer(layer: Layer, run: Run) -> dict[str, Any]:
    stalls = dict(layer.stall_s)
    if stalls:
        # What an actor waits before its first firing is the filling of the pipeline.
        stalls = {"fill": layer.first_input_s, **stalls}
        stalls["input"] = max(0.0, stalls["input"] - layer.first_input_s)
    return {
        "name": layer.name,
        "op": layer.op,
        "unit": layer.unit,
        "macs": layer.macs + layer.product_macs,
        "tiles": layer.tiles,
        "replicas": layer.replicas,
        "begin_s": None if layer.begin_fs is None else seconds(layer.begin_fs),
        "latency_s": None if layer.latency_fs is None else seconds(layer.latency_fs),
        "energy_j": layer.energy_j,
        "busiest": layer.busiest,
        "utilization": layer.utilization,
        "stall_s": stalls,
        "path_s": run.critical_path.by_layer_s.get(layer.name, 0.0),
    }


def _path(run: Run, box: Container, layer_index: dict[str, int]) -> dict[str, Any]:
    """Pieces of the critical path as arrays; -1 is the layer of the time before the inference arrives."""
    pieces = list(run.critical_path.pieces)
    merged = len(pieces) > MOST_PIECES
    if merged:
        pieces = _merged(pieces)
    classes = sorted({p.klass for p in pieces})
    causes = sorted({p.cause for p in pieces})
    return {
        "merged": merged,
        "classes": classes,
        "causes": causes,
        "layer": box.add(np.array([layer_index.get(p.layer, -1) for p in pieces], np.int32)),
        "class": box.add(np.array([classes.index(p.klass) for p in pieces], np.int32)),
        "cause": box.add(np.array([causes.index(p.cause) for p in pieces], np.int32)),
        "start_s": box.add(np.array([seconds(p.start_fs) for p in pieces], np.float64)),
        "duration_s": box.add(np.array([seconds(p.duration_fs) for p in pieces], np.float64)),
    }


def _merged(pieces: list[Piece]) -> list[Piece]:
    """Neighbouring pieces of one layer and class as one, with the cause that took most of it."""
    groups: list[list[Piece]] = []
    for piece in pieces:
        if groups and (groups[-1][0].layer, groups[-1][0].klass) == (piece.layer, piece.klass):
            groups[-1].append(piece)
        else:
            groups.append([piece])
    return [_one(group) for group in groups]


def _one(group: list[Piece]) -> Piece:
    first, longest = group[0], max(group, key=lambda p: p.duration_fs)
    return Piece(
        actor=first.actor,
        layer=first.layer,
        resource=first.resource,
        klass=first.klass,
        cause=longest.cause,
        start_fs=first.start_fs,
        duration_fs=sum(p.duration_fs for p in group),
        n_visits=sum(p.n_visits for p in group),
    )


MOST_BYTES = 5_000_000
"""Size of a page; time bins are widened until it fits."""
VIEWS = (
    "findings.js",
    "requests.js",
    "shares.js",
    "floorplan.js",
    "path.js",
    "timeline.js",
    "over_time.js",
    "energy.js",
    "stalls.js",
    "roofline.js",
    "what_if.js",
    "layers.js",
)
"""Sections in the order of the page."""


def page_of_run(run: Run, profile: dict[str, Any] | None = None, progress: Progress | None = None) -> str:
    """The page.

    The inference is simulated once more to get the times in finer bins than the run keeps.

    Parameters
    ----------
    run : Run
    profile : dict, optional
        What `ohmsum profile --json` writes: findings and what-if.
    progress : callable, optional
        Told what is being done and the fraction of it that is done.
    """
    told = None if progress is None else lambda share: progress("report", share)
    result = compiled.run(run.program, 1, n_bins=n_bins_for(run.program), progress=told)
    shown = activity(run.program, result)
    made = page(run.title, VIEWS, payload(run, shown, profile))
    while len(made.encode()) > MOST_BYTES and shown.n_bins > LEAST_BINS:
        shown = shown.halved()
        made = page(run.title, VIEWS, payload(run, shown, profile))
    return made
