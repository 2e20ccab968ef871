"""Continuous batching: a queue made by hand, and step times that are simulated."""

from __future__ import annotations

import ohmsum
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ohmsum.sim.answers.serving import Serving
from ohmsum.sim.job.errors import QuestionError
from ohmsum.sim.language.phases import Setting
from ohmsum.sim.language.scheduler import schedule
from ohmsum.sim.language.serving import serve
from ohmsum.sim.language.step_times import N_POINTS, StepTimes
from ohmsum.sim.mapping import MappingOptions
from ohmsum.sim.simulate import engine_and_detail
from ohmsum.workloads.errors import NetworkError
from ohmsum.workloads.language_model import LanguageModel

from ..kit.small_decoder import HEADS, SIZE, decoder, scribe


def _ten_each(contexts: tuple[int, ...], n_prompts: int) -> int:
    """Ten for a prompt, one for a running sequence."""
    return 10 * n_prompts + len(contexts)


def test_a_queue_made_by_hand() -> None:
    """Three requests of three tokens, two at a time.

    0: A joins (10). 10: A has one token; B, come at 5, joins (10 + 1). 21: A, B (2). 23: A is done; C, come
    at 6, joins while B goes on (10 + 1). 34: B is done, C alone (1). 35: C (1). 36: C is done.
    """
    served, iterations = schedule([0, 5, 6], 4, 3, 2, _ten_each)
    assert [r.token_fs for r in served] == [[10, 21, 23], [21, 23, 34], [34, 35, 36]]
    assert [r.admitted_fs for r in served] == [0, 10, 23]
    assert [r.queueing_fs for r in served] == [0, 5, 17]
    assert [r.first_token_fs for r in served] == [10, 16, 28]
    assert [r.latency_fs for r in served] == [23, 29, 30]
    assert [(i.contexts, i.n_prompts) for i in iterations] == [
        ((), 1), ((4,), 1), ((4, 5), 0), ((5,), 1), ((4,), 0), ((5,), 0),
    ]  # fmt: skip


def test_the_chip_stands_still_until_someone_comes() -> None:
    served, iterations = schedule([0, 1000], 4, 2, 8, _ten_each)
    assert [i.begin_fs for i in iterations] == [0, 10, 1000, 1010]
    assert [r.latency_fs for r in served] == [11, 11]


@settings(max_examples=60, deadline=None)
@given(
    gaps=st.lists(st.integers(0, 40), min_size=1, max_size=12),
    n_tokens=st.integers(1, 6),
    most=st.integers(1, 5),
)
def test_of_any_queue(gaps: list[int], n_tokens: int, most: int) -> None:
    """First come, first served; never more than there is room for; every token once; no time lost."""
    arrivals = [sum(gaps[: i + 1]) for i in range(len(gaps))]
    served, iterations = schedule(arrivals, 7, n_tokens, most, _ten_each)
    assert [len(r.token_fs) for r in served] == [n_tokens] * len(gaps)
    assert all(r.arrival_fs <= r.admitted_fs < r.token_fs[0] for r in served)
    assert [r.admitted_fs for r in served] == sorted(r.admitted_fs for r in served)
    assert all(1 <= len(i.contexts) + i.n_prompts <= most for i in iterations)
    assert sum(len(i.contexts) + i.n_prompts for i in iterations) == len(gaps) * n_tokens
    ends = [i.begin_fs + i.time_fs for i in iterations]
    for end, after in zip(ends, iterations[1:], strict=False):
        assert after.begin_fs == end or after.begin_fs in arrivals


@pytest.fixture(scope="module")
def times() -> StepTimes:
    model, chip = LanguageModel.of(decoder()), scribe(kv_cache__bandwidth="100 MB/s")
    engine, detail = engine_and_detail(None, None, chip)
    return StepTimes(Setting.of(model, chip, 4, MappingOptions(), detail, engine), 4, 30)


def test_interpolation_is_exact_at_its_points_and_near_between_them(times: StepTimes) -> None:
    exact = StepTimes(times.setting, 4, 30, exact=True)
    assert len(times.points) == N_POINTS
    for context in times.points:
        assert times((context, context), 1) == exact((context, context), 1)
    for contexts in ((6, 9), (4, 30), (11, 12)):
        assert times(contexts, 0) == pytest.approx(exact(contexts, 0), rel=0.03)
    assert len(times.simulated) <= 2 * N_POINTS


def test_a_step_reads_the_cache_of_every_sequence_and_prompts_read_none(times: StepTimes) -> None:
    """At 100 MB/s a byte takes 10 ns, 16 of them a position, and the unit is at most busy with it as well."""
    exact = StepTimes(times.setting, 4, 2000, exact=True)
    far, near = exact((1500, 1500), 0), exact((1000, 1500), 0)
    read_fs, computed_fs = 16 * 10 * 1_000_000, HEADS * (2 * SIZE + 1) * 1_000_000
    assert 500 * read_fs <= far - near <= 500 * (read_fs + computed_fs)
    assert exact((), 1) == times((), 1) < exact((1000,), 0)


def _serve(arrival: str, **options: object) -> Serving:
    return serve(
        LanguageModel.of(decoder()), scribe(), arrival=arrival, requests=20, prefill=4, decode=12, batch=3,
        **options,  # type: ignore[arg-type]
    )  # fmt: skip


def test_light_and_heavy_load() -> None:
    light, heavy = _serve("every 1 ms"), _serve("every 1 us")
    assert light.queueing.max_s == 0
    assert light.latency.max_s == light.latency.p50_s
    assert not light.is_saturated
    assert heavy.is_saturated
    assert "saturated" in heavy.verdict
    assert heavy.latency.max_s > heavy.latency.p50_s > light.latency.max_s
    assert heavy.tokens_per_s > light.tokens_per_s
    assert heavy.served_per_s <= heavy.capacity_per_s * 1.05
    assert heavy.mean_running > 2 > 1.01 > light.mean_running


def test_exact_and_interpolated_serving_agree() -> None:
    near, exact = (_serve("poisson 200 kHz", exact=exact) for exact in (False, True))
    assert near.latency.mean_s == pytest.approx(exact.latency.mean_s, rel=0.02)
    assert near.energy_per_token_j == pytest.approx(exact.energy_per_token_j, rel=0.02)
    assert exact.error == (0.0, 0.0)
    assert near.error[1] < 0.02
    assert near.n_simulated < exact.n_simulated


def test_the_same_seed_makes_the_same_requests() -> None:
    one, same, other = (_serve("poisson 100 kHz", mapping=MappingOptions(seed=seed)) for seed in (1, 1, 2))
    assert one.requests == same.requests != other.requests


@pytest.mark.parametrize("bad", [{"requests": 0}, {"batch": 0}, {"prefill": 0}, {"decode": 0}])
def test_bad_input(bad: dict[str, int]) -> None:
    """The question refuses it, before anything is asked of the network."""
    with pytest.raises(QuestionError, match=f"{next(iter(bad))}: found 0"):
        ohmsum.serve(decoder(), scribe(), arrival="every 1 ms", **bad)  # type: ignore[arg-type]


def test_more_than_the_model_has_positions_for() -> None:
    with pytest.raises(NetworkError, match="positions"):
        serve(LanguageModel.of(decoder()), scribe(), arrival="every 1 ms", prefill=2000, decode=100)
