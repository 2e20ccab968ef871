"""Is what the report page gets right and small enough? (What it does with it: test_html_page.py.)"""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
import re
from collections import defaultdict
from importlib.resources import files
from typing import Any

import numpy as np
import ohmsum
import pytest
from ohmsum.sim.answers.run import Run
from ohmsum.sim.engines import compiled
from ohmsum.sim.mapping.assignment import InBlocks
from ohmsum.sim.report.html import run_page, to_html
from ohmsum.sim.report.html.activity import activity
from ohmsum.sim.report.html.floorplan import floorplan, layer_tiles
from ohmsum.sim.report.html.roofline import roofline

MOST_BYTES = 5_000_000
_NUMPY = {"uint8": "u1", "int32": "<i4", "float32": "<f4", "float64": "<f8"}


@pytest.fixture(scope="module")
def resnet18() -> Run:
    return ohmsum.run("resnet18", "isaac")


@pytest.fixture(scope="module")
def bert() -> Run:
    return ohmsum.run("bert-base", "isaac", n_chips=3, buffers="unlimited")


def decoded(html: str) -> dict[str, Any]:
    """The container of a page, with its arrays."""
    found = re.search(r'<script id="data" type="text/plain">(.*?)</script>', html, re.DOTALL)
    assert found is not None
    raw = gzip.decompress(base64.b64decode(found[1]))
    size = int.from_bytes(raw[:4], "little")
    start = -(-(4 + size) // 8) * 8

    def array(value: dict[str, Any]) -> Any:
        if "array" not in value:
            return value
        return np.frombuffer(raw, _NUMPY[value["array"]], value["length"], start + value["offset"])

    result: dict[str, Any] = json.loads(raw[4 : 4 + size], object_hook=array)
    return result


def test_page_is_small_and_whole(resnet18: Run, bert: Run) -> None:
    for run in (resnet18, bert):
        html = to_html(run)
        assert len(html.encode()) < MOST_BYTES
        assert "http-equiv" not in html
        outside = re.sub(r"(<script[^>]*>).*?</script>", r"\1", html, flags=re.DOTALL)
        assert outside.count("<script") == 3
        assert not re.search(r"(src|href)=[\"'](?!data:|#)|@import|url\(", outside), "nothing from elsewhere"
        assert not re.search(r"<!--[A-Z]+-->", html), "no gap of the template is left"


def test_page_is_the_same_every_time(resnet18: Run) -> None:
    assert to_html(resnet18) == to_html(resnet18)


def test_container_holds_the_critical_path(resnet18: Run) -> None:
    data = decoded(to_html(resnet18))
    pieces = resnet18.critical_path.pieces
    path = data["path"]
    assert [data["layers"][i]["name"] for i in path["layer"]] == [p.layer for p in pieces]
    assert [path["classes"][i] for i in path["class"]] == [p.klass for p in pieces]
    assert np.rint(path["duration_s"] * 1e15).astype(np.int64).sum() == resnet18.latency_fs


def test_bins_widen_until_the_page_fits(resnet18: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """Half of what the data took is asked for; the busy time stays the same."""
    whole = to_html(resnet18)
    finer = decoded(whole)["activity"]
    others = len(whole.encode()) - len(whole[whole.index('type="text/plain">') :].split("<")[0])
    limit = others + (len(whole.encode()) - others) // 2
    monkeypatch.setattr(run_page, "MOST_BYTES", limit)
    smaller = to_html(resnet18)
    wider = decoded(smaller)["activity"]
    assert len(smaller.encode()) <= limit
    assert wider["n_bins"] < finer["n_bins"]
    assert wider["bin_s"] * wider["n_bins"] >= resnet18.latency_s
    busy = [
        (a["share"].reshape(-1, a["n_bins"]) * a["visit_scale"][:, None]).sum() * a["bin_s"]
        for a in (finer, wider)
    ]
    assert busy[0] == pytest.approx(busy[1], rel=0.005)


def test_activity_keeps_the_busy_time(resnet18: Run) -> None:
    """Halving bins loses nothing, and together they last as long as the run."""
    result = compiled.run(resnet18.program, 1, n_bins=256)
    shown = activity(resnet18.program, result)
    for found in (shown, shown.halved(), shown.halved().halved()):
        assert found.busy_fs.sum() == shown.busy_fs.sum()
        assert found.width_fs.sum() == resnet18.latency_fs
    assert shown.busy_fs.sum() <= result.busy_fs.sum()


@pytest.mark.parametrize(
    ("network", "chip", "n_chips"),
    [
        ("resnet18", "isaac", None),
        ("bert-base", "isaac", 3),
        ("lenet5", "hermes-64", None),
        ("mlp", "isaac", None),
    ],
)
def test_tiles_of_the_floorplan_hold_all_crossbars(network: str, chip: str, n_chips: int | None) -> None:
    run = ohmsum.run(network, chip, n_chips=n_chips, buffers="unlimited")
    plan = floorplan(run)
    places = [tuple(place) for place in plan["tiles"]]
    assert run.chip.tile is not None
    assert len(set(places)) == len(places) == run.chip.tile.count, "no two tiles in one place"
    rows, cols = run.chip.tile.grid
    assert all(0 <= x < cols and 0 <= y < rows for x, y in places)
    held: dict[int, int] = defaultdict(int)
    for r, tile, units, of in plan["cover"]:
        if run.program.resource_class[r] == "crossbar":
            held[tile] += units
            assert of == run.chip.tile.crossbar.count
    assert sum(held.values()) == run.mapping.crossbars_used
    assert max(held.values()) <= run.chip.tile.crossbar.count
    for name, tiles in layer_tiles(run).items():
        assert sum(share for _, share in tiles) == pytest.approx(1.0), name
    used = {tile for tile, n in held.items() if n}
    assert used == {t for a in run.mapping.assignments if isinstance(a, InBlocks) for t in a.tiles}


def test_every_link_of_the_program_is_on_the_floorplan(bert: Run) -> None:
    plan = floorplan(bert)
    links = [r for r, name in enumerate(bert.program.resource_class) if name.endswith("link")]
    assert {row[0] for row in plan["links"]} == set(links)
    members = sum(len(bert.program.resource_members[r]) for r in links)
    assert len(plan["links"]) == members, "lumped links are drawn one by one"
    for _, *ends, kind in plan["links"]:
        for chip, x, y in (ends[:3], ends[3:]):
            assert -1 <= chip < 3
            assert 0 <= x <= plan["size"][0]
            assert 0 <= y <= plan["size"][1]
        assert (ends[0] != ends[3]) == (kind in ("chip", "host")), "other links stay on their chip"


def test_routers_lie_amid_their_tiles(resnet18: Run) -> None:
    """On a concentrated mesh four tiles meet at their router: each stub is half a tile's diagonal."""
    for _, _, x1, y1, _, x2, y2, kind in floorplan(resnet18)["links"]:
        if kind in ("inject", "eject"):
            assert np.hypot(x2 - x1, y2 - y1) == pytest.approx(np.hypot(0.5, 0.5))


@pytest.mark.parametrize(
    ("network", "chip"),
    [
        ("resnet18", "isaac"),
        ("lenet5", "isaac"),
        ("lenet5", "hermes-64"),
        ("lenet5", "systolic"),
        ("resnet18", "systolic"),
    ],
)
def test_no_layer_is_above_its_roof(network: str, chip: str) -> None:
    found = roofline(ohmsum.run(network, chip))
    assert found
    for roof in found:
        assert roof["points"]
        for point in roof["points"]:
            # What stays on its tile takes no link.
            slopes = [
                s["bytes_per_s"] * point["ops_per_byte"] for s in roof["slopes"] if s["class"] != "link"
            ]
            assert len(slopes) == 1
            assert point["ops_per_s"] <= min(roof["peak_ops_per_s"], *slopes) * (1 + 1e-9), point


def test_echarts_is_as_published() -> None:
    """The file of the npm package echarts 6.1.0, unchanged, with its licence."""
    static = files("ohmsum.sim.report.html") / "static"
    text = (static / "echarts.min.js").read_bytes()
    assert b'.version="6.1.0"' in text
    assert (
        hashlib.sha256(text).hexdigest() == "b66b25aeb4df84e33199dc21694014d336d222cbd9deb0e5a7c14bd6aa0d0fd0"
    )
    assert "Apache License" in (static / "echarts.LICENSE").read_text(encoding="utf-8")
