"""Is the table of published numbers complete, honest about its kinds, and inside its bands?"""

from __future__ import annotations

import json
import math
import re
from dataclasses import replace
from pathlib import Path

import pytest
from ohmsum import arch
from ohmsum.tools.cli import main
from ohmsum.tools.validate import evaluate, select
from ohmsum.tools.validate import rows as row_package
from ohmsum.tools.validate.measures import product
from ohmsum.tools.validate.predictions import freeze, frozen, predictions
from ohmsum.tools.validate.row import EXPLAIN_ABOVE, Prediction, Row, RowOutcome
from ohmsum.tools.validate.rows import rows

ROWS = rows()
DERIVED_CHIPS = {"mythic-m1108": "mythic-m1076"}
"""Chips of the table that are a preset with other counts."""


def preset(row: Row) -> str:
    name = row.chip.partition("@")[0].partition(" ")[0]
    return DERIVED_CHIPS.get(name, name)


@pytest.fixture(scope="module")
def outcomes() -> list[RowOutcome]:
    return evaluate(ROWS)


def row(published: float | tuple[float, float] = 10.0, value: float = 10.0, **more: object) -> RowOutcome:
    plain = Row("isaac", "x", "W", published, "paper", "chip", "predicted", lambda _: value)
    return RowOutcome(replace(plain, **more), value)  # type: ignore[arg-type]


class TestOutcome:
    def test_error_is_relative_to_what_was_published(self) -> None:
        assert row(10.0, 12.0).error == pytest.approx(0.2)
        assert row(10.0, 8.0).error == pytest.approx(-0.2)

    @pytest.mark.parametrize(("value", "error"), [(3.0, 0.0), (4.5, 0.0), (6.0, 0.2), (1.5, -0.5)])
    def test_error_to_a_range_counts_from_its_nearer_end(self, value: float, error: float) -> None:
        assert row((3.0, 5.0), value).error == pytest.approx(error)

    def test_the_band_is_the_target_unless_it_is_given(self) -> None:
        assert row(10.0, 12.4).in_band
        assert not row(10.0, 12.6).in_band
        off = row(10.0, 16.0, band=(0.5, 0.7))
        assert off.in_band
        assert not off.on_target
        assert not row(10.0, 10.0, band=(0.5, 0.7)).in_band


class TestTable:
    def test_size(self) -> None:
        assert len(ROWS) >= 40
        assert len({preset(r) for r in ROWS}) >= 12

    def test_every_chip_is_a_preset(self) -> None:
        assert {preset(r) for r in ROWS} <= set(arch.names())

    def test_every_row_names_source_and_boundary_and_is_there_once(self) -> None:
        assert all(r.source and r.boundary for r in ROWS)
        keys = [(r.chip, r.quantity, r.unit, r.published) for r in ROWS]
        assert len(keys) == len(set(keys))

    def test_targets_are_no_wider_than_their_kind_allows(self) -> None:
        for r in ROWS:
            if r.kind != "predicted":
                assert r.target is None, r
                assert r.band is None, r

    def test_bookkeeping_within_one_percent_and_calibrated_within_five(
        self, outcomes: list[RowOutcome]
    ) -> None:
        limits = {"bookkeeping": 0.01, "calibrated": 0.05, "predicted": math.inf}
        bad = [(o.row.chip, o.row.quantity, o.error) for o in outcomes if abs(o.error) > limits[o.row.kind]]
        assert not bad

    def test_every_row_is_in_its_band(self, outcomes: list[RowOutcome]) -> None:
        assert not [(o.row.chip, o.row.quantity, o.error) for o in outcomes if not o.in_band]

    def test_a_prediction_that_is_far_off_says_why(self, outcomes: list[RowOutcome]) -> None:
        far = [o for o in outcomes if o.row.kind == "predicted" and abs(o.error) > EXPLAIN_ABOVE]
        assert far, "predictions that are all good were not predictions"
        assert all(o.row.why.endswith(".") for o in far)


def test_chips_are_selected_with_their_modes_and_multiples() -> None:
    found = {r.chip for r in select(ROWS, "hermes-core")}
    assert found == {"hermes-core", "hermes-core x 64"}
    assert {r.chip for r in select(ROWS, "wang-2022")} > {"wang-2022", "wang-2022@0.7V"}


def test_a_product_over_all_crossbars_is_what_the_chip_can_do_at_most() -> None:
    for name in ("isaac", "hermes-64", "mythic-m1076", "jia-2021"):
        peak = arch.peak_ops_per_s(arch.load(name))
        assert product(name).tops * 1e12 == pytest.approx(peak, rel=1e-3), name


class TestCommand:
    def test_a_chip_in_its_bands_exits_with_0(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert main(["validate", "isaac"]) == 0
        text = capsys.readouterr().out
        assert re.search(r"power efficiency PE +627\.5 +627\.4 GOPS/W +-0\.0% +bookkeeping", text)
        assert "Shafiee ISCA 2016, Table I; chip with links" in text

    def test_a_row_outside_its_band_exits_with_1(
        self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        wrong = replace(ROWS[0], published=300.0)
        monkeypatch.setattr(row_package, "rows", lambda: (wrong,))
        assert main(["validate"]) == 1
        assert "out of its band: isaac, tile power (+9.9 %)" in capsys.readouterr().out

    def test_an_unknown_chip_exits_with_2(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert main(["validate", "isac"]) == 2
        assert "no published number for 'isac', did you mean 'isaac'?" in capsys.readouterr().err

    def test_json(self, tmp_path: Path) -> None:
        file = tmp_path / "rows.json"
        assert main(["validate", "puma", "--json", str(file)]) == 0
        found = {(r["chip"], r["quantity"]): r for r in json.loads(file.read_text())}
        headline = found["puma", "headline peak"]
        assert headline["published"] == 52.31
        assert headline["simulated"] == pytest.approx(138 * 16 * 32768 / 2304e-9 / 1e12, rel=1e-3)
        assert headline["error"] == pytest.approx(-0.40, abs=0.01)
        assert "1,383 ns" in headline["why"]

    def test_freezing_needs_predictions(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert main(["validate", "--freeze", "x.json"]) == 2
        assert "needs --predict" in capsys.readouterr().err


class TestPredictions:
    def test_every_one_is_frozen_with_version_and_commit(self) -> None:
        found = frozen()
        assert re.fullmatch(r"[0-9a-f]{40}", found["commit"])
        assert re.fullmatch(r"\d+\.\d+\.\d+.*", found["version"])
        assert set(found["values"]) == {p.key for p in predictions()}
        assert all(value > 0 for value in found["values"].values())

    def test_freezing_keeps_six_digits(self) -> None:
        one = Prediction("isaac", "x", "W", "none", lambda _: 1.0)
        text = freeze([(one, 1.23456789)], "1.2.3", "0" * 40)
        assert json.loads(text)["values"] == {"isaac: x [W]": 1.23457}

    def test_neurram_by_the_formula_of_its_header(self) -> None:
        """c + s (pulses + steps) through (4 bit out, 2 in) and (6, 4); the third point by hand."""
        ops = 48 * 65536
        slow, fast = ops / 0.744e12, ops / 1.793e12
        s = (slow - fast) / ((7 + 31) - (1 + 7))
        c = fast - 8 * s
        wanted = {"3b-out-1b-in": c + s * (1 + 3), "5b-out-3b-in": c + s * (3 + 15)}
        wanted["7b-out-5b-in-two-phase"] = 2 * c + s * (3 + 3 + 2 * 15)
        for mode, seconds in wanted.items():
            assert product(f"neurram@{mode}").interval_s == pytest.approx(seconds, rel=1e-3)

    def test_the_command_prints_what_was_frozen(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert main(["validate", "neurram", "--predict"]) == 0
        value = frozen()["values"]["neurram@3b-out-1b-in: throughput [TOPS]"]
        assert re.search(rf"throughput +[\d.]+ +{value:.4g} TOPS", capsys.readouterr().out)


class TestShowCheck:
    def test_contradictions_exit_with_1(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert main(["show", "puma", "--check"]) == 1
        assert "stated.peak: found 52.31 Top/s" in capsys.readouterr().out

    def test_none_exits_with_0(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert main(["show", "isaac", "--check"]) == 0
        assert "no contradictions found" in capsys.readouterr().out

    def test_a_cost_beyond_its_model_is_listed(self, capsys: pytest.CaptureFixture[str]) -> None:
        settings = ["--set", "tile.buffer.energy_per_byte={model: sram, node: 3 nm}"]
        with pytest.warns(UserWarning, match="node 3 nm"):
            assert main(["show", "isaac", "--check", *settings]) == 0
        assert "outside its range: node 3 nm" in " ".join(capsys.readouterr().out.split())
