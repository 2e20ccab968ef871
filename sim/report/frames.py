"""An answer as tables: columns of equal length, for pandas, Parquet and CSV.

Names of columns end in their unit. Times are whole femtoseconds (`_fs`) where they are exact, and seconds
(`_s`) beside them.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np

from ..engines import compiled
from ..errors import SimulationError
from ..figures import FIGURES, Kind
from ..metrics.busy import busy_times
from ..metrics.seconds import FS_PER_S, seconds

if TYPE_CHECKING:
    from ..answers.base import Answer
    from ..answers.generation import Generation
    from ..answers.run import Run
    from ..answers.serving import Serving
    from ..engines.result import EngineResult

Columns = dict[str, list[Any]]


def columns(answer: Answer, table: str | None = None) -> Columns:
    """One table of an answer.

    Parameters
    ----------
    table : str, optional
        Of a run: ``layers``: one row per layer. ``energy``: per layer, component and action, per inference.
        ``critical_path``: its pieces in order. ``resources``: busy share of each. ``time_series``: busy share
        by class and power, per time bin of one inference alone. ``firings``: issue, begin and end of every
        firing of every actor, of all inferences of the batch (the run is simulated once more for them).

        Of a generation: ``tokens``: context and time of every token after the first of every sequence.
        ``work``: time and energy by phase and kind of work. Of a service: ``requests``: when each came,
        joined, had its first and its last token. ``iterations``: what ran together, and for how long.

        Of every answer: ``figures``. If not given, the first of its kind.

    Raises
    ------
    SimulationError
        There is no such table.
    """
    tables = TABLES[answer.kind]
    name = next(iter(tables)) if table is None else table
    if name not in tables:
        raise SimulationError(f"table: found {table!r}, expected one of {', '.join(map(repr, tables))}")
    return tables[name](answer)


def write_csv(table: Columns, file: BinaryIO) -> None:
    """Write columns as CSV (RFC 4180, UTF-8): a line of names, then the rows; unknown is empty."""
    text = io.TextIOWrapper(file, encoding="utf-8", newline="")
    writer = csv.writer(text)
    writer.writerow(table)
    writer.writerows([csv_cell(cell) for cell in row] for row in zip(*table.values(), strict=True))
    text.detach()


def csv_cell(value: Any) -> Any:
    """A value as a cell: a text that a spreadsheet would take for a formula gets an apostrophe before it."""
    is_formula = isinstance(value, str) and len(value) > 1 and value[0] in "=+-@\t\r"
    return f"'{value}" if is_formula else value


def write_parquet(table: Columns, file: BinaryIO) -> None:
    """Write columns as Parquet (needs pyarrow)."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    pq.write_table(pa.table(table), file, compression="zstd")


def _layers(run: Run) -> Columns:
    causes = list(dict.fromkeys(cause for layer in run.layers for cause in layer.stall_s))
    on_path = run.critical_path.by_layer_s
    rows = [
        {
            "name": layer.name,
            "op": layer.op,
            "unit": layer.unit,
            "macs": layer.macs,
            "product_macs": layer.product_macs,
            "tiles": layer.tiles,
            "replicas": layer.replicas,
            "begin_s": None if layer.begin_fs is None else seconds(layer.begin_fs),
            "latency_s": None if layer.latency_fs is None else seconds(layer.latency_fs),
            "critical_path_s": on_path.get(layer.name, 0.0),
            "energy_j": layer.energy_j,
            "busiest": layer.busiest or None,
            "utilization": layer.utilization,
            **{f"stall_{cause}_s": layer.stall_s.get(cause) for cause in causes},
        }
        for layer in run.layers
    ]
    return {key: [row[key] for row in rows] for key in rows[0]}


def _energy(run: Run) -> Columns:
    names = ("layer", "component", "action", "count", "energy_j")
    return {name: [getattr(term, name) for term in run.energy.terms] for name in names}


def _critical_path(run: Run) -> Columns:
    pieces = run.critical_path.pieces
    return {
        "layer": [p.layer for p in pieces],
        "actor": [p.actor for p in pieces],
        "resource": [p.resource for p in pieces],
        "class": [p.klass for p in pieces],
        "cause": [p.cause for p in pieces],
        "start_fs": [p.start_fs for p in pieces],
        "duration_fs": [p.duration_fs for p in pieces],
        "start_s": [seconds(p.start_fs) for p in pieces],
        "duration_s": [seconds(p.duration_fs) for p in pieces],
    }


def _resources(run: Run) -> Columns:
    program = run.program
    return {
        "name": list(program.resource_name),
        "class": list(program.resource_class),
        "servers": program.resource_servers.tolist(),
        "units": program.resource_units.tolist(),
        "utilization": run.busy.resource_utilization.tolist(),
    }


def _time_series(run: Run) -> Columns:
    found, single = run.time_series, run.single
    width_fs = busy_times(run.program, single).width_fs.tolist()
    classes = {name.replace(" ", "_"): values for name, values in found.utilization.items()}
    return {
        "begin_s": [seconds(i * single.bin_fs) for i in range(len(width_fs))],
        "duration_s": [seconds(width) for width in width_fs],
        "power_w": list(found.power_w),
        **{f"utilization_{name}": list(values) for name, values in classes.items()},
    }


def _firings(run: Run) -> Columns:
    program, rows = run.program, _with_firings(run).firings
    assert rows is not None
    actor = rows["actor"]
    n = program.actor_firings[actor]
    names = np.array(program.actor_name, object)
    layers = np.array(program.actor_layer, object)
    times = {name: rows[f"{name}_fs"] for name in ("issue", "begin", "end")}
    return {
        "actor": names[actor].tolist(),
        "layer": layers[actor].tolist(),
        "inference": (rows["firing"] // n).tolist(),
        "firing": (rows["firing"] % n).tolist(),
        **{f"{name}_fs": values.tolist() for name, values in times.items()},
        **{f"{name}_s": (values / FS_PER_S).tolist() for name, values in times.items()},
    }


def _with_firings(run: Run) -> EngineResult:
    arrivals = None if run.stream is None else run.stream.times_fs
    return compiled.run(run.program, run.batch, arrivals_fs=arrivals, keep_firings=True)


def _tokens(made: Generation) -> Columns:
    n_steps, n_sequences = made.token_fs.shape
    times_fs = made.token_fs.ravel().tolist()
    return {
        "sequence": list(range(n_sequences)) * n_steps,
        "context": [context for context in made.contexts for _ in range(n_sequences)],
        "time_fs": times_fs,
        "time_s": [seconds(t) for t in times_fs],
    }


def _work(made: Generation) -> Columns:
    rows = [
        (phase, kind, shares.time_s.get(kind, 0.0), shares.energy_j.get(kind, 0.0))
        for phase, shares in made.shares.items()
        for kind in dict.fromkeys([*shares.time_s, *shares.energy_j])
    ]
    names = ("phase", "kind", "time_s", "energy_j")
    return {name: [row[i] for row in rows] for i, name in enumerate(names)}


def _requests(served: Serving) -> Columns:
    asked = served.requests
    times = {
        "arrival": [r.arrival_fs for r in asked],
        "admitted": [r.admitted_fs for r in asked],
        "first_token": [r.token_fs[0] for r in asked],
        "last_token": [r.token_fs[-1] for r in asked],
    }
    return {
        **{f"{name}_fs": values for name, values in times.items()},
        **{f"{name}_s": [seconds(t) for t in values] for name, values in times.items()},
    }


def _iterations(served: Serving) -> Columns:
    ran = served.iterations
    return {
        "begin_s": [seconds(i.begin_fs) for i in ran],
        "duration_s": [seconds(i.time_fs) for i in ran],
        "sequences": [len(i.contexts) for i in ran],
        "prompts": [i.n_prompts for i in ran],
    }


def _figures(answer: Answer) -> Columns:
    known = [(FIGURES[key], value) for key, value in answer.figures.items()]
    return {
        "figure": [figure.key for figure, _ in known],
        "label": [figure.label for figure, _ in known],
        "unit": [figure.unit or "1" for figure, _ in known],
        "value": [value for _, value in known],
    }


_OF_A_RUN: dict[str, Callable[..., Columns]] = {
    "layers": _layers,
    "energy": _energy,
    "critical_path": _critical_path,
    "resources": _resources,
    "time_series": _time_series,
    "firings": _firings,
    "figures": _figures,
}
TABLES: dict[Kind, dict[str, Callable[..., Columns]]] = {
    "inference": _OF_A_RUN,
    "training": _OF_A_RUN,
    "generation": {"tokens": _tokens, "work": _work, "figures": _figures},
    "serving": {"requests": _requests, "iterations": _iterations, "figures": _figures},
}
"""Tables of every kind of answers, by name."""
