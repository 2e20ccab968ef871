"""The reference engine: the rules of `sim/engines/__init__.py` as SimPy processes; the executable meaning.

Every actor is a process that issues its firings, and every firing a process that goes through its chain of
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
from .reference_clock import Clock, Phase
from .reference_network import Routers
from .reference_queue import Queues
from .reference_record import Record
from .reference_servers import Bookings, Slots
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
        self.actors, self.channels = unpack(program)
        self.clock = Clock(program, iterations)
        self.env = self.clock.env
        self.bookings = Bookings(program)
        self.slots = Slots(program)
        self.queues = Queues(program, self.granted)
        self.routers = None if program.flit is None else Routers(program.flit, self.arrived)
        self.search_fs = -1
        self.n_issued = 0
        self.n_firings = iterations * int(program.actor_firings.sum())

    def run(self) -> EngineResult:
        """From time 0 until nothing more can happen."""
        for actor in self.actors:
            self.env.process(self.actor(actor))
        if self.routers is None:
            self.env.run()
        else:
            self.run_beside(self.routers)
        if any(actor.ended < self.iterations * actor.firings for actor in self.actors):
            self.explain_deadlock()
        return self.record.result(self.actors, self.channels)

    def run_beside(self, routers: Routers) -> None:
        """Run the event loop and the network side by side, each to the next event of the other."""
        while True:
            next_fs = self.env.peek()
            if not routers.run_until(None if next_fs == inf else int(next_fs)):
                if next_fs == inf:
                    return
                self.env.step()

    # The processes.

    def actor(self, actor: Actor) -> Generator[Event, None, None]:
        """Issue the firings of an actor, one after the other."""
        for k in range(self.iterations * actor.firings):
            yield self.ready(actor, k)
            actor.issued = k + 1
            self.record.issue(actor, k, self.clock.now(), self.free_to_go_fs(actor, k))
            for channel in actor.outputs:
                channel.peak = max(channel.peak, actor.issued - channel.freed)
            self.env.process(self.firing(actor, k, actor.met[0], actor.met_by))
            self.report_progress()

    def firing(
        self, actor: Actor, k: int, cause: Cause, parent: Visit | None
    ) -> Generator[Event, None, None]:
        """Go through the chain of visits, from issue to end."""
        j = k % actor.firings
        issue_fs = request_fs = self.clock.now()
        first: Visit | None = None
        before: Visit | None = None
        for step in actor.steps:
            yield self.clock.moment(request_fs, Phase.REQUEST, actor.index, k, step.position)
            kept = before if before and before.step.keep else None
            visit = Visit(actor.index, k, step, request_fs, step.hold(j), cause, parent, kept)
            if step.flits:
                yield self.send(visit)
            elif step.queued:
                yield self.queue(visit)
            elif step.slotted:
                self.begin(visit, self.slots.begin(visit))
            else:
                self.begin(visit, self.bookings.book(visit))
            advance_fs = self.clock.now() - visit.begin_fs if step.flits else step.advance(j)
            cause, parent = self.advance(visit, advance_fs)
            request_fs = visit.advance_fs
            first, before = first or visit, visit
        assert first is not None
        assert before is not None
        yield self.clock.moment(request_fs, Phase.END, actor.index, k, len(actor.steps) - 1)
        self.end(actor, k, before)
        self.record.end(actor, k, issue_fs, first.begin_fs, request_fs)

    # Phase 1: what ends or arrives.

    def first_hold_ends(self, actor: Actor, visit: Visit) -> None:
        """The entrance of the chain is free for the next firing."""
        actor.entrance_fs = self.clock.now()
        if not actor.release_end:
            self.let_go(actor, visit)
        if visit.firing + 1 < self.iterations * actor.firings:
            self.met(actor, Cause.PREVIOUS, -1, visit)

    def end(self, actor: Actor, k: int, last: Visit) -> None:
        """A firing has ended: its tokens arrive."""
        actor.ended = k + 1
        if actor.release_end:
            self.let_go(actor, last)
        for channel in actor.outputs:
            channel.produced += 1
            if channel.produced == channel.awaited_produced:
                self.met(self.actors[channel.dst], Cause.TOKEN, channel.index, last)

    def let_go(self, actor: Actor, visit: Visit) -> None:
        """The tokens that the firing of `visit` does not need any longer make room."""
        i, j = divmod(visit.firing, actor.firings)
        for channel in actor.inputs:
            before = channel.freed
            within = channel.tokens if j == actor.firings - 1 else channel.free(j)
            channel.freed = i * channel.tokens + within
            if before < channel.awaited_freed <= channel.freed:
                self.met(self.actors[channel.src], Cause.ROOM, channel.index, visit)

    # Phase 2: issue.

    def ready(self, actor: Actor, k: int) -> Event:
        """The event, in phase 2, that all conditions hold for firing k, the next to be issued."""
        i, j = divmod(k, actor.firings)
        actor.ready = Event(self.env)
        actor.missing = int(k > 0)
        for channel in actor.inputs:
            channel.awaited_produced = i * channel.tokens + channel.need(j)
            actor.missing += channel.produced < channel.awaited_produced
        for channel in actor.outputs:
            channel.awaited_freed = k + 1 - channel.capacity
            actor.missing += channel.freed < channel.awaited_freed
        if actor.is_source and self.arrivals_fs[i] > self.clock.now():
            actor.missing += 1
            arrive = lambda: self.met(actor, Cause.ARRIVAL, -1, None)  # noqa: E731
            self.clock.call(arrive, self.arrivals_fs[i], Phase.END, actor.index, k)
        if not actor.missing:
            self.clock.trigger(actor.ready, self.clock.now(), Phase.ISSUE, actor.index, k, 0)
        return actor.ready

    def met(self, actor: Actor, cause: Cause, channel: int, by: Visit | None) -> None:
        """A condition that the next firing of the actor waited for has become true."""
        actor.missing -= 1
        if self.clock.now() > actor.met_fs or (cause, channel) < actor.met:
            actor.met_fs, actor.met, actor.met_by = self.clock.now(), (cause, channel), by
        if not actor.missing:
            assert actor.ready is not None
            self.clock.trigger(actor.ready, self.clock.now(), Phase.ISSUE, actor.index, actor.issued, 0)

    def free_to_go_fs(self, actor: Actor, k: int) -> int:
        """When the actor could have issued firing k, had it had its tokens and its room."""
        if actor.is_source:
            return max(actor.entrance_fs, self.arrivals_fs[k // actor.firings])
        return actor.entrance_fs

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
            self.clock.call(lambda: self.queues.search(self.clock.now()), self.search_fs, Phase.SEARCH, 0, 0)

    def granted(self, visit: Visit) -> None:
        """The search grants a visit: it begins, and its process goes on."""
        assert visit.granted is not None
        self.begin(visit, self.clock.now())
        self.clock.trigger(visit.granted, self.clock.now(), Phase.REQUEST, *visit.order)
        if not visit.step.keep:
            self.free(visit, visit, visit.hold_end_fs)

    def send(self, visit: Visit) -> Event:
        """Send the flits of a visit into the network; the event is that the last of them has arrived."""
        assert self.routers is not None
        visit.granted = Event(self.env)
        self.begin(visit, self.clock.now())
        self.routers.send(visit, self.clock.now())
        return visit.granted

    def arrived(self, visit: Visit, time_fs: int) -> None:
        """All flits of a visit have arrived."""
        assert visit.granted is not None
        least_fs = visit.step.advance(visit.firing % self.actors[visit.actor].firings)
        self.record.wait_in_network(visit, time_fs - visit.begin_fs - least_fs)
        self.clock.trigger(visit.granted, time_fs, Phase.END, *visit.order)

    def begin(self, visit: Visit, begin_fs: int) -> None:
        """A visit begins, or knows when it will."""
        visit.begin_fs = begin_fs
        visit.hold_end_fs = begin_fs + visit.hold_fs
        self.check_time(visit.hold_end_fs, visit)
        self.record.begin(visit)
        if visit.kept:
            kept, visit.kept = visit.kept, None
            by = visit if begin_fs >= kept.hold_end_fs else kept
            self.free(kept, by, max(begin_fs, kept.hold_end_fs))
        if visit.step.position == 0:
            actor = self.actors[visit.actor]
            self.clock.call(
                lambda: self.first_hold_ends(actor, visit), visit.hold_end_fs, Phase.END, *visit.order[:2]
            )

    def free(self, held: Visit, by: Visit, time_fs: int) -> None:
        """Free the servers that `held` occupies at `time_fs`, or at once if that is now."""

        def now_free() -> None:
            self.queues.free(held, by, time_fs)
            self.search()

        if time_fs == self.env.now:
            now_free()
        else:
            self.clock.call(now_free, time_fs, Phase.END, *held.order[:2])

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
        produced = np.array([channel.produced for channel in self.channels], np.int64)
        freed = np.array([channel.freed for channel in self.channels], np.int64)
        held_by, waiting = self.queues.blocked()
        raise DeadlockError(
            deadlock.explain(
                self.program, self.iterations, self.clock.now(), issued, produced, freed, held_by, waiting
            )
        )

    def report_progress(self) -> None:
        self.n_issued += 1
        if self.progress and (
            self.n_issued % max(1, self.n_firings // 200) == 0 or self.n_issued == self.n_firings
        ):
            self.progress(self.n_issued / self.n_firings)
