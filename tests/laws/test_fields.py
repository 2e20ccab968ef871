"""Every field of a chip file changes something: what, `data/fields/cases.yaml` says of each."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path

import pytest
from ohmsum import arch
from ohmsum.arch import ConfigError
from ohmsum.arch.component import Idling
from ohmsum.arch.parts import Fitted, fitted
from ohmsum.arch.paths import fields_by_key
from ohmsum.sim.answers.run import Run
from ohmsum.sim.errors import SimulationError
from ohmsum.sim.simulate import simulate
from ohmsum.workloads.language_model import LanguageModel
from ruamel.yaml import YAML

from ..kit.fields import FOLDER, chip, picture, schema, seen
from ..kit.small_decoder import decoder
from ..kit.small_networks import SINGLE

SECTIONS = YAML(typ="safe").load(Path(FOLDER / "cases.yaml"))
TEXTS = {"name", "description", "references", "source", "modes"}
"""What a chip is called and what is said about it."""
IN_COMMON = {key for key in fields_by_key(Idling) if key != "source"}
"""Costs that `TestCosts` turns in every part that has them."""


def text(value: object) -> str:
    """A value as it is written after ``--set``."""
    return (
        "{" + ", ".join(f"{k}: {v}" for k, v in value.items()) + "}"
        if isinstance(value, dict)
        else str(value)
    )


CASES = [
    pytest.param(section, field, *case, id=f"{section['work']}-{field}")
    for section in SECTIONS
    for field, case in section["cases"].items()
]


@pytest.mark.parametrize(("section", "field", "value", "moves"), CASES)
def test_a_field_moves_something(section: Mapping[str, object], field: str, value: str, moves: str) -> None:
    given = {key: text(v) for key, v in section.get("with", {}).items()}  # type: ignore[attr-defined]
    work, name = str(section["work"]), str(section["on"])
    before = seen(work, name, tuple(given.items()))
    changed = tuple({**given, field: value}.items())
    if moves.startswith("refused: "):
        with pytest.raises((ConfigError, SimulationError), match=re.escape(moves.removeprefix("refused: "))):
            seen(work, name, changed)
        return
    after = seen(work, name, changed)
    moved = {what for what, amount in after.items() if amount != before[what]}
    assert moved >= set(moves.split()) if moves != "nothing" else not moved


def test_no_field_is_left_out() -> None:
    """Units of tiles and of the chip have the same ones."""
    units = re.compile(r"^(tile\.)?units\.[^.*]+")
    tested = {units.sub("units.*", field) for s in SECTIONS for field in s["cases"]}
    tested = {re.sub(r"(passes|links|ports)\.[a-z\d]+", r"\1.*", f) for f in tested}
    fields = {units.sub("units.*", f.replace("tile.units.*", "units.*")) for f in schema()}
    common = {f for f in fields if f.rpartition(".")[2] in IN_COMMON and "cell" not in f}
    assert {f for f in fields - tested - common if f.rpartition(".")[2] not in TEXTS} == set()
    assert tested <= fields
    turned = {re.sub(r"ports\.\w+", "ports.*", units.sub("units.*", f.path)) for _, f in PARTS}
    turned = {f"{path}.{key}" for path in turned for key in IN_COMMON}
    assert {f for f in common - tested if f.rpartition(".")[0]} <= turned


MORE = {
    "analog": {"tile.sample_hold": "{count: 2}", "noc.area": "1 um2",
               "tile.count": "2", "tile.grid": "[1, 2]", "chips.count": "4",
               "ports": "[{name: door, kind: dac, crossbars: 4, time: 5 ns}]"},
    "digital": {},
}  # fmt: skip
"""What makes a chip of everything that has a cost, and needs its links."""
PARTS = [(name, f) for name, more in MORE.items() for f in fitted(chip(name, more)) if not f.part.keys]
UNUSED = {"analog": ("memory",), "digital": ("chips",)}
"""Parts that the network of `run_of` leaves alone."""
MILLIWATT = 1e-3


@cache
def run_of(name: str, changes: tuple[tuple[str, str], ...]) -> Run:
    written = LanguageModel.of(decoder(length=12)).decode(8, 3, 1)
    return simulate(picture() if name == "analog" else written, chip(name, dict(changes)), mapping=SINGLE)


@pytest.mark.parametrize(("name", "part"), [pytest.param(n, p, id=f"{n}-{p.path}") for n, p in PARTS])
class TestCosts:
    """Power, leakage, idle power, gating and area of every part, by their formulas."""

    @staticmethod
    def run(name: str, part: Fitted, **fields: str) -> Run:
        changes = {f"{part.path}.{key}": value for key, value in fields.items()}
        return run_of(name, tuple({**MORE[name], **changes}.items()))

    def test_leakage(self, name: str, part: Fitted) -> None:
        still, leaking = self.run(name, part), self.run(name, part, static_power="1 mW")
        n = part.instances(still.chip)
        more_j = leaking.energy.total_j - still.energy.total_j
        assert more_j == pytest.approx(MILLIWATT * n * still.latency_s)

    def test_area(self, name: str, part: Fitted) -> None:
        fields = {**MORE[name], f"{part.path}.area": "2 mm2"}
        if part.path in ("memory", "host"):
            with pytest.raises(ConfigError, match=f"{part.path}.area: the {part.path} is no part of a chip"):
                chip(name, fields)
            return
        areas = [arch.roll_up(chip(name, f)).area_mm2 for f in (fields, MORE[name])]
        assert areas[0] - areas[1] == pytest.approx(part.count * (2 - (part.model.area_mm2 or 0.0)))

    def test_power(self, name: str, part: Fitted) -> None:
        """Power x busy time where no energy is given; at most that of all instances all the time."""
        free = {
            key: "null" for key in ("energy", "energy_per_byte") if key in fields_by_key(type(part.model))
        }
        changes = {**MORE[name], **({"noc.energy_per_flit_hop": "null"} if part.path == "noc.router" else {})}
        changes |= {f"{part.path}.{key}": value for key, value in free.items()}
        runs = [run_of(name, tuple({**changes, f"{part.path}.power": p}.items())) for p in ("1 mW", "2 mW")]
        spent = [run.energy.by_component_j.get(part.key, 0.0) for run in runs]
        all_the_time_j = MILLIWATT * part.instances(runs[0].chip) * runs[0].latency_s
        if not isinstance(part.model, Idling):  # nothing says when it works
            assert spent[0] == spent[1]
            brackets = [run.energy_bracket_j[1] for run in runs]
            assert brackets[1] - brackets[0] == pytest.approx(all_the_time_j)
        elif part.path not in (*UNUSED[name], "noc"):
            assert 0 < spent[1] - spent[0] <= all_the_time_j * (1 + 1e-9)

    def test_idle(self, name: str, part: Fitted) -> None:
        if not isinstance(part.model, Idling):
            assert not {"idle_power", "gating"} & set(fields_by_key(type(part.model)))
            return
        same = {"idle_power": "1 mW", "static_power": "1 mW", "power": "1 mW"}
        none, clock, power = (self.run(name, part, gating=g, **same) for g in ("none", "clock", "power"))
        (standby,) = [s for s in none.standby if s.path == part.path]
        idle_j = MILLIWATT * part.instances(none.chip) * (1 - standby.busy) * none.latency_s
        assert none.energy.total_j - clock.energy.total_j == pytest.approx(idle_j)
        assert clock.energy.total_j - power.energy.total_j == pytest.approx(idle_j)
