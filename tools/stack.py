"""What a bug report has to say: the versions of everything that results may hang on."""

from __future__ import annotations

import locale
import os
import platform
import re
import sys
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, requires, version

from .sweep.code import code_version
from .workers import n_processors

SETTINGS = ("NUMBA_", "OMP_", "OPENBLAS_", "MKL_", "PYTHON", "LC_", "LANG")
"""Beginnings of the names of environment variables that are told."""


def stack() -> Iterator[str]:
    """Lines of name and version: the package with a digest of its code, Python, the machine, what the package
    uses, and settings of the environment.
    """
    yield f"ohmsum {code_version()}"
    yield f"Python {platform.python_version()} ({platform.python_implementation()})"
    yield f"{platform.platform()}, {n_processors()} processors"
    yield f"encoding {sys.stdout.encoding}, locale {locale.setlocale(locale.LC_CTYPE)}"
    for name in _used():
        try:
            yield f"{name} {version(name)}"
        except PackageNotFoundError:
            yield f"{name} is not installed"
    for key in sorted(os.environ):
        if key.startswith(SETTINGS):
            yield f"{key}={os.environ[key]}"


def _used() -> list[str]:
    """Names of distributions that the package needs, and of those of its extras that users have."""
    texts = [text for text in requires("ohmsum") or () if not re.search(r"extra == .(test|docs)", text)]
    found = dict.fromkeys(re.split(r"[^\w.-]", text)[0] for text in texts)
    return [name for name in found if name != "ohmsum"]
