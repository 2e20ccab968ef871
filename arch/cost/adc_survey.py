"""Energy of one analog-to-digital conversion, from what published converters reach.

Murmann's survey (rev. 2025-06-09, 725 converters) gives, per effective number of bits, the 10 % quantile
and the median of the energy per conversion. Their logarithms are fitted by a straight line in ENOB. The
spread about it is large (a factor of 2 to 4, see `RESIDUAL`): converters of the survey were built for many
purposes, few of them for columns of a crossbar.
"""

from __future__ import annotations

from ..units import FREQUENCY
from .model import Model, ModelChoice, Parameter

QUANTILES_PJ = {
    "optimistic": {
        4: 2.0, 5: 1.26, 6: 1.48, 7: 1.60, 8: 5.2, 9: 1.9, 10: 7.6, 11: 14.8, 12: 25.8, 13: 101.0, 14: 134.0,
    },
    "median": {4: 8.3, 5: 8.8, 6: 6.9, 7: 14.5, 8: 37.5, 9: 175.0, 10: 170.0, 11: 253.0, 12: 900.0},
}  # fmt: skip
"""ENOB to pJ per conversion: the 10 % quantile and the median of the survey."""

FIT = {"optimistic": (-3.3056, 0.6815), "median": (-1.6200, 0.9070)}
"""log2 of pJ = intercept + slope x ENOB: least squares over the quantiles above."""

RESIDUAL = {"optimistic": 3.8, "median": 2.1}
"""Largest factor between a quantile and the fit."""


def energy_j(enob: float, rate: float, quantile: str) -> float:
    """Energy of one conversion; the survey shows no clear dependence on the rate below 1 GS/s."""
    intercept, slope = FIT[quantile]
    return float(2.0 ** (intercept + slope * enob)) * 1e-12


MODEL = Model(
    name="adc-survey",
    about="One conversion of a complete converter, as published (reference and clock mostly outside).",
    source="B. Murmann, ADC Performance Survey 1997-2025, github.com/bmurmann/ADC-survey",
    costs={"energy": energy_j},
    parameters=(
        Parameter(
            "enob", "effective number of bits (a converter of n bits reaches about n - 1)", low=4, high=14
        ),
        Parameter("rate", "conversions per second", FREQUENCY, low=1e3, high=1e9, field="rate"),
    ),
    choices=(ModelChoice("quantile", ("optimistic", "median")),),
)
