"""What a digital unit can be asked to do to the elements of a stream, each function one record.

A function is a noun of both sides: networks consist of functions, and chips offer them. What it *is* belongs
here, on the side of networks: a unit adds only how many cycles it takes. `arch` imports no network and needs
only to know which names exist; the package introduces them to it (`ohmsum.arch.vocabulary`). So there is one
list, and a name without its facts does not exist: `Function` has no defaults for them.

Functions of other packages come through the entry point group ``ohmsum.functions``: a name and its
`Function`.

>>> FUNCTIONS["softmax"].whole_token, FUNCTIONS["relu"].fuses
(True, 'activation')
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from importlib.metadata import entry_points
from typing import Literal

from .errors import NetworkError

GROUP = "ohmsum.functions"

Work = tuple[tuple[str, int], ...]
"""Functions with their operations per element (or per token)."""


@dataclass(frozen=True)
class FromOutput:
    """The derivative follows from the output y alone: operations per element, the error's factor included."""

    work: Work


@dataclass(frozen=True)
class FromInput:
    """The derivative needs the input: the function's own unit makes it (assumption); a multiplication."""


@dataclass(frozen=True)
class Passes:
    """The error goes through as it is; a sign costs nothing (assumption)."""


@dataclass(frozen=True)
class OtherFactor:
    """The error is multiplied by the other factor."""


@dataclass(frozen=True)
class NoError:
    """Steps: no error goes through."""


@dataclass(frozen=True)
class AsForward:
    """The way back costs what the way forward does (assumption); with the activation that went in, or not."""

    keeps_input: bool = False


@dataclass(frozen=True)
class NotModelled:
    """The way back is not known."""


Gradient = FromOutput | FromInput | Passes | OtherFactor | NoError | AsForward | NotModelled
Extent = Literal["element", "window", "row", "token"]
KindOfWork = Literal["attention products", "softmax", "normalisation", "other vector work"]


@dataclass(frozen=True, kw_only=True)
class Function:
    """One function.

    Parameters
    ----------
    name : str
        In chip files and operators.
    extent : {"element", "window", "row", "token"}
        What of its input one output element depends on: the same element (of each operand); some neighbours;
        the last axis of the tensor; the whole token.
    fuses : {"", "activation", "affine"}
        An activation rides on the operator whose output it alone reads; an affine one does so with a
        constant that weights or tables can take up.
    gradient : Gradient
        What the way back costs.
    work : str
        Kind of work in the shares of a run.
    scales : bool
        Its own tables can take up a constant factor behind it.
    sign : {"", "nonnegative", "kept"}
        Whether its results are never negative, or not where its inputs are not.
    loss : Work
        Where a network ends in it: operations per element for the gradient of the cross-entropy.
    """

    name: str
    extent: Extent
    fuses: Literal["", "activation", "affine"]
    gradient: Gradient
    work: KindOfWork
    scales: bool = False
    loss: Work = ()
    sign: Literal["", "nonnegative", "kept"] = ""

    @property
    def whole_token(self) -> bool:
        """Whether it can only be computed where all elements of a token (or row) are."""
        return self.extent in ("row", "token")

    @property
    def derivative(self) -> Work:
        """Operations per element for the error through it, where it is a function of one element."""
        if isinstance(self.gradient, FromOutput):
            return self.gradient.work
        return ((self.name, 1), ("mul", 1))

    @property
    def elementwise(self) -> bool:
        """Whether the error takes its derivative, element by element."""
        return isinstance(self.gradient, FromOutput | FromInput)


def _vector(name: str, gradient: Gradient, fuses: Literal["", "activation", "affine"] = "") -> Function:
    """A function of one element."""
    return Function(name=name, extent="element", fuses=fuses, gradient=gradient, work="other vector work")


def _norm(name: str, extent: Extent, gradient: Gradient, scales: bool = False) -> Function:
    return Function(
        name=name, extent=extent, fuses="", gradient=gradient, work="normalisation", scales=scales
    )


def _beside(name: str, extent: Extent, gradient: Gradient, scales: bool = False) -> Function:
    """A function of neighbours or of a whole token that is no normalisation."""
    return Function(
        name=name, extent=extent, fuses="", gradient=gradient, work="other vector work", scales=scales
    )


def _softmax(name: str, loss: Work) -> Function:
    gradient = AsForward(keeps_input=True)
    return Function(name=name, extent="row", fuses="", gradient=gradient, work="softmax", loss=loss)


MAC = "mac"
"""One multiply-accumulate of two activations: a product of attention off crossbars and arrays."""

_MASK: Work = (("mul", 1),)
_SIGMOID: Work = (("sub", 1), ("mul", 2))

_BUILT_IN = (
    _vector("pass", Passes()),
    _vector("add", Passes(), "affine"),
    _vector("sub", Passes(), "affine"),
    _vector("mul", OtherFactor(), "affine"),
    _vector("div", AsForward(), "affine"),
    _vector("min", AsForward()),
    _vector("max", AsForward()),
    _vector("neg", Passes()),
    _vector("abs", FromInput()),
    _vector("sqrt", FromOutput((("div", 1),))),  # g / 2y
    _vector("pow", FromInput()),
    _vector("exp", FromOutput(_MASK)),  # g y
    _vector("log", FromInput()),
    _vector("compare", NoError()),
    _vector("select", AsForward()),
    _vector("relu", FromOutput(_MASK), "activation"),  # g (y > 0)
    _vector("clip", FromOutput(_MASK), "activation"),
    _vector("leaky_relu", FromOutput(_MASK), "activation"),
    _vector("prelu", FromOutput(_MASK)),
    _vector("elu", FromInput(), "activation"),
    _vector("sigmoid", FromOutput(_SIGMOID), "activation"),  # g y (1 - y)
    _vector("hard_sigmoid", FromInput(), "activation"),
    _vector("tanh", FromOutput(_SIGMOID), "activation"),  # g (1 - y y)
    _vector("gelu", FromInput(), "activation"),
    _vector("silu", FromInput(), "activation"),
    _vector("hard_swish", FromInput(), "activation"),
    _vector("erf", FromInput()),
    _vector("softplus", FromInput(), "activation"),
    _vector("sin", FromInput()),
    _vector("cos", FromInput()),
    _vector("round", NoError()),
    _softmax("softmax", (("sub", 1),)),
    _softmax("log_softmax", (("exp", 1), ("sub", 1))),
    _norm("layer_norm", "token", AsForward(keeps_input=True)),
    _norm("rms_norm", "token", AsForward(keeps_input=True)),
    _norm("batch_norm", "element", AsForward(), scales=True),
    _norm("group_norm", "token", AsForward(keeps_input=True)),
    _norm("lrn", "token", AsForward(keeps_input=True)),
    _beside("max_pool", "window", AsForward(keeps_input=True)),
    _beside("average_pool", "window", AsForward()),
    _beside("reduce", "token", AsForward()),
    _beside("cumsum", "window", AsForward()),
    _beside("rotary", "window", AsForward(), scales=True),
    _beside("interpolate", "window", AsForward()),
    _vector("unknown", NotModelled()),
    Function(name=MAC, extent="token", fuses="", gradient=NotModelled(), work="attention products"),
)

_NONNEGATIVE = ("relu", "sigmoid", "hard_sigmoid", "softplus", "softmax", "exp", "abs", "sqrt")
_KEPT = ("pass", "max_pool", "average_pool", "min", "max", "interpolate")

FUNCTIONS: Mapping[str, Function] = {
    f.name: replace(f, sign="nonnegative" if f.name in _NONNEGATIVE else "kept" if f.name in _KEPT else "")
    for f in _BUILT_IN
}
"""Those that come with the package, by name."""


def names() -> tuple[str, ...]:
    """Names of all functions, those of other packages last."""
    return (*FUNCTIONS, *sorted(entry.name for entry in entry_points(group=GROUP)))


@cache
def find(name: str) -> Function | None:
    """The function with that name, or None.

    Raises `NetworkError` where another package offers something that is no `Function`.
    """
    if name in FUNCTIONS:
        return FUNCTIONS[name]
    for entry in entry_points(group=GROUP):
        if entry.name == name:
            found = entry.load()
            if not isinstance(found, Function) or found.name != name:
                raise NetworkError(
                    f"function {name!r} of {entry.value} is {found!r:.80}, expected an "
                    f"ohmsum.workloads.functions.Function called {name!r}, with its facts"
                )
            return found
    return None


def get(name: str) -> Function:
    """The function with that name; `NetworkError` if there is none."""
    found = find(name)
    if found is None:
        raise NetworkError(f"unknown function {name!r}, expected one of {', '.join(names())}")
    return found
