"""Compiled loops: tables behind a head, indices that are checked on request, digests of sources."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import ClassVar

import numpy as np
import pytest
from ohmsum.sim.kernels.records import Tables, head_record, record
from ohmsum.sim.kernels.sources import Sources

NUMBER = record(value="i8")


class Numbers(Tables):
    types: ClassVar = {"few": NUMBER, "many": NUMBER}


HEAD = head_record(Numbers.types, total="i8")


def numbers(few: int, many: int) -> Numbers:
    return Numbers(np.zeros(1, HEAD), {"few": np.zeros(few, NUMBER), "many": np.zeros(many, NUMBER)})


def test_the_head_knows_where_its_tables_are() -> None:
    state = numbers(2, 5)
    assert state.head["many_at"][0] == state.many.ctypes.data
    assert state.head["few_size"][0] == 2


def test_a_table_that_is_replaced_is_known_to_the_head() -> None:
    longer = np.ones(7, NUMBER)
    state = numbers(2, 5).replaced(few=longer)
    assert isinstance(state, Numbers)
    assert (state.head["few_at"][0], state.head["few_size"][0]) == (longer.ctypes.data, 7)


def test_a_table_of_another_type_is_refused() -> None:
    with pytest.raises(AssertionError):
        numbers(2, 5).replaced(few=np.zeros(2, np.int32))


SUM = """
import numpy as np
from ohmsum.sim.machine_code import INT, ArrayOf, MachineCode
from ohmsum.sim.kernels.record_code import kernel, table
from ohmsum.sim.kernels.records import Tables, head_record, record
from ohmsum.sim.kernels.sources import Sources

NUMBER = record(value="i8")
class Numbers(Tables):
    types = {"few": NUMBER}
HEAD = head_record(Numbers.types)
few = table(HEAD, Numbers.types, "few")

@kernel
def at(s, i):
    return few(s, i).value

@kernel
def run(head, i):
    return at(head[0], i)

code = MachineCode("sum", [ArrayOf(HEAD), INT], lambda: run, Sources(), returns=True)
state = Numbers(np.zeros(1, HEAD), {"few": np.arange(2).view(NUMBER)})
print(code(state.head, INDEX))
"""


@pytest.mark.parametrize("index", [-1, 2])
def test_an_index_outside_its_table_raises_where_bounds_are_checked(index: int, tmp_path: Path) -> None:
    def run(i: int) -> subprocess.CompletedProcess[str]:
        file = tmp_path / "sum.py"
        file.write_text(SUM.replace("INDEX", str(i)))
        environment = os.environ | {"NUMBA_BOUNDSCHECK": "1"}
        return subprocess.run([sys.executable, file], env=environment, capture_output=True, text=True)

    assert "outside table 'few'" in run(index).stderr
    assert run(1).stdout == "1\n"


def test_a_digest_sees_every_edit_in_its_files_and_folders(tmp_path: Path) -> None:
    (tmp_path / "loop").mkdir()
    inside, beside, other = tmp_path / "loop" / "a.py", tmp_path / "b.py", tmp_path / "c.py"
    for file in (inside, beside, other):
        file.write_text("x = 1")
    sources = Sources(tmp_path / "loop", beside)
    other.write_text("x = 2")
    assert sources.unchanged()
    for file in (inside, beside):
        file.write_text("x = 2")
        assert not sources.unchanged()
        file.write_text("x = 1")
        assert sources.unchanged()
    assert 0 < sources.digest < 1 << 62
