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
        if visit.step.slotted:
            (r,) = visit.step.resources
            serial += int(p.resource_slot_fs[r] * (p.resource_slot_start[r + 1] - p.resource_slot_start[r]))
    assert result.makespan_fs <= serial


@on_random_cases
@given(cases())
def test_no_resource_serves_more_than_its_servers(case: Case) -> None:
    assume(not case.program.visit_spread.any())  # their resources are occupied before they begin
    trace = traced(case)
    changes: dict[int, list[tuple[int, int]]] = defaultdict(list)
    for visit in trace.visits:
        for r in visit.step.resources:
            changes[r] += [(visit.begin_fs, 1), (trace.released_fs(visit), -1)]
    for r, steps in changes.items():
        serving = np.cumsum([step for _, step in sorted(steps)])
        assert serving.max() <= case.program.resource_servers[r]


@on_random_cases
@given(cases())
def test_nobody_waits_for_an_idle_server(case: Case) -> None:
    """A resource that is never occupied together with another has all servers taken while a visit waits."""
    assume(not case.program.visit_spread.any())  # they may let a resource go before their hold is over
    trace = traced(case)
    shared = {r for visit in trace.visits if len(visit.step.resources) > 1 for r in visit.step.resources}
    taken = defaultdict(list)
    for visit in trace.visits:
        for r in visit.step.resources:
            taken[r].append((visit.begin_fs, trace.released_fs(visit)))
    for visit in trace.visits:
        if len(visit.step.resources) != 1 or visit.step.slotted or visit.begin_fs == visit.request_fs:
            continue
        (r,) = visit.step.resources
        if r not in shared:
            overlaps = (min(end, visit.begin_fs) - max(begin, visit.request_fs) for begin, end in taken[r])
            waited = visit.begin_fs - visit.request_fs
            assert sum(max(0, x) for x in overlaps) == waited * case.program.resource_servers[r]


@on_random_cases
@given(cases())
def test_arbitration(case: Case) -> None:
    """First come, first served; with priorities nobody begins while a more urgent one waits."""
    p = case.program
    assume(not p.visit_spread.any())
    trace = traced(case)
    for r in range(p.n_resources):
        users = [visit for visit in trace.visits if r in visit.step.resources]
        users.sort(key=lambda visit: (visit.request_fs, visit.order))
        if p.resource_arbitration[r] == Arbitration.FCFS and (
            p.resource_queued[r] or p.resource_servers[r] == 1
        ):
            assert [visit.begin_fs for visit in users] == sorted(visit.begin_fs for visit in users)
        if p.resource_arbitration[r] == Arbitration.PRIORITY:
            for waiting in users:
                for served in users:
                    if waiting.request_fs <= served.begin_fs < waiting.begin_fs:
                        rank, other = waiting.step.priority, served.step.priority
                        assert (other, served.request_fs, served.order) < (
                            rank,
                            waiting.request_fs,
                            waiting.order,
                        )


@on_random_cases
@given(cases())
def test_bookings_follow_the_order_of_requests(case: Case) -> None:
    """Replayed: every server has a time when it is free, and spread visits take each as soon as it is."""
    trace = traced(case)
    free_fs = [[0] * n for n in case.program.resource_servers.tolist()]
    for visit in sorted(trace.visits, key=lambda visit: (visit.request_fs, visit.order)):
        if visit.step.queued or visit.step.slotted:
            continue
        servers = [(r, int(np.argmin(free_fs[r]))) for r in visit.step.resources]
        starts = [max(visit.request_fs, free_fs[r][s]) for r, s in servers]
        assert visit.begin_fs == max(starts, default=visit.request_fs)
        for (r, s), start_fs, own_fs in zip(servers, starts, visit.step.holds_fs, strict=True):
            free_fs[r][s] = (start_fs if visit.step.spread else visit.begin_fs) + (own_fs or visit.hold_fs)


@on_random_cases
@given(cases())
def test_slots_belong_to_their_visits_and_none_is_missed(case: Case) -> None:
    p = case.program
    for visit in traced(case).visits:
        if visit.step.slotted:
            (r,) = visit.step.resources
            owners = p.slot_owner[p.resource_slot_start[r] : p.resource_slot_start[r + 1]].tolist()
            number, rest = divmod(visit.begin_fs, int(p.resource_slot_fs[r]))
            assert rest == 0
            assert owners[number % len(owners)] == visit.step.index


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
            assert before is None or visit.begin_fs >= before.begin_fs
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
        assert visit.begin_fs == visit.request_fs or cause == Cause.SLOT
        if cause == Cause.SLOT:
            assert visit.begin_fs > visit.request_fs
        elif cause in (Cause.START, Cause.ARRIVAL):
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
    p, now_fs = trace.program, visit.begin_fs
    wanted = set(visit.step.resources)
    if wanted & set(parent.step.resources) and trace.released_fs(parent) == now_fs:
        return
    assert visit.step.queued
    assert parent.begin_fs == now_fs
    if wanted & set(parent.step.resources):
        return  # it stood before the visit in a queue
    before = trace.chain[parent.actor, parent.firing][parent.step.position - 1]
    assert before.step.keep
    assert wanted & set(before.step.resources)
    assert before.hold_end_fs <= now_fs
    assert p.resource_queued[list(wanted)].all()


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
        at_end = p.actor_release_end[parent.actor]
        assert parent is trace.chain[parent.actor, parent.firing][-1 if at_end else 0]
        assert visit.request_fs == (parent.advance_fs if at_end else parent.hold_end_fs)


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
