"""The nearest valid name, for messages."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches


def nearest_hint(name: object, valid: Iterable[str]) -> str:
    """``", did you mean 'rows'?"``, or the list of names where none is near."""
    names = list(valid)
    lower = {candidate.lower(): candidate for candidate in names}
    close = get_close_matches(str(name).lower(), lower, n=1, cutoff=0.6)
    if close:
        return f", did you mean {lower[close[0]]!r}?"
    return f", expected one of {', '.join(names)}" if names else ""


def did_you_mean(name: str, valid: Iterable[str]) -> str:
    """``"; did you mean 'rows'?"``, or nothing where none is near."""
    close = get_close_matches(name, list(valid), n=1)
    return f"; did you mean {close[0]!r}?" if close else ""
