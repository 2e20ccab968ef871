"""A checked suite on the terminal."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator

from rich.console import Group, RenderableType
from rich.text import Text

from ...sim.report.page import Page
from .check import Checked
from .judge import Judged, Verdict

_STYLES = {"regressed": "bold red", "missing": "bold red", "new": "yellow", "improved": "green"}


def report(found: Checked, page: Page) -> Group:
    """One line per case, more for those in which something moved, and a last line with the outcome."""
    return Group(*_parts(found, page))


def _parts(found: Checked, page: Page) -> Iterator[RenderableType]:
    yield Text(f"{found.suite.name} ({found.suite.path})", "bold")
    if found.note:
        yield Text(found.note, "yellow")
    for case in found.cases:
        yield _line(case)
        yield from _details(case, page)
    if found.stale:
        names = ", ".join(found.stale)
        yield Text(f"goldens without a case: {names}; `ohmsum check --update` drops them", "yellow")
    yield _outcome(found)


def status(case: Judged) -> str:
    """One word for a case."""
    if case.error:
        return "ERROR"
    if not case.passed:
        kinds = {verdict.status for verdict in case.verdicts if verdict.fails}
        return "new" if kinds == {"new"} else "FAIL"
    return "better" if case.moved else "ok"


def _line(case: Judged) -> Text:
    word = status(case)
    style = {"ERROR": "bold red", "FAIL": "bold red", "new": "yellow", "better": "green"}.get(word, "")
    return Text.assemble((f"{word:<6} ", style), case.case.name)


def _details(case: Judged, page: Page) -> Iterator[RenderableType]:
    if case.error:
        yield from _wrapped(f"{case.error} ({case.case.place})", page, "bold red", 7)
    for verdict in case.moved:
        yield from _wrapped(verdict.text, page, _STYLES[verdict.status], 7)
        for line in case.explain(verdict):
            yield from _wrapped(line, page, "", 9)


def _wrapped(text: str, page: Page, style: str, indent: int) -> Iterator[RenderableType]:
    room = max(20, page.width - indent - 3)
    lines = textwrap.wrap(text, room, break_long_words=False, break_on_hyphens=False)
    for i, line in enumerate(lines):
        yield Text(" " * (indent if i == 0 else indent + 2) + line, style)


def _outcome(found: Checked) -> Text:
    hint = "" if found.passed else "; `ohmsum check --update` accepts what is new"
    return Text(outcome(found) + hint, "bold green" if found.passed else "bold red")


def outcome(found: Checked) -> str:
    """How many cases passed, failed, and so on."""
    words = [status(case) for case in found.cases]
    n_passed = words.count("ok") + words.count("better")
    parts = [f"{n_passed} of {len(words)} cases passed"]
    for word, what in (("FAIL", "failed"), ("ERROR", "could not run"), ("new", "without goldens")):
        if word in words:
            parts.append(f"{words.count(word)} {what}")
    return ", ".join(parts)


def failure_lines(case: Judged) -> list[str]:
    """Everything to say about a case that failed, without layout; also used by pytest and JUnit."""
    if case.error:
        return [case.error]
    lines = []
    for verdict in case.verdicts:
        if verdict.fails:
            lines += [verdict.text, *(f"  {line}" for line in _once(case, verdict))]
    return lines


def _once(case: Judged, verdict: Verdict) -> list[str]:
    if verdict.status == "new":
        return ["run `ohmsum check --update` (or pytest --ohmsum-update) to accept it"]
    return case.explain(verdict)
