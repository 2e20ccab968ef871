"""Random Programs for property-based tests: small, full of ties and contention, some of them deadlocked."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import Any

import numpy as np
from hypothesis import strategies as st
from ohmsum.sim.engines.result import EngineResult
from ohmsum.sim.program import Arbitration, Program, ProgramBuilder, Rotation, Schedule

FCFS, ROUND_ROBIN, AGE = Arbitration


@dataclass(frozen=True)
class Case:
    """A Program and the arguments of its run."""

    program: Program
    iterations: int
    arrivals_fs: list[int] | None
    n_bins: int

    def run(self, engine: Callable[..., EngineResult], **options: Any) -> EngineResult:
        """Run it, keeping the firings."""
        return engine(
            self.program,
            self.iterations,
            arrivals_fs=self.arrivals_fs,
            n_bins=self.n_bins,
            keep_firings=True,
            **options,
        )


def random_case(seed: int) -> Case:
    """The case of a seed, always the same."""
    return _case(Random(seed))


def random_program(seed: int) -> Program:
    """The Program of a seed, always the same."""
    return random_case(seed).program


def cases() -> st.SearchStrategy[Case]:
    """Hypothesis strategy of cases; the choices behind a failing one are shrunk."""
    return st.randoms(use_true_random=False).map(_case)


@dataclass(frozen=True)
class _Resource:
    arbitration: Arbitration
    servers: int
    in_turn: bool


@dataclass
class _Visit:
    resources: tuple[int, ...]
    hold: Schedule
    advance: Schedule
    how: dict[str, Any]


@dataclass
class _Actor:
    rows: int
    cols: int
    chain: list[_Visit]

    @property
    def firings(self) -> int:
        return self.rows * self.cols


def _case(rng: Random) -> Case:
    scale = rng.choice([1, 1, 1, 781_250])  # one cycle of 1.28 GHz is 781 250 fs
    resources = [_resource(rng) for _ in range(rng.randint(1, 6))]
    spread = rng.random() < 0.5
    actors = [_actor(rng, resources, scale, spread) for _ in range(rng.choice([1, 2, 2, 3, 3, 4, 5, 6]))]
    b = ProgramBuilder()
    for r, resource in enumerate(resources):
        b.resource(f"r{r}", f"class{r % 2}", servers=resource.servers, arbitration=resource.arbitration)
    for a, actor in enumerate(actors):
        b.actor(
            f"a{a}",
            actor.firings,
            layer=f"layer{a // 2}",
            slots=rng.choice([1, 1, 2, 3, 20]),
            window=rng.choice([None, None, 1, 2, 5]),
            stream=rng.choice([None, None, "x", "y"]),
        )
        for visit in actor.chain:
            b.visit(a, visit.resources, visit.hold, visit.advance, **visit.how)
        b.energy(a, "adc", "convert", rng.randint(1, 9), 1e-15)
    iterations = rng.choice([1, 1, 2, 3, 5])
    _channels(rng, b, actors, iterations)
    arrivals = None
    if rng.random() < 0.3:
        arrivals = sorted(rng.choice([0, 3, 10, 40, 41]) * scale for _ in range(iterations))
    return Case(b.build(), iterations, arrivals, rng.choice([1, 2, 5, 64]))


def _resource(rng: Random) -> _Resource:
    """One server, several, or very many; some served in another order, some whose servers take turns."""
    servers = rng.choice([1, 1, 1, 2, 3, 1 << 22])
    arbitration = rng.choice([FCFS, FCFS, FCFS, ROUND_ROBIN, AGE])
    if arbitration == FCFS and rng.random() < 0.25:
        return _Resource(arbitration, rng.randint(1, 5), True)
    return _Resource(arbitration, servers, False)


def _actor(rng: Random, resources: list[_Resource], scale: int, spread: bool) -> _Actor:
    actor = _Actor(rng.choice([1, 1, 2, 3]), rng.choice([1, 2, 3, 4]), [])
    for _ in range(rng.choice([1, 1, 2, 2, 3, 4])):
        group, how = _group(rng, resources, spread)
        hold = _times(rng, actor, scale)
        advance = hold if rng.random() < 0.5 else _times(rng, actor, scale)
        own = len(hold.rows) * len(hold.cols) == 1 and rng.random() < 0.5
        if len(group) == 1 and resources[group[0]].in_turn:
            how = {"rotate": _rotation(rng, resources[group[0]].servers, hold(0) if own else None)}
        elif own and how["spread"]:  # shorter holds for some resources
            how["holds_fs"] = {r: rng.randint(1, hold(0)) for r in group if rng.random() < 0.7}
        visit = _Visit(group, hold, advance, how)
        actor.chain += [visit] * rng.choice([1, 1, 1, 1, 3])
    return actor


def _group(rng: Random, resources: list[_Resource], spread: bool) -> tuple[tuple[int, ...], dict[str, Any]]:
    """No resource (a delay), one, or several: together if first come, first served, or each by itself."""
    kind = rng.random()
    spread = spread and rng.random() < 0.7
    if kind < 0.1:
        return (), {"spread": False}
    several = [r for r, x in enumerate(resources) if not x.in_turn and (spread or x.arbitration == FCFS)]
    if kind < 0.4 and len(several) > 1:
        return tuple(sorted(rng.sample(several, rng.randint(2, min(3, len(several)))))), {"spread": spread}
    return (rng.randrange(len(resources)),), {"spread": spread}


def _rotation(rng: Random, servers: int, longest_fs: int | None) -> Rotation:
    width = rng.randint(1, servers)
    holds_fs = tuple(rng.randint(1, longest_fs) for _ in range(width)) if longest_fs else ()
    step = rng.choice([width, rng.randint(1, servers + 1)])
    return Rotation(width, step, rng.randint(0, servers), holds_fs)


def _times(rng: Random, actor: _Actor, scale: int) -> Schedule:
    """1 to 8 fs times `scale`: a constant, an outer sum or a table."""
    kind = rng.random()
    if kind < 0.7:
        return Schedule.constant(rng.randint(1, 6) * scale)
    if kind < 0.85:
        rows = tuple(rng.randint(1, 4) * scale for _ in range(actor.rows))
        return Schedule(rows, tuple(rng.randint(0, 4) * scale for _ in range(actor.cols)))
    return Schedule((0,), tuple(rng.randint(1, 8) * scale for _ in range(actor.firings)))


def _channels(rng: Random, b: ProgramBuilder, actors: list[_Actor], iterations: int) -> None:
    """A random acyclic graph, some recurrences of an actor to itself, rarely a loop back.

    The rooms lie in stores, some tokens in FIFOs of several readers.
    """
    stores = [b.store(f"s{i}", "buffer", 10**6) for i in range(rng.randint(0, 2))]
    for dst in range(len(actors)):
        for src in range(dst):
            if rng.random() < (0.7 if src == dst - 1 else 0.25):
                for _ in range(rng.choice([1, 1, 1, 2])):
                    need = _need(rng, actors[src].firings, actors[dst])
                    _channel(rng, b, src, dst, actors, need, iterations, stores)
        if rng.random() < 0.15:
            n = actors[dst].firings
            b.channel(dst, dst, rng.choice([2, 2, 3, n + 1]), Schedule((0,), tuple(range(n))))
    if len(actors) > 1 and rng.random() < 0.15:
        dst, src = sorted(rng.sample(range(len(actors)), 2))
        n, tokens, lag = actors[dst].firings, actors[src].firings, rng.randint(1, 3)
        late = tuple(max(rng.choice([0, -3]), k * tokens // n - lag) for k in range(n))
        _channel(rng, b, src, dst, actors, Schedule((0,), late), iterations, stores)
    for src, actor in enumerate(actors):
        if stores and len(actors) > src + 1 and rng.random() < 0.3:
            readers = rng.sample(range(src + 1, len(actors)), rng.randint(1, len(actors) - src - 1))
            capacity, size = actor.firings + rng.randint(0, 3), rng.randint(1, 64)
            for dst in readers * rng.choice([1, 1, 2]):
                need = _need(rng, actor.firings, actors[dst])
                frees = np.maximum(0, np.maximum.accumulate(need.values(actors[dst].firings)))
                free = Schedule((0,), tuple(frees.tolist()))
                where: dict[str, Any] = {
                    "bytes_per_token": size,
                    "store": stores[src % len(stores)],
                    "fifo": "shared",
                }
                b.channel(src, dst, capacity, need, free, **where)


def _need(rng: Random, tokens: int, consumer: _Actor) -> Schedule:
    """Tokens that each firing needs: in step, a window, everything at once, any, or none.

    A need below 1 asks for what came before the iteration.
    """
    n = consumer.firings
    kind = rng.random()
    if kind < 0.45:
        return Schedule((0,), tuple(-(-(k + 1) * tokens // n) for k in range(n)))
    if kind < 0.7:
        # The last row and column of a window reach the last token; a smaller kernel reaches it earlier.
        below = rng.randint(0, tokens)
        rows = tuple(
            min(tokens - below, -(-(r + 1) * (tokens - below) // consumer.rows)) for r in range(consumer.rows)
        )
        cols = tuple(min(below, -(-(c + 1) * below // consumer.cols)) for c in range(consumer.cols))
        return Schedule(rows, cols)
    if kind < 0.8:
        return Schedule.constant(tokens)
    if kind < 0.95:
        least = rng.choice([0, -tokens])
        return Schedule((0,), tuple(rng.randint(least, tokens) for _ in range(n)))
    return Schedule.constant(rng.choice([0, -1]))


def _channel(
    rng: Random,
    b: ProgramBuilder,
    src: int,
    dst: int,
    actors: list[_Actor],
    need: Schedule,
    iterations: int,
    stores: list[int],
) -> None:
    """A channel with a random let-go and with room from as little as may do to ample."""
    tokens, n = actors[src].firings, actors[dst].firings
    needs = need.values(n)
    kind = rng.random()
    if kind < 0.6:
        frees = np.maximum(0, np.maximum.accumulate(needs))
    elif kind < 0.75:
        frees = np.minimum.accumulate(needs[::-1])[::-1]  # only what no later firing needs again
        frees = np.maximum(0, np.concatenate([frees[1:], [tokens]]))
    elif kind < 0.9:
        frees = np.sort(np.array([rng.randint(0, tokens) for _ in range(n)]))
    else:
        frees = np.zeros(n, np.int64)
    live = int((needs - np.concatenate([[0], frees[:-1]])).max())
    capacity = max(1, live) + rng.choice([0, 1, 2, 3, tokens, tokens, tokens * iterations])
    b.channel(
        src,
        dst,
        capacity,
        need,
        Schedule((0,), tuple(int(x) for x in frees)),
        bytes_per_token=rng.randint(0, 64),
        store=rng.choice([None, *stores]),
    )
