"""The table as Markdown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from .catalogue import Case
from .measures import correlation_error, share_error
from .rows import ADC_BITS, ADC_SEEDS, AGED, CHIP, Figure

Results = Mapping[str, Figure]
NOT_YET = "..."
TITLE = f"""\
# Real networks on real data

Printed by `python -m ohmsum.tools.accuracy.networks`. Chip: `{CHIP}` with 8-bit inputs and converters and
PCM devices by their published fits (`hermes-2`). Networks and data come out of public packages; none was
trained for analog hardware. *Sampling error*: 95 % confidence interval of the float figure (of the 8-bit one
where agreement with float is the measure), as the data are a sample (Wilson; Bonett and Wright for the
correlation); differences between columns are of the same data and surer than that. *Chips drawn*: seeds of
a row of conditions, and of a row of converter bits."""
EXACT = """\
## Exact where nothing is lost

Largest deviation from ONNX Runtime, relative to its largest output: of the float32 product, tile by tile, and
of the chip itself with ideal devices and 24-bit weights, inputs and converters. Both are rounding: the tiles
compute the network. (silero-vad amplifies rounding: changing its input by 1e-7 of the largest sample, in ONNX
Runtime alone, moves its output by 5e-5.)"""
CONDITIONS = """\
## Noise and drift

All layers with weights on crossbars. *8 bits*: 8-bit weights, inputs and converters, ideal devices, a range
for every column; *one range*: the same with one range for all columns of a crossbar. Then PCM devices, that
long after programming; *bare* is without drift compensation. \u00b1: 95 % confidence interval of the
mean over chips drawn (Student's t)."""
BITS = """\
## Converter bits

Above: ideal devices of any conductance. Below: after a day, drift compensated."""


def page(found: Sequence[tuple[Case, Results]]) -> str:
    """All tables; what is not computed yet is marked."""
    parts = [
        TITLE,
        _networks(found),
        EXACT,
        _exact(found),
        CONDITIONS,
        _conditions(found),
        *_depthwise(found),
        BITS,
        _bits(found),
    ]
    return "\n\n".join(parts) + "\n"


def _networks(found: Sequence[tuple[Case, Results]]) -> str:
    rows = [["network", "data", "metric", "samples", "float", "sampling error", "chips drawn", "CPU time"]]
    for case, results in found:
        figure = results.get("8 bits")
        cpu_s = sum(f.cpu_s for f in results.values())
        rows.append(
            [
                case.title,
                case.data,
                case.metric,
                NOT_YET if figure is None else f"{figure.n_samples:,}",
                NOT_YET if figure is None else _value(case, figure.float_value),
                NOT_YET if figure is None else f"\u00b1 {_value(case, _sampling_error(case, figure))}",
                f"{case.seeds}, {ADC_SEEDS}",
                f"{cpu_s / 60:.0f} min",
            ]
        )
    return _table(rows)


def _sampling_error(case: Case, figure: Figure) -> float:
    n = case.n_decisions or figure.n_samples
    share = figure.mean if case.metric == "agreement" else figure.float_value
    return (correlation_error if case.correlation else share_error)(share, n)


def _exact(found: Sequence[tuple[Case, Results]]) -> str:
    rows = [["network", "samples", "tiled float32 product", "24-bit chip"]]
    for case, results in found:
        figure = results.get("enough bits")
        if figure is not None:
            worst = max(f.mapping_error for f in results.values())
            rows.append([case.title, str(figure.n_samples), f"{worst:.1e}", f"{figure.mean:.1e}"])
    return _table(rows)


def _conditions(found: Sequence[tuple[Case, Results]]) -> str:
    aged = (name if kind == "drift" else f"{name}, bare" for name, kind in AGED)
    rows = [["network", "float", "8 bits", "one range", *aged]]
    for case, results in found:
        shown = [_shown(case, results.get(f"{name}, {kind}")) for name, kind in AGED]
        figure = results.get("8 bits")
        value = NOT_YET if figure is None else _value(case, figure.float_value)
        one = _shown(case, results.get("8 bits, one range"))
        rows.append([case.title, value, _shown(case, figure), one, *shown])
    return _table(rows)


def _depthwise(found: Sequence[tuple[Case, Results]]) -> list[str]:
    texts = []
    for case, results in found:
        keys = ("8 bits, depthwise digital", "1 day, depthwise digital")
        if case.depthwise and any(key in results for key in keys):
            first, second = (_shown(case, results.get(key)) for key in keys)
            texts.append(
                f"{case.title} with its depthwise convolutions kept digital: {first} at 8 bits, "
                f"{second} after a day, compensated."
            )
    return texts


def _bits(found: Sequence[tuple[Case, Results]]) -> str:
    rows = [["network", "samples", *map(str, ADC_BITS)]]
    for case, results in found:
        for kind in ("ideal", "1 day"):
            figures = [results.get(f"{bits} bits, {kind}") for bits in ADC_BITS]
            n = next((str(f.n_samples) for f in figures if f is not None), NOT_YET)
            head = [case.title, n] if kind == "ideal" else ["", ""]
            rows.append([*head, *(_shown(case, f) for f in figures)])
    return _table(rows)


def _shown(case: Case, figure: Figure | None) -> str:
    if figure is None:
        return NOT_YET
    interval = figure.interval
    text = _value(case, figure.mean)
    return text if interval is None else f"{text} \u00b1 {_value(case, interval).removesuffix(' %')}"


def _value(case: Case, value: float) -> str:
    return f"{value:.3f}" if case.correlation else f"{100 * value:.1f} %"


def _table(rows: Sequence[Sequence[str]]) -> str:
    """Rows, the first one the head, as a Markdown table with columns of equal width."""
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    lines = ["| " + " | ".join(t.ljust(w) for t, w in zip(row, widths, strict=True)) + " |" for row in rows]
    lines.insert(1, "|" + "|".join("-" * (w + 2) for w in widths) + "|")
    return "\n".join(lines)
