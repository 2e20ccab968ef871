"""Sphinx: the pages of ohmsum. ``sphinx-build -W docs build/docs``."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.metadata import version as version_of

from docutils import nodes
from docutils.statemachine import StringList
from ohmsum.sim.figures import FAMILIES, FIGURES, Family, Figure
from ohmsum.sim.job.records import FieldRecord, records
from ohmsum.sim.job.words import as_flag
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

project = "ohmsum"
author = "The authors of ohmsum"
version = release = version_of("ohmsum")

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
source_suffix = {".md": "markdown"}
myst_enable_extensions = ["colon_fence", "deflist"]
myst_heading_anchors = 3
smartquotes = False  # would make an en dash of the two hyphens of an option
autodoc_typehints = "signature"
autodoc_member_order = "bysource"
napoleon_google_docstring = False
napoleon_use_ivar = True

html_theme = "furo"
html_title = f"ohmsum {version}"

WAYS = {"less": "less", "more": "more", None: "-"}
NOUNS = {"inference": "run", "training": "step", "generation": "generation", "serving": "service"}


def table(directive: SphinxDirective, rows: Sequence[Sequence[str]]) -> list[nodes.Node]:
    """Rows as a table; the first are the headings."""
    text = [".. list-table::", "   :header-rows: 1", ""]
    for cells in rows:
        text += [f"   {'* -' if i == 0 else '  -'} {cell}" for i, cell in enumerate(cells)]
    found = nodes.Element()
    directive.state.nested_parse(StringList(text, directive.name), directive.content_offset, found)
    return found.children


class QuestionTable(SphinxDirective):
    """``.. question::``: the table of all fields of a question, from their records."""

    def run(self) -> list[nodes.Node]:
        """The table."""
        heads = ("field", "value", "command line", "meaning")
        return table(self, [heads, *map(self._row, records().values())])

    def _row(self, record: FieldRecord) -> tuple[str, ...]:
        asked = record.asked
        others = f" ({', '.join(f'``{alias}``' for alias in asked.aliases)})" if asked.aliases else ""
        default = "" if record.default in (None, ()) else f"; {str(record.default).lower()} if not given"
        told = [f"Turned off: {asked.help}" if asked.turns_off else asked.help]
        if asked.needs:
            told.append(f"Needs {' or '.join(f'``{name}``' for name in asked.needs)}.")
        if asked.not_with:
            told.append(f"Not with {', '.join(f'``{name}``' for name in asked.not_with)}.")
        flag = f"``{as_flag(record.name, None)}``"
        return f"``{record.name}``{others}", record.expected + default, flag, " ".join(told)


class FigureTable(SphinxDirective):
    """``.. figures::``: the table of all figures, from their records."""

    def run(self) -> list[nodes.Node]:
        """The table."""
        rows: list[Figure | Family] = [*FIGURES.values(), *FAMILIES]
        return table(self, [("figure", "unit", "better", "of a", "meaning"), *map(self._row, rows)])

    def _row(self, record: Figure | Family) -> tuple[str, ...]:
        kinds = [kind for kind in record.kinds if kind != "training" or "inference" not in record.kinds]
        of = ", ".join(NOUNS[kind] for kind in kinds)
        return f"``{record.key}``", record.unit or "-", WAYS[record.better], of, record.meaning


def setup(app: Sphinx) -> None:
    """Make the directives known."""
    app.add_directive("question", QuestionTable)
    app.add_directive("figures", FigureTable)
