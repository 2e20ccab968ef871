"""A checked suite as JUnit XML for a CI server, and as Markdown for a pull request."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET

from ..compare.changes import change_text, value_text
from ..compare.markup import markdown_table
from .check import Checked
from .checked_text import failure_lines, outcome, status
from .judge import Judged

_FORBIDDEN = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Characters that XML 1.0 cannot hold."""


def to_junit(found: Checked) -> str:
    """The suite as JUnit XML: a test case per case, with its figures as properties."""
    words = [status(case) for case in found.cases]
    suite = ET.Element(
        "testsuite",
        name=_clean(found.suite.name),
        tests=str(len(words)),
        failures=str(words.count("FAIL") + words.count("new")),
        errors=str(words.count("ERROR")),
        skipped="0",
    )
    for case in found.cases:
        suite.append(_case(case, found.suite.name))
    root = ET.Element("testsuites")
    root.append(suite)
    ET.indent(root)
    return '<?xml version="1.0" encoding="utf-8"?>\n' + ET.tostring(root, encoding="unicode") + "\n"


def _case(case: Judged, suite: str) -> ET.Element:
    element = ET.Element("testcase", classname=_clean(suite), name=_clean(case.case.name))
    properties = ET.SubElement(element, "properties")
    for verdict in case.verdicts:
        if verdict.new is not None:
            ET.SubElement(properties, "property", name=_clean(verdict.metric.name), value=repr(verdict.new))
    if not case.passed:
        lines = failure_lines(case)
        kind = "error" if case.error else "failure"
        ET.SubElement(element, kind, message=_clean(lines[0])).text = _clean("\n".join(lines))
    return element


def _clean(text: str) -> str:
    return _FORBIDDEN.sub("?", text)


def to_markdown(found: Checked) -> str:
    """The suite as Markdown: a table of what moved, and why."""
    lines = [f"### {found.suite.name}", "", f"{outcome(found)}.", ""]
    rows = []
    for case in found.cases:
        for verdict in case.moved:
            old = "-" if verdict.old is None else value_text(verdict.metric.name, verdict.old)
            new = "-" if verdict.new is None else value_text(verdict.metric.name, verdict.new)
            known = verdict.old is not None and verdict.new is not None
            change = change_text(verdict.old or 0.0, verdict.new or 0.0) if known else "-"
            rows.append((case.case.name, verdict.metric.name, old, new, change, verdict.status))
    if rows:
        lines += [*markdown_table(("case", "metric", "golden", "now", "change", ""), rows), ""]
    for case in found.cases:
        if not case.passed:
            lines += [f"**{case.case.name}**", "", "```", *failure_lines(case), "```", ""]
    return "\n".join(lines)
