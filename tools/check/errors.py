"""The one error a bad suite raises."""

from __future__ import annotations

from ..errors import UsageError


class SuiteError(UsageError):
    """A suite or golden file that is not valid: ``file:line: field: what was found, what was expected``."""
