"""Reference engine: when a firing may be issued, and what made it so."""

from __future__ import annotations

from collections.abc import Sequence

from .reference_state import Actor, Visit
from .result import Cause


def may_issue(actor: Actor, k: int, now_fs: int, arrivals_fs: Sequence[int]) -> bool:
    """Whether all conditions hold for firing k, the next to be issued."""
    i, j = divmod(k, actor.firings)
    return (
        actor.entered.value > k - actor.slots
        and (not actor.window or actor.ended.value > k - actor.window)
        and (not actor.is_source or arrivals_fs[i] <= now_fs)
        and all(c.produced.value >= i * c.tokens + c.need(j) for c in actor.inputs)
        and all(k + 1 - c.freed.value <= c.capacity for c in actor.outputs)
    )


def reason(actor: Actor, k: int, now_fs: int, arrivals_fs: Sequence[int]) -> tuple[Cause, int, Visit | None]:
    """Cause, channel and parent of the issue of firing k: what became true at this instant."""
    i, j = divmod(k, actor.firings)
    for channel in actor.inputs:
        if by := channel.produced.reached_by(i * channel.tokens + channel.need(j), now_fs):
            return Cause.TOKEN, channel.index, by
    for channel in actor.outputs:
        if by := channel.freed.reached_by(k + 1 - channel.capacity, now_fs):
            return Cause.ROOM, channel.index, by
    if by := actor.entered.reached_by(k - actor.slots + 1, now_fs):
        return Cause.PREVIOUS, -1, by
    if actor.window and (by := actor.ended.reached_by(k - actor.window + 1, now_fs)):
        return Cause.PREVIOUS, -1, by
    if now_fs == 0:
        return Cause.START, -1, None
    if actor.is_source and arrivals_fs[i] == now_fs:
        return Cause.ARRIVAL, -1, None
    assert actor.issue_fs == now_fs
    return actor.reason


def free_to_go_fs(actor: Actor, k: int, arrivals_fs: Sequence[int]) -> int:
    """When the actor could have issued firing k, had it had its tokens and its room."""
    since = actor.issue_fs
    if k >= actor.slots:
        since = max(since, actor.entries_fs[k - actor.slots - actor.entered.value])
    if actor.window and k >= actor.window:
        since = max(since, actor.ends_fs[k - actor.window - actor.ended.value])
    if actor.is_source:
        since = max(since, arrivals_fs[k // actor.firings])
    return since
