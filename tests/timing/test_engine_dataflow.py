"""When firings are issued: tokens, room, windows, recurrence, iterations, arrivals. Femtoseconds by hand."""

from __future__ import annotations

import pytest
from ohmsum.sim.program import Program, ProgramBuilder, Schedule

from ..kit.engines import Engine, begins, each_engine, firings

pytestmark = each_engine


def counting(n: int, first: int = 1, step: int = 1) -> Schedule:
    """first, first + step, ...: the usual need of a consumer that takes tokens one by one."""
    return Schedule.affine(first, step, n)


def pair(n: int, capacity: int, produce: int, consume: int, tail: int = 0) -> Program:
    """A producer and a consumer of n tokens; the consumer's chain may have a tail after its first visit."""
    b = ProgramBuilder()
    src, dst = b.actor("src", n), b.actor("dst", n)
    b.visit(src, b.resource("p", "unit"), produce)
    b.visit(dst, b.resource("c", "unit"), consume)
    if tail:
        b.visit(dst, (), tail)
    b.channel(src, dst, capacity, counting(n))
    return b.build()


def test_consumer_begins_when_its_token_arrives(engine: Engine) -> None:
    # Tokens at 5, 10, 15; each is taken at once.
    result = engine(pair(3, 3, 5, 2), keep_firings=True)
    assert begins(result, 1) == [5, 10, 15]
    assert result.stall_input_fs.tolist() == [5 + (10 - 7) + (15 - 12)]
    assert result.stall_room_fs.tolist() == [0]
    assert result.peak_tokens.tolist() == [2]  # at 5: the one just taken, and room for the next


def test_room_for_one_token_makes_them_take_turns(engine: Engine) -> None:
    # Producer 0-2, consumer 2-7, and only then the next: 7-9, 9-14; 14-16, 16-21; 21-23, 23-28.
    result = engine(pair(4, 1, 2, 5), keep_firings=True)
    assert firings(result, 0) == [(0, 2), (7, 9), (14, 16), (21, 23)]
    assert firings(result, 1) == [(2, 7), (9, 14), (16, 21), (23, 28)]
    assert result.stall_room_fs.tolist() == [3 * (7 - 2)]
    assert result.stall_input_fs.tolist() == [2 + 3 * 2]
    assert result.peak_tokens.tolist() == [1]


def test_room_for_two_tokens_keeps_the_consumer_busy(engine: Engine) -> None:
    # Producer 0-2, 2-4, then one place is free at 7, 12: 7-9, 12-14. Consumer without pause: 2, 7, 12, 17.
    result = engine(pair(4, 2, 2, 5), keep_firings=True)
    assert begins(result, 0) == [0, 2, 7, 12]
    assert begins(result, 1) == [2, 7, 12, 17]
    assert result.makespan_fs == 22
    assert result.stall_room_fs.tolist() == [(7 - 4) + (12 - 9)]
    assert result.stall_input_fs.tolist() == [2]
    assert result.peak_tokens.tolist() == [2]


def test_room_is_taken_at_issue(engine: Engine) -> None:
    # A producer with one firing per fs and 9 fs of latency may have only 3 tokens under way.
    b = ProgramBuilder()
    src, dst = b.actor("src", 5), b.actor("dst", 5)
    b.visit(src, (), 1, 9)
    b.visit(dst, (), 1)
    b.channel(src, dst, 3, counting(5))
    result = engine(b.build(), keep_firings=True)
    assert begins(result, 0) == [0, 1, 2, 10, 11]  # the first is let go at 9 + 1
    assert result.peak_tokens.tolist() == [3]


def conv_chain(capacity: int) -> Program:
    """A source of 4 x 4 pixels, 1 fs each, and two 3x3 convolutions with padding 1: hold 1, latency 3.

    Output (r, c) needs the pixels up to (min(r + 1, 3), min(c + 1, 3)) in raster order, and in row r the rows
    up to r - 2 are let go.
    """
    need = Schedule((4, 8, 12, 12), (2, 3, 4, 4))
    free = Schedule((0, 0, 4, 8), (0, 0, 0, 0))
    b = ProgramBuilder()
    source, first, second = (b.actor(name, 16) for name in ("source", "conv1", "conv2"))
    b.visit(source, (), 1)
    b.visit(first, b.resource("conv1", "crossbar"), 1, 3)
    b.visit(second, b.resource("conv2", "crossbar"), 1, 3)
    b.channel(source, first, capacity, need, free)
    b.channel(first, second, 16, need, free)
    return b.build()


def test_chained_convolutions_wait_for_their_windows(engine: Engine) -> None:
    # Pixel n arrives at n, so conv1's first output, which needs 6, begins at 6, its sixth (row 1) needs 11
    # pixels. Outputs of conv1 arrive from 9 on, one per fs: the n-th at n + 8; conv2's first begins at 6 +
    # 8.
    result = engine(conv_chain(16), keep_firings=True)
    assert begins(result, 1) == [6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21]
    assert begins(result, 2) == [14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29]
    assert result.makespan_fs == 32


def test_convolution_buffer_one_row_short_of_the_image(engine: Engine) -> None:
    # The first of row 2 needs 14 pixels before it lets go of row 0 at 14 + 1: pixel 15 is issued 1 fs late
    # and everything from conv1's tenth output on shifts by one: its n-th arrives at n + 9, conv2's row 1
    # needs the tenth.
    result = engine(conv_chain(14), keep_firings=True)
    assert begins(result, 0) == [*range(14), 15, 16]
    assert begins(result, 1) == [6, 7, 8, 9, 10, 11, 12, 13, 14, 16, 17, 18, 19, 20, 21, 22]
    assert begins(result, 2) == [14, 15, 16, 17, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30]
    assert result.stall_room_fs.tolist() == [1, 0]
    assert result.peak_tokens.tolist()[0] == 14


def test_recurrence_waits_for_its_own_last_end(engine: Engine) -> None:
    # hold 2, latency 9: without the self channel one firing per 2 fs, with it one per 9.
    b = ProgramBuilder()
    a = b.actor("cell", 4)
    b.visit(a, (), 2, 9)
    b.channel(a, a, 2, Schedule((0,), (0, 1, 2, 3)))
    assert begins(engine(b.build(), keep_firings=True), 0) == [0, 9, 18, 27]
    # The next inference's first firing needs no token of its own iteration, but all of the one before.
    assert begins(engine(b.build(), 2, keep_firings=True), 0) == [0, 9, 18, 27, 36, 45, 54, 63]


def test_strided_replicas_share_the_work(engine: Engine) -> None:
    # The source makes a token every 2 fs; the first, third and fifth are for one replica, the others for
    # the other, which take 4 fs each; a token that a replica does not need is let go with the one before
    # it. Tokens at 2 and 4. The third is issued when the first replica lets go, at 6, and arrives at 8; the
    # fourth when the second one has let go, at 8; the fifth when the first replica has had the third
    # (8-12); the sixth at 14.
    b = ProgramBuilder()
    source, even, odd, sink = (b.actor(name, n) for name, n in (("s", 6), ("even", 3), ("odd", 3), ("t", 6)))
    for actor, hold in ((source, 2), (even, 4), (odd, 4), (sink, 1)):
        b.visit(actor, (), hold)
    b.channel(source, even, 2, Schedule((0,), (1, 3, 5)), Schedule((0,), (2, 4, 6)))
    b.channel(source, odd, 3, Schedule((0,), (2, 4, 6)))
    b.channel(even, sink, 3, Schedule((0, 1, 2), (1, 1)))
    b.channel(odd, sink, 3, Schedule((0, 1, 2), (0, 1)))
    result = engine(b.build(), keep_firings=True)
    assert begins(result, source) == [0, 2, 6, 8, 12, 14]
    assert begins(result, even) == [2, 8, 14]
    assert begins(result, odd) == [4, 10, 16]
    assert begins(result, sink) == [6, 8, 12, 14, 18, 20]


def test_three_inferences_are_pipelined(engine: Engine) -> None:
    # Stages of 4 and 6 fs: the second paces, at 4, 10, 16.
    result = engine(pair(1, 3, 4, 6), 3, keep_firings=True)
    assert begins(result, 0) == [0, 4, 8]
    assert begins(result, 1) == [4, 10, 16]
    assert result.iteration_begin_fs.tolist() == [0, 4, 8]
    assert result.iteration_end_fs.tolist() == [10, 16, 22]
    assert result.fired.tolist() == [3, 3]
    assert result.n_visits == 6


def test_all_tokens_of_an_inference_are_let_go_with_its_last_firing(engine: Engine) -> None:
    # The consumer needs 1 of 3 tokens and lets go of none before its only firing is over.
    b = ProgramBuilder()
    src, dst = b.actor("src", 3), b.actor("dst", 1)
    b.visit(src, (), 2)
    b.visit(dst, (), 5)
    b.channel(src, dst, 3, 1, 0)
    result = engine(b.build(), 2, keep_firings=True)
    # Tokens at 2, 4, 6; the consumer has 2-7; the next three from 7 on; it needs the 4th token, at 9: 9-14.
    assert begins(result, src) == [0, 2, 4, 7, 9, 11]
    assert begins(result, dst) == [2, 9]


def test_arrivals_hold_sources_back(engine: Engine) -> None:
    # Inference 1 arrives at 100, 2 at 101 when the source is still busy with 1 (100-104).
    result = engine(pair(1, 3, 4, 6), 3, arrivals_fs=[0, 100, 101], keep_firings=True)
    assert begins(result, 0) == [0, 100, 104]
    assert begins(result, 1) == [4, 104, 110]
    assert result.iteration_begin_fs.tolist() == [0, 100, 104]
    assert result.iteration_end_fs.tolist() == [10, 110, 116]
    assert result.stall_input_fs.tolist() == [4 + (104 - 10)]


def test_an_actor_with_only_a_recurrence_is_a_source(engine: Engine) -> None:
    b = ProgramBuilder()
    a = b.actor("cell", 1)
    b.visit(a, (), 3)
    b.channel(a, a, 2, 0)
    assert begins(engine(b.build(), 2, arrivals_fs=[5, 50], keep_firings=True), 0) == [5, 50]


def test_arrivals_do_not_bind_actors_that_get_tokens(engine: Engine) -> None:
    # The consumer needs nothing for its first firing, so it begins at 0 although the inference arrives at 10.
    b = ProgramBuilder()
    src, dst = b.actor("src", 1), b.actor("dst", 2)
    b.visit(src, (), 4)
    b.visit(dst, (), 1)
    b.channel(src, dst, 1, Schedule((0,), (0, 1)))
    result = engine(b.build(), arrivals_fs=[10], keep_firings=True)
    assert begins(result, src) == [10]
    assert begins(result, dst) == [0, 14]


def test_residual_block_waits_for_both_branches(engine: Engine) -> None:
    # source (2 fs) -> conv (hold 2, latency 10) -> add, and source -> add directly; the skip needs room for
    # all tokens under way: the first is let go when the add's first hold ends.
    b = ProgramBuilder()
    source, conv, add = (b.actor(name, 8) for name in ("source", "conv", "add"))
    b.visit(source, (), 2)
    b.visit(conv, (), 2, 10)
    b.visit(add, (), 1)
    b.channel(source, conv, 2, counting(8))
    b.channel(source, add, 8, counting(8))
    b.channel(conv, add, 8, counting(8))
    result = engine(b.build(), keep_firings=True)
    assert begins(result, conv) == [2, 4, 6, 8, 10, 12, 14, 16]
    assert begins(result, add) == [12, 14, 16, 18, 20, 22, 24, 26]
    # Issued at 0, 2, ... 14 into the skip; let go at 13, 15, ...: at 12 the seventh is issued and none let
    # go.
    assert result.peak_tokens.tolist()[1] == 7


@pytest.mark.parametrize("capacity", [1, 2, 3, 4, 6, 7, 8])
def test_skip_buffer_sets_the_rate(engine: Engine, capacity: int) -> None:
    # A token is in the skip from its issue t to t + 2 + 10 + 1 = t + 13: `capacity` of them per 13 fs at
    # most, so token k is issued at max(2 k, 13 + token k - capacity).
    b = ProgramBuilder()
    source, conv, add = (b.actor(name, 8) for name in ("source", "conv", "add"))
    b.visit(source, (), 2)
    b.visit(conv, (), 2, 10)
    b.visit(add, (), 1)
    b.channel(source, conv, 8, counting(8))
    b.channel(source, add, capacity, counting(8))
    b.channel(conv, add, 8, counting(8))
    issued: list[int] = []
    for k in range(8):
        after_last = issued[-1] + 2 if issued else 0
        issued.append(max(after_last, issued[k - capacity] + 13 if k >= capacity else 0))
    assert begins(engine(b.build(), keep_firings=True), source) == issued
