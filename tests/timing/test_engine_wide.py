"""Transfers over several channels, entrance slots and windows. Times computed by hand."""

from __future__ import annotations

import pytest
from ohmsum.sim.engines.result import Cause
from ohmsum.sim.program import Arbitration, Program, ProgramBuilder, Rotation, Schedule

from ..kit.engines import Engine, begins, each_engine, firings, path

pytestmark = each_engine

NS = 1_000_000
START, TOKEN, PREVIOUS, RESOURCE = Cause.START, Cause.TOKEN, Cause.PREVIOUS, Cause.RESOURCE


@pytest.mark.parametrize(("n", "ends"), [(1, [572, 1084]), (4, [188, 316]), (16, [92, 124])])
def test_a_transfer_striped_over_channels(engine: Engine, n: int, ends: list[int]) -> None:
    """Two fetches of 4096 B at 8 B/ns by 64 B, each channel 4096 / n B of it; 60 ns of latency."""
    b = ProgramBuilder()
    channels = [b.resource(f"channel {i}", "memory") for i in range(n)]
    hold = 4096 // 64 // n * 8 * NS
    fetch = b.actor("fetch", 2)
    b.visit(fetch, tuple(channels), hold, hold + 60 * NS, spread=True, holds_fs=dict.fromkeys(channels, hold))
    result = engine(b.build(), keep_firings=True)
    assert [end // NS for _, end in firings(result, fetch)] == ends


def test_entrance_slots_let_several_firings_begin_at_once(engine: Engine) -> None:
    # Three slots, two servers of 10: 0 and 1 begin at 0, 2 is issued too and waits until 10. Firing 3 is
    # issued when the first hold of firing 0 ends.
    b = ProgramBuilder()
    a = b.actor("a", 5, slots=3)
    b.visit(a, b.resource("r", "bank", servers=2), 10, 25)
    result = engine(b.build(), keep_firings=True)
    assert result.firings is not None
    assert result.firings["issue_fs"].tolist() == [0, 0, 0, 10, 10]
    assert firings(result, a) == [(0, 25), (0, 25), (10, 35), (10, 35), (20, 45)]
    assert path(result)[-1] == (a, 4, 0, RESOURCE, 20)


def test_first_holds_end_in_order(engine: Engine) -> None:
    # Two slots: firing 0 holds 0-10, firing 1 0-3, which counts as ended at 10, when both let the next in and
    # let go of what they read: firing 0, which put the other's end off, is the parent of both.
    b = ProgramBuilder()
    src, a = b.actor("src", 4), b.actor("a", 4, slots=2)
    b.visit(src, (), 1)
    b.visit(a, (), Schedule((0,), (10, 3, 5, 5)))
    b.channel(src, a, 2, Schedule.affine(1, 1, 4))
    result = engine(b.build(), keep_firings=True)
    assert begins(result, a) == [1, 2, 12, 13]
    assert begins(result, src) == [0, 1, 11, 12]
    b = ProgramBuilder()
    a = b.actor("a", 4, slots=2)
    b.visit(a, (), Schedule((0,), (10, 3, 5, 5)))
    result = engine(b.build(), keep_firings=True)
    assert begins(result, a) == [0, 0, 10, 10]
    assert path(result) == [(a, 0, 0, START, 0), (a, 3, 0, PREVIOUS, 10)]


def test_a_firing_issued_with_the_one_before_has_its_cause(engine: Engine) -> None:
    # Firing 0 waits for both tokens (8), firing 1 needs only the first, which came at 4.
    b = ProgramBuilder()
    src, a = b.actor("src", 2), b.actor("a", 2, slots=2)
    b.visit(src, (), 4)
    b.visit(a, (), Schedule((0,), (2, 6)))
    b.channel(src, a, 2, Schedule((0,), (2, 1)), 0)
    result = engine(b.build(), keep_firings=True)
    assert begins(result, a) == [8, 8]
    assert path(result) == [(src, 0, 0, START, 0), (src, 1, 0, PREVIOUS, 4), (a, 1, 1, TOKEN, 8)]
    assert result.stall_input_fs.tolist() == [8]


def rivals(window: int | None, arbitration: Arbitration = Arbitration.FCFS) -> Program:
    """A asks four times at 0 for a link that serves each for 10, B once at 1."""
    b = ProgramBuilder()
    link = b.resource("link", "link", arbitration=arbitration)
    b.visit(b.actor("A", 4, slots=4, window=window), link, 10)
    late = b.actor("B", 1)
    b.visit(late, (), 1)
    b.visit(late, link, 10)
    return b.build()


@pytest.mark.parametrize(("window", "begin"), [(None, 40), (1, 10), (2, 20)])
def test_a_window_keeps_the_flood_at_its_source(engine: Engine, window: int | None, begin: int) -> None:
    assert engine(rivals(window)).last_end_fs.tolist()[1] == begin + 10


def test_round_robin_on_one_link(engine: Engine) -> None:
    result = engine(rivals(None, Arbitration.ROUND_ROBIN), keep_firings=True)
    assert begins(result, 0) == [0, 20, 30, 40]
    assert firings(result, 1) == [(0, 20)]


def test_actors_of_one_stream_have_one_voice(engine: Engine) -> None:
    # Two stripes of A ask twice each at 0, B twice at 1. Each for itself: a0, a1, B, a0, a1, B; as one stream
    # a0, B, a0, B, a1, a1.
    for stream, ends in ((None, [30, 60]), ("A", [20, 40])):
        b = ProgramBuilder()
        link = b.resource("link", "link", arbitration=Arbitration.ROUND_ROBIN)
        for i in range(2):
            b.visit(b.actor(f"a{i}", 2, slots=2, stream=stream), link, 10)
        late = b.actor("B", 2, slots=2)
        b.visit(late, (), 1)
        b.visit(late, link, 10)
        result = engine(b.build(), keep_firings=True)
        assert [end for _, end in firings(result, late)] == ends


@pytest.mark.parametrize(
    ("arbitration", "old", "young"),
    [(Arbitration.FCFS, [130, 140], [110, 120]), (Arbitration.AGE, [120, 140], [110, 130])],
)
def test_the_oldest_inference_first(
    engine: Engine, arbitration: Arbitration, old: list[int], young: list[int]
) -> None:
    # The link is held until 100. Both inferences of `young` ask at 0, those of `old` at 5 and 10.
    b = ProgramBuilder()
    link = b.resource("link", "link", arbitration=arbitration)
    b.visit(b.actor("holder", 1), link, 100)
    asks_young, asks_old = b.actor("young", 1, slots=2), b.actor("old", 1)
    b.visit(asks_young, link, 10)
    b.visit(asks_old, (), 5)
    b.visit(asks_old, link, 10)
    result = engine(b.build(), 2, keep_firings=True)
    assert [end for _, end in firings(result, asks_young)] == young
    assert [end for _, end in firings(result, asks_old)] == old


def test_window_counts_firings_in_flight(engine: Engine) -> None:
    # 2 fs to enter, 9 to go through, two at a time: 0, 2, then when 0 and 1 have ended: 9, 11, 18.
    b = ProgramBuilder()
    a = b.actor("a", 5, window=2)
    b.visit(a, (), 2, 9)
    result = engine(b.build(), keep_firings=True)
    assert begins(result, a) == [0, 2, 9, 11, 18]
    assert path(result) == [(a, 0, 0, START, 0), (a, 2, 0, PREVIOUS, 9), (a, 4, 0, PREVIOUS, 18)]


def test_servers_in_turn_are_taken_whether_others_are_free_or_not(engine: Engine) -> None:
    """100 B as 64 + 36 on four channels of 8 B/ns in turn, three fetches under way; in halves of a ns.

    Fetch 2 takes channel 1 at 4.5 ns and channel 0 at 8, although channel 3 has been free since 4.5.
    """
    b = ProgramBuilder()
    channels = b.resource("channels", "memory", servers=4)
    fetch, other = b.actor("fetch", 4, slots=3), b.actor("other", 1)
    b.visit(fetch, channels, 16, rotate=Rotation(2, 2, 0, (16, 9)))
    b.visit(other, (), 10)
    b.visit(other, channels, 5, rotate=Rotation(1, 1, 1))
    result = engine(b.build(), keep_firings=True)
    assert begins(result, fetch) == [0, 0, 16, 16]
    # It asks for channel 1 at 10, which fetch 2 has from 9 to 18.
    assert firings(result, other) == [(0, 23)]


def test_turns_go_on_over_iterations(engine: Engine) -> None:
    # Three firings of an iteration on two banks: bank 0, 1, 0, then 1, 0, 1. The even ones hold for 10.
    b = ProgramBuilder()
    a = b.actor("a", 3, slots=6)
    holds = Schedule((0,), (10, 1, 10))
    b.visit(a, b.resource("banks", "memory", servers=2), holds, rotate=Rotation(1, 1))
    result = engine(b.build(), 2, keep_firings=True)
    assert begins(result, a) == [0, 0, 10, 1, 20, 11]


@pytest.mark.parametrize("servers", [8, 1024, 1 << 22])
def test_servers_that_suffice_change_nothing(engine: Engine, servers: int) -> None:
    b = ProgramBuilder()
    r = b.resource("r", "unit", servers=servers)
    for i in range(4):
        b.visit(b.actor(f"a{i}", 2, slots=2), r, 5 + i)
    assert engine(b.build()).makespan_fs == 8


def test_needs_of_the_iteration_before_ask_for_nothing_new(engine: Engine) -> None:
    # Firing 0 of an iteration needs what the one before brought: it does not wait for a token of its own.
    b = ProgramBuilder()
    src, a = b.actor("src", 2), b.actor("a", 2)
    b.visit(src, (), 10)
    b.visit(a, (), 1)
    b.channel(src, a, 4, Schedule((0,), (-1, 1)), Schedule((0,), (0, 1)))
    result = engine(b.build(), 2, keep_firings=True)
    assert begins(result, a) == [0, 10, 11, 30]
