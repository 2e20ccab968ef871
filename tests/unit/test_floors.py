"""Rooms of `sim` lie on floors: a room imports what lies below it, and no circle is added."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path

from .test_layout import ROOT, imported

FLOORS = (
    {"errors", "extras", "progress", "asked"},
    {"kernels"},
    {"machine_code"},
    {"compiled"},
    {"noc"},
    {"flit_detail", "interconnect"},
    {"program"},
    {"engines", "arrivals"},
    {"mapping"},
    {"accuracy"},
    {"torch", "operands"},
    {"lowering"},
    {"metrics"},
    {"answers", "figures"},  # a figure says which answers it is of, an answer lists its figures
    {"report"},
    {"trace", "partition_choice", "confirm", "known_networks"},
    {"simulate"},
    {"training", "language"},
    {"job"},
)
"""From the bottom up."""

UPWARDS = {
    ("operands", "lowering"): "reads are grouped as the firings of the lowering are",
    ("metrics", "answers"): "a type: invariants are of a whole run",
    ("answers", "report"): "an answer makes its own pages, tables and texts when asked",
    ("answers", "language"): "a type: requests of a service",
}
"""Imports that go up, with the reason; no others."""


def room_of(parts: tuple[str, ...]) -> str:
    return parts[0].removesuffix(".py")


def arrows() -> dict[tuple[str, str], set[str]]:
    """Rooms that import each other, and the files that do."""
    sim = ROOT / "sim"
    found: dict[tuple[str, str], set[str]] = defaultdict(set)
    for path in sorted(sim.rglob("*.py")):
        here = room_of(path.relative_to(sim).parts)
        for line, target in imported(path):
            if target[0] == "sim" and len(target) > 1 and target[1] != here:
                found[here, target[1]].add(f"{path.relative_to(ROOT)}:{line}")
    return found


def test_every_room_has_a_floor() -> None:
    rooms = {room_of(p.relative_to(ROOT / "sim").parts) for p in (ROOT / "sim").rglob("*.py")}
    named = set().union(*FLOORS)
    assert rooms - {"__init__", "facade"} == named
    assert sum(map(len, FLOORS)) == len(named)


def test_rooms_import_what_lies_below() -> None:
    floor = {room: i for i, rooms in enumerate(FLOORS) for room in rooms}
    wrong = {
        f"{src} imports {dst} above it: {', '.join(sorted(files))}"
        for (src, dst), files in arrows().items()
        if src in floor and dst in floor and floor[dst] > floor[src] and (src, dst) not in UPWARDS
    }
    assert not wrong


def test_mapping_and_lowering_know_no_place_by_its_name() -> None:
    """What was chosen is a type: neither compares the words that reports use for it."""
    files: list[Path] = [*(ROOT / "sim/mapping").glob("*.py"), *(ROOT / "sim/lowering").glob("*.py")]
    assert len(files) > 40
    words = (".place ==", ".unit ==", ".place in", ".unit in")
    wrong = [path.name for path in files if any(word in path.read_text(encoding="utf-8") for word in words)]
    assert not wrong
