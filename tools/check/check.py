"""A whole suite: run, judged, and, if asked, accepted."""

from __future__ import annotations

from dataclasses import dataclass

from ...sim.progress import Progress
from ..errors import SuiteError
from .golden import Golden, read_goldens, write_goldens
from .judge import Judged, judge
from .measure import Measured, measure_all
from .suite import Suite


@dataclass(frozen=True, repr=False)
class Checked:
    """What became of a suite.

    Parameters
    ----------
    suite : Suite
    cases : tuple of Judged
        In the order of the suite.
    measured : dict of str to Measured
    goldens : dict of str to Golden
        Those that were held against.
    stale : tuple of str
        Goldens of cases that the suite does not have any more.
    note : str
        Something to know about the goldens, or "".
    """

    suite: Suite
    cases: tuple[Judged, ...]
    measured: dict[str, Measured]
    goldens: dict[str, Golden]
    stale: tuple[str, ...]
    note: str = ""

    def __repr__(self) -> str:
        n_passed = sum(case.passed for case in self.cases)
        return f"<Checked {self.suite.name}: {n_passed} of {len(self.cases)} cases passed>"

    @property
    def passed(self) -> bool:
        """Whether every case passed."""
        return all(case.passed for case in self.cases)

    @property
    def n_errors(self) -> int:
        """Cases that could not run."""
        return sum(bool(case.error) for case in self.cases)

    def accept(self) -> None:
        """Write what was measured as the new goldens."""
        write_goldens(self.suite, self.measured, self.goldens)


def check(
    suite: Suite,
    *,
    jobs: int | None = None,
    update: bool = False,
    progress: Progress | None = None,
) -> Checked:
    """Run a suite and judge it.

    Parameters
    ----------
    jobs : int, optional
        Processes; as many as processors or cases if not given.
    update : bool
        The goldens are to be replaced; see `old_goldens`.

    Raises
    ------
    SuiteError
        The goldens cannot be read (and are not to be replaced).
    """
    goldens, note = old_goldens(suite, update)
    names = [case.name for case in suite.cases]
    done = (lambda n: progress("cases", n / len(names))) if progress else None
    measured = dict(zip(names, measure_all(suite.cases, jobs, done), strict=True))
    cases = tuple(judge(case, measured[case.name], goldens.get(case.name)) for case in suite.cases)
    stale = tuple(name for name in goldens if name not in names)
    return Checked(suite, cases, measured, goldens, stale, note)


def old_goldens(suite: Suite, update: bool) -> tuple[dict[str, Golden], str]:
    """The goldens of a suite, and a note.

    If they are to be replaced, goldens that cannot be read (of another version, damaged) are as good as none,
    and the note says so; else they are an error.
    """
    try:
        return read_goldens(suite), ""
    except SuiteError as error:
        if not update:
            raise
        return {}, f"{error}; replaced"
