"""The calls of `import ohmsum`: the same questions, answers, names and messages as the commands have."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any, get_args, get_type_hints

import ohmsum
import pytest
from ohmsum.sim.job.given import job_of
from ohmsum.sim.job.records import names, records
from ohmsum.tools.cli import main

from ..kit.four_questions import FIVE_PER_CENT, METRICS, QUESTIONS, write_inputs


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("python")
    write_inputs(made)
    return made


@pytest.fixture
def here(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(folder)
    return folder


# Four questions, in a few lines each


def test_a_language_model(here: Path) -> None:
    made = ohmsum.generate("gpt2", "systolic", prefill=4, decode=3, batch=2)
    slower = ohmsum.generate("gpt2", "systolic", prefill=4, decode=3, batch=2, set=FIVE_PER_CENT["language"])
    assert made.tokens_per_s > slower.tokens_per_s
    assert ohmsum.compare(made, slower).causes[0].subject == "memory.bandwidth"


def test_a_service(here: Path) -> None:
    served = ohmsum.serve("gpt2", "systolic", arrival="every 1 ms", requests=3, prefill=4, decode=2, batch=2)
    assert served.figures["requests.latency_s.p99"] == served.latency.p99_s
    assert len(served.requests) == 3


def test_a_training_step(here: Path) -> None:
    step = ohmsum.run("mlp", "neurram@training", training=True, batch=2, epoch_samples=9)
    assert step.figure("training.samples_per_s") == pytest.approx(2 / step.latency_s)
    assert step.figure("training.epoch.time_s") == pytest.approx(5 * step.latency_s)


def test_real_data(here: Path) -> None:
    run = ohmsum.run("small.onnx", "isaac", data="images.npz", replicate=False)
    assert run.operands is not None
    assert run.operands.basis == "statistical"


@pytest.mark.parametrize("name", QUESTIONS)
def test_a_call_answers_what_the_command_answers(name: str, here: Path) -> None:
    """Byte for byte, but for the seconds that it took."""
    question = dict(QUESTIONS[name])
    calls: dict[str, Any] = {"language": ohmsum.generate, "service": ohmsum.serve}
    answer = calls.get(name, ohmsum.run)(question.pop("network"), question.pop("chip"), **question)
    words = [w for key, v in question.items() for w in _words(key, v)]
    file = here / f"{name}.json"
    command = ["run", QUESTIONS[name]["network"], "--chip", QUESTIONS[name]["chip"], *words]
    assert main([*command, "--json", str(file)]) == 0
    written = json.loads(file.read_text(encoding="utf-8"))
    said = json.loads(json.dumps(answer.to_json()))
    for result in (written, said):
        result.pop("wall_s", None)
    assert said == written


def _words(name: str, value: Any) -> list[str]:
    if name == "replicate":
        return ["--no-replicate"]
    flag = f"--{name.replace('_', '-')}"
    return [flag] if value is True else [flag, str(value)]


@pytest.mark.parametrize("name", QUESTIONS)
def test_provenance_is_enough_to_ask_again(name: str, here: Path) -> None:
    job = job_of(QUESTIONS[name])
    again = job_of({**job.options(), "mapping": job.mapping})
    assert again == job


# Sweeps, suites, profiles without a file or a command


def test_a_sweep_without_a_file(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = sorted(here.iterdir())
    swept = ohmsum.sweep(
        {"chip": "systolic", "network": "gpt2", "prefill": 4},
        {"decode": [2, 3], "memory.channels": (2, 4)},
        objectives={"tokens_per_s": "maximize", "energy_per_token_j": "minimize"},
    )
    assert [row["decode"] for row in swept.rows] == [2, 2, 3, 3]
    assert [row["status"] for row in swept.rows] == ["ok"] * 4
    one = ohmsum.generate("gpt2", "systolic", prefill=4, decode=3, set={"memory.channels": 2})
    assert swept.rows[2]["tokens_per_s"] == one.tokens_per_s
    assert sorted(here.iterdir()) == before, "nothing is written"
    assert repr(swept) == "<Sweep of 4 points: 4 ok>"
    assert capsys.readouterr().out == ""


def test_sweeps_over_what_is_no_field_of_the_chip(here: Path) -> None:
    """The detail of the network, requests over time, and work of another kind in one sweep."""
    swept = ohmsum.sweep(
        {"chip": "isaac", "network": "mlp", "batch": 4},
        {"noc": ["packet", "ideal"], "arrival": [None, "every 1 us"]},
    )
    latency = [row["latency_s"] for row in swept.rows]
    assert latency[0] > latency[2]
    assert ["requests.latency_s.p99" in row for row in swept.rows] == [False, True, False, True]


def test_a_suite_and_its_goldens(here: Path) -> None:
    suite = here / "suite.yaml"
    suite.write_text("cases: [{network: mlp, chip: isaac, noc: ideal}]\n", encoding="utf-8")
    assert not ohmsum.check(suite).passed
    assert ohmsum.check(suite, update=True).measured
    assert repr(ohmsum.check(suite)) == "<Checked suite: 1 of 1 cases passed>"


def test_a_profile() -> None:
    found = ohmsum.profile("mlp", "isaac", what_if=False, batch=2)
    assert found.goal == "throughput"
    assert len(repr(found).splitlines()) == 1


def test_a_profile_of_real_data_takes_the_shapes_from_them(here: Path) -> None:
    found = ohmsum.profile("small.onnx", "isaac", data="images.npz", what_if=False)
    assert found.run.latency_s == ohmsum.run("small.onnx", "isaac", data="images.npz").latency_s


def test_lists() -> None:
    assert {"isaac", "hermes-64"} <= set(ohmsum.chips())
    assert {"mlp", "resnet50"} <= set(ohmsum.networks())
    assert issubclass(ohmsum.errors.QuestionError, ohmsum.errors.SimulationError)
    for name in (
        "Job",
        "Result",
        "run",
        "profile",
        "compare",
        "sweep",
        "check",
        "generate",
        "serve",
        "errors",
    ):
        assert name in dir(ohmsum)
        assert getattr(ohmsum, name) is not None


def test_importing_costs_nothing() -> None:
    code = "import sys, ohmsum; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not set(done.stdout.split()) & {"numpy", "pydantic", "numba", "ohmsum.api"}


# Names and types


def test_arguments_are_the_fields_of_the_question() -> None:
    from ohmsum.options import ProfileOptions, ServingOptions

    of_the_call = {"network", "chip", "progress", "mapping"}
    known = {*get_type_hints(ProfileOptions), *get_type_hints(ServingOptions)} | of_the_call
    assert known - {"progress", "mapping"} == set(names())
    for record in records().values():
        hint = {**get_type_hints(ProfileOptions), **get_type_hints(ServingOptions)}.get(record.name)
        if record.choices and record.name != "operands":
            assert set(get_args(hint)) == set(record.choices), record.name
        elif record.type in (int, bool) and hint is not None:
            assert hint is record.type, record.name


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"overides": {}}, "unknown field 'overides', did you mean 'overrides'?"),
        ({"batc": 2}, "unknown field 'batc', did you mean 'batch'?"),
        ({"batch": 0}, "batch: found 0, expected a whole number from 1 to 10000000"),
        ({"batch": "two"}, "batch: found 'two', expected a whole number"),
        ({"batch": True}, "batch: found True, expected a whole number"),
        ({"noc": "flits"}, "noc: found 'flits', expected 'ideal', 'packet' or 'flit'"),
        ({"swap": 1}, "swap: found 1, expected true or false"),
        ({"digital": "Gemm"}, "digital: found 'Gemm', expected a list such as [Gemm]"),
        ({"n_chips": 2, "chips": 2}, "chips is given twice, also as n_chips"),
        ({"training": True, "arrival": "every 1 ms"}, "arrival does not go with training: a training step"),
        ({"training": True, "swap": True}, "swap does not go with training: weights that take turns"),
        ({"prefill": 4, "data": "x.npz"}, "data does not go with prefill: operands are taken"),
        ({"epoch_samples": 9}, "epoch_samples needs training as well"),
        ({"samples": 9}, "samples needs data as well"),
        ({"prefill": 4}, "for a language model over time call ohmsum.generate"),
        ({"set": {"tile.adc.bist": 6}}, "unknown field 'bist', did you mean 'bits'?"),
        ({"mapping": {"placment": "linear"}}, "unknown field 'placment', did you mean 'placement'?"),
        ({"bind": {"batch": 0}}, "bind: batch: found 0, expected a whole number from 1"),
    ],
)
def test_mistakes_are_told_in_the_words_of_a_call(options: dict[str, Any], words: str) -> None:
    network = "gpt2" if "prefill" in options else "mlp"
    with pytest.raises((ohmsum.errors.SimulationError, ohmsum.errors.ConfigError)) as caught:
        ohmsum.run(network, "systolic" if network == "gpt2" else "isaac", **options)
    assert words in str(caught.value)
    assert len(str(caught.value).splitlines()) <= 2
    if "set" not in options:
        assert "--" not in str(caught.value)


def test_what_is_loaded_is_not_changed_by_a_call() -> None:
    network, chip = ohmsum.load_network("mlp"), ohmsum.load_chip("isaac")
    with pytest.raises(ohmsum.errors.QuestionError, match="bind: the network is loaded already"):
        ohmsum.run(network, chip, bind={"n": 1})
    with pytest.raises(ohmsum.errors.QuestionError, match="n_chips: the chip is loaded already"):
        ohmsum.run(network, chip, n_chips=2)
    with pytest.raises(ohmsum.errors.QuestionError, match="adc_range: the chip is loaded already"):
        ohmsum.run("mlp", chip, data="images.npz", adc_range="maximum")
    of_its_file: dict[str, Any] = {"outputs": ["fc1"], "values": {"x": 1}, "operator": {"F": "matmul"}}
    for name, value in {**of_its_file, "data": "x.npz"}.items():
        for call in (ohmsum.run, ohmsum.profile):
            with pytest.raises(ohmsum.errors.QuestionError, match=f"{name}: the network is loaded already"):
                call(network, "isaac", **{name: value})


def test_mistakes_in_a_profile_and_in_a_question_as_a_value() -> None:
    with pytest.raises(ohmsum.errors.QuestionError, match="unknown field 'gaol', did you mean 'goal'"):
        ohmsum.profile("mlp", "isaac", gaol="energy")  # type: ignore[call-arg]
    with pytest.raises(
        ohmsum.errors.UsageError, match="goal: found 'enrgy', expected latency, throughput or"
    ):
        ohmsum.profile("mlp", "isaac", goal="enrgy")  # type: ignore[arg-type]
    with pytest.raises(ohmsum.errors.QuestionError, match="unknown field 'chps', did you mean 'chip"):
        ohmsum.Job(network="mlp", chip="isaac", chps=2)  # type: ignore[call-arg]
    with pytest.raises(ohmsum.errors.QuestionError, match="found None, expected a name, a file"):
        ohmsum.run(None, "isaac")


def test_mistakes_in_a_sweep_and_in_a_name() -> None:
    with pytest.raises(ohmsum.errors.UsageError, match=r"tile\.adc\.bts: .*did you mean 'bits'"):
        ohmsum.sweep({"chip": "isaac", "network": "mlp"}, {"tile.adc.bts": [6, 7]})
    with pytest.raises(ohmsum.errors.UsageError, match="arrival does not go with training"):
        ohmsum.sweep({"chip": "isaac", "network": "mlp", "training": True}, {"arrival": ["every 1 ms"]})
    with pytest.raises(AttributeError, match="did you mean 'sweep'"):
        _ = ohmsum.swep


def test_a_missing_extra_is_told_as_on_the_command_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    run = ohmsum.run("mlp", "isaac")
    monkeypatch.setattr("ohmsum.sim.extras.find_spec", lambda name: None)
    with pytest.raises(ohmsum.errors.MissingExtra, match=r"'pandas': pip install 'ohmsum\[arrow\]'"):
        run.to_pandas()
    assert main(["run", "mlp", "--chip", "isaac", "--firings", str(tmp_path / "f.parquet")]) == 2
    assert "'pyarrow': pip install 'ohmsum[arrow]'" in capsys.readouterr().err


def test_metrics_are_figures_of_the_answers() -> None:
    for name, metric in METRICS.items():
        kind = job_of(QUESTIONS[name]).work.kind
        from ohmsum.sim.figures import find

        record = find(metric)
        assert record is not None
        assert kind in record.kinds
