"""Damaged stores of a sweep: cut off, or with bytes or bits changed."""

from __future__ import annotations

import random
import tempfile
from functools import cache
from pathlib import Path

from ohmsum.tools.cli import main

from .mutations import mutated_bytes

SPEC = """\
fixed: {chip: isaac, network: mlp}
vary: {tile.adc.energy: [1 pJ, 2 pJ, 3 pJ]}
"""
RIGHT = "right.csv"
"""Beside the damaged store: the rows that its sweep has."""


@cache
def finished() -> tuple[bytes, bytes]:
    """The store of a finished sweep, and its rows."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "space.yaml").write_text(SPEC)
        arguments = ["sweep", str(folder / "space.yaml"), "--jobs", "1", "--csv", str(folder / "rows.csv")]
        if main(arguments):
            raise AssertionError("the sweep without damage failed")
        return (folder / "space.sqlite").read_bytes(), (folder / "rows.csv").read_bytes()


def a_store(folder: Path, draw: random.Random) -> list[str]:
    whole, right = finished()
    damaged = bytearray(whole)
    match draw.randrange(4):
        case 0:
            del damaged[draw.randrange(len(whole)) :]
        case 1:
            damaged[draw.randrange(len(whole))] ^= 1 << draw.randrange(8)
        case 2:
            at = draw.randrange(len(whole))
            damaged[at : at + 512] = draw.randbytes(len(damaged[at : at + 512]))
        case _:
            damaged = bytearray(mutated_bytes(whole, draw))
    (folder / "space.yaml").write_text(SPEC)
    (folder / "space.sqlite").write_bytes(damaged)
    (folder / RIGHT).write_bytes(right)
    repair = ["--repair"] if draw.random() < 0.4 else []
    return ["sweep", str(folder / "space.yaml"), "--jobs", "1", "--csv", str(folder / "rows.csv"), *repair]
