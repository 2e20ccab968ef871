"""What a chip is asked to do: inferences, a training step, a generation, a service."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from ..arrivals import Arrivals
from ..asked import Asked
from ..errors import SimulationError
from ..simulate import MAX_BATCH


def _whole(value: Any) -> Any:
    """NumPy's integers are whole numbers, true and 2.0 are none."""
    if isinstance(value, int | str | float):
        return "true" if isinstance(value, bool) else value
    return value.__index__() if hasattr(value, "__index__") else value


Whole = Annotated[int, BeforeValidator(_whole), Field(strict=True, ge=1)]
Count = Annotated[int, BeforeValidator(_whole), Field(strict=True, ge=1, le=MAX_BATCH)]


def _arrival(value: Any) -> Any:
    """The text in its plainest form."""
    if not isinstance(value, str):
        return value
    try:
        return str(Arrivals.parse(value))
    except SimulationError as error:
        raise ValueError(str(error).removeprefix("arrival: ")) from None


Batch = Annotated[
    Count,
    Asked("Inferences, samples of a training step, or sequences at a time; pipelined.", "B"),
]
Arrival = Annotated[
    str,
    BeforeValidator(_arrival),
    Asked(
        "When requests arrive, as many as the batch: 'poisson 2000/s' or 'every 1 ms'.",
        "TEXT",
        example="'poisson 20/s'",
        not_with={"training": "a training step has no requests"},
    ),
]
Prompt = Annotated[
    Whole,
    Asked(
        "Language models: tokens of each prompt.",
        "P",
        not_with={"training": "a language model is trained as any other network"},
    ),
]
Tokens = Annotated[
    Whole,
    Asked(
        "Language models: tokens to make after each prompt of the batch.",
        "D",
        not_with={"training": "a language model is trained as any other network"},
    ),
]
LANGUAGE = ("prefill", "decode")
"""Fields of which one makes it a question about a language model."""


class WorkOfAKind(BaseModel):
    """One kind of work."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class InferenceWork(WorkOfAKind):
    """Inferences back to back after one alone, or as requests over time."""

    kind: Literal["inference"] = "inference"
    batch: Batch = 1
    arrival: Arrival | None = None


class TrainingWork(WorkOfAKind):
    """One step of training: forward, backward, update."""

    kind: Literal["training"] = "training"
    batch: Batch = 1
    epoch_samples: Annotated[
        Count | None,
        Asked("Samples of an epoch, for its time, energy and wear.", "N", needs=("training",)),
    ] = None


class LanguageWork(WorkOfAKind):
    """What a generation and a service have in common: a language model and its prompts."""

    prefill: Prompt = 1
    decode: Tokens = 1
    batch: Batch = 1
    experts: Annotated[
        Whole | None,
        Asked("Make N experts of every feed-forward block of a language model.", "N", needs=LANGUAGE),
    ] = None
    top_k: Annotated[Whole, Asked("Experts that each token goes to.", "K", needs=("experts",))] = 2
    routing: Annotated[
        str,
        Asked(
            "How tokens choose experts: uniform, 'zipf 1.0', or a file of weights.",
            "TEXT",
            needs=("experts",),
        ),
    ] = "uniform"


class GenerationWork(LanguageWork):
    """Prompts of a batch, and the tokens after each of them."""

    kind: Literal["generation"] = "generation"


class ServingWork(LanguageWork):
    """Requests to a language model over time, at most a batch of them at a time."""

    kind: Literal["serving"] = "serving"
    arrival: Arrival
    requests: Annotated[
        Count, Asked("Requests served over time, at most the batch at a time.", "N", needs=("arrival",))
    ] = 100


Work = Annotated[InferenceWork | TrainingWork | GenerationWork | ServingWork, Field(discriminator="kind")]
