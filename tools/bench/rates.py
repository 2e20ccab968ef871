"""Visits per second of both engines on one Program, growth with the batch, and what fast-forward gains.

All from processor times, so that a busy machine moves them little.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from .measure import cheapest, cost_of, slope
from .networks import program_of

BATCHES = (4, 16, 64)
"""Batches for the growth, without fast-forward."""


@dataclass(frozen=True)
class Rates:
    """Speed on the Program of one network.

    Attributes
    ----------
    network : str
    visits : int
        Of one inference.
    compiled_per_s, reference_per_s : float
        Visits per second, the compiled engine on the largest of `BATCHES`, the reference on one inference.
    batch_slope : float
        b in ``time ~ batch ** b``, without fast-forward.
    forward_gain : float
        Time of the largest of `BATCHES` without fast-forward / with it.
    thousand_over_eight : float
        Time of a batch of 1000 / of a batch of 8, with fast-forward.
    thousand_s : float
        Time of a batch of 1000, with fast-forward.
    """

    network: str
    visits: int
    compiled_per_s: float
    reference_per_s: float
    batch_slope: float
    forward_gain: float
    thousand_over_eight: float
    thousand_s: float

    @property
    def ratio(self) -> float:
        """Compiled / reference."""
        return self.compiled_per_s / self.reference_per_s


def rates_of(network: str) -> Rates:
    """Measure both engines on one network."""
    from ...sim.engines import compiled, reference
    from ...sim.simulate import N_BINS

    program = program_of(network)
    visits = program.visits_per_iteration
    compiled.run(program, 8)
    batch = partial(compiled.run, program, n_bins=N_BINS, keep_path=False)  # as `ohmsum run` does
    slow = [cheapest(partial(batch, n, fast_forward=False)) for n in BATCHES]
    exponent = slope(BATCHES, slow)
    assert exponent is not None
    reference_s = cost_of(partial(reference.run, program))[0].cpu_s
    eight_s, thousand_s = (cheapest(partial(batch, n)) for n in (8, 1000))
    return Rates(
        network=network,
        visits=visits,
        compiled_per_s=visits * BATCHES[-1] / slow[-1],
        reference_per_s=visits / reference_s,
        batch_slope=exponent,
        forward_gain=slow[-1] / cheapest(partial(batch, BATCHES[-1])),
        thousand_over_eight=thousand_s / eight_s,
        thousand_s=thousand_s,
    )
