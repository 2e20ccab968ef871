"""Which experts a token goes to: a distribution, drawn from with a seed."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path

import numpy as np

from .errors import NetworkError

_EXPECTED = "expected 'uniform', 'zipf EXPONENT' or a file of one weight per expert"
_SCALE = 1 << 40


@dataclass(frozen=True)
class Routing:
    """How likely each expert is.

    Parameters
    ----------
    name : str
        As asked for.
    weights : tuple of tuple of int
        Relative likelihood of every expert; one row for all layers, or one for each.
    """

    name: str
    weights: tuple[tuple[int, ...], ...]

    @staticmethod
    def parse(text: str, n_experts: int) -> Routing:
        """Read ``"uniform"``, ``"zipf 1.0"`` (expert e weighs 1 / (e + 1)^1.0), or the name of a file.

        A file has one line of weights for all layers, or one line for each layer: numbers that are not
        negative, separated by blanks or commas.

        Raises
        ------
        NetworkError
            None of these.
        """
        word, _, exponent = text.strip().partition(" ")
        if word == "uniform" and not exponent:
            return Routing("uniform", ((1,) * n_experts,))
        if word == "zipf":
            if not re.fullmatch(r"\d+\.?\d*|\.\d+", exponent.strip()) or float(exponent) > 10:
                raise NetworkError(f"routing: found {text!r}, {_EXPECTED} (exponents from 0 to 10)")
            weights = tuple(max(1, round(_SCALE * (e + 1) ** -float(exponent))) for e in range(n_experts))
            return Routing(f"zipf {float(exponent):g}", (weights,))
        if not Path(text).is_file():
            raise NetworkError(f"routing: found {text!r}, {_EXPECTED}")
        return Routing(text, _read(Path(text), n_experts))

    def draw(self, layer: int, n_tokens: int, top_k: int, seed: int) -> tuple[tuple[int, ...], ...]:
        """Experts of each token, ascending: `top_k` different ones, drawn one after the other.

        Made with integers only (64-bit words of Philox4x64-10, Salmon et al. 2011, keyed by seed and layer),
        so that every computer gets the same.
        """
        weights = self.weights[layer % len(self.weights)]
        words = np.random.Philox(key=np.array([seed, layer], np.uint64)).random_raw(n_tokens * top_k)
        stream = iter(words.tolist())
        return tuple(tuple(sorted(_pick(weights, top_k, stream))) for _ in range(n_tokens))


def _pick(weights: tuple[int, ...], top_k: int, words: Iterator[int]) -> list[int]:
    """Different experts, each chosen by its share of what is left."""
    left = list(weights)
    chosen: list[int] = []
    for _ in range(top_k):
        point = next(words) * sum(left) >> 64
        expert = bisect_right(list(accumulate(left)), point)
        chosen.append(expert)
        left[expert] = 0
    return chosen


def _read(path: Path, n_experts: int) -> tuple[tuple[int, ...], ...]:
    rows = []
    for number, line in enumerate(path.read_text("utf-8", "replace").splitlines(), 1):
        words = line.replace(",", " ").split()
        if not words or words[0].startswith("#"):
            continue
        try:
            row = tuple(round(_SCALE * float(word)) for word in words)
        except (ValueError, OverflowError):
            raise NetworkError(f"{path}:{number}: found {line.strip()[:40]!r}, expected numbers") from None
        if len(row) != n_experts or min(row) < 0:
            raise NetworkError(
                f"{path}:{number}: found {len(row)} weights, expected {n_experts}, one per expert, "
                "none negative"
            )
        rows.append(row)
    if not rows:
        raise NetworkError(f"{path}: no weights in it, {_EXPECTED}")
    return tuple(rows)
