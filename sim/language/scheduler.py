"""Continuous batching: which requests run in each iteration.

Iteration-level scheduling (Yu et al., Orca, OSDI 2022): an iteration makes one token of every running
sequence; sequences that are complete leave at its end, and requests that have come meanwhile join at the
beginning of the next, first come, first served, while there is room, their whole prompt in their first
iteration. Nothing here knows of chips: the time of an iteration is a function that is given.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

StepTime = Callable[[tuple[int, ...], int], int]
"""Time in fs of an iteration: contexts of the running sequences, ascending, and prompts that join."""


@dataclass
class Served:
    """One request.

    Attributes
    ----------
    arrival_fs, admitted_fs : int
        When it came, and when its first iteration began.
    token_fs : list of int
        When each of its tokens was there.
    """

    arrival_fs: int
    admitted_fs: int = 0
    token_fs: list[int] = field(default_factory=list)

    @property
    def queueing_fs(self) -> int:
        """From its arrival to the iteration that it joined."""
        return self.admitted_fs - self.arrival_fs

    @property
    def first_token_fs(self) -> int:
        """From its arrival to its first token."""
        return self.token_fs[0] - self.arrival_fs

    @property
    def latency_fs(self) -> int:
        """From its arrival to its last token."""
        return self.token_fs[-1] - self.arrival_fs


@dataclass(frozen=True)
class Iteration:
    """What ran together: contexts of running sequences, ascending, prompts that joined, begin and time."""

    contexts: tuple[int, ...]
    n_prompts: int
    begin_fs: int
    time_fs: int


def schedule(
    arrivals_fs: Sequence[int], prompt: int, n_tokens: int, most_running: int, step_fs: StepTime
) -> tuple[list[Served], list[Iteration]]:
    """Serve requests, all of the same prompt length and number of tokens.

    Parameters
    ----------
    arrivals_fs : sequence of int
        Ascending.
    prompt, n_tokens : int
        Tokens of a prompt, and to be made after it (the first one by the prompt).
    most_running : int
        Sequences of an iteration at most.
    step_fs : callable
        See `StepTime`.
    """
    waiting = deque(Served(time_fs) for time_fs in arrivals_fs)
    served = list(waiting)
    running: list[Served] = []
    iterations: list[Iteration] = []
    now = 0
    while waiting or running:
        if not running:
            now = max(now, waiting[0].arrival_fs)
        joining: list[Served] = []
        while waiting and waiting[0].arrival_fs <= now and len(running) + len(joining) < most_running:
            joining.append(waiting.popleft())
            joining[-1].admitted_fs = now
        # A sequence with t tokens has its prompt and the t - 1 tokens before the last in the cache.
        contexts = tuple(sorted(prompt + len(request.token_fs) - 1 for request in running))
        iterations.append(Iteration(contexts, len(joining), now, step_fs(contexts, len(joining))))
        now += iterations[-1].time_fs
        running += joining
        for request in running:
            request.token_fs.append(now)
        running = [request for request in running if len(request.token_fs) < n_tokens]
    return served, iterations
