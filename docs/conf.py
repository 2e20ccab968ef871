"""Sphinx: the pages of ohmsum. ``sphinx-build -W docs build/docs``."""

from __future__ import annotations

from importlib.metadata import version as version_of

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
