"""Sphinx: the pages of ohmsum. ``sphinx-build -W docs build/docs``."""

from __future__ import annotations

from importlib.metadata import version as version_of

from docutils import nodes
from docutils.statemachine import StringList
from ohmsum.sim.figures import FAMILIES, FIGURES, Family, Figure
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


class FigureTable(SphinxDirective):
    """``.. figures::``: the table of all figures, from their records."""

    def run(self) -> list[nodes.Node]:
        """The table."""
        rows: list[Figure | Family] = [*FIGURES.values(), *FAMILIES]
        text = [".. list-table::", "   :header-rows: 1", ""]
        for cells in [("figure", "unit", "better", "of a", "meaning"), *map(self._row, rows)]:
            text += [f"   {'* -' if i == 0 else '  -'} {cell}" for i, cell in enumerate(cells)]
        found = nodes.Element()
        self.state.nested_parse(StringList(text, "figures"), self.content_offset, found)
        return found.children

    def _row(self, record: Figure | Family) -> tuple[str, ...]:
        kinds = [kind for kind in record.kinds if kind != "training" or "inference" not in record.kinds]
        of = ", ".join(NOUNS[kind] for kind in kinds)
        return f"``{record.key}``", record.unit or "-", WAYS[record.better], of, record.meaning


def setup(app: Sphinx) -> None:
    """Make the directive known."""
    app.add_directive("figures", FigureTable)
