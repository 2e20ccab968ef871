"""The one error that a question which cannot be asked raises."""

from __future__ import annotations

from ..errors import SimulationError


class QuestionError(SimulationError):
    """A field of the question with a value that it cannot have, or that does not go with another.

    Names of fields stand in back quotes, so that each door can say them in its own words (`words.said`).

    Parameters
    ----------
    message : str
    field : str
        The field that it is about.
    """

    def __init__(self, message: str, field: str = "") -> None:
        super().__init__(message)
        self.field = field

    def __reduce__(self) -> tuple[type[QuestionError], tuple[str, str]]:
        return type(self), (str(self), self.field)
