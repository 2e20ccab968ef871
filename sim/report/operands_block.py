"""What is known of the operands: as JSON, and in the terminal's report."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rich.console import RenderableType

from ...arch.operands import DataEnergies, StatedOperands
from .numbers import percent
from .page import Column, Page, note, numbers, section

if TYPE_CHECKING:
    from ...arch.chip import Tile
    from ..answers.run import Run
    from ..operands import LayerOperands, Operands

N_LAYERS = 16


def operands_json(run: Run) -> dict[str, Any] | None:
    """The block of a result file; None where nothing is on crossbars."""
    tile, found = run.chip.tile, run.operands
    if tile is None or not run.mapping.crossbars_used:
        return None
    energy = "with the data" if DataEnergies.of(tile).any else "constant"
    block: dict[str, Any] = {"basis": "assumed" if found is None else found.basis, "energy": energy}
    if found is None or found.basis == "stated":
        block["means"] = _means(tile) if found is None else dict(found.about)
        return block
    layers = [_layer(name, layer) for name, layer in found.layers.items()]
    return {**block, **found.about, "zero_skipping": bool(tile.dac.zero_skipping), "layers": layers}


def data_hash(run: Run) -> dict[str, str]:
    """SHA-256 of the file of data, for the provenance; nothing without one."""
    about = {} if run.operands is None else run.operands.about
    return {"data_hash": str(about["sha256"])} if "sha256" in about else {}


def _means(tile: Tile) -> dict[str, float]:
    means: dict[str, float] = (tile.operands or StatedOperands()).model_dump(exclude={"source"})
    return means


def _layer(name: str, layer: LayerOperands) -> dict[str, Any]:
    return {
        "name": name,
        "vectors": layer.n_vectors,
        "signed": layer.signed,
        "bit_density": list(layer.bit_density),
        "mean_input": layer.mean_input,
        "mean_code": layer.mean_code,
        "zero_slice_share": layer.zero_share,
        "skipped_share": layer.skipped_share,
        "clipped_share": layer.clipped,
        "column_mean": layer.column_mean,
        "column_std": layer.column_std,
        **({} if layer.column_range_a is None else {"column_range_a": layer.column_range_a}),
        "column_shares": list(layer.column_sums),
        "code_shares": list(layer.code_shares),
        "input_shares": list(layer.inputs),
        "level_shares": list(layer.levels),
    }


def operands_block(run: Run, page: Page) -> list[RenderableType]:
    """A heading, where operands come from, a row for every layer; nothing where energies are constants."""
    tile, found = run.chip.tile, run.operands
    if tile is None or not run.mapping.crossbars_used:
        return []
    depends = DataEnergies.of(tile).any
    if found is None and not (depends or tile.dac.zero_skipping):
        return []
    if found is None or found.basis == "stated":
        means = _means(tile) if found is None else found.about
        how = ", ".join(f"{name}s {percent(float(mean))}" for name, mean in means.items())
        text = f"{'assumed' if found is None else 'stated'}, over full scale: {how}"
        more = "; a file of inputs gives real ones" if found is None else ""
        return [section("Operands"), note(text + more)]
    lines = [f"{found.basis}, {found.about['samples']} samples of {found.about['file']}"]
    if not depends:
        lines.append("energies per action are constant: the chip file does not say how they go with data")
    if not tile.dac.zero_skipping:
        lines.append("reads of zeros are made (no tile.dac.zero_skipping)")
    return [section("Operands"), note("; ".join(lines)), _table(found, page)]


def _table(found: Operands, page: Page) -> RenderableType:
    rows = []
    for name, layer in found.layers.items():
        density = sum(layer.bit_density) / len(layer.bit_density)
        shares = (density, layer.mean_input, layer.zero_share, layer.skipped_share, layer.mean_code)
        rows.append((name, *map(percent, shares)))
    heads = ("bits set", "mean input", "all zero", "skipped", "mean code")
    columns = (Column("layer", flexible=True, least=12), *numbers(*heads))
    return page.table(columns, rows, page.most(N_LAYERS))
