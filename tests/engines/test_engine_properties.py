"""What must hold of every run: checked on random Programs, from a trace of all visits of the reference."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace

import numpy as np
from hypothesis import HealthCheck, assume, given, settings
from ohmsum.sim.engines import reference
from ohmsum.sim.engines.reference_state import Visit
from ohmsum.sim.engines.result import Cause
from ohmsum.sim.program import Arbitration

from ..kit.engines import all_queued, path_durations
from ..kit.random_programs import Case, cases
from ..kit.traced_runs import Trace, traced

on_random_cases = settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],  # a busy machine is no failure
)


@on_random_cases
@given(cases())
def test_counts(case: Case) -> None:
    trace = traced(case)
    p, result, batch = case.program, trace.result, case.iterations
    assert result.n_visits == len(trace.visits) == batch * p.visits_per_iteration
    assert result.fired.tolist() == (batch * p.actor_firings).tolist()
    actions = result.fired[p.ledger_actor] * p.ledger_count
    assert actions.tolist() == [batch * int(p.actor_firings[a]) * n for a, n in enumerate(p.ledger_count)]
    n = p.actor_firings[p.visit_actor()]
    holds = [batch * p.schedule(int(s)).values(int(k)).sum() for s, k in zip(p.visit_hold, n, strict=True)]
    assert result.busy_fs.tolist() == holds
    assert result.busy_bins.sum(axis=1).tolist() == holds
    assert result.makespan_fs == result.last_end_fs.max() == result.iteration_end_fs.max()
    assert (np.diff(result.iteration_end_fs) >= 0).all()
    waits = np.zeros(p.n_visits, np.int64)
    for visit in trace.visits:
        waits[visit.step.index] += visit.begin_fs - visit.request_fs
    assert result.wait_fs.tolist() == waits.tolist()


@on_random_cases
@given(cases())
def test_bins_cover_all_holds_with_the_smallest_power_of_two(case: Case) -> None:
    trace = traced(case)
    latest, width = max(visit.hold_end_fs for visit in trace.visits), trace.result.bin_fs
    assert width & (width - 1) == 0
    assert width * case.n_bins >= latest
    assert width == 1 or width // 2 * case.n_bins < latest
    bins = np.zeros_like(trace.result.busy_bins)
    for visit in trace.visits:
        for i in range(case.n_bins):
            overlap = min(visit.hold_end_fs, (i + 1) * width) - max(visit.begin_fs, i * width)
            bins[visit.step.index, i] += max(0, overlap)
    assert np.array_equal(bins, trace.result.busy_bins)


@on_random_cases
@given(cases())
def test_makespan_lies_between_its_bounds(case: Case) -> None:
    trace = traced(case)
    p, result = case.program, trace.result
    # A hold may reach beyond the end of its firing, so the resources are bound by the end of the last hold.
    horizon = max(visit.hold_end_fs for visit in trace.visits)
    busy = np.zeros(p.n_resources, np.int64)
    for visit in trace.visits:
        for r, own_fs in zip(visit.step.resources, visit.step.holds_fs, strict=True):
            busy[r] += own_fs or visit.hold_fs
    assert (busy <= horizon * p.resource_servers).all()
    for actor, n in enumerate(trace.n_firings):
        one_by_one = p.actor_slots[actor] == 1
        entrance = sum(trace.chain[actor, k][0].hold_fs for k in range(n - 1)) if one_by_one else 0
        last = trace.chain[actor, n - 1]
        assert result.makespan_fs >= entrance + sum(
            v.step.advance(last[0].firing % (n // case.iterations)) for v in last
        )
    serial = (case.arrivals_fs or [0])[-1]
    for visit in trace.visits:
        serial += max(visit.hold_fs, visit.step.advance(visit.firing % int(p.actor_firings[visit.actor])))
    assert result.makespan_fs <= serial


def holds_of(trace: Trace) -> dict[int, list[tuple[int, int, Visit]]]:
    """(start, end, visit) of every time that a server of each resource is held."""
    holds: dict[int, list[tuple[int, int, Visit]]] = defaultdict(list)
    for visit in trace.visits:
        step = visit.step
        for r, start_fs, own_fs in zip(step.resources, visit.starts_fs, step.holds_fs, strict=True):
            holds[r].append((start_fs, start_fs + (own_fs or visit.hold_fs), visit))
    return holds


@on_random_cases
@given(cases())
def test_no_resource_serves_more_than_its_servers(case: Case) -> None:
    for r, holds in holds_of(traced(case)).items():
        steps = [(start, 1) for start, _, _ in holds] + [(end, -1) for _, end, _ in holds]
        serving = np.cumsum([step for _, step in sorted(steps)])
        assert serving.max() <= case.program.resource_servers[r]


@on_random_cases
@given(cases())
def test_a_visit_begins_with_the_last_of_its_resources(case: Case) -> None:
    for visit in traced(case).visits:
        assert visit.begin_fs == max(visit.starts_fs, default=visit.request_fs)
        assert min(visit.starts_fs, default=visit.request_fs) >= visit.request_fs
        if not visit.step.spread:
            assert set(visit.starts_fs) <= {visit.begin_fs}


@on_random_cases
@given(cases())
def test_nobody_waits_for_an_idle_server(case: Case) -> None:
    """While a spread visit, or one of a single resource, waits for any server of it, all are taken."""
    trace = traced(case)
    p = case.program
    holds = holds_of(trace)
    together = {
        r for v in trace.visits if not v.step.spread and len(v.step.resources) > 1 for r in v.step.resources
    }
    for visit in trace.visits:
        if visit.step.turn_step:
            continue
        for r, start_fs in zip(visit.step.resources, visit.starts_fs, strict=True):
            if r not in together and start_fs > visit.request_fs:
                taken = (min(end, start_fs) - max(start, visit.request_fs) for start, end, _ in holds[r])
                waited = start_fs - visit.request_fs
                assert sum(max(0, x) for x in taken) == waited * p.resource_servers[r]


@on_random_cases
@given(cases())
def test_first_come_first_served_and_the_oldest_inference_first(case: Case) -> None:
    """Nobody takes a server while one waits that came before, or of an older inference."""
    p = case.program
    for r, holds in holds_of(traced(case)).items():
        if p.visit_turn_step[holds[0][2].step.index] or not (
            p.resource_queued[r] or p.resource_servers[r] == 1
        ):
            continue
        by_age = p.resource_arbitration[r] == Arbitration.AGE
        if p.resource_arbitration[r] == Arbitration.ROUND_ROBIN:
            continue

        def rank(visit: Visit, by_age: bool = by_age) -> tuple[object, ...]:
            return visit.iteration if by_age else 0, visit.request_fs, visit.order

        for start_fs, _, waiting in holds:
            for served_fs, _, served in holds:
                if waiting.request_fs <= served_fs < start_fs:
                    assert rank(served) < rank(waiting)


@on_random_cases
@given(cases())
def test_a_stream_is_not_passed_over_twice(case: Case) -> None:
    """In a round robin, a request sees another stream served at most as often as its own, and once more."""
    p = case.program
    for r, holds in holds_of(traced(case)).items():
        if p.resource_arbitration[r] != Arbitration.ROUND_ROBIN:
            continue
        for start_fs, _, waiting in holds:
            passing = [v for s, _, v in holds if waiting.request_fs <= s < start_fs]
            turns = 1 + sum(v.step.stream == waiting.step.stream for v in passing)
            for stream in {v.step.stream for v in passing} - {waiting.step.stream}:
                assert sum(v.step.stream == stream for v in passing) <= turns


@on_random_cases
@given(cases())
def test_servers_in_turn_are_those_that_the_firing_says(case: Case) -> None:
    """Replayed by their definition: every server is taken by the visits whose turn it is, in their order."""
    p = case.program
    free_fs: dict[tuple[int, int], int] = defaultdict(int)
    for visit in sorted(traced(case).visits, key=lambda visit: (visit.request_fs, visit.order)):
        step = visit.step
        for m, (r, start_fs, own_fs) in enumerate(
            zip(step.resources, visit.starts_fs, step.holds_fs, strict=True)
        ):
            if step.turn_step:
                server = (step.turn_offset + visit.firing * step.turn_step + m) % int(p.resource_servers[r])
                assert start_fs == max(visit.request_fs, free_fs[r, server])
                free_fs[r, server] = start_fs + (own_fs or visit.hold_fs)


@on_random_cases
@given(cases())
def test_bookings_follow_the_order_of_requests(case: Case) -> None:
    """Replayed: every server has a time when it is free, and spread visits take each as soon as it is."""
    trace = traced(case)
    free_fs = [[0] * min(n, 1000) for n in case.program.resource_servers.tolist()]
    for visit in sorted(trace.visits, key=lambda visit: (visit.request_fs, visit.order)):
        if visit.step.queued or visit.step.turn_step:
            continue
        servers = [(r, int(np.argmin(free_fs[r]))) for r in visit.step.resources]
        starts = [max(visit.request_fs, free_fs[r][s]) for r, s in servers]
        assert visit.begin_fs == max(starts, default=visit.request_fs)
        for (r, s), start_fs, own_fs in zip(servers, starts, visit.step.holds_fs, strict=True):
            free_fs[r][s] = (start_fs if visit.step.spread else visit.begin_fs) + (own_fs or visit.hold_fs)


@on_random_cases
@given(cases())
def test_firings_are_issued_when_all_conditions_hold_and_not_earlier(case: Case) -> None:
    trace = traced(case)
    p = case.program
    let_go = [trace.let_go(c) for c in range(p.n_channels)]
    for (actor, k), chain in trace.chain.items():
        conditions = [trace.free_to_go_fs(actor, k)]
        inputs = np.flatnonzero(p.channel_dst == actor).tolist()
        conditions += [trace.produced_fs(c, trace.needed(c, k)) for c in inputs]
        for c in np.flatnonzero(p.channel_src == actor).tolist():
            room = k + 1 - int(p.channel_capacity[c])
            conditions.append(next(time for time, freed in let_go[c] if freed >= room) if room > 0 else 0)
        assert chain[0].request_fs == max(conditions)


@on_random_cases
@given(cases())
def test_chains_go_on_at_their_advance_and_firings_keep_their_order(case: Case) -> None:
    trace = traced(case)
    for (actor, k), chain in trace.chain.items():
        ahead = trace.chain[actor, k - 1] if k else [None] * len(chain)
        for visit, before in zip(chain, ahead, strict=True):
            own = visit.begin_fs + visit.step.advance(k % int(case.program.actor_firings[actor]))
            assert visit.advance_fs == max(own, before.advance_fs if before else 0)
            # Servers in turn are taken by the number of the firing: a later one may find its server idle.
            assert before is None or visit.step.turn_step or visit.begin_fs >= before.begin_fs
        assert [v.request_fs for v in chain[1:]] == [v.advance_fs for v in chain[:-1]]


@on_random_cases
@given(cases())
def test_every_visit_begins_at_the_event_that_its_cause_names(case: Case) -> None:
    trace = traced(case)
    for visit in trace.visits:
        parent, cause = visit.parent, visit.cause
        if cause == Cause.RESOURCE:
            assert visit.begin_fs > visit.request_fs
            if case.program.visit_spread.any():  # who occupied it before beginning hands on his own parent
                assert parent is None or parent.begin_fs <= visit.begin_fs
                continue
            assert parent is not None
            _check_resource_cause(trace, visit, parent)
            continue
        assert visit.begin_fs == visit.request_fs
        if cause in (Cause.START, Cause.ARRIVAL):
            assert parent is None
            arrivals = case.arrivals_fs or [0] * case.iterations
            assert (visit.begin_fs == 0) if cause == Cause.START else (visit.begin_fs in arrivals)
        elif visit.step.position == 0 and _issued_with_the_one_before(trace, visit):
            before = trace.chain[visit.actor, visit.firing - 1][0]
            assert before.cause == Cause.RESOURCE or (before.cause, before.parent) == (cause, parent)
        elif cause == Cause.PREVIOUS and visit.step.position == 0:
            assert parent is not None
            _check_entrance_or_window(trace, visit, parent)
        elif cause in (Cause.CHAIN, Cause.PREVIOUS):
            behind = visit.firing - (cause == Cause.PREVIOUS)
            assert parent is trace.chain[visit.actor, behind][visit.step.position - 1]
            assert parent.advance_fs == visit.begin_fs
        else:
            _check_channel_cause(trace, visit, parent)


def _issued_with_the_one_before(trace: Trace, visit: Visit) -> bool:
    """Whether nothing that the firing itself waited for became true at the instant of its issue."""
    p, actor, k, now_fs = trace.program, visit.actor, visit.firing, visit.request_fs
    slots, window = int(p.actor_slots[actor]), int(p.actor_window[actor])
    tokens = [
        trace.needed(c, k)
        for c in np.flatnonzero(p.channel_dst == actor).tolist()
        if trace.needed(c, k) > 0 and trace.produced_fs(c, trace.needed(c, k)) == now_fs
    ]
    rooms = [
        c
        for c in np.flatnonzero(p.channel_src == actor).tolist()
        if (room := k + 1 - int(p.channel_capacity[c])) > 0
        and next(time for time, freed in trace.let_go(c) if freed >= room) == now_fs
    ]
    arrivals = trace.case.arrivals_fs or [0] * trace.case.iterations
    return k > 0 and not (
        tokens
        or rooms
        or now_fs == 0
        or (k >= slots and trace.entered_fs(actor, k - slots) == now_fs)
        or (window and k >= window and trace.chain[actor, k - window][-1].advance_fs == now_fs)
        or (trace.is_source(actor) and arrivals[k // int(p.actor_firings[actor])] == now_fs)
    )


def _check_entrance_or_window(trace: Trace, visit: Visit, parent: Visit) -> None:
    """The parent's first hold made a slot free, or its end one of the window."""
    p, actor, k = trace.program, visit.actor, visit.firing
    assert parent.actor == actor
    slots, window = int(p.actor_slots[actor]), int(p.actor_window[actor])
    if k >= slots and trace.entered_fs(actor, k - slots) == visit.begin_fs:
        assert parent.step.position == 0
        assert parent.hold_end_fs == visit.begin_fs
        assert parent.firing <= k - slots
    else:
        assert parent is trace.chain[actor, k - window][-1]
        assert parent.advance_fs == visit.begin_fs


def _check_resource_cause(trace: Trace, visit: Visit, parent: Visit) -> None:
    """The parent freed a server of one of the visit's resources, or began at the same instant before it."""
    now_fs = visit.begin_fs
    assert set(visit.step.resources) & set(parent.step.resources)
    assert parent.hold_end_fs == now_fs or (visit.step.queued and parent.begin_fs == now_fs)


def _check_channel_cause(trace: Trace, visit: Visit, parent: Visit | None) -> None:
    """The parent's firing brought the needed token, or let go of the one whose room was needed."""
    p, k = trace.program, visit.firing
    assert parent is not None
    if visit.cause == Cause.TOKEN:
        channels = np.flatnonzero((p.channel_dst == visit.actor) & (p.channel_src == parent.actor)).tolist()
        assert parent.firing + 1 in [trace.needed(c, k) for c in channels]
        assert parent is trace.chain[parent.actor, parent.firing][-1]
        assert parent.advance_fs == visit.request_fs
    else:
        assert visit.cause == Cause.ROOM
        assert parent is trace.chain[parent.actor, parent.firing][0]
        assert visit.request_fs == parent.hold_end_fs


@on_random_cases
@given(cases())
def test_stores_hold_what_is_issued_and_not_let_go_by_all_readers(case: Case) -> None:
    trace = traced(case)
    p = case.program
    assert (trace.result.peak_bytes <= p.store_rooms_bytes()).all()
    assert (p.store_rooms_bytes() <= p.store_capacity_bytes).all()
    let_go = [trace.let_go(c) for c in range(p.n_channels)]
    for store in range(p.n_stores):
        inside = np.flatnonzero(p.channel_store == store).tolist()
        instants = {
            trace.chain[int(p.channel_src[c]), k][0].request_fs
            for c in inside
            for k in range(trace.n_firings[int(p.channel_src[c])])
        }
        peak = 0
        for now_fs in instants:
            total = 0
            for first in {int(p.channel_fifo[c]) for c in inside}:
                src = int(p.channel_src[first])
                issued = sum(trace.chain[src, k][0].request_fs <= now_fs for k in range(trace.n_firings[src]))
                readers = np.flatnonzero(p.channel_fifo == first).tolist()
                freed = min(max((n for time, n in let_go[c] if time <= now_fs), default=0) for c in readers)
                total += max(0, issued - freed) * int(p.channel_bytes[first])
            peak = max(peak, total)
        assert trace.result.peak_bytes[store] == peak


@on_random_cases
@given(cases())
def test_critical_path_adds_up(case: Case) -> None:
    trace = traced(case)
    pieces = trace.result.critical_path
    durations = path_durations(trace.result)
    assert (durations >= 0).all()
    assert durations.sum() == trace.result.makespan_fs
    assert pieces["begin_fs"][0] == 0
    last = trace.chain[int(pieces["actor"][-1]), int(pieces["firing"][-1])][-1]
    assert last.advance_fs == trace.result.makespan_fs
    assert last.step.index == pieces["visit"][-1]
    assert pieces["actor"][-1] == np.flatnonzero(trace.result.last_end_fs == trace.result.makespan_fs)[0]
    assert (pieces["actor"][1:] >= 0).all()


@on_random_cases
@given(cases())
def test_stalls_add_up_and_peaks_fit(case: Case) -> None:
    trace = traced(case)
    p, result = case.program, trace.result
    for actor, n in enumerate(trace.n_firings):
        stalled = sum(trace.chain[actor, k][0].request_fs - trace.free_to_go_fs(actor, k) for k in range(n))
        inputs, outputs = p.channel_dst == actor, p.channel_src == actor
        assert result.stall_input_fs[inputs].sum() + result.stall_room_fs[outputs].sum() == stalled
    for c in range(p.n_channels):
        let_go = trace.let_go(c)
        peak = 0
        for k in range(trace.n_firings[int(p.channel_src[c])]):
            issue_fs = trace.chain[int(p.channel_src[c]), k][0].request_fs
            freed = max((count for time, count in let_go if time <= issue_fs), default=0)
            peak = max(peak, k + 1 - freed)
        assert result.peak_tokens[c] == peak <= p.channel_capacity[c]


@on_random_cases
@given(cases())
def test_runs_are_repeatable(case: Case) -> None:
    result = traced(case).result
    assert result.differences(case.run(reference.run)) == []


@on_random_cases
@given(cases())
def test_a_queue_serves_as_a_booking_does(case: Case) -> None:
    """But for visits of several resources with several servers, which may be overtaken when they book."""
    p = replace(
        case.program,
        visit_spread=np.zeros(case.program.n_visits, bool),
        visit_resource_hold_fs=np.zeros(len(case.program.visit_resource), np.int64),
    )
    case = replace(case, program=p)
    starts = p.visit_resource_start
    groups = [p.visit_resource[starts[v] : starts[v + 1]] for v in range(p.n_visits)]
    assume(all(len(group) == 1 or (p.resource_servers[group] == 1).all() for group in groups))
    booked = traced(case).result
    queued = replace(case, program=all_queued(p)).run(reference.run)
    assert booked.firings is not None
    assert queued.firings is not None
    assert booked.firings.tolist() == queued.firings.tolist()
    assert booked.wait_fs.tolist() == queued.wait_fs.tolist()
