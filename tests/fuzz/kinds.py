"""Kinds of damaged texts: each writes a file into a folder and gives the command line that reads it."""

from __future__ import annotations

import random
from collections.abc import Callable
from functools import cache
from io import StringIO
from pathlib import Path
from typing import Any

from ohmsum.arch import load, to_yaml
from ruamel.yaml import YAML

from .mutations import EXTREME, mutated_text

Kind = Callable[[Path, random.Random], list[str]]
"""Writes its files into the folder; gives the arguments of the command."""

CHIPS = ["isaac", "systolic", "hermes-64", "neurram", "ane-like", "puma", "jia-2020", "photonic"]
SUITE = """\
metrics: {latency_s: 1 %, energy_j: {tolerance: 2 %, better: less}}
cases:
  - {name: a, network: mlp, chip: isaac}
  - {name: b, network: mlp, chip: systolic, batch: 2, set: {mac_array.rows: 64}}
"""
SPEC = """\
fixed: {chip: isaac, network: mlp}
vary: {tile.adc.bits: [6, 8], noc.flit: [32 bit, 64 bit]}
objectives: {latency_s: minimize}
"""
COMMAND = "run mlp --chip isaac --batch 2 --set tile.adc.bits=7 --set noc.flit=64bit --arrival poisson:1000/s"
WORDS = ["--training", "--swap", "--prefill", "8", "--noc", "flit", "--chips", "3"]
FIELDS = [
    "tile.adc.bits", "tile.count", "tile.crossbar.rows", "noc.flit", "node", "mac_array.count",
    "host.throughput",
    "memory.bandwidth", "tile.buffer.capacity", "chips.count", "tile.adc.energy",
]  # fmt: skip


@cache
def chip_text(name: str, with_sources: bool) -> str:
    """A preset as YAML; without sources it is read three times as fast."""
    text = to_yaml(load(name))
    if with_sources:
        return text
    yaml, made = YAML(typ="safe", pure=True), StringIO()
    yaml.default_flow_style = False
    yaml.dump(_bare(yaml.load(text)), made)
    return made.getvalue()


def _bare(value: Any) -> Any:
    if isinstance(value, dict):
        left = {"source", "references", "description"}
        return {key: _bare(item) for key, item in value.items() if key not in left}
    return [_bare(item) for item in value] if isinstance(value, list) else value


def a_chip(folder: Path, draw: random.Random) -> list[str]:
    with_sources = draw.random() < 0.1
    texts = [chip_text(name, with_sources) for name in draw.sample(CHIPS, 2)]
    file = folder / "chip.yaml"
    file.write_text(mutated_text(texts[0], draw, texts[1:]), encoding="utf-8", errors="surrogateescape")
    return ["run", "mlp", "--chip", str(file)]


def a_setting(folder: Path, draw: random.Random) -> list[str]:
    chip = draw.choice(CHIPS)
    lines = [line for line in chip_text(chip, True).splitlines() if ": " in line]
    field = draw.choice([*FIELDS, draw.choice(lines).split(":")[0]])
    return ["run", "lenet5", "--chip", chip, "--set", f"{field.strip()}={draw.choice(EXTREME)}"]


def a_suite(folder: Path, draw: random.Random) -> list[str]:
    file = folder / "suite.yaml"
    file.write_text(mutated_text(SUITE, draw, [SPEC]), encoding="utf-8", errors="surrogateescape")
    return ["check", str(file), "--update", "--jobs", "1", "--junit", str(folder / "j.xml")]


def a_sweep(folder: Path, draw: random.Random) -> list[str]:
    file = folder / "space.yaml"
    file.write_text(mutated_text(SPEC, draw, [SUITE]), encoding="utf-8", errors="surrogateescape")
    return ["sweep", str(file), "--jobs", "1", "--csv", str(folder / "rows.csv")]


def a_command(folder: Path, draw: random.Random) -> list[str]:
    words = COMMAND.split()
    for _ in range(draw.randint(1, 3)):
        at = draw.randrange(1, len(words))
        match draw.randrange(5):
            case 0:
                words[at] = draw.choice(EXTREME)
            case 1:
                del words[at]
            case 2:
                words.insert(at, words[draw.randrange(len(words))])
            case 3:
                words.insert(at, draw.choice(WORDS))
            case _:
                words[at] = mutated_text(words[at], draw)
    return [word for word in words if "\0" not in word]
