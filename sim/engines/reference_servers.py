"""Resources that need no queue: whoever asks learns at once when it begins."""

from __future__ import annotations

from bisect import bisect_left
from copy import copy

from ..program import Arbitration, Program
from .reference_state import Visit
from .result import Cause


class Bookings:
    """First come, first served without a queue: every server is booked until some time."""

    def __init__(self, program: Program) -> None:
        servers = program.resource_servers.tolist()
        self.free_fs = [[0] * n for n in servers]
        self.booked_by: list[list[Visit | None]] = [[None] * n for n in servers]

    def book(self, visit: Visit) -> int:
        """Book one server of each resource of the visit and return when it begins."""
        begin_fs = visit.request_fs
        asked = visit.cause, visit.parent
        taken = []
        for r in visit.step.resources:
            free_fs = self.free_fs[r]
            earliest = min(free_fs)
            taken.append((r, free_fs.index(earliest)))
            begin_fs = max(begin_fs, earliest)
        if begin_fs > visit.request_fs:
            visit.cause = Cause.RESOURCE
            visit.parent = next(self.booked_by[r][s] for r, s in taken if self.free_fs[r][s] == begin_fs)
        for (r, s), own_fs in zip(taken, visit.step.holds_fs, strict=True):
            start_fs = max(self.free_fs[r][s], visit.request_fs) if visit.step.spread else begin_fs
            self.free_fs[r][s] = start_fs + (own_fs or visit.hold_fs)
            waited = Cause.RESOURCE, self.booked_by[r][s]
            early = asked if start_fs == visit.request_fs else waited
            self.booked_by[r][s] = visit if start_fs == begin_fs else _early(visit, start_fs, *early)
        return begin_fs


def _early(visit: Visit, start_fs: int, cause: Cause, parent: Visit | None) -> Visit:
    """A spread visit as the one resource sees it that it occupied before it began."""
    part = copy(visit)
    part.begin_fs, part.cause, part.parent = start_fs, cause, parent
    return part


class Slots:
    """Time division: a visit begins at the start of one of the slots that belong to it."""

    def __init__(self, program: Program) -> None:
        self.slot_fs = program.resource_slot_fs.tolist()
        self.n_slots = (program.resource_slot_start[1:] - program.resource_slot_start[:-1]).tolist()
        self.own_starts: dict[int, list[int]] = {}
        """Starts of the slots of visit v within one period, ascending."""
        for r in range(program.n_resources):
            if program.resource_arbitration[r] != Arbitration.SLOTS:
                continue
            first = program.resource_slot_start[r]
            for s in range(self.n_slots[r]):
                self.own_starts.setdefault(int(program.slot_owner[first + s]), []).append(s * self.slot_fs[r])

    def begin(self, visit: Visit) -> int:
        """When the first slot of the visit starts that is neither past nor taken by an earlier firing."""
        (r,) = visit.step.resources
        latest = visit.step.latest
        earliest = visit.request_fs if latest is None else max(visit.request_fs, latest.begin_fs + 1)
        period_fs = self.n_slots[r] * self.slot_fs[r]
        own = self.own_starts[visit.step.index]
        periods, phase = divmod(earliest, period_fs)
        i = bisect_left(own, phase)
        begin_fs: int = periods * period_fs + (own[i] if i < len(own) else period_fs + own[0])
        if begin_fs > visit.request_fs:
            visit.cause = Cause.SLOT
        return begin_fs
