"""Profiles of what is no plain inference: phases of a language model, a training step, requests."""

from __future__ import annotations

import json

import ohmsum
import pytest
from ohmsum.sim.job.given import job_of
from ohmsum.tools.cli import main
from ohmsum.tools.profile.evaluate import evaluate
from ohmsum.tools.profile.subject import at_once

GPT2 = {"network": "gpt2", "chip": "systolic", "prefill": 4, "decode": 3}


@pytest.mark.parametrize("phase", ["prefill", "decode"])
def test_a_phase_is_what_the_generation_had(phase: str) -> None:
    made = ohmsum.generate("gpt2", "systolic", prefill=4, decode=3, batch=2)
    found = ohmsum.profile(**GPT2, batch=2, phase=phase, what_if=False)  # type: ignore[arg-type]
    one = made.phases[phase]
    assert found.run.latency_fs == (one.alone or one.result).makespan_fs
    assert found.run.energy.total_j * found.run.batch == pytest.approx(one.energy_j, rel=1e-12)
    assert sum(found.latency.by_layer_fs.values()) == found.run.latency_fs
    assert repr(found).startswith(f"<Profile of gpt2 {phase} on systolic: ")


def test_decoding_is_looked_at_where_nothing_is_said() -> None:
    found = ohmsum.profile(**GPT2, what_if=False)  # type: ignore[arg-type]
    assert found.run.network.name == "gpt2 decode"
    alone = ohmsum.profile("gpt2", "systolic", prefill=4, what_if=False)
    assert alone.run.network.name == "gpt2 prefill"


def test_a_trial_is_the_phase_of_a_run_with_the_same_change() -> None:
    job = job_of({**GPT2, "set": {"memory.channels": 8}})
    outcome = evaluate(job.load_network(), "decode", job)
    made = ohmsum.generate("gpt2", "systolic", prefill=4, decode=3, set={"memory.channels": 8})
    assert outcome.figures is not None
    assert made.decode is not None
    assert outcome.figures.latency_fs == made.decode.result.makespan_fs
    assert outcome.figures.energy_j == made.decode.energy_j


def test_requests_are_looked_at_with_all_of_them_there() -> None:
    served = job_of({**GPT2, "batch": 2, "arrival": "every 1 ms", "requests": 4})
    assert at_once(served) == job_of({**GPT2, "batch": 2})
    stream = job_of({"network": "mlp", "chip": "isaac", "batch": 4, "arrival": "every 1 ms"})
    assert at_once(stream) == job_of({"network": "mlp", "chip": "isaac", "batch": 4})
    step = job_of({"network": "mlp", "chip": "puma@training", "training": True})
    assert at_once(step) == step


def test_a_training_step(capsys: pytest.CaptureFixture[str]) -> None:
    command = ["profile", "mlp", "--chip", "puma@training", "--training", "--no-what-if", "--json", "-"]
    assert main(command) == 0
    found = json.loads(capsys.readouterr().out)
    assert sum(share["time_fs"] for share in found["latency"]["shares"]) == found["latency_fs"]
    step = ohmsum.run("mlp", "puma@training", training=True)
    assert found["latency_fs"] == step.latency_fs
    assert main([*command[:-2], "--batch", "2"]) == 0
    said = capsys.readouterr().out
    assert "step of 2: latency " in said
    assert "per step" in said
    assert "inference" not in said


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["mlp", "--chip", "isaac", "--phase", "decode"], "only a language model has phases"),
        (["gpt2", "--chip", "systolic", "--prefill", "4", "--phase", "decode"], "expected 'prefill'"),
        (
            ["gpt2", "--chip", "systolic", "--decode", "4", "--phase", "late"],
            "expected 'prefill' or 'decode'",
        ),
    ],
)
def test_phases_that_are_not_there(
    options: list[str], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["profile", *options]) == 2
    assert words in capsys.readouterr().err
