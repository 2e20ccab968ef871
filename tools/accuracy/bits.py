"""Bits found by a search: the studies that it needs, and the rules that say them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...sim.progress import Progress
from .rows import AccuracyPlan, study_of

if TYPE_CHECKING:
    from ...arch import Chip
    from ...sim.accuracy.search_bits import BitsChoice, LayerBits
    from ...sim.accuracy.study import Study


def search(plan: AccuracyPlan, chip: Chip, study: Study, progress: Progress) -> BitsChoice:
    """The search on the chip of one row, under the last of the conditions."""
    from ...sim.accuracy.search_bits import find_bits

    def at(bits: LayerBits, like: Study) -> Study:
        changed = plan.job.with_changes({path: str(value) for path, value in fields(bits, chip).items()})
        return study_of(plan, changed.load_chip(), progress, like)[1]

    return find_bits(study, at, plan.conditions[-1], plan.seeds, plan.bits_loss or 0.0, progress)


def fields(bits: LayerBits, chip: Chip) -> dict[str, int]:
    """Fields of the chip that give a layer these bits; those that it has are left out."""
    assert chip.tile is not None
    tile, found = chip.tile, {}
    wanted = {
        "tile.weights.bits": (bits.weights, tile.weights.bits),
        "tile.dac.bits": (bits.inputs, tile.dac.bits),
        "tile.dac.slice_bits": (min(bits.inputs, tile.dac.slice_bits), tile.dac.slice_bits),
        "tile.adc.bits": (bits.adc, tile.adc.bits),
    }
    for path, (value, of_chip) in wanted.items():
        if value != of_chip:
            found[path] = value
    return found


def rules(choice: BitsChoice, chip: Chip) -> str:
    """A file of rules (`--layers`) that gives every layer its bits."""
    lines = ["layers:"]
    for name, bits in choice.layers.items():
        changes = fields(bits, chip)
        if changes:
            lines.append(f"  - match: {_quoted(name)}")
            lines += [f"    {path}: {value}" for path, value in changes.items()]
    return "\n".join(lines if len(lines) > 1 else ["layers: []"]) + "\n"


def _quoted(name: str) -> str:
    """A name as YAML, with what a pattern would take otherwise in brackets."""
    plain = "".join(f"[{c}]" if c in "*?[" else c for c in name)
    return "'" + plain.replace("'", "''") + "'"
