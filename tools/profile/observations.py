"""What one run shows by itself: rates, tiling, queues, links, buffers, energy."""

from __future__ import annotations

from ...arch.parts import fields_that_widen
from ...sim.answers.run import Run
from ...sim.metrics.energy import STATIC
from ...sim.report.numbers import percent, si
from .buffers import Occupancy, shortages
from .finding import Finding
from .latency import LatencyBreakdown
from .links import HotLink
from .queues import Queueing, by_class
from .throughput import RateLimit
from .tiling import TilingLosses

WAITED = 0.05
"""Least wait, as a share of the latency, that is told."""
LOADED = 0.25
"""Least load of a link that is told."""
LOST = 0.10
"""Least share of cells lost to tiling that is told."""


def observations(
    run: Run,
    latency: LatencyBreakdown,
    limits: tuple[RateLimit, ...],
    tiling: TilingLosses | None,
    queues: tuple[Queueing, ...],
    links: tuple[HotLink, ...],
    buffers: tuple[Occupancy, ...],
) -> list[Finding]:
    """Everything worth telling that needs no other run."""
    latency_s = run.latency_s
    return [
        *_path(latency),
        *_throughput(run, limits),
        *_tiling(tiling),
        *_queue(queues, latency_s),
        *_link(links),
        *_buffer(buffers, latency_s),
        *_energy(run),
    ]


def _path(latency: LatencyBreakdown) -> list[Finding]:
    layer, layer_fs = next(iter(latency.by_layer_fs.items()))
    klass, class_fs = next(iter(latency.by_class_fs.items()))
    shares = {"layer_share": layer_fs / latency.latency_fs, "class_share": class_fs / latency.latency_fs}
    text = (
        f"The critical path is longest in layer {layer} ({percent(shares['layer_share'])} of the latency) "
        f"and on {klass} ({percent(shares['class_share'])})."
    )
    return [Finding("latency", layer, text, (), shares)]


def _throughput(run: Run, limits: tuple[RateLimit, ...]) -> list[Finding]:
    if not limits:
        return []
    first = limits[0]
    text = (
        f"Throughput is {si(run.throughput.per_s)}/s and cannot pass {si(first.limit_per_s)}/s: "
        f"{first.resource} ({first.klass}) is busy for {si(first.busy_s, 's')} per {run.one}."
    )
    numbers = {"throughput_per_s": run.throughput.per_s, "limit_per_s": first.limit_per_s}
    if len(limits) > 1:
        text += f" Next would be {limits[1].resource} ({limits[1].klass}) at {si(limits[1].limit_per_s)}/s."
        numbers["next_per_s"] = limits[1].limit_per_s
    return [Finding("throughput", first.resource, text, (), numbers)]


def _tiling(tiling: TilingLosses | None) -> list[Finding]:
    if tiling is None or not tiling.layers or 1 - tiling.share("cells_used") < LOST:
        return []
    worst = tiling.layers[0]
    reasons = {
        "rows": tiling.share("row_loss"),
        "columns": tiling.share("column_loss"),
        "diagonal": tiling.share("diagonal_loss"),
    }
    parts = [f"{percent(share)} to {name}" for name, share in reasons.items() if share >= 0.005]
    lost = 1 - tiling.share("cells_used")
    full = percent(worst.cells_used / worst.cells_total)
    text = (
        f"{percent(lost)} of the cells of the crossbars in use hold no weights ({', '.join(parts)}); "
        f"{worst.layer} loses most: {worst.k} x {worst.n} weights fill {full} "
        f"of {worst.crossbars * worst.replicas} crossbars of {tiling.rows} x {tiling.cols}."
    )
    fields = ("tile.crossbar.rows", "tile.crossbar.cols")
    return [Finding("tiling", worst.layer, text, fields, {"lost": lost, **reasons})]


def _queue(queues: tuple[Queueing, ...], latency_s: float) -> list[Finding]:
    if not queues or by_class(queues)[0].wait_s < WAITED * latency_s:
        return []
    klass = by_class(queues)[0]
    layer = next(queue for queue in queues if queue.klass == klass.klass)
    text = (
        f"Work queues longest for {klass.klass}: {si(klass.wait_s, 's')} in all, {si(klass.mean_s, 's')} per "
        f"visit on average; most in layer {layer.layer} ({si(layer.wait_s, 's')})."
    )
    return [Finding("queue", klass.klass, text, (), {"wait_s": klass.wait_s, "mean_wait_s": klass.mean_s})]


def _link(links: tuple[HotLink, ...]) -> list[Finding]:
    if not links or links[0].load < LOADED:
        return []
    hot = links[0]
    flow = hot.flows[0]
    text = (
        f"The busiest link is {hot.name} ({hot.klass}, {percent(hot.load)} of the time); the largest of its "
        f"{len(hot.flows)} flows is {flow.name} ({percent(flow.share)})."
    )
    fields = fields_that_widen(hot.klass)
    return [Finding("link", hot.name, text, fields, {"load": hot.load, "flow_share": flow.share})]


def _buffer(buffers: tuple[Occupancy, ...], latency_s: float) -> list[Finding]:
    if not buffers or buffers[0].room_stall_s < WAITED * latency_s:
        return []
    full = buffers[0]
    text = (
        f"{full.producer} stood still for {si(full.room_stall_s, 's')} because the buffer to {full.consumer} "
        f"was full ({full.peak_tokens} of {full.capacity_tokens} tokens of {si(full.token_bytes, 'B')})."
    )
    return [
        Finding("buffer", full.producer, text, ("tile.buffer.capacity",), {"room_stall_s": full.room_stall_s})
    ]


def _energy(run: Run) -> list[Finding]:
    total_j = run.energy.total_j
    if not total_j:
        return []
    name, energy_j = next(iter(run.energy.by_component_j.items()))
    action = next(iter(sorted(run.energy.by_action_j[name].items(), key=lambda item: -item[1])))[0]
    what = "standing by, not working" if action == STATIC else f"for {action}"
    text = (
        f"{name} takes {percent(energy_j / total_j)} of the energy ({si(energy_j, 'J')}), most of it {what}."
    )
    return [Finding("energy", name, text, (), {"share": energy_j / total_j, "energy_j": energy_j})]


def impossible(run: Run, buffers: tuple[Occupancy, ...]) -> list[Finding]:
    """What the chip could not do although the model lets it: buffers that are smaller than their content."""
    short = shortages(run, buffers)
    if not short:
        return []
    worst = short[0]
    per_tile = -(-worst.needed_bytes // worst.tiles)
    where = f"the {worst.tiles} buffers" if worst.tiles > 1 else "the buffer"
    more = f", and {len(short) - 1} more layers with it" if len(short) > 1 else ""
    text = (
        f"The buffers are too small: the inputs of {worst.layer} take {si(worst.needed_bytes, 'B')} at once, "
        f"{where} of its tiles hold {si(worst.present_bytes, 'B')}{more}. The figures are those of buffers "
        f"that are large enough; {worst.field} must be at least {si(per_tile, 'B')}."
    )
    numbers = {"needed_bytes": float(worst.needed_bytes), "present_bytes": float(worst.present_bytes)}
    return [Finding("shortage", "buffer capacity", text, (worst.field,), numbers)]
