"""Does a product lumped into one visit of crossbar and ADC equal the product read by read?"""

from __future__ import annotations

import pytest
from ohmsum.sim.engines.reference import run
from ohmsum.sim.mapping.timing import MvmTiming
from ohmsum.sim.program import ProgramBuilder, Schedule

READS, N = 4, 5


def outputs(read_fs: int, convert_fs: int, spacing_fs: int, *, lumped: bool) -> list[int]:
    """Ends of N products whose inputs come every `spacing_fs`."""
    b = ProgramBuilder()
    crossbar, adc = b.resource("crossbar", "crossbar"), b.resource("adc", "adc")
    source = b.actor("source", N)
    b.visit(source, (), spacing_fs)
    period = max(read_fs, convert_fs)
    per_product = 1 if lumped else READS
    product = b.actor("product", N * per_product)
    if lumped:
        b.visit(product, (), 1)
        time = MvmTiming(
            READS, read_fs, convert_fs, period, READS * period, (READS - 1) * period + convert_fs
        )
        b.visit(product, crossbar, time.crossbar_hold_fs, read_fs)
        b.visit(product, adc, time.adc_hold_fs)
        last = product
    else:  # a sample-and-hold between them: the crossbar waits until the converter has taken the last read
        b.visit(product, crossbar, read_fs)
        last = b.actor("converter", N * per_product)
        b.visit(last, adc, convert_fs)
        b.channel(product, last, 2, Schedule.affine(1, 1, N * per_product))
    sink = b.actor("sink", N)
    b.visit(sink, (), 1)
    each = Schedule((0,), tuple(k // per_product + 1 for k in range(N * per_product)))
    b.channel(source, product, N, each)
    b.channel(last, sink, N * READS, Schedule.affine(per_product, per_product, N))
    firings = run(b.build(), keep_firings=True).firings
    assert firings is not None
    return [int(end) for actor, end in zip(firings["actor"], firings["end_fs"], strict=True) if actor == sink]


@pytest.mark.parametrize("spacing_fs", [1, 300, 1000])
@pytest.mark.parametrize(("read_fs", "convert_fs"), [(100, 100), (100, 37), (100, 250)])
def test_lumped_product_ends_when_the_last_read_is_converted(
    read_fs: int, convert_fs: int, spacing_fs: int
) -> None:
    expected = outputs(read_fs, convert_fs, spacing_fs, lumped=False)
    found = outputs(read_fs, convert_fs, spacing_fs, lumped=True)
    # Lumped, a product sets out 1 fs late, so that the next one may as soon as the crossbar is free.
    assert [abs(a - b) <= 1 for a, b in zip(expected, found, strict=True)] == [True] * N
