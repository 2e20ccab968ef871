"""Messages of the model name things; each door says them in its own words, and names both that contradict."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import ohmsum
import pytest
from ohmsum.sim.job.errors import QuestionError
from ohmsum.sim.job.given import job_of
from ohmsum.sim.job.records import records
from ohmsum.sim.job.words import as_flag, said
from ohmsum.tools.cli import main

from ..kit.sweeps import write

ROOT = Path(__file__).resolve().parents[2]
KNOW_FLAGS = ("sim/facade", "sim/job", "sim/asked.py", "sim/mapping/options.py")
"""The field records, which have the flags, and what reads them."""


def literals(file: Path) -> Iterator[tuple[int, str]]:
    """Texts of a source file that are no docstrings, with their lines."""
    tree = ast.parse(file.read_text(encoding="utf-8"))
    told = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in told:
            yield node.lineno, node.value


def test_the_model_knows_no_flag_of_the_command_line() -> None:
    flags = {record.flag for record in records().values()} | {"--all", "--out", "--json", "--trace-limit"}
    wrong = []
    for folder in ("sim", "arch", "workloads"):
        for file in sorted((ROOT / folder).rglob("*.py")):
            name = str(file.relative_to(ROOT))
            if not name.startswith(KNOW_FLAGS):
                wrong += [
                    f"{name}:{line}: {text!r}"
                    for line, text in literals(file)
                    if any(word.strip("()'\",.;:") in flags for word in text.split())
                    and "`ohmsum" not in text
                ]
    assert not wrong


def test_flags_of_all_fields_are_options_of_the_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", "--help"]) == 0
    shown = capsys.readouterr().out
    for record in records().values():
        assert as_flag(record.name, None).removeprefix("--")[:20] in shown


def test_other_back_quotes_are_left_alone() -> None:
    text = "see `ohmsum show`, `tile.adc`, and `swap`; or `host: false`"
    assert said(text, as_flag) == "see `ohmsum show`, `tile.adc`, and --swap; or --no-host"


CONTRADICTIONS: dict[str, tuple[dict[str, Any], str, str]] = {
    "a training step of requests": ({"training": True, "arrival": "every 1 ms"}, "arrival", "training"),
    "a training step in turns": ({"training": True, "swap": True}, "swap", "training"),
    "a language model's data": ({"decode": 4, "data": "x.npz"}, "data", "decode"),
    "phases in turns": ({"prefill": 4, "swap": True}, "swap", "prefill"),
    "requests at no time": ({"prefill": 4, "requests": 5}, "requests", "arrival"),
    "experts of no model": ({"experts": 4}, "experts", "prefill"),
    "a choice of no experts": ({"prefill": 4, "top_k": 2}, "top_k", "experts"),
    "samples of no data": ({"samples": 4}, "samples", "data"),
    "an epoch of inferences": ({"epoch_samples": 9}, "epoch_samples", "training"),
    "turns that nobody takes": ({"swap_group": 4}, "swap_group", "swap"),
}  # fmt: skip


@pytest.mark.parametrize("name", CONTRADICTIONS)
def test_fields_that_do_not_go_together_are_both_named_at_every_door(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    given, first, second = CONTRADICTIONS[name]
    with pytest.raises(QuestionError) as caught:
        job_of({"network": "mlp", "chip": "isaac", **given})
    assert caught.value.field == first
    # A call
    with pytest.raises(ohmsum.errors.QuestionError) as caught:
        ohmsum.run("mlp", "isaac", **given)
    assert {first, second} <= set(str(caught.value).replace(":", " ").split())
    # The command line
    words = [w for key, v in given.items() for w in ([as_flag(key, None)] + ([] if v is True else [str(v)]))]
    assert main(["run", "mlp", "--chip", "isaac", *words]) == 2
    err = capsys.readouterr().err
    assert as_flag(first, None) in err
    assert as_flag(second, None) in err
    # A suite and a sweep, with lines
    lines = [f"{key}: {'true' if v is True else v}" for key, v in given.items()]
    case = "".join(f"\n    {line}" for line in lines)
    suite = write(tmp_path, f"cases:\n  - network: mlp\n    chip: isaac{case}\n", "a.ohmsum.yaml")
    assert main(["check", str(suite)]) == 2
    err = capsys.readouterr().err
    at = [i for i, line in enumerate(suite.read_text().splitlines(), 1) if line.strip().startswith(first)]
    assert f"a.ohmsum.yaml:{at[0]}: " in err
    assert second in err
    if second in given:
        of_second = next(
            i for i, t in enumerate(suite.read_text().splitlines(), 1) if t.strip().startswith(second)
        )
        assert f"{second} (line {of_second})" in err
    fixed = "".join(f"\n  {line}" for line in lines)
    sweep = write(tmp_path, f"fixed:\n  network: mlp\n  chip: isaac{fixed}\nvary: {{tile.adc.bits: [8]}}\n")
    assert main(["sweep", str(sweep), "--jobs", "1"]) == 2
    err = capsys.readouterr().err
    at = [i for i, line in enumerate(sweep.read_text().splitlines(), 1) if line.strip().startswith(first)]
    assert f"space.yaml:{at[0]}: " in err
    assert second in err
    assert len(err.splitlines()) <= 2


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["vgg16", "--chip", "hermes-64"], "use --chips "),
        (["bert-base", "--chip", "isaac", "--chips", "8", "--no-host"], "the host is excluded (--no-host)"),
        (["lenet5", "--chip", "isaac", "--digital", "nothing"], "--digital nothing: network 'lenet5'"),
        (["lenet5", "--chip", "isaac", "--set", "tile.adc.bist=6"], "--set tile.adc.bist: unknown field"),
        (["lenet5", "--chip", "isaac", "--set", "tile.adc.bits=0"], "--set: tile.adc.bits: found 0"),
        (["gpt2", "--chip", "isaac", "--attention", "unit"], "--attention unit: chip 'isaac'"),
    ],
)
def test_what_the_model_says_in_flags(
    words: list[str], expected: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["run", *words]) == 2
    err = capsys.readouterr().err
    assert expected in err
    assert "`" not in err.replace("`ohmsum show`", "")


def test_what_the_model_says_in_names() -> None:
    with pytest.raises(ohmsum.errors.SimulationError, match=r"use chips: \d+, swap \(weights"):
        ohmsum.run("vgg16", "hermes-64")
