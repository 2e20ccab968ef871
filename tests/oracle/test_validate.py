"""Is the table of published numbers complete, honest about its kinds, and inside its bands?"""

from __future__ import annotations

import json
import re
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest
from ohmsum import arch
from ohmsum.tools.cli import main
from ohmsum.tools.validate import evaluate, select
from ohmsum.tools.validate import rows as row_package
from ohmsum.tools.validate.measures import product
from ohmsum.tools.validate.page import LEFT, WIDTH, page, place
from ohmsum.tools.validate.predictions import Frozen, Move, freeze, frozen, predictions
from ohmsum.tools.validate.row import EXPLAIN_ABOVE, TARGETS, Prediction, Row, RowOutcome, Score
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


class TestScore:
    def test_identities_and_calibrated_rows_do_not_count(self) -> None:
        good, bad = row(10.0, 10.0), row(10.0, 20.0)
        flattering = [row(10.0, 10.0, kind=kind) for kind in ("identity", "calibrated")]
        assert Score.of([good, bad, *flattering]) == Score(2, 1, 2, 1)

    def test_rows_of_one_degree_of_freedom_count_once_and_only_if_all_are_good(self) -> None:
        together = [row(10.0, value, by="clock") for value in (10.0, 11.0, 20.0)]
        assert Score.of(together) == Score(3, 2, 1, 0)
        assert Score.of(together[:2]) == Score(2, 2, 1, 1)
        of_another = replace(together[2], row=replace(together[2].row, chip="puma@4-lane"))
        assert Score.of([*together[:2], of_another]) == Score(3, 2, 2, 1)


class TestPage:
    @pytest.mark.parametrize(
        ("error", "share"), [(0.0, 0.5), (1.0, 0.75), (-0.5, 0.25), (3.0, 1.0), (9.0, 1.0), (-0.9, 0.0)]
    )
    def test_twice_and_half_are_as_far_from_the_middle(self, error: float, share: float) -> None:
        begin, end = place(-0.75), place(3.0)
        assert begin == LEFT < end < WIDTH
        assert place(error) == pytest.approx(begin + share * (end - begin))

    def test_every_row_is_a_mark_with_its_signed_error(self) -> None:
        text = page([row(10.0, 12.0), row(10.0, 5.0, why="Half of it is missing.")])
        assert text.count("<circle") == 2
        assert "isaac, x: +20.0 % (predicted)" in text
        assert 'class="predicted off"' in text
        assert "isaac, x (-50 %): Half of it is missing." in text
        assert "1 of 2 rows on target" in text


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

    def test_targets_of_calibrated_rows_are_that_of_their_kind(self) -> None:
        for r in ROWS:
            if r.kind == "calibrated":
                assert r.target is None, r
                assert r.band is None, r

    def test_identities_have_no_free_figures_and_calibrated_rows_at_least_one(self) -> None:
        free = {kind: [r.n_free for r in ROWS if r.kind == kind] for kind in TARGETS}
        assert not any(free["identity"])
        assert min(free["calibrated"]) == 1

    def test_a_degree_of_freedom_decides_predictions_only(self) -> None:
        assert {r.kind for r in ROWS if r.by} <= {"predicted", "calibrated"}
        shared = Counter((r.preset, r.by) for r in ROWS if r.by)
        assert min(shared.values()) > 1, "what decides one row needs no name"

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
        assert re.search(r"power efficiency PE +627\.5 +627\.4 GOPS/W +-0\.0% +identity", text)
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

    def test_the_score_is_of_predictions_alone(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert main(["validate", "ane-like"]) == 0
        text = capsys.readouterr().out
        assert "calibrated: 2 of 2 on target (says nothing of the model)" in text
        assert "predicted: 1 of 1 on target, 100%; 1 of 1 degrees of freedom with every row" in text
        assert "ane-guide.readthedocs.io; engine; 1 free figure" in text

    def test_a_page_of_signed_errors(self, tmp_path: Path) -> None:
        assert main(["validate", "isaac", "--html", str(tmp_path / "rows.html")]) == 0
        assert (tmp_path / "rows.html").read_text().count("<circle") == len(select(ROWS, "isaac"))

    def test_the_page_is_of_published_numbers(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert main(["validate", "--predict", "--html", "x.html"]) == 2
        assert "does not go with --predict" in capsys.readouterr().err

    def test_freezing_needs_predictions(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert main(["validate", "--freeze", "x.json"]) == 2
        assert "needs --predict" in capsys.readouterr().err


class TestPredictions:
    ONE = Prediction("isaac", "x", "W", "none", lambda _: 1.0)

    def test_every_one_is_frozen_with_version_and_commit(self) -> None:
        found = frozen()
        assert re.fullmatch(r"[0-9a-f]{40}", found.commit)
        assert re.fullmatch(r"\d+\.\d+\.\d+.*", found.version)
        assert set(found.values) >= {p.key for p in predictions()}
        assert all(value > 0 for value in found.values.values())

    def test_none_has_moved_without_a_line_in_the_changelog(self) -> None:
        file = frozen()
        assert not file.silent_moves([(p, p.simulated(p.chip)) for p in predictions()])
        changelog = (Path(__file__).parents[2] / "CHANGELOG.md").read_text("utf-8")
        changed = changelog.partition("### Numbers changed")[2]
        entries = [" ".join(entry.split()) for entry in changed.split("\n- ")]
        for key, move in file.moved.items():
            (entry,) = [e for e in entries if move.entry and e.startswith(move.entry)]
            assert re.search(rf"(?<![\d.]){re.escape(f'{move.value:,.4g}')}", entry), key

    def test_what_is_frozen_stays_and_a_move_is_told(self) -> None:
        before = Frozen("1.0.0", "0" * 40, {self.ONE.key: 1.0}, {})
        assert not before.silent_moves([(self.ONE, 1.005)])
        assert before.silent_moves([(self.ONE, 1.02)]) == [self.ONE.key]
        after = freeze(before, [(self.ONE, 1.02)], "1.2.3", "1" * 40)
        assert (after.version, after.values, after.moved) == (
            "1.0.0",
            {self.ONE.key: 1.0},
            {self.ONE.key: Move(1.02, "")},
        )
        assert not after.silent_moves([(self.ONE, 1.02)])
        assert after.silent_moves([(self.ONE, 1.0)]) == [self.ONE.key]

    def test_freezing_keeps_six_digits(self) -> None:
        text = freeze(Frozen("", "", {}, {}), [(self.ONE, 1.23456789)], "1.2.3", "0" * 40).text()
        assert json.loads(text)["values"] == {"isaac: x [W]": 1.23457}

    def test_neurram_by_the_formula_of_its_header(self) -> None:
        """c + s (pulses + steps) through (4 bit out, 2 in) and (6, 4); the third point by hand."""
        ops = 48 * 65536
        slow, fast = ops / 0.744e12, ops / 1.793e12
        s = (slow - fast) / ((7 + 31) - (1 + 7))
        c = fast - 8 * s
        wanted = {"3b-out-1b-in": c + s * (1 + 3), "5b-out-3b-in": c + s * (3 + 15)}
        wanted["7b-out-5b-in-two-phase"] = 2 * (c + s * (3 + 63))
        wanted["7b-out-5b-in-one-phase"] = c + s * (15 + 63)
        for mode, seconds in wanted.items():
            assert product(f"neurram@{mode}").interval_s == pytest.approx(seconds, rel=1e-3)

    @pytest.mark.parametrize("bits", ["7b-out-5b-in", "8b-out-6b-in"])
    def test_neurram_reads_better_in_one_phase_than_in_two(self, bits: str) -> None:
        """As measured; the split is that of the preset."""
        one, two = (product(f"neurram@{bits}-{n}-phase") for n in ("one", "two"))
        assert one.tops > two.tops
        assert one.tops_per_w() > two.tops_per_w()

    def test_half_the_integration_time_gains_less_than_twice_the_efficiency(self) -> None:
        """By the parts: tiles 20 / (1/2 + 1/2 x 1/2) TOPS/W; clocks take half, pads as much as before."""
        whole, half = product("speech-34"), product("speech-34@half-integration-time")
        assert half.tops_per_w() == pytest.approx(20 / 0.75, rel=1e-3)
        saved_j = 34 * 13.1072e-9 / 2 + whole.static_w * whole.interval_s / 2
        ops = 2 * whole.macs / 1e12
        before_j, after_j = (ops / p.system_tops_per_w for p in (whole, half))
        assert before_j - after_j == pytest.approx(saved_j, rel=1e-3)

    def test_the_command_prints_what_was_frozen(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert main(["validate", "neurram", "--predict"]) == 0
        value = frozen().values["neurram@3b-out-1b-in: throughput [TOPS]"]
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
