"""Moments of the reference engine: SimPy events at a time, in a phase of the instant, in order within it."""

from __future__ import annotations

from collections.abc import Callable
from enum import IntEnum

import numpy as np
from simpy import Environment, Event
from simpy.events import EventPriority

from ..program import Program


class InstantPhase(IntEnum):
    """What comes first within an instant."""

    END = 1
    """What ends or arrives."""
    ISSUE = 2
    REQUEST = 3
    """Requests join, in order."""
    SEARCH = 4
    """Then the queues are searched."""


class ReferenceClock:
    """The SimPy environment of one run, in femtoseconds."""

    def __init__(self, program: Program, iterations: int) -> None:
        self.env = Environment(initial_time=0)
        self._n_actors = program.n_actors
        self._most_firings = iterations * int(program.actor_firings.max(initial=1))
        self._longest_chain = int(np.diff(program.actor_visit_start).max(initial=1))

    def now(self) -> int:
        return int(self.env.now)

    def moment(self, time_fs: int, phase: InstantPhase, actor: int, firing: int, position: int) -> Event:
        """An event at `time_fs`, after those of earlier phases and smaller (actor, firing, position)."""
        event = Event(self.env)
        self.trigger(event, time_fs, phase, actor, firing, position)
        return event

    def trigger(
        self, event: Event, time_fs: int, phase: InstantPhase, actor: int, firing: int, position: int
    ) -> None:
        """Have an event happen at `time_fs`."""
        order = (phase * self._n_actors + actor) * self._most_firings + firing
        event._ok, event._value = True, None
        priority = EventPriority(order * self._longest_chain + position)
        self.env.schedule(event, priority, time_fs - self.env.now)

    def call(
        self, function: Callable[[], None], time_fs: int, phase: InstantPhase, actor: int, firing: int
    ) -> None:
        """Have `function` called at `time_fs`."""
        callbacks = self.moment(time_fs, phase, actor, firing, 0).callbacks
        assert callbacks is not None
        callbacks.append(lambda _: function())
