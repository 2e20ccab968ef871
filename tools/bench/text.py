"""The figures as tables, and two results side by side."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

STEPS = ("map", "lower", "run")


def tables(result: dict[str, Any]) -> Iterator[str]:
    """Lines of all tables of a result."""
    if result["networks"]:
        yield from _networks(result)
    for row in result["rates"]:
        yield from _rates(row)
    if result["synthetic"]:
        yield from _synthetic(result["synthetic"], result["synthetic_slope"])
    if result["scalesim"]:
        yield from _scalesim(result["scalesim"])


def _networks(result: dict[str, Any]) -> Iterator[str]:
    titles = " ".join(f"{title:>8}" for title in (*STEPS, "sum", "peak"))
    yield f"{'network':12} {'chips':>5} {'visits':>11} {titles}"
    for row in result["networks"]:
        steps = " ".join(f"{row[step]['wall_s']:6.2f} s" for step in STEPS)
        yield (
            f"{row['network']:12} {row['chips']:5} {row['visits']:11,} {steps} "
            f"{row['wall_s']:6.2f} s {row['peak_mb']:5.0f} MB"
        )
    if result["network_slope"] is not None:
        yield f"time ~ visits ^ {result['network_slope']:.2f} over these networks (processor time)"


def _rates(row: dict[str, Any]) -> Iterator[str]:
    yield ""
    yield f"engines on {row['network']}, {row['visits']:,} visits per inference"
    yield f"  compiled engine   {row['compiled_per_s'] / 1e6:8.2f} M visits/s"
    yield f"  reference engine  {row['reference_per_s'] / 1e6:8.3f} M visits/s, ratio {row['ratio']:.0f}"
    yield f"  time ~ batch ^    {row['batch_slope']:8.2f} without fast-forward"
    yield f"  fast-forward      {row['forward_gain']:8.1f} x on a batch of 64"
    yield f"  batch of 1000     {row['thousand_over_eight']:8.1f} x the time of 8, {row['thousand_s']:.2f} s"


def _synthetic(rows: list[dict[str, Any]], slope: float | None) -> Iterator[str]:
    yield ""
    yield "a pipeline of one inference, no fast-forward"
    for row in rows:
        rate = row["visits"] / row["run"]["cpu_s"] / 1e6
        yield (
            f"  {row['visits']:13,} visits  {row['run']['cpu_s']:8.2f} s  {rate:6.2f} M visits/s"
            f"  {row['run']['peak_mb']:6.0f} MB"
        )
    if slope is not None:
        yield f"  time ~ visits ^ {slope:.3f}"


def _scalesim(found: dict[str, Any]) -> Iterator[str]:
    yield ""
    yield "beside SCALE-Sim, 32 x 32 weight-stationary: cycles of the array"
    for row in found["rows"]:
        layer = row["layer"]
        shape = f"{layer['vectors']} x {layer['k']} x {layer['n']}"
        cycles = f"SCALE-Sim {row['their_cycles']:9,}  ours {row['our_cycles']:9,}"
        yield f"  {layer['name']:24} {shape:>18}  {cycles}"
    yield (
        f"  SCALE-Sim {found['their_cpu_s']:.2f} s for these; ours {found['our_cpu_s']:.3f} s for the whole "
        f"network, {found['speedup']:,.0f} times as many cycles per second"
    )


def comparison(old: dict[str, Any], new: dict[str, Any]) -> Iterator[str]:
    """Lines that say how each figure of the new result compares with the old one, as new / old."""
    yield f"new / old: {new['version']} / {old['version']}"
    before = {row["network"]: row for row in old["networks"]}
    for row in new["networks"]:
        if (was := before.get(row["network"])) is None:
            continue
        steps = [(step, row[step]["cpu_s"], was[step]["cpu_s"]) for step in STEPS]
        figures = [*steps, ("peak", row["peak_mb"], was["peak_mb"]), ("visits", row["visits"], was["visits"])]
        yield f"{row['network']:12} " + "  ".join(f"{name} {_ratio(a, b)}" for name, a, b in figures)
    speeds = {row["network"]: row for row in old["rates"]}
    for row in new["rates"]:
        if (was := speeds.get(row["network"])) is None:
            continue
        names = ("compiled_per_s", "reference_per_s", "ratio", "forward_gain", "thousand_s")
        yield f"{row['network']:12} " + "  ".join(f"{name} {_ratio(row[name], was[name])}" for name in names)
    sizes = {row["visits"]: row for row in old["synthetic"]}
    for row in new["synthetic"]:
        if (was := sizes.get(row["visits"])) is not None:
            times = row["run"]["cpu_s"], was["run"]["cpu_s"]
            yield f"{row['visits']:,} visits: time {_ratio(*times)}"


def _ratio(new: float, old: float) -> str:
    return f"{new / old:.2f}" if old else "-"
