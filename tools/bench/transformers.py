"""Transformers on hybrid and digital chips: latency, energy, and shares of both by kind of work.

Run as ``python -m ohmsum.tools.bench.transformers [NETWORK ...] [--chips NAME ...] [--json FILE]``.
Encoders run once; decoders run a prompt of 128 tokens, and then decode four tokens after it. Times are those
of one inference, one prompt, or one decoded token. Chips are as many as the weights need.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from dataclasses import asdict, dataclass
from math import fsum
from pathlib import Path

from ... import arch, workloads
from ...arch.chip import Chip
from ...sim.language.generate import generate
from ...sim.metrics.work import NON_MATRIX_KINDS, Shares, shares
from ...sim.report.numbers import percent, si
from ...sim.simulate import simulate
from ...workloads.language_model import LanguageModel

PROMPT, DECODED = 128, 4
ENCODERS, DECODERS = ("bert-base", "vit-b16"), ("gpt2", "llama-1b")
CHIPS = {
    "isaac@attention": {"llama-1b": 33, "": 4},
    "moe-3d": {"llama-1b": 5, "": 1},
    "systolic": {"": 1},
    "sn40l-like": {"": 1},
    "a100-fp16": {"": 1},
}
"""Presets, with the copies that hold the weights of a network ("": of all others)."""

COLUMNS = {
    "matrices": ("analog matrices", "digital matrices"),
    "attention": ("attention products",),
    "softmax": ("softmax",),
    "norm": ("normalisation",),
    "other": ("other vector work",),
    "moves": ("data movement",),
    "network": ("network",),
    "memory": ("memory",),
    "host": ("host",),
    "static": ("static",),
}
"""Columns of the table, of kinds of work (`sim.metrics.work`)."""


@dataclass(frozen=True)
class Row:
    """One network, in one phase, on one chip."""

    network: str
    phase: str
    chip: str
    n_chips: int
    time_s: float
    energy_j: float
    time_shares: dict[str, float]
    energy_shares: dict[str, float]
    non_matrix_time: float
    non_matrix_energy: float


def rows_of(network: str, name: str) -> list[Row]:
    """A network on a preset: one row for an encoder, two for a decoder."""
    n_chips = CHIPS[name].get(network, CHIPS[name][""])
    chip = arch.load(name, n_chips=n_chips if n_chips > 1 else None)
    loaded = workloads.load(network)
    if network in ENCODERS:
        run = simulate(loaded, chip)
        found = shares(run.mapping, run.program, run.single, run.energy)
        return [_row(network, "one inference", name, chip, run.latency_s, run.energy.total_j, found)]
    made = generate(LanguageModel.of(loaded), chip, prefill=PROMPT, decode=DECODED + 1)
    assert made.time_per_token is not None
    assert made.energy_per_token_j is not None
    prompt, token = made.prefill, made.time_per_token.mean_s
    return [
        _row(network, "prefill", name, chip, prompt.makespan_s, prompt.energy_j, made.shares["prefill"]),
        _row(network, "decode", name, chip, token, made.energy_per_token_j, made.shares["decode"]),
    ]


def _row(network: str, phase: str, name: str, chip: Chip, time_s: float, energy_j: float, of: Shares) -> Row:
    by_time, by_energy = _shares(of.time_s), _shares(of.energy_j)
    return Row(
        network, phase, name, chip.n_chips, time_s, energy_j, by_time, by_energy,
        of.non_matrix_time, of.non_matrix_energy,
    )  # fmt: skip


def _shares(values: dict[str, float]) -> dict[str, float]:
    total = fsum(values.values())
    return {
        column: fsum(values.get(kind, 0.0) for kind in kinds) / total if total else 0.0
        for column, kinds in COLUMNS.items()
    }


def table(rows: list[Row], quantity: str) -> str:
    """A table in Markdown, of shares of the time or of the energy."""
    columns = [c for c in COLUMNS if quantity == "energy" or c != "static"]
    lines = [
        f"| network | chip | {quantity} | {' | '.join(columns)} | not matrices |",
        f"| --- | --- | {' | '.join(['---:'] * (len(columns) + 2))} |",
    ]
    for row in rows:
        named = row.network if row.network in ENCODERS else f"{row.network} {row.phase}"
        chip = row.chip if row.n_chips == 1 else f"{row.n_chips} x {row.chip}"
        of = row.time_shares if quantity == "time" else row.energy_shares
        whole = si(row.time_s, "s") if quantity == "time" else si(row.energy_j, "J")
        beyond = row.non_matrix_time if quantity == "time" else row.non_matrix_energy
        cells = " | ".join(percent(of[column]) for column in columns)
        lines.append(f"| {named} | {chip} | {whole} | {cells} | {percent(beyond)} |")
    return "\n".join(lines)


def main(arguments: list[str] | None = None) -> int:
    """Run what was asked for and print the two tables."""
    assert __doc__ is not None
    parser = argparse.ArgumentParser(
        prog="python -m ohmsum.tools.bench.transformers", description=__doc__.partition("\n\n")[0]
    )
    every = (*ENCODERS, *DECODERS)
    parser.add_argument("networks", nargs="*", metavar="NETWORK", help=f"of {', '.join(every)}; default all")
    parser.add_argument("--chips", nargs="*", choices=list(CHIPS), default=list(CHIPS), help="default all")
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the rows there")
    options = parser.parse_args(arguments)
    unknown = sorted(set(options.networks) - set(every))
    if unknown:
        parser.error(f"found {unknown[0]!r}, expected {', '.join(every)}")
    rows: list[Row] = []
    for network in options.networks or every:
        for name in options.chips:
            begin = time.process_time()
            rows += rows_of(network, name)
            print(f"{network} on {name}: {time.process_time() - begin:.1f} s of CPU", file=sys.stderr)
    print(table(rows, "time"))
    print()
    print(table(rows, "energy"))
    kinds = ", ".join(sorted(NON_MATRIX_KINDS))
    print(f"\nnot matrices: {kinds}")
    if options.json is not None:
        options.json.write_text(json.dumps([asdict(row) for row in rows], indent=1) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
