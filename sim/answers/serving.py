"""What happened to requests to a language model that came over time."""

from __future__ import annotations

from collections.abc import Mapping as Dict
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar

from ...workloads.graph import Network
from ...workloads.language_model import LanguageModel
from ..arrivals import Arrivals
from ..figures import Kind
from ..metrics.breakdown import Breakdown
from ..metrics.requests import Distribution
from ..metrics.seconds import seconds
from .base import Answer

if TYPE_CHECKING:
    from ...arch.chip import Chip
    from ..language.scheduler import Iteration, Served


@dataclass(frozen=True, eq=False, repr=False)
class Serving(Answer):
    """What happened to the requests.

    Parameters
    ----------
    model : LanguageModel
    chip : Chip
    arrivals : Arrivals
    n_prefill, n_decode, most_running : int
        Tokens of each prompt and made after it; sequences of an iteration at most.
    n_params : int
    requests : tuple of Served
    iterations : tuple of Iteration
    capacity_per_s : float
        Requests per second when all of them are there from the beginning: the rate while the batch is full.
    energy_j : float
    breakdown : Breakdown
        Time of the iterations, and energy of everything.
    n_simulated : int
        Programs run for the times of the iterations.
    error : tuple of float
        Mean and largest relative error of the iterations' times, by simulating some; 0 where all were.
    options : dict
        Everything else that the result depends on, for the provenance; JSON values.
    """

    kind: ClassVar[Kind] = "serving"
    headline: ClassVar[tuple[str, ...]] = (
        "time_to_first_token_s.p99", "requests.latency_s.p99", "tokens_per_s", "energy_per_token_j",
    )  # fmt: skip

    model: LanguageModel
    chip: Chip
    arrivals: Arrivals
    n_prefill: int
    n_decode: int
    most_running: int
    n_params: int
    requests: tuple[Served, ...]
    iterations: tuple[Iteration, ...]
    capacity_per_s: float
    energy_j: float
    breakdown: Breakdown
    n_simulated: int
    error: tuple[float, float]
    options: Dict[str, Any] = field(default_factory=dict)

    @property
    def source(self) -> Network:
        """The network that the model is the template of."""
        return self.model.network

    @cached_property
    def time_to_first_token(self) -> Distribution:
        """From arrival to first token, queueing included."""
        return Distribution.of([r.first_token_fs for r in self.requests])

    @cached_property
    def time_per_token(self) -> Distribution | None:
        """From token to token, over all requests; None where each has only one."""
        gaps = [b - a for r in self.requests for a, b in zip(r.token_fs, r.token_fs[1:], strict=False)]
        return Distribution.of(gaps) if gaps else None

    @cached_property
    def latency(self) -> Distribution:
        """From arrival to last token."""
        return Distribution.of([r.latency_fs for r in self.requests])

    @cached_property
    def queueing(self) -> Distribution:
        """From arrival to the first iteration."""
        return Distribution.of([r.queueing_fs for r in self.requests])

    @property
    def total_s(self) -> float:
        """From the first arrival to the last token."""
        return seconds(self.iterations[-1].begin_fs + self.iterations[-1].time_fs)

    @property
    def tokens_per_s(self) -> float:
        """Tokens made over the whole time."""
        return len(self.requests) * self.n_decode / self.total_s

    @property
    def served_per_s(self) -> float:
        """Requests finished over the whole time."""
        return len(self.requests) / self.total_s

    @property
    def energy_per_token_j(self) -> float:
        """Energy of everything, idle time included, over the tokens made."""
        return self.energy_j / (len(self.requests) * self.n_decode)

    @property
    def mean_running(self) -> float:
        """Sequences in an iteration, averaged over the time of the iterations."""
        time_fs = sum(i.time_fs for i in self.iterations)
        return sum((len(i.contexts) + i.n_prompts) * i.time_fs for i in self.iterations) / time_fs

    @property
    def is_saturated(self) -> bool:
        """Whether more is offered than can be served, so that the queue grows without end."""
        return self.arrivals.offered_per_s > self.capacity_per_s

    @property
    def verdict(self) -> str:
        """A sentence on load and capacity."""
        offered, capacity = self.arrivals.offered_per_s, self.capacity_per_s
        if self.is_saturated:
            return (
                f"saturated: {offered:.3g} requests/s are offered, {capacity:.3g}/s can be served; the queue "
                "grows, and latencies with every request"
            )
        part = f"{100 * offered / capacity:.3g} %"
        return f"the load is {part} of what can be served: the queue does not grow for good"
