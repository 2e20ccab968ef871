"""Bytes in stores: who waits for room, and the peak. Femtoseconds and bytes by hand."""

from __future__ import annotations

from ohmsum.sim.engines.result import Cause
from ohmsum.sim.program import ProgramBuilder, Schedule

from ..kit.engines import Engine, each_engine, path

pytestmark = each_engine


def test_a_store_that_is_full(engine: Engine) -> None:
    # Room for two tokens of 64 B: issues at 0 and 10, then when the consumer, 10-40 and 40-70, lets one go.
    b = ProgramBuilder()
    src, dst = b.actor("src", 4), b.actor("dst", 4)
    b.visit(src, b.resource("p", "unit"), 10)
    b.visit(dst, b.resource("c", "unit"), 30)
    buffer = b.store("buffer", "buffer", 128)
    b.channel(src, dst, 2, Schedule.affine(1, 1, 4), bytes_per_token=64, store=buffer)
    result = engine(b.build(), keep_firings=True)
    assert result.firings is not None
    assert result.firings["issue_fs"][:4].tolist() == [0, 10, 40, 70]
    assert result.peak_bytes.tolist() == [128]
    assert result.stall_room_fs.tolist() == [20 + 20]
    assert [cause for *_, cause, _ in path(result)].count(Cause.ROOM) == 0  # the consumer sets the pace


def test_a_token_takes_its_room_until_its_last_reader_lets_go(engine: Engine) -> None:
    # Tokens at 1, 2, 7; the readers take 2 and 5 fs each: the slow one lets go at 6. Issues at 0, 1, 6.
    b = ProgramBuilder()
    src, fast, slow = b.actor("src", 3), b.actor("fast", 3), b.actor("slow", 3)
    for actor, hold in ((src, 1), (fast, 2), (slow, 5)):
        b.visit(actor, (), hold)
    buffer = b.store("buffer", "buffer", 20)
    for reader in (fast, slow):
        b.channel(src, reader, 2, Schedule.affine(1, 1, 3), bytes_per_token=10, store=buffer, fifo="tensor")
    result = engine(b.build(), keep_firings=True)
    assert result.firings is not None
    assert result.firings["issue_fs"][:3].tolist() == [0, 1, 6]
    assert result.peak_bytes.tolist() == [20]
    assert result.peak_tokens.tolist() == [2, 2]


def test_fifos_in_one_store_add_up(engine: Engine) -> None:
    # a lets go of x's 7 B only at 4, c of y's 5 B before each next one: 12 B. The second store stays empty.
    b = ProgramBuilder()
    x, y, a, c = b.actor("x", 1), b.actor("y", 2), b.actor("a", 1), b.actor("c", 2)
    b.visit(x, (), 1)
    b.visit(y, (), 2)
    b.visit(a, (), 3)
    b.visit(c, (), 1)
    buffer, empty = b.store("buffer", "buffer", 100), b.store("empty", "cache", 0)
    b.channel(x, a, 1, 1, bytes_per_token=7, store=buffer)
    b.channel(y, c, 1, Schedule((0,), (1, 2)), bytes_per_token=5, store=buffer)
    result = engine(b.build(), 2)
    assert empty == 1
    assert result.peak_bytes.tolist() == [12, 0]


def test_what_is_let_go_before_it_comes_takes_no_room_back(engine: Engine) -> None:
    # The consumer lets go of all three at 1, when one has come: the others are let go at once.
    b = ProgramBuilder()
    src, dst = b.actor("src", 3), b.actor("dst", 1)
    b.visit(src, (), 4)
    b.visit(dst, (), 1)
    buffer = b.store("buffer", "buffer", 30)
    b.channel(src, dst, 1, 0, 3, bytes_per_token=10, store=buffer)
    result = engine(b.build())
    assert result.peak_bytes.tolist() == [10]
    assert result.makespan_fs == 12
