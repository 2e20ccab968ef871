"""The nearest valid name, for messages."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import get_close_matches


def nearest_hint(name: str, valid: Sequence[str]) -> str:
    """``"; did you mean 'isaac'?"``, or all names where none is near.

    Examples
    --------
    >>> nearest_hint("isac", ["isaac", "systolic"])
    "; did you mean 'isaac'?"
    """
    close = get_close_matches(name.lower(), valid, n=1, cutoff=0.5)
    return f"; did you mean {close[0]!r}?" if close else f"; expected one of {', '.join(valid)}"
