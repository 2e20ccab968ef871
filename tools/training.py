"""`--training` and what it does not go together with."""

from __future__ import annotations

from collections.abc import Mapping

from .errors import UsageError


def check_training(training: bool, epoch_samples: int | None, others: Mapping[str, object]) -> None:
    """Raise if options contradict each other.

    Parameters
    ----------
    others : mapping of str to object
        Options that only an inference has, with their values; false ones were not given.
    """
    if not training and epoch_samples is not None:
        raise UsageError("--epoch-samples: only with --training")
    for name, value in others.items() if training else ():
        if value:
            raise UsageError(f"{name}: not with --training")
