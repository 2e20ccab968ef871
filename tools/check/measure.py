"""One case run: its figures and the snapshot that explains them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from ...sim.job.perform import perform
from ...sim.job.words import as_name, said
from ..compare.snapshot import ResultSnapshot
from ..errors import is_users
from ..workers import DIED, local, n_processors
from .suite import Case


@dataclass(frozen=True)
class Measured:
    """What a case gave.

    Parameters
    ----------
    values : dict of str to float
        By metric; a metric that the result does not have is left out.
    snapshot : ResultSnapshot or None
        None if the run failed.
    error : str
        Why it failed.
    """

    values: dict[str, float]
    snapshot: ResultSnapshot | None
    error: str = ""


def measure(case: Case) -> Measured:
    """Run one case."""
    try:
        answer = perform(case.job)
    except Exception as error:
        if not is_users(error):
            raise
        return Measured({}, None, said(str(error), as_name))
    values = {m.name: answer.figure(m.name) for m in case.metrics}
    snapshot = ResultSnapshot.of(answer.to_json())
    # As the suite says it: the folder that it lies in is of no concern to a golden.
    options = {**snapshot.provenance["options"], **case.given.options()}
    snapshot = replace(snapshot, provenance={**snapshot.provenance, "options": options})
    return Measured({name: v for name, v in values.items() if v is not None}, snapshot)


def measure_all(
    cases: Sequence[Case], jobs: int | None, done: Callable[[int], None] | None = None
) -> list[Measured]:
    """Run cases in parallel; the results are in the order of the cases."""
    n = min(n_processors(), len(cases)) if jobs is None else jobs
    with local(max(1, n) if jobs is None else n) as workers:
        return workers.map(measure, cases, done, _dead)


def _dead(_: Case) -> Measured:
    return Measured({}, None, DIED)
