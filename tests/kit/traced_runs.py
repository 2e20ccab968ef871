"""A run of the reference engine with all its visits, and what follows from them."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate
from unittest.mock import patch

from hypothesis import assume
from ohmsum.sim.engines import reference
from ohmsum.sim.engines.reference_record import Record
from ohmsum.sim.engines.reference_state import Visit
from ohmsum.sim.engines.result import EngineResult
from ohmsum.sim.errors import DeadlockError
from ohmsum.sim.program import Program

from .random_programs import Case


@dataclass
class Trace:
    """A run with all its visits, and what follows from them."""

    case: Case
    result: EngineResult
    visits: list[Visit]

    @property
    def program(self) -> Program:
        return self.case.program

    @cached_property
    def chain(self) -> dict[tuple[int, int], list[Visit]]:
        """The visits of each firing (actor, firing)."""
        chains: dict[tuple[int, int], list[Visit]] = defaultdict(list)
        for visit in sorted(self.visits, key=lambda visit: visit.order):
            chains[visit.actor, visit.firing].append(visit)
        return chains

    @cached_property
    def n_firings(self) -> list[int]:
        return [int(n) * self.case.iterations for n in self.program.actor_firings]

    def produced_fs(self, c: int, tokens: int) -> int:
        """When so many tokens had arrived in channel c; 0 for none."""
        return self.chain[int(self.program.channel_src[c]), tokens - 1][-1].advance_fs if tokens > 0 else 0

    def let_go(self, c: int) -> list[tuple[int, int]]:
        """(time, tokens let go by then) of channel c."""
        p = self.program
        dst, tokens = int(p.channel_dst[c]), int(p.actor_firings[p.channel_src[c]])
        events = []
        for k in range(self.n_firings[dst]):
            i, j = divmod(k, int(p.actor_firings[dst]))
            last = j == p.actor_firings[dst] - 1
            freed = (i + 1) * tokens if last else i * tokens + p.schedule_value(int(p.channel_free[c]), j)
            events.append((self.entered_fs(dst, k), freed))
        return events

    @cached_property
    def _entered_fs(self) -> list[list[int]]:
        """By actor and firing, when the first hold ended: not before those of the firings before."""
        return [
            list(accumulate((self.chain[actor, k][0].hold_end_fs for k in range(n)), max))
            for actor, n in enumerate(self.n_firings)
        ]

    def entered_fs(self, actor: int, k: int) -> int:
        """When the first hold of a firing ended, in order."""
        return self._entered_fs[actor][k]

    def needed(self, c: int, k: int) -> int:
        """Tokens that firing k of the consumer of channel c needs."""
        p = self.program
        i, j = divmod(k, int(p.actor_firings[p.channel_dst[c]]))
        return i * int(p.actor_firings[p.channel_src[c]]) + p.schedule_value(int(p.channel_need[c]), j)

    def is_source(self, actor: int) -> bool:
        p = self.program
        return not any(p.channel_dst[c] == actor != p.channel_src[c] for c in range(p.n_channels))

    def free_to_go_fs(self, actor: int, k: int) -> int:
        """When the actor could have issued firing k but for tokens and room."""
        slots, window = int(self.program.actor_slots[actor]), int(self.program.actor_window[actor])
        times = [self.chain[actor, k - 1][0].request_fs if k else 0]
        if k >= slots:
            times.append(self.entered_fs(actor, k - slots))
        if window and k >= window:
            times.append(self.chain[actor, k - window][-1].advance_fs)
        if self.is_source(actor) and self.case.arrivals_fs is not None:
            times.append(self.case.arrivals_fs[k // int(self.program.actor_firings[actor])])
        return max(times)


def traced(case: Case) -> Trace:
    """Run a case on the reference engine; a deadlock is no example."""
    visits: list[Visit] = []
    begin = Record.begin

    def note(record: Record, visit: Visit) -> None:
        visits.append(visit)
        begin(record, visit)

    with patch.object(Record, "begin", note):
        try:
            return Trace(case, case.run(reference.run), visits)
        except DeadlockError:
            assume(False)
            raise
