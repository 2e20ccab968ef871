"""A batch of prompts, and the tokens that follow each of them.

The prompts go through the chip back to back, pipelined, and each gives its sequence the first token. Then all
sequences decode in turn, one token after the other: a token's layers wait for the token before it of the same
sequence, and other sequences fill the pipeline meanwhile. The next token is the largest logit, found by
the nearest unit that offers ``reduce``, else by the host; embeddings are looked up in the chip's memory, else
by the host.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from ...workloads.language_model import LanguageModel
from ..errors import SimulationError
from ..mapping.options import MappingOptions
from ..metrics.requests import Distribution
from ..metrics.seconds import seconds
from ..program import I64
from .phases import PhaseRun, Setting
from .traffic import Traffic, traffic
from .work import Shares

if TYPE_CHECKING:
    from collections.abc import Mapping as Dict

    from ...arch.chip import Chip

Progress = Callable[[str, float], None]


@dataclass(frozen=True, eq=False)
class Generation:
    """What happened to a batch of sequences.

    Parameters
    ----------
    model : LanguageModel
    chip : Chip
    n_prefill, n_decode, n_sequences : int
        Tokens of each prompt, tokens made after it (the first one by the prompt itself), sequences.
    n_params : int
        Parameters stored, of all experts.
    prefill : PhaseRun
    decode : PhaseRun or None
        None where the first token is the only one.
    options : dict
        Everything else that the result depends on, for the provenance; JSON values.
    """

    model: LanguageModel
    chip: Chip
    n_prefill: int
    n_decode: int
    n_sequences: int
    n_params: int
    prefill: PhaseRun
    decode: PhaseRun | None
    options: Dict[str, Any] = field(default_factory=dict)

    @property
    def first_token_fs(self) -> tuple[int, ...]:
        """When each sequence had its first token; all prompts were there at time 0."""
        return tuple(self.prefill.result.iteration_end_fs.tolist())

    @property
    def time_to_first_token(self) -> Distribution:
        return Distribution.of(self.first_token_fs)

    @cached_property
    def token_fs(self) -> I64:
        """Time of every further token after the one before it, shape (n_decode - 1, n_sequences).

        Decoding begins for all sequences when the last prompt is through.
        """
        if self.decode is None:
            return np.zeros((0, self.n_sequences), np.int64)
        ends = self.decode.token_end_fs
        return np.diff(ends, axis=0, prepend=np.zeros((1, ends.shape[1]), np.int64))

    @property
    def time_per_token(self) -> Distribution | None:
        """Of the tokens after the first, over all sequences; None where there are none."""
        return Distribution.of(self.token_fs.ravel().tolist()) if self.decode else None

    @property
    def contexts(self) -> range:
        """Positions in the cache before each decoding step."""
        return range(self.n_prefill, self.n_prefill + self.n_decode - 1)

    @property
    def time_per_token_s(self) -> tuple[float, ...]:
        """Mean over the sequences at each of `contexts`."""
        return (
            tuple(seconds(round(mean)) for mean in self.token_fs.mean(axis=1).tolist()) if self.decode else ()
        )

    @property
    def total_s(self) -> float:
        """From the first prompt to the last token."""
        return self.prefill.makespan_s + (self.decode.makespan_s if self.decode else 0.0)

    @property
    def tokens_per_s(self) -> float:
        """Tokens made, of all sequences, over the whole time."""
        return self.n_decode * self.n_sequences / self.total_s

    @property
    def decoded_per_s(self) -> float | None:
        """The same for the tokens after the first and the decoding phase alone."""
        if self.decode is None:
            return None
        return (self.n_decode - 1) * self.n_sequences / self.decode.makespan_s

    @property
    def energy_j(self) -> float:
        """Of all sequences."""
        return self.prefill.energy_j + (self.decode.energy_j if self.decode else 0.0)

    @property
    def energy_per_prompt_token_j(self) -> float:
        return self.prefill.energy_j / (self.n_prefill * self.n_sequences)

    @property
    def energy_per_token_j(self) -> float | None:
        """Of a token that is decoded."""
        if self.decode is None:
            return None
        return self.decode.energy_j / ((self.n_decode - 1) * self.n_sequences)

    @property
    def cache(self) -> Traffic:
        """Bytes of keys and values, written, read and held."""
        written = traffic(self.prefill.mapping.network, self.chip).times(self.n_sequences)
        return (
            written if self.decode is None else written.then(traffic(self.decode.mapping.network, self.chip))
        )

    @property
    def phases(self) -> dict[str, PhaseRun]:
        """The phases that ran, by name."""
        return {"prefill": self.prefill, **({"decode": self.decode} if self.decode else {})}

    @property
    def shares(self) -> dict[str, Shares]:
        """Kinds of work in each phase."""
        return {name: run.shares for name, run in self.phases.items()}

    def to_json(self) -> dict[str, Any]:
        """The result as one JSON object; `as_json` documents its keys."""
        from .as_json import to_json

        return to_json(self)


def record(choices: MappingOptions, options: Dict[str, Any] | None) -> dict[str, Any]:
    """Options for the provenance. The engine is not among them: both give the same."""
    return {"mapping": asdict(choices), **(options or {})}


def generate(
    model: LanguageModel,
    chip: Chip,
    *,
    prefill: int = 1,
    decode: int = 1,
    batch: int = 1,
    engine: str | None = None,
    noc: str | None = None,
    mapping: MappingOptions | None = None,
    options: Dict[str, Any] | None = None,
    progress: Progress | None = None,
) -> Generation:
    """Run prompts through a language model and decode after them.

    Parameters
    ----------
    prefill : int
        Tokens of each prompt.
    decode : int
        Tokens to make for each of them, at least 1; the first is that of the prompt.
    batch : int
        Sequences.
    engine, noc, mapping, options, progress
        As for `simulate`.

    Raises
    ------
    NetworkError
        More positions than the model has.
    SimulationError
        The network does not fit, or cannot run.
    """
    from ..simulate import engine_and_detail

    for name, value in (("prefill", prefill), ("decode", decode), ("batch", batch)):
        if value < 1:
            raise SimulationError(f"{name}: found {value}, expected at least 1")
    model.check_positions(prefill + decode - 1, f"a prompt of {prefill} with {decode} decoded tokens")
    choices = mapping or MappingOptions()
    run_engine, detail = engine_and_detail(engine, noc, chip)
    tell = progress or (lambda _what, _share: None)
    tell("mapping", 0.0)
    setting = Setting.of(model, chip, prefill, choices, detail, run_engine)
    if model.experts is None:
        first = setting.lowered(setting.base, autoregressive=False)
    else:
        first = setting.program(model.prefill(prefill), most_replicas=None, autoregressive=False)
    prompts = setting.run(first, progress=lambda share: tell("prefill", share))
    if batch > 1:
        together = setting.run(first, iterations=batch, progress=lambda share: tell("prefill", share))
        prompts = replace(together, alone=prompts.result)
    decoded = None
    if decode > 1:
        network = model.decode(prefill, decode - 1, batch)
        # Experts have tokens of several steps beside each other, which replicas must not take together.
        most = 1 if model.experts else batch
        second = setting.program(network, most_replicas=most, autoregressive=True)
        decoded = setting.run(second, keep_firings=True, progress=lambda share: tell("decoding", share))
    params = setting.base.network.params
    return Generation(model, chip, prefill, decode, batch, params, prompts, decoded, record(choices, options))
