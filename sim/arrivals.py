"""When inference requests arrive: ``every 1 ms``, or ``poisson 2000/s``."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from fractions import Fraction
from typing import Literal

from ..arch.units import FREQUENCY, FS_PER_S, TIME, UnitError, format_fs, parse
from .errors import SimulationError
from .program import MAX_TIME_FS

Kind = Literal["poisson", "every"]
KINDS: tuple[Kind, ...] = ("poisson", "every")
_EXPECTED = "expected 'poisson RATE' or 'every TIME', such as 'poisson 2000/s' or 'every 1 ms'"
_RATE = re.compile(r"([-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d{1,3})?)\s*/\s*(\S+)")
_WORD = 1 << 64
_WORDS_AT_ONCE = 4096


@dataclass(frozen=True)
class Arrivals:
    """A stream of requests; the first one arrives at time 0.

    Parameters
    ----------
    kind : {"poisson", "every"}
    interval_fs : Fraction
        Time from one request to the next; for a Poisson process its mean.
    """

    kind: Kind
    interval_fs: Fraction

    @staticmethod
    def parse(text: str) -> Arrivals:
        """Read ``"every 1 ms"`` or ``"poisson 2000/s"`` (rates per s, ms, us, ns, or in Hz).

        Raises
        ------
        SimulationError
            Naming the nearest valid text where there is one.

        Examples
        --------
        >>> str(Arrivals.parse("poisson 2 kHz")), str(Arrivals.parse("every  1000us"))
        ('poisson 2000/s', 'every 1 ms')
        """
        word, _, amount = text.strip().partition(" ")
        kind = next((k for k in KINDS if k == word), None)
        interval_fs, is_rate = _interval(amount)
        if kind is None or interval_fs is None or is_rate != (kind == "poisson"):
            raise SimulationError(f"arrival: found {text!r}, {_EXPECTED}{_nearest(text)}")
        if not 1 <= interval_fs <= MAX_TIME_FS:
            raise SimulationError(
                f"arrival: found {text!r}, expected requests that are between 1 fs and 77 minutes apart"
            )
        return Arrivals(kind, interval_fs)

    @property
    def offered_per_s(self) -> float:
        """Requests per second."""
        return float(FS_PER_S / self.interval_fs)

    def __str__(self) -> str:
        if self.kind == "every":
            return f"every {format_fs(round(self.interval_fs))}"
        return f"poisson {self.offered_per_s:.15g}/s"

    def times_fs(self, n: int, seed: int) -> list[int]:
        """Arrival times of n requests, ascending from 0.

        A Poisson process has independent, exponentially distributed gaps. They are made with integers only,
        so that every computer gets the same: von Neumann's method (*Various techniques used in connection
        with random digits*, 1951), which draws an exponential by comparing uniforms, on 64-bit words of
        NumPy's Philox4x64-10 generator (Salmon et al. 2011) with the seed as its key.

        Raises
        ------
        SimulationError
            If the last one arrives later than an engine simulates.
        """
        if self.kind == "every":
            times = [i * round(self.interval_fs) for i in range(n)]
        else:
            step = self.interval_fs / _WORD
            times = [total * step.numerator // step.denominator for total in _exponential_sums(n, seed)]
        if times[-1] > MAX_TIME_FS:
            raise SimulationError(
                f"arrival: the last of {n} requests ({self}) would come after {times[-1] / FS_PER_S:.3g} s, "
                "a run goes up to 77 minutes of simulated time; use a smaller batch"
            )
        return times


def _exponential_sums(n: int, seed: int) -> list[int]:
    """The first n running sums, from 0, of exponential numbers of mean 1, in units of 2**-64.

    Of uniform numbers drawn until one is not below the one before it, u1 > u2 > ... > uk, the count k is odd
    with probability exp(-u1). Then u1 is the fraction of the exponential number, and the rounds that ended
    with an even count before it are its whole part.
    """
    words = _uniform_words(seed)
    total, sums = 0, [0]
    while len(sums) < n:
        first = last = next(words)
        odd = True
        while (word := next(words)) < last:
            last, odd = word, not odd
        if odd:
            total += first
            sums.append(total)
        else:
            total += _WORD
    return sums


def _uniform_words(seed: int) -> Iterator[int]:
    """Independent 64-bit words; NumPy keeps the streams of its bit generators from version to version."""
    from numpy.random import Philox

    generator = Philox(key=seed % _WORD)
    while True:
        yield from generator.random_raw(_WORDS_AT_ONCE).tolist()


def _interval(amount: str) -> tuple[Fraction | None, bool]:
    """Femtoseconds between requests as a time or a rate says, and whether it is a rate; None for neither."""
    match = _RATE.fullmatch(amount.strip())
    if match and match[2] in TIME.units:
        rate = Fraction(match[1])
        return (FS_PER_S * Fraction(TIME.units[match[2]]) / rate if rate > 0 else Fraction(0)), True
    try:
        number, dimension = parse(amount, TIME, FREQUENCY)
    except UnitError:
        return None, False
    if dimension is TIME:
        return Fraction(round(FS_PER_S * Fraction(number))), False
    return (FS_PER_S / Fraction(number) if number > 0 else Fraction(0)), True


def _nearest(text: str) -> str:
    """What a text that is not valid may have meant: the amount in it with each kind that comes near."""
    word, _, rest = text.strip().partition(" ")
    interval_fs = _interval(rest)[0] or _interval(text)[0]
    if interval_fs is None or not 1 <= interval_fs <= MAX_TIME_FS:
        return ""
    near = get_close_matches(word.lower(), KINDS, n=1, cutoff=0.5)
    forms = [repr(str(Arrivals(kind, interval_fs))) for kind in KINDS if kind in near or not near]
    return f"; did you mean {' or '.join(forms)}?"
