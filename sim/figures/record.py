"""What a figure is: the name, unit and meaning of one number of an answer, and how it is got."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, Literal, TypeVar

if TYPE_CHECKING:
    from ..answers.base import Answer
    from ..answers.generation import Generation
    from ..answers.run import Run
    from ..answers.serving import Serving
    from ..answers.training_step import TrainingStep

Number = float | int
Kind = Literal["inference", "training", "generation", "serving"]
"""Kinds of answers: a network run on inputs, a training step, prompts and tokens, requests for tokens."""
KINDS: tuple[Kind, ...] = ("inference", "training", "generation", "serving")
Better = Literal["less", "more"] | None
"""Which way is better; None where neither is."""
About = Literal["time", "energy", "area", "use", "work", "accuracy"]
"""What the figure is a figure of, so that a change of it is explained by what changed in that."""
Value = TypeVar("Value")


@dataclass(frozen=True, kw_only=True)
class FigureRecord(Generic[Value]):
    """One figure of one or several kinds of answers.

    Parameters
    ----------
    key : str
        Its place in the result file, dots leading inwards; `Family` says what a ``*`` means.
    unit : {"s", "/s", "J", "Js", "W", "mm2", "B", "TOPS", "TOPS/W", "TOPS/mm2", "share", "dB", "bit", ""}
        "" is a number of things; a share is from 0 to 1.
    label : str
        What people call it.
    better : {"less", "more"} or None
    about : {"time", "energy", "area", "use", "work"}
    meaning : str
        A phrase for the documentation.
    inference, training, generation, serving : callable, optional
        How it is got of each kind; None where the answer does not know it. A training step also has what
        `inference` gets, as it is a run of a network.
    """

    key: str
    unit: str
    label: str
    better: Better
    about: About
    meaning: str
    inference: Callable[[Run], Value | None] | None = None
    training: Callable[[TrainingStep], Value | None] | None = None
    generation: Callable[[Generation], Value | None] | None = None
    serving: Callable[[Serving], Value | None] | None = None

    @property
    def kinds(self) -> tuple[Kind, ...]:
        """Kinds of answers that may have it."""
        return tuple(kind for kind in KINDS if self._how(kind) is not None)

    def of(self, answer: Answer) -> Value | None:
        """The figure of an answer; None where it has none or does not know it."""
        how = self._how(answer.kind)
        return None if how is None else how(answer)

    def _how(self, kind: Kind) -> Callable[..., Value | None] | None:
        training = self.training or self.inference
        found: dict[Kind, Callable[..., Value | None] | None] = {
            "inference": self.inference,
            "training": training,
            "generation": self.generation,
            "serving": self.serving,
        }
        return found[kind]


class Figure(FigureRecord[Number]):
    """One number of the whole answer."""


class Family(FigureRecord[Mapping[str, Number]]):
    """A number of every part, class or layer: the ``*`` in its key is the name of one.

    >>> what = {"unit": "J", "label": "energy", "better": "less", "about": "energy", "meaning": "of a layer"}
    >>> Family(key="layers.*.energy_j", **what).member("layers.conv.1.energy_j")
    'conv.1'
    """

    def member(self, name: str) -> str | None:
        """The name of the part that a figure's name is about; None if it is none of this family."""
        before, _, after = self.key.partition("*")
        long_enough = len(name) > len(before) + len(after)
        if long_enough and name.startswith(before) and name.endswith(after):
            return name[len(before) : len(name) - len(after)]
        return None

    def name(self, member: str) -> str:
        """The name of the figure of one part."""
        return self.key.replace("*", member, 1)
