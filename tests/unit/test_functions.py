"""Is every function of units one record, and does one without its facts not load?"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields
from typing import Any

import ohmsum
import pytest
from ohmsum import arch
from ohmsum.workloads import functions
from ohmsum.workloads.errors import NetworkError
from ohmsum.workloads.functions import FUNCTIONS, AsForward, Function

GELU2 = Function(name="gelu2", extent="element", fuses="", gradient=AsForward(), work="other vector work")


@dataclass
class Entry:
    """What another package offers."""

    name: str
    value: str
    thing: Any

    def load(self) -> Any:
        return self.thing


@pytest.fixture
def offered(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Entry]]:
    found: list[Entry] = []
    monkeypatch.setattr(functions, "entry_points", lambda group: found if group == functions.GROUP else [])
    functions.find.cache_clear()
    yield found
    functions.find.cache_clear()


def chip_with(function: str) -> arch.Chip:
    return arch.load("isaac", overrides={"tile.units.sigmoid.functions": f"{{relu: 1, {function}: 2}}"})


def test_chips_know_the_names_of_networks() -> None:
    assert arch.function_names()[: len(FUNCTIONS)] == tuple(FUNCTIONS)


def test_a_function_of_another_package_may_stand_in_a_chip_file(offered: list[Entry]) -> None:
    with pytest.raises(arch.ConfigError, match=r"unknown function 'gelu2'.*gelu"):
        chip_with("gelu2")
    functions.find.cache_clear()
    offered.append(Entry("gelu2", "theirs:GELU2", GELU2))
    assert chip_with("gelu2").tile.units[0].functions["gelu2"] == 2
    assert arch.function_names()[-1] == "gelu2"


@pytest.mark.parametrize("thing", ["gelu2", FUNCTIONS["gelu"], lambda x: x])
def test_a_function_without_its_facts_does_not_load(offered: list[Entry], thing: Any) -> None:
    offered.append(Entry("gelu2", "theirs:gelu2", thing))
    with pytest.raises(arch.ConfigError, match=r"function 'gelu2' of theirs:gelu2 is .*, expected an"):
        chip_with("gelu2")
    with pytest.raises(NetworkError, match="with its facts"):
        functions.get("gelu2")


def test_facts_have_no_defaults() -> None:
    unknown = {"scales", "loss", "sign"}  # of these, none given is nothing known
    facts = {field.name for field in fields(Function)} - unknown
    for fact in facts:
        given = {name: getattr(GELU2, name) for name in facts if name != fact}
        with pytest.raises(TypeError, match=fact):
            Function(**given)


@pytest.mark.parametrize(
    ("name", "whole_token", "kind"),
    [
        ("softmax", True, "softmax"), ("log_softmax", True, "softmax"), ("layer_norm", True, "normalisation"),
        ("batch_norm", False, "normalisation"), ("reduce", True, "other vector work"),
        ("relu", False, "other vector work"), ("max_pool", False, "other vector work"),
    ],
)  # fmt: skip
def test_facts(name: str, whole_token: bool, kind: str) -> None:
    assert (FUNCTIONS[name].whole_token, FUNCTIONS[name].work) == (whole_token, kind)


def test_derivatives_are_those_of_calculus() -> None:
    """Operations per element: g (y > 0); g y (1 - y): a difference and two products; g f'(x)."""
    assert FUNCTIONS["relu"].derivative == (("mul", 1),)
    assert FUNCTIONS["sigmoid"].derivative == (("sub", 1), ("mul", 2))
    assert FUNCTIONS["gelu"].derivative == (("gelu", 1), ("mul", 1))


def test_renaming_a_unit_changes_no_figure() -> None:
    words = ("memory", "input", "buffer", "host", "noc", "mac_array", "write", "kv_cache")
    base = ohmsum.run("lenet5", "systolic")
    for word in words:
        run = ohmsum.run("lenet5", "systolic", overrides={"units.vector.name": word})
        assert (run.latency_fs, run.energy.total_j) == (base.latency_fs, base.energy.total_j), word
