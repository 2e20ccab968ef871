"""What limits throughput: the busiest resource of every class, and the rate that it alone would allow."""

from __future__ import annotations

from dataclasses import dataclass

from ...sim.answers.run import Run
from ...sim.metrics.busy import class_members
from ...sim.metrics.seconds import seconds


@dataclass(frozen=True)
class RateLimit:
    """The busiest resource of one class.

    Parameters
    ----------
    klass, resource : str
    busy_s : float
        Time per inference that one of its servers is busy.
    utilization : float
        Busy share of the run.
    limit_per_s : float
        Inferences per second that this resource would allow if nothing else limited.
    """

    klass: str
    resource: str
    busy_s: float
    utilization: float
    limit_per_s: float


def rate_limits(run: Run) -> tuple[RateLimit, ...]:
    """One limit for each class that does any work, the lowest rate first.

    Busy times are those of the batch, where there is one: what outlasts the makespan is clipped there, so a
    limit is never lower than what the hardware can do.
    """
    busy = run.busy
    limits = []
    for klass, members in class_members(run.program).items():
        per_server = [int(busy.resource_fs[r]) // int(run.program.resource_servers[r]) for r in members]
        most = max(range(len(members)), key=lambda i: per_server[i])
        if per_server[most]:
            r = int(members[most])
            busy_s = seconds(per_server[most]) / run.batch
            limits.append(
                RateLimit(
                    klass,
                    run.program.resource_name[r],
                    busy_s,
                    float(busy.resource_utilization[r]),
                    1 / busy_s,
                )
            )
    return tuple(sorted(limits, key=lambda limit: (limit.limit_per_s, limit.klass)))
