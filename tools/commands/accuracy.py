"""`ohmsum accuracy`: how right a network's answers still are on a chip."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from ...sim.job.given import job_of
from ..errors import UsageError
from ..output_file import text_output
from ..progress import shown_progress
from . import options
from .asking import Given, asks


def accuracy(
    given: Given,
    data: Annotated[
        Path,
        typer.Option(
            metavar="FILE", help=".npz: an array for every input, and 'labels' where there are any."
        ),
    ],
    metric: Annotated[
        str,
        typer.Option(
            metavar="NAME",
            help="topK, agreement (with float), sqnr (dB), auc, map, perplexity, ser, spearman (of pairs); "
            "of CTC outputs cer, wer (cer:blank=0, wer:blank=0,space=1); pixel_topK, pixel_agreement; or a "
            "function of yours, FILE.py:NAME.",
        ),
    ] = "top1",
    time: Annotated[
        str, typer.Option(metavar="TIMES", help="Since the first read after programming: 1s,1d,1month.")
    ] = "1s",
    temperature: Annotated[str, typer.Option(metavar="T", help="While it runs: 85C.")] = "25C",
    activation: Annotated[
        float,
        typer.Option("--activation-ev", metavar="EV", help="Thermal activation of a reset device (assumed)."),
    ] = 0.2,
    yield_: Annotated[
        str, typer.Option("--yield", metavar="SHARE", help="Probability that a cell works: 0.99 or 99%.")
    ] = "1",
    noise: Annotated[str, typer.Option(metavar="on|off", help="off: ideal devices.")] = "on",
    compensation: Annotated[
        str, typer.Option(metavar="NAMES", help="off, drift (factor per crossbar), affine (per column).")
    ] = "drift",
    bias: Annotated[
        str,
        typer.Option(
            metavar="fitted|plain",
            help="fitted: the digital bias makes up for what rounding takes from the mean of a column.",
        ),
    ] = "fitted",
    irdrop: Annotated[
        str,
        typer.Option(metavar="NAME", help="fast, exact or off: drop along wires, if the chip gives them."),
    ] = "fast",
    seeds: Annotated[int, typer.Option(metavar="N", help="Chips drawn, for the confidence interval.")] = 1,
    seed: Annotated[int, typer.Option(metavar="N", help="The first seed.")] = 0,
    find_digital: Annotated[
        str | None,
        typer.Option(metavar="LOSS", help="Search layers to keep digital until no more is lost: 0.5%."),
    ] = None,
    find_bits: Annotated[
        str | None,
        typer.Option(
            metavar="LOSS", help="Search how few bits every layer can do with until more is lost: 0.5%."
        ),
    ] = None,
    layers_out: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Write the bits found as rules by layer, for --layers."),
    ] = None,
    vary: Annotated[
        str | None,
        typer.Option(metavar="PATH=VALUES", help="Rows for values of a field: tile.adc.bits=4..10."),
    ] = None,
    clip: Annotated[
        float | None,
        typer.Option(
            metavar="PERCENT",
            help="Share of inputs and of column sums that ranges hold: both ranges by 'percentile PERCENT'.",
        ),
    ] = None,
    samples: Annotated[
        int | None,
        typer.Option(metavar="N", help="Take only so many samples, evenly spread; the first of a sequence."),
    ] = None,
    json_file: options.JsonFile = None,
    plain: options.Plain = False,
) -> None:
    """Run NETWORK with real data on CHIP and print how accurate it is, and which layer is to blame.

    Layers with stored weights are computed as their crossbars do, on the same mapping as `ohmsum run`; all
    other operators run in ONNX Runtime (pip install 'ohmsum[ort]').
    """
    from ...sim.accuracy.scores import score_of
    from ...sim.report.terminal import show, terminal_page
    from ..accuracy import texts
    from ..accuracy.bits import rules
    from ..accuracy.rows import AccuracyPlan, compute
    from ..accuracy.shown import as_json, report

    for option, number in (("--seeds", seeds), ("--samples", samples)):
        if number is not None and number < 1:
            raise UsageError(f"{option}: found {number}, expected at least 1")
    if seed < 0:
        raise UsageError(f"--seed: found {seed}, expected 0 or more")
    if clip is not None and not 0 < clip <= 100:
        raise UsageError(f"--clip: found {clip:g}, expected a percentile above 0, up to 100")
    if noise not in ("on", "off"):
        raise UsageError(f"--noise: found {noise!r}, expected 'on' or 'off'")
    score = score_of(metric)
    for option, asked_loss in (("--find-digital", find_digital), ("--find-bits", find_bits)):
        if asked_loss is not None and score.unit == "dB":
            raise UsageError(f"{option}: a loss is a share of decisions, expected another metric than sqnr")
    if layers_out is not None and find_bits is None:
        raise UsageError("--layers-out: the rules are what --find-bits finds, expected it as well")
    if find_bits is not None and (given["layers"] or vary):
        other = "--layers" if given["layers"] else "--vary"
        raise UsageError(f"--find-bits: searches the bits of all layers of one chip, expected no {other}")
    path, values = texts.varied(vary)
    if clip is not None:
        rule = f"percentile {clip:g}"
        given = {**given, **{name: given[name] or rule for name in ("input_range", "adc_range")}}
    digital = texts.names(given["digital"] or ())
    job = job_of({**given, "data": data, "digital": list(digital)})
    jobs = [job.with_changes({path: v}) if path else job for v in values]
    conditions = _conditions(
        noise == "on",
        texts.times(time),
        [c.strip() for c in compensation.split(",")],
        temperature_c=texts.celsius(temperature),
        activation_ev=activation,
        yield_fraction=texts.fraction("--yield", yield_),
        irdrop=irdrop,
        bias=bias,
    )
    plan = AccuracyPlan(
        job=job,
        data=data,
        chips=[(v, one.load_chip()) for v, one in zip(values, jobs, strict=True)],
        conditions=conditions,
        seeds=range(seed, seed + seeds),
        metric=score,
        loss=None if find_digital is None else texts.fraction("--find-digital", find_digital),
        bits_loss=None if find_bits is None else texts.fraction("--find-bits", find_bits),
        samples=samples,
    )
    asked = {**given, "data": str(data), "vary": vary, "seed": seed, "clip": clip}
    asked |= {"digital": list(digital), "find_digital": find_digital, "find_bits": find_bits}
    with (
        text_output("--json", json_file) as write,
        text_output("--layers-out", layers_out) as write_rules,
        shown_progress() as progress,
    ):
        result = compute(plan, progress)
        for chip, choice in result.bits:
            write_rules(rules(choice, chip))
        write(as_json(plan, result, path, {k: v for k, v in asked.items() if v}))
    if str(json_file) != "-":
        show(report(plan, result, path, terminal_page(plain)), plain)


def _conditions(noise: bool, times_s: list[float], compensations: list[str], **common: Any) -> list[Any]:
    """Every time with every compensation."""
    from ...sim.accuracy.conditions import Conditions

    kinds: list[Any] = list(compensations)
    return [Conditions(noise, time_s=t, compensation=kind, **common) for t in times_s for kind in kinds]


ASKED = (
    "network", "chip", "chips", "set", "bind", "input", "outputs", "inputs", "value", "host", "digital",
    "layers", "partition", "attention", "most_tokens", "most_tiles",
    "input_range", "adc_range",
)  # fmt: skip
"""Fields of a question that say what is computed; the others say when."""
command = asks(accuracy, only=ASKED)
