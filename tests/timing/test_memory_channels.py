"""Channels that add up, and weights that come no further ahead than the buffers hold: by hand, and always."""

from __future__ import annotations

import numpy as np
import pytest
from ohmsum.arch.chip import Chip
from ohmsum.sim.engines import compiled
from ohmsum.sim.lowering import lower
from ohmsum.sim.mapping import map_network
from ohmsum.sim.program import Program
from ohmsum.workloads.graph import Grid, Network, Operator, Port, Tensor, Window
from ohmsum.workloads.language_model import LanguageModel

from ..kit.engines import Engine, each_engine, firings
from ..kit.small_decoder import decoder, scribe
from ..kit.small_networks import NS, matrix, network, source


def table_of(n_channels: int, **memory: str) -> Program:
    """Two look-ups of 4096 bytes in a memory of channels of 8 GB/s, 60 ns away."""
    stream = Tensor("rows", (), Grid(1, 2), 4096)
    gather = Operator("rows", "Gather", "move", (Port("x", Window()),), stream, params=4096)
    fields = {"memory__channels": str(n_channels), "memory__bandwidth": "8 GB/s", "memory__latency": "60 ns"}
    chip = scribe(**fields, **memory)
    return lower(map_network(network(source(1, Grid(1, 2)), gather), chip), chip)


@each_engine
@pytest.mark.parametrize(("n", "end_ns"), [(1, (572, 1084)), (4, (188, 316)), (16, (92, 124))])
def test_a_transfer_lies_in_all_channels(engine: Engine, n: int, end_ns: tuple[int, int]) -> None:
    # 64 pieces of 64 bytes, 64 / n in each channel at 8 ns each, then 60 ns; the second follows at once.
    p = table_of(n)
    rows = firings(engine(p, keep_firings=True), p.actor_name.index("rows"))
    begin = rows[0][0]
    assert [end - begin for _, end in rows] == [t * NS for t in end_ns]


@each_engine
def test_what_is_shorter_than_a_piece_is_in_one_channel(engine: Engine) -> None:
    p = table_of(16, memory__interleave="4 KiB")
    rows = firings(engine(p, keep_firings=True), p.actor_name.index("rows"))
    assert rows[0][1] - rows[0][0] == 572 * NS


def weights_ahead(p: Program, block_bytes: dict[str, int]) -> int:
    """Most bytes of weights that were asked for and are not used up, at any instant of three inferences."""
    result = compiled.run(p, 3, keep_firings=True)
    assert result.firings is not None
    events: list[tuple[int, int]] = []
    for name, n_bytes in block_bytes.items():
        for actor, column, sign in ((f"{name} weights", "begin_fs", 1), (name, "end_fs", -1)):
            mine = result.firings[result.firings["actor"] == p.actor_name.index(actor)]
            events += [(int(fs), sign * n_bytes) for fs in mine[column]]
    # What is used up at an instant makes room for what is asked for at it.
    return int(np.cumsum([n for _, n in sorted(events)]).max())


@pytest.mark.parametrize("capacity", [256, 512, 4096])
def test_weights_wait_in_no_more_than_the_buffers_hold(capacity: int) -> None:
    net: Network = network(source(8), *(matrix(f"m{i}", f"m{i - 1}" if i else "x", 8, 64) for i in (0,)))
    for i in range(1, 5):
        net = network(*net.operators, matrix(f"m{i}", f"m{i - 1}", 64, 64))
    slow = {"memory__bandwidth": "1 TB/s", "mac_array__buffer__capacity": f"{capacity} B"}
    chip: Chip = scribe(**slow)
    p = lower(map_network(net, chip), chip)
    blocks = {f"m{i}": 64 for i in range(5)}  # 8 x 8 weights of a byte
    assert 2 * 64 <= weights_ahead(p, blocks) <= capacity
    # All of them are asked for at once where they fit: 8 + 4 x 64 blocks do not.
    assert (weights_ahead(p, blocks) >= capacity - 128 - 64) == (capacity >= 256)


def test_no_token_is_faster_than_its_weights_come() -> None:
    """Rows of a decoder fetch all weights anew; the first ones apart none comes before its bytes can."""
    chip = scribe(memory__bandwidth="1 GB/s", mac_array__buffer__capacity="256 B")
    model = LanguageModel.of(decoder(4))
    p = lower(map_network(model.decode(4, 6, 1), chip), chip, autoregressive=True)
    result = compiled.run(p, keep_firings=True)
    last = max(range(len(p.actor_name)), key=lambda a: a if p.actor_name[a].endswith("(out)") else -1)
    ends_fs = [end for _, end in firings(result, last)]
    n_bytes = sum(
        int(total)
        for component, total in zip(p.ledger_component, p.ledger_total, strict=True)
        if component == "memory"
    )
    roofline_fs = n_bytes / 6 * NS  # 1 GB/s: a byte each nanosecond
    steps = np.diff(ends_fs)
    assert len(steps) == 5
    assert steps[1:].min() >= 0.999 * roofline_fs - 2 * NS
