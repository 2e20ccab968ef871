"""What every Program must satisfy before an engine may run it."""

from __future__ import annotations

import numpy as np

from ..errors import SimulationError
from .program import MAX_TIME_FS, Arbitration, Program


def check(program: Program) -> None:
    """Raise `SimulationError`, naming the part, if no run of the Program could be right."""
    _check_resources(program)
    _check_actors(program)
    _check_visits(program)
    for c in range(program.n_channels):
        _check_channel(program, c)
    _check_stores(program)


def _check_resources(p: Program) -> None:
    for r, name in enumerate(p.resource_name):
        if p.resource_servers[r] < 1 or p.resource_units[r] < 1:
            raise SimulationError(f"resource {name!r}: {p.resource_servers[r]} servers, expected at least 1")
    in_turn = np.zeros(p.n_resources, bool)
    turns = np.repeat(p.visit_turn_step > 0, np.diff(p.visit_resource_start))
    in_turn[p.visit_resource[turns]] = True
    for r in np.flatnonzero(in_turn).tolist():
        if not turns[p.visit_resource == r].all() or p.resource_queued[r]:
            raise SimulationError(
                f"resource {p.resource_name[r]!r}: its servers are taken in turn by some visits; all must, "
                "first come, first served"
            )


def _check_actors(p: Program) -> None:
    for a, name in enumerate(p.actor_name):
        if p.actor_firings[a] < 1:
            raise SimulationError(f"actor {name!r}: {p.actor_firings[a]} firings, expected at least 1")
        if p.actor_slots[a] < 1:
            raise SimulationError(f"actor {name!r}: {p.actor_slots[a]} entrance slots, expected at least 1")
        if p.actor_visit_start[a] == p.actor_visit_start[a + 1]:
            raise SimulationError(f"actor {name!r} has no visit; give it at least a delay")


def _check_visits(p: Program) -> None:
    actor = p.visit_actor()
    for v in range(p.n_visits):
        a = int(actor[v])
        n = int(p.actor_firings[a])
        where = f"actor {p.actor_name[a]!r}, visit {v - p.actor_visit_start[a]}"
        for what, index in (("hold", p.visit_hold[v]), ("advance", p.visit_advance[v])):
            schedule = p.schedule(int(index))
            if not schedule.covers(n):
                raise SimulationError(f"{where}: {what} is given for fewer than {n} firings")
            if schedule.rows.min() + schedule.cols.min() < 1 and schedule.values(n).min() < 1:
                raise SimulationError(f"{where}: {what} must be at least 1 fs in every firing")
            if schedule.rows.max() > MAX_TIME_FS or schedule.cols.max() > MAX_TIME_FS - schedule.rows.max():
                raise SimulationError(f"{where}: {what} must be at most {MAX_TIME_FS} fs (77 minutes)")
        group = p.visit_resource[p.visit_resource_start[v] : p.visit_resource_start[v + 1]]
        arbitration = p.resource_arbitration[group]
        if len(group) > 1 and (arbitration != Arbitration.FCFS).any() and not p.visit_spread[v]:
            raise SimulationError(
                f"{where}: only first-come-first-served resources can be occupied together, unless each is "
                "occupied as soon as it is free"
            )
        own = p.visit_resource_hold_fs[p.visit_resource_start[v] : p.visit_resource_start[v + 1]]
        if own.any():
            hold = p.schedule(int(p.visit_hold[v]))
            longest = hold(0)
            if not p.visit_spread[v] or not hold.is_constant:
                rule = "only a spread visit of constant hold has a hold for each resource"
                raise SimulationError(f"{where}: {rule}")
            if own.min() < 0 or own.max() > longest:
                found = f"holds a resource for {own.max()} fs, its hold is {longest} fs"
                raise SimulationError(f"{where}: {found}")


def _check_channel(p: Program, c: int) -> None:
    src, dst, where = int(p.channel_src[c]), int(p.channel_dst[c]), _name(p, c)
    tokens, n = int(p.actor_firings[src]), int(p.actor_firings[dst])
    need, free = p.schedule(int(p.channel_need[c])), p.schedule(int(p.channel_free[c]))
    if not (need.covers(n) and free.covers(n)):
        raise SimulationError(f"{where}: need or free is given for fewer than {n} firings")
    needs, frees = need.values(n), free.values(n)
    if needs.max() > tokens:  # a negative need asks for what an earlier iteration brought: for nothing new
        raise SimulationError(
            f"{where}: needs up to {needs.max()} tokens, the producer makes {tokens} per iteration"
        )
    # A firing may let go of tokens that nobody will need (a strided window), so free may run ahead of need.
    if frees.min() < 0 or frees.max() > tokens or (np.diff(frees) < 0).any():
        raise SimulationError(f"{where}: tokens let go must rise from 0 to at most {tokens}")
    live = needs - np.concatenate([[0], frees[:-1]])
    if p.channel_capacity[c] < max(1, int(live.max())):
        raise SimulationError(
            f"{where}: capacity {p.channel_capacity[c]} tokens, but a firing needs {max(1, int(live.max()))} "
            "at once; give the buffer more room"
        )


def _check_stores(p: Program) -> None:
    """The readers of a FIFO agree on it, and the rooms of all FIFOs fit into their stores."""
    for c, first in enumerate(p.channel_fifo.tolist()):
        facts = (p.channel_capacity, p.channel_bytes, p.channel_store)
        if any(of[c] != of[first] for of in facts):
            raise SimulationError(
                f"{_name(p, c)} and {_name(p, first)} are one FIFO but differ in capacity, bytes or store"
            )
        if not -1 <= p.channel_store[c] < p.n_stores or p.channel_bytes[c] < 0:
            raise SimulationError(
                f"{_name(p, c)}: tokens of {p.channel_bytes[c]} B in store {p.channel_store[c]}, "
                f"of {p.n_stores} stores"
            )
    rooms = p.store_rooms_bytes()
    for b in np.flatnonzero(rooms > p.store_capacity_bytes).tolist():
        inside = np.flatnonzero(p.channel_store == b)
        largest = int(inside[np.argmax((p.channel_capacity * p.channel_bytes)[inside])])
        raise SimulationError(
            f"store {p.store_name[b]!r}: rooms of {rooms[b]} B in {p.store_capacity_bytes[b]} B, "
            f"{rooms[b] - p.store_capacity_bytes[b]} B too many; the largest is {_name(p, largest)}"
        )


def _name(p: Program, c: int) -> str:
    return f"channel {p.actor_name[p.channel_src[c]]!r} -> {p.actor_name[p.channel_dst[c]]!r}"
