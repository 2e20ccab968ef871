"""Packages that only some of the work needs, and what to say where one is missing."""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec
from typing import Any


class MissingExtra(ImportError):
    """A package that is not installed; the message names the extra that brings it."""


def need(what: str, package: str, extra: str, otherwise: str = "") -> Any:
    """The module of a package that `what` needs.

    Parameters
    ----------
    otherwise : str
        What else can be done.

    Raises
    ------
    MissingExtra
        It is not installed.
    """
    if find_spec(package) is None:
        hint = f", {otherwise}" if otherwise else ""
        raise MissingExtra(f"{what}: needs the package {package!r}: pip install 'ohmsum[{extra}]'{hint}")
    return import_module(package)
