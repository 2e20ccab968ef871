"""`ohmsum run` of language models: what it prints and writes, and mistakes with one or two lines."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from ohmsum import arch, workloads
from ohmsum.sim.language import generate
from ohmsum.tools.bench import transformers
from ohmsum.tools.cli import main
from ohmsum.workloads.language_model import LanguageModel

RUN = ("run", "gpt2", "--chip", "systolic", "--prefill", "8", "--decode", "4")


def test_a_prompt_with_tokens_after_it(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert main([*RUN, "--batch", "2", "--out", str(tmp_path)]) == 0
    text = capsys.readouterr().out
    for words in ("time to first token", "time per token", "tokens/s", "energy per token", "keys and values"):
        assert words in text
    assert max(map(len, text.splitlines())) <= 100
    result = json.loads((tmp_path / "result.json").read_text())
    assert (result["schema"], result["kind"], result["sequences"]) == ("ohmsum-result/2", "generation", 2)
    assert result["contexts"] == [8, 9, 10]
    # 12 layers of keys and values of 768 elements: written once, read for all positions so far.
    position = 12 * 2 * 768 * arch.load("systolic").activation_bits // 8
    assert result["kv_cache"]["held_bytes"] == 2 * (8 + 3) * position
    assert result["kv_cache"]["read_bytes"] == 2 * (9 + 10 + 11) * position
    assert result["total_s"] * result["tokens_per_s"] == pytest.approx(2 * 4)
    for phase in result["work"].values():
        assert 0 < phase["non_matrix_time"] < 1
    assert (tmp_path / "report.txt").read_text() == text


def test_requests_over_time_to_standard_output(capsys: pytest.CaptureFixture[str]) -> None:
    asked = ("--arrival", "every 1 s", "--requests", "3", "--json", "-")
    assert main([*RUN, *asked]) == 0
    result = json.loads(capsys.readouterr().out)
    requests = result["requests"]
    assert (requests["n"], requests["above_capacity"], result["most_running"]) == (3, False, 1)
    assert requests["queueing_s"]["max"] == 0
    assert requests["latency_s"]["max"] == requests["latency_s"]["p50"]


def test_experts_are_told(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*RUN, "--experts", "4", "--routing", "zipf 1.0"]) == 0
    assert "4 experts per layer, 2 per token, routing zipf 1; the busiest has" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ("resnet50 --chip systolic --prefill 8", "not a language model"),
        ("bert-base --chip systolic --decode 8", "not a language model"),
        ("gpt2 --chip systolic --prefill 1000 --decode 64", "takes 1063 positions, the model has 1024"),
        ("llama-1b --chip systolic --prefill 2000 --decode 64", "takes 2063 positions, the model has 2048"),
        ("gpt2 --chip systolic --prefill 0", "--prefill"),
        ("gpt2 --chip systolic --decode -3", "--decode"),
        ("gpt2 --chip systolic --prefill 8 --batch 0", "batch: found 0, expected a whole number from 1 to"),
        ("gpt2 --chip systolic --experts 4", "--experts needs --prefill or --decode as well"),
        ("gpt2 --chip systolic --prefill 8 --top-k 2", "--top-k needs --experts as well"),
        ("gpt2 --chip systolic --prefill 8 --experts 4 --top-k 5", "more than the 4 experts"),
        ("gpt2 --chip moe-3d --chips 4 --prefill 8 --experts 6", "does not divide over 4 chips"),
        ("gpt2 --chip systolic --prefill 8 --experts 4 --routing gauss", "routing: found 'gauss'"),
        ("gpt2 --chip systolic --prefill 8 --requests 5", "--requests needs --arrival as well"),
        ("gpt2 --chip systolic --prefill 8 --arrival soon", "--arrival: found 'soon'"),
        ("gpt2 --chip systolic --prefill 8 --firings f.csv", "--firings: not with --prefill"),
    ],
)
def test_mistakes(arguments: str, words: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", *arguments.split()]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("ohmsum: ")
    assert words in err
    assert len(err.splitlines()) <= 2


def test_the_table_of_transformers(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    file = tmp_path / "rows.json"
    assert transformers.main(["gpt2", "bert-base", "--chips", "systolic", "--json", str(file)]) == 0
    text = capsys.readouterr().out
    rows = json.loads(file.read_text())
    assert [(r["network"], r["phase"]) for r in rows] == [
        ("gpt2", "prefill"), ("gpt2", "decode"), ("bert-base", "one inference"),
    ]  # fmt: skip
    for row in rows:
        assert sum(row["time_shares"].values()) == pytest.approx(1)
        assert sum(row["energy_shares"].values()) == pytest.approx(1)
        assert 0 < row["non_matrix_time"] < 1
    assert text.count("| gpt2 decode | systolic |") == 2
    with pytest.raises(SystemExit):
        transformers.main(["resnet50"])


def test_weights_from_memory_are_what_a_token_costs_on_a_systolic_array() -> None:
    """Without room for weights, a token takes at least as long as the memory takes to bring all of them."""
    chip = arch.load("systolic", overrides={"memory.channels": "1"})
    assert chip.memory is not None
    assert chip.mac_array is not None
    network = workloads.load("gpt2")
    n_weights = sum(o.matrix.k * o.matrix.n for o in network if o.matrix is not None)
    least_s = n_weights * chip.mac_array.weight_bits / 8 / chip.memory.bandwidth_bytes_per_s
    run = generate(LanguageModel.of(network), chip, prefill=8, decode=4)
    assert run.time_per_token is not None
    assert least_s < run.time_per_token.mean_s < 1.05 * least_s
