"""Streams of a training step: sample after sample, each as if it were alone.

An actor makes the firings of the first sample, then those of the second, and so on. A firing needs of
another stream what it would need in its own sample, and all that came in the samples before. A stream that
is held as a whole is let go with the last firing of its sample, the last rows of a window when the next
sample begins.
"""

from __future__ import annotations

import numpy as np

from ..program import Schedule


def by_sample(
    need: Schedule, free: Schedule, samples: int, made: int, used: int
) -> tuple[Schedule, Schedule]:
    """Schedules of one sample as those of several.

    Parameters
    ----------
    made, used : int
        Firings of producer and consumer in one sample.
    """
    at_once = Schedule((0,), (0,) * (used - 1) + (made,))
    return _repeated(need, samples, made, used), _repeated(
        at_once if free.is_constant else free, samples, made, used
    )


def _repeated(schedule: Schedule, samples: int, made: int, used: int) -> Schedule:
    cols = schedule.cols if used == 1 or not schedule.is_constant else np.repeat(schedule.cols, used)
    return Schedule(np.add.outer(made * np.arange(samples), schedule.rows).ravel(), cols)
