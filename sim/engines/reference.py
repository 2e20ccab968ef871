"""The reference engine: the rules of `sim/engines/__init__.py` as SimPy processes; the executable meaning.

An actor issues its firings as counts rise, and every firing is a process that goes through its chain of
visits. The phases of an instant, and the order (actor, firing, visit) within a phase, are SimPy's integer
priorities. Slow and obvious: the compiled engine must give the same, to the femtosecond.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from math import inf

import numpy as np
from simpy import Event

from ..errors import DeadlockError
from ..program import MAX_TIME_FS, Program
from . import deadlock
from .inputs import check_inputs, too_late
from .reference_clock import InstantPhase, ReferenceClock
from .reference_issue import free_to_go_fs, may_issue, reason
from .reference_network import Routers
from .reference_queue import Queues
from .reference_record import Record
from .reference_servers import Bookings
from .reference_state import Actor, Visit, unpack
from .result import Cause, EngineResult


def run(
    program: Program,
    iterations: int = 1,
    *,
    arrivals_fs: Sequence[int] | None = None,
    n_bins: int = 64,
    keep_firings: bool = False,
    keep_path: bool = True,
    progress: Callable[[float], None] | None = None,
    observe: Callable[[Visit], None] | None = None,
) -> EngineResult:
    """Run a Program and return what happened.

    Parameters
    ----------
    iterations : int
        Inferences run back to back, pipelined.
    arrivals_fs : sequence of int, optional
        When each inference arrives, non-decreasing; all at 0 by default.
    n_bins : int
        Bins of time in which busy times are counted.
    keep_firings : bool
        Whether to keep the times of every firing.
    keep_path : bool
        Whether to keep the critical path.
    progress : callable, optional
        Called now and then with the fraction of all firings issued.
    observe : callable, optional
        Called with every visit as soon as its begin and the end of its hold are known; see `visit_log`.

    Raises
    ------
    SimulationError
        If an argument is out of range, or time passes `MAX_TIME_FS`.
    DeadlockError
        If actors wait for each other for ever.
    """
    iterations, arrivals, n_bins = check_inputs(program, iterations, arrivals_fs, n_bins)
    record = Record(program, iterations, n_bins, keep_firings, keep_path, observe)
    return _Run(program, iterations, arrivals, record, progress).run()


class _Run:
    """One run: the environment, the resources, the actors and what is noted down about them."""

    def __init__(
        self,
        program: Program,
        iterations: int,
        arrivals_fs: list[int],
        record: Record,
        progress: Callable[[float], None] | None,
    ) -> None:
        self.program = program
        self.iterations = iterations
        self.arrivals_fs = arrivals_fs
        self.record = record
        self.progress = progress
        self.actors, self.channels, self.stores = unpack(program)
        self.clock = ReferenceClock(program, iterations)
        self.env = self.clock.env
        self.bookings = Bookings(program)
        self.queues = Queues(program, self.granted, self.hold)
        self.routers = None if program.flit is None else Routers(program.flit, self.arrived)
        self.search_fs = -1
        self.n_issued = 0
        self.n_firings = iterations * int(program.actor_firings.sum())

    def run(self) -> EngineResult:
        """From time 0 until nothing more can happen."""
        for actor in self.actors:
            self.touch(actor)
        if self.routers is None:
            self.env.run()
        else:
            self.run_beside(self.routers)
        if any(actor.ended.value < self.iterations * actor.firings for actor in self.actors):
            self.explain_deadlock()
        return self.record.result(self.actors, self.channels, self.stores)

    def run_beside(self, routers: Routers) -> None:
        """Run the event loop and the network side by side, each to the next event of the other."""
        while True:
            next_fs = self.env.peek()
            if not routers.run_until(None if next_fs == inf else int(next_fs)):
                if next_fs == inf:
                    return
                self.env.step()

    # The process of a firing.

    def firing(
        self, actor: Actor, k: int, cause: Cause, parent: Visit | None
    ) -> Generator[Event, None, None]:
        """Go through the chain of visits, from issue to end."""
        i, j = divmod(k, actor.firings)
        issue_fs = request_fs = self.clock.now()
        first: Visit | None = None
        before: Visit | None = None
        for step in actor.steps:
            yield self.clock.moment(request_fs, InstantPhase.REQUEST, actor.index, k, step.position)
            visit = Visit(actor.index, k, i, step, request_fs, step.hold(j), cause, parent)
            if step.flits:
                yield self.send(visit)
            elif step.queued:
                yield self.queue(visit)
            else:
                self.begin(visit, self.bookings.book(visit))
            advance_fs = visit.arrived_fs - visit.begin_fs if step.flits else step.advance(j)
            cause, parent = self.advance(visit, advance_fs)
            request_fs = visit.advance_fs
            first, before = first or visit, visit
        assert first is not None
        assert before is not None
        yield self.clock.moment(request_fs, InstantPhase.END, actor.index, k, len(actor.steps) - 1)
        self.end(actor, before)
        self.record.end(actor, k, issue_fs, first.begin_fs, request_fs)

    # Phase 1: what ends or arrives.

    def first_hold_ends(self, actor: Actor, by: Visit) -> None:
        """One firing more is through the entrance of the chain, put down to visit `by`."""
        k = actor.entered.value
        actor.entered.rise(k + 1, self.clock.now(), by)
        actor.entries_fs.append(self.clock.now())
        self.let_go(actor, k, by)
        self.touch(actor)

    def end(self, actor: Actor, last: Visit) -> None:
        """A firing has ended: its tokens arrive."""
        actor.ended.rise(last.firing + 1, self.clock.now(), last)
        actor.ends_fs.append(self.clock.now())
        for channel in actor.outputs:
            self.touch(self.actors[channel.dst])
        self.touch(actor)

    def let_go(self, actor: Actor, k: int, by: Visit) -> None:
        """The tokens that firing k does not need any longer make room."""
        i, j = divmod(k, actor.firings)
        for channel in actor.inputs:
            within = channel.tokens if j == actor.firings - 1 else channel.free(j)
            channel.freed.rise(i * channel.tokens + within, self.clock.now(), by)
            if channel.fifo is not None:
                channel.fifo.count()
            self.touch(self.actors[channel.src])

    # Phase 2: issue.

    def touch(self, actor: Actor) -> None:
        """Try in phase 2 of this instant whether the actor may fire."""
        if actor.tried_fs < self.clock.now():
            actor.tried_fs = self.clock.now()
            self.clock.call(lambda: self.fire(actor), self.clock.now(), InstantPhase.ISSUE, actor.index, 0)

    def fire(self, actor: Actor) -> None:
        """Issue as many firings as may be."""
        actor.tried_fs = -1  # in a later round of this instant it may be tried again
        limit = self.iterations * actor.firings
        while actor.issued < limit and may_issue(actor, actor.issued, self.clock.now(), self.arrivals_fs):
            self.issue(actor, actor.issued)
        if actor.is_source and actor.issued < limit:
            i = actor.issued // actor.firings
            if i > actor.awaited_iteration and self.arrivals_fs[i] > self.clock.now():
                actor.awaited_iteration = i
                arrive = lambda: self.touch(actor)  # noqa: E731
                self.clock.call(arrive, self.arrivals_fs[i], InstantPhase.END, actor.index, actor.issued)

    def issue(self, actor: Actor, k: int) -> None:
        """Issue firing k: it takes its room and goes on its way."""
        now_fs = self.clock.now()
        actor.reason = reason(actor, k, now_fs, self.arrivals_fs)
        self.record.issue(actor, k, now_fs, free_to_go_fs(actor, k, self.arrivals_fs))
        actor.issued, actor.issue_fs = k + 1, now_fs
        for channel in actor.outputs:
            channel.peak = max(channel.peak, actor.issued - channel.freed.value)
            if channel.fifo is not None:
                channel.fifo.count()
        cause, _, parent = actor.reason
        self.env.process(self.firing(actor, k, cause, parent))
        self.report_progress()

    # Phase 3: grants.

    def queue(self, visit: Visit) -> Event:
        """Line up, and have the queues searched when all others have; the event is the grant."""
        visit.granted = Event(self.env)
        self.queues.join(visit)
        self.search()
        return visit.granted

    def search(self) -> None:
        """Have the queues searched at the end of this instant, once."""
        if self.search_fs < self.clock.now():
            self.search_fs = self.clock.now()
            self.clock.call(self.search_queues, self.search_fs, InstantPhase.SEARCH, 0, 0)

    def search_queues(self) -> None:
        """Search the queues; in a later round of this instant they may be searched again."""
        self.queues.search(self.clock.now())
        self.search_fs = -1

    def granted(self, visit: Visit) -> None:
        """The search grants a visit: it begins, and its process goes on."""
        assert visit.granted is not None
        self.begin(visit, self.clock.now())
        self.clock.trigger(visit.granted, self.clock.now(), InstantPhase.REQUEST, *visit.order)

    def hold(self, r: int, hold_fs: int, by: Visit) -> None:
        """A server of a queued resource is held from now on."""
        end_fs = self.clock.now() + hold_fs

        def end() -> None:
            self.queues.free(r, by, end_fs)
            self.search()

        self.clock.call(end, end_fs, InstantPhase.END, *by.order[:2])

    def send(self, visit: Visit) -> Event:
        """Send the flits of a visit into the network; the event is that the last of them has arrived."""
        assert self.routers is not None
        visit.granted = Event(self.env)
        visit.starts_fs = [self.clock.now()] * len(visit.step.resources)
        self.begin(visit, self.clock.now())
        self.routers.send(visit, self.clock.now())
        return visit.granted

    def arrived(self, visit: Visit, time_fs: int, now_fs: int) -> None:
        """All flits of a visit have arrived at `time_fs`; it goes on when those of the firing before have."""
        assert visit.granted is not None
        visit.arrived_fs = time_fs
        least_fs = visit.step.advance(visit.firing % self.actors[visit.actor].firings)
        self.record.wait_in_network(visit, time_fs - visit.begin_fs - least_fs)
        self.clock.trigger(visit.granted, now_fs, InstantPhase.END, *visit.order)

    def begin(self, visit: Visit, begin_fs: int) -> None:
        """A visit begins, or knows when it will."""
        visit.begin_fs = begin_fs
        visit.hold_end_fs = begin_fs + visit.hold_fs
        self.check_time(visit.hold_end_fs, visit)
        self.record.begin(visit)
        if visit.step.position == 0:
            self.begin_first_hold(self.actors[visit.actor], visit)

    def begin_first_hold(self, actor: Actor, visit: Visit) -> None:
        """First holds end in order: not before those that began earlier."""
        if visit.hold_end_fs >= actor.entrance_end_fs:
            actor.entrance_end_fs, actor.entrance_by = visit.hold_end_fs, visit
        by, end_fs = actor.entrance_by, actor.entrance_end_fs
        assert by is not None
        self.clock.call(lambda: self.first_hold_ends(actor, by), end_fs, InstantPhase.END, *visit.order[:2])

    def advance(self, visit: Visit, advance_fs: int) -> tuple[Cause, Visit]:
        """Set when the visit gives way to the next of its chain; return the cause and parent of that one."""
        step = visit.step
        visit.advance_fs = visit.begin_fs + advance_fs
        self.check_time(visit.advance_fs, visit)
        ahead, step.latest = step.latest, visit
        if ahead is not None and ahead.advance_fs > visit.advance_fs:
            visit.advance_fs = ahead.advance_fs
            return Cause.PREVIOUS, ahead
        return Cause.CHAIN, visit

    # What goes wrong, and how far it has come.

    def check_time(self, time_fs: int, visit: Visit) -> None:
        if time_fs > MAX_TIME_FS:
            raise too_late(self.program.actor_name[visit.actor], visit.firing)

    def explain_deadlock(self) -> None:
        """Raise a `DeadlockError` that says who waits for whom."""
        issued = np.array([actor.issued for actor in self.actors], np.int64)
        produced = np.array([channel.produced.value for channel in self.channels], np.int64)
        freed = np.array([channel.freed.value for channel in self.channels], np.int64)
        raise DeadlockError(
            deadlock.explain(self.program, self.iterations, self.clock.now(), issued, produced, freed)
        )

    def report_progress(self) -> None:
        self.n_issued += 1
        if self.progress and (
            self.n_issued % max(1, self.n_firings // 200) == 0 or self.n_issued == self.n_firings
        ):
            self.progress(self.n_issued / self.n_firings)
