"""Suites as tests: ``*.ohmsum.yaml`` and ``ohmsum_suite.yaml``, and the conformance of other packages' parts.

pytest loads this in every project where ohmsum is installed, so nothing but pytest is imported until there is
a suite to run.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from .check.golden import Golden
    from .check.measure import Measured
    from .check.suite import Case, Suite

SUFFIX = ".ohmsum.yaml"
NAME = "ohmsum_suite.yaml"


class _CaseFailed(Exception):
    """A case got worse or could not run; the message is all there is to say."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """The options of this plug-in."""
    group = parser.getgroup("ohmsum", "ohmsum: suites of simulated figures")
    group.addoption(
        "--ohmsum-update",
        action="store_true",
        help="accept the figures of the suites that are run as their new goldens",
    )
    group.addoption(
        "--ohmsum-conformance",
        action="store_true",
        help="also test the components that installed packages register with ohmsum",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Refuse to update goldens from several processes at once."""
    if config.getoption("--ohmsum-update") and getattr(config.option, "numprocesses", None):
        raise pytest.UsageError("--ohmsum-update writes one file per suite: run it without -n")


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    """A suite file is a collector of tests."""
    if file_path.name.endswith(SUFFIX) or file_path.name == NAME:
        return _SuiteFile.from_parent(parent, path=file_path)
    return None


def pytest_collection_modifyitems(
    session: pytest.Session, config: pytest.Config, items: list[pytest.Item]
) -> None:
    """Add the conformance tests, if they are asked for."""
    if not config.getoption("--ohmsum-conformance"):
        return
    from .conformance.topology import checks, registered

    for topology in registered():
        items += [
            _ConformanceItem.from_parent(session, name=name, check=check) for name, check in checks(topology)
        ]


class _SuiteFile(pytest.File):
    """A suite: one item per case. With ``--ohmsum-update`` the goldens are written after its last case."""

    suite: Suite
    goldens: dict[str, Golden]
    measured: dict[str, Measured]

    def collect(self) -> Iterator[pytest.Item]:
        """Read the suite and its goldens; whatever is wrong with them is one line."""
        from .check.check import old_goldens
        from .check.suite import load_suite
        from .errors import SuiteError

        try:
            self.suite = load_suite(self.path)
            self.goldens, _ = old_goldens(self.suite, self.config.getoption("--ohmsum-update"))
        except SuiteError as error:
            raise self.CollectError(str(error)) from None
        self.measured = {}
        for case in self.suite.cases:
            yield _CaseItem.from_parent(self, name=case.name, case=case)

    def accept(self, case: Case, measured: Measured) -> None:
        """Keep what a case gave as its new golden."""
        from .check.golden import write_goldens

        self.measured[case.name] = measured
        write_goldens(self.suite, self.measured, self.goldens)


class _CaseItem(pytest.Item):
    """One case of a suite."""

    def __init__(self, *, case: Case, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.case = case

    def runtest(self) -> None:
        """Run the case and hold it against its golden."""
        from .check.checked_text import failure_lines
        from .check.judge import judge
        from .check.measure import measure

        file = self.parent
        assert isinstance(file, _SuiteFile)
        measured = measure(self.case)
        judged = judge(self.case, measured, file.goldens.get(self.case.name))
        if self.config.getoption("--ohmsum-update") and not judged.error:
            file.accept(self.case, measured)
            moved = [line for verdict in judged.moved for line in (verdict.text, *judged.explain(verdict))]
            self.add_report_section("call", "ohmsum: accepted", "\n".join(moved or ["nothing moved"]))
        elif not judged.passed:
            raise _CaseFailed("\n".join(failure_lines(judged)))

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        """The message alone, for a case that failed; a traceback for anything else."""
        if isinstance(excinfo.value, _CaseFailed):
            return f"{self.case.place}: {self.case.name}\n{excinfo.value}"
        return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Path, int | None, str]:
        """File, line (from 0) and name of the case."""
        line = self.case.place.rpartition(":")[2]
        return self.path, int(line) - 1 if line.isdecimal() else None, self.name


class _ConformanceItem(pytest.Item):
    """One conformance check of a component of another package."""

    def __init__(self, *, check: Callable[[], None], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.check = check

    def runtest(self) -> None:
        """Make the check."""
        self.check()

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        """The message alone where the check says what is wrong."""
        if isinstance(excinfo.value, AssertionError):
            return str(excinfo.value)
        return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Path, int | None, str]:
        """Shown as a name without a file."""
        return self.path, None, f"ohmsum conformance: {self.name}"
