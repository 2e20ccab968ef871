"""The calls that a script or notebook needs: what the commands do."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Unpack

from .arch import Chip
from .arch import load as load_chip
from .arch import names as _chip_names
from .sim.answers.base import Answer
from .sim.answers.generation import Generation
from .sim.answers.run import Run
from .sim.answers.serving import Serving
from .sim.figures import Kind
from .sim.job.errors import QuestionError
from .sim.job.given import job_of
from .sim.job.job import OF_THE_CHIP, OF_THE_NETWORK, Job
from .sim.job.perform import perform
from .sim.job.records import names
from .sim.job.words import as_name, said
from .sim.progress import Progress
from .tools.errors import is_users
from .workloads import Network
from .workloads import load as load_network
from .workloads import names as _network_names

if TYPE_CHECKING:
    from .options import LanguageOptions, ProfileOptions, RunOptions, ServingOptions
    from .tools.check.check import Checked
    from .tools.compare.difference import Difference
    from .tools.profile.profile import Profile
    from .tools.sweep.drive import Sweep
    from .tools.sweep.pareto import Direction

NetworkLike = str | Path | Network
ChipLike = str | Path | Chip


def chips() -> tuple[str, ...]:
    """Names of the chips that come with the package."""
    return tuple(_chip_names())


def networks() -> tuple[str, ...]:
    """Names of the networks that come with the package."""
    return _network_names()


def run(network: NetworkLike, chip: ChipLike, **options: Unpack[RunOptions]) -> Run:
    """Run a network on a chip: what `ohmsum run` does, as a call.

    Parameters
    ----------
    network : str, Path or Network
        A name of the zoo, an ONNX file or torch.export program, or what `load_network` returned.
    chip : str, Path or Chip
        A preset's name, a YAML file, or what `load_chip` returned.
    **options
        Fields of the question, and ``progress``: called with what is done and how much of it.
        ``training=True`` makes it one training step of ``batch`` samples; ``operands`` may also be an
        `OperandSource`.

    Raises
    ------
    QuestionError, NetworkError, ConfigError, SimulationError
        The message says where, what was found and what was expected.
    """
    answer = _answer(network, chip, options, None)
    if not isinstance(answer, Run):
        name = "serve" if isinstance(answer, Serving) else "generate"
        raise QuestionError(f"prefill, decode: for a language model over time call ohmsum.{name}", "prefill")
    return answer


def generate(network: NetworkLike, chip: ChipLike, **options: Unpack[LanguageOptions]) -> Generation:
    """Run prompts through a language model and decode after them, as `ohmsum run --prefill --decode`.

    Parameters
    ----------
    network, chip, **options
        As of `run`; ``batch`` prompts of ``prefill`` tokens each, ``decode`` tokens made after each of them.
    """
    answer = _answer(network, chip, options, "generation")
    assert isinstance(answer, Generation)
    return answer


def serve(
    network: NetworkLike, chip: ChipLike, *, arrival: str, **options: Unpack[ServingOptions]
) -> Serving:
    """Serve requests to a language model that arrive over time, as `ohmsum run --prefill --arrival`.

    Parameters
    ----------
    arrival : str
        ``"poisson 20/s"`` or ``"every 50 ms"``.
    network, chip, **options
        As of `generate`; ``requests`` are served, at most ``batch`` of them at a time.
    """
    answer = _answer(network, chip, {**options, "arrival": arrival}, "serving")
    assert isinstance(answer, Serving)
    return answer


def profile(
    network: NetworkLike,
    chip: str | Path,
    *,
    phase: Literal["prefill", "decode"] | None = None,
    goal: Literal["latency", "throughput", "energy"] | None = None,
    what_if: bool = True,
    jobs: int = 1,
    **options: Unpack[ProfileOptions],
) -> Profile:
    """Find what limits a network on a chip, and what each change of the chip would gain, as `ohmsum profile`.

    Parameters
    ----------
    phase : {"prefill", "decode"}
        Of a language model; decoding if not given, where there is any.
    goal : {"latency", "throughput", "energy"}
        What gains are measured in; latency for a batch of 1, else throughput.
    what_if : bool
        Whether to try changes of the chip, which is most of the work.
    jobs : int
        Processes. More than one needs a script whose work stands under ``if __name__ == "__main__"``.
    network, chip, **options
        As of `run`, `generate` and `serve`; the chip by name or file, because it is changed. Requests over
        time are looked at with all of them there from the beginning.
    """
    from .tools.profile.profile import profile as find

    given: dict[str, Any] = dict(options)
    progress = given.pop("progress", None)
    with _plain_words():
        loaded = network if isinstance(network, Network) else None
        if loaded is not None:
            _refuse_of_network(given)
        named = {**given, "network": _name(network), "chip": str(chip)}
        job = job_of(named, beside=("phase", "goal", "what_if", "jobs", "progress"))
        return find(
            job, phase=phase, network=loaded, goal=goal, try_changes=what_if, jobs=jobs, progress=progress
        )


def compare(old: Answer | str | Path, new: Answer | str | Path) -> Difference:
    """What changed between two answers or result files, and why, as `ohmsum compare`."""
    from .tools.compare.difference import difference
    from .tools.compare.read import read_result
    from .tools.compare.snapshot import ResultSnapshot

    results = (one.to_json() if isinstance(one, Answer) else read_result(Path(one)) for one in (old, new))
    return difference(*map(ResultSnapshot.of, results))


def check(
    suite: str | Path, *, update: bool = False, jobs: int = 1, progress: Progress | None = None
) -> Checked:
    """Run the cases of a suite file and hold their figures against golden ones, as `ohmsum check`.

    Parameters
    ----------
    update : bool
        Accept what was found as the new goldens.
    """
    from .tools.check.check import check as run_suite
    from .tools.check.suite import load_suite

    found = run_suite(load_suite(Path(suite)), jobs=jobs, update=update, progress=progress)
    if update:
        found.accept()
    return found


def sweep(
    fixed: Mapping[str, Any],
    vary: Mapping[str, Any],
    *,
    objectives: Mapping[str, Direction] | None = None,
    method: Literal["grid", "random", "optimize"] = "grid",
    points: int | None = None,
    seed: int | None = None,
    generation: int | None = None,
    store: str | Path | None = None,
    jobs: int = 1,
    progress: Progress | None = None,
) -> Sweep:
    """Run all designs of a space, as `ohmsum sweep` with a file of the same fields.

    Parameters
    ----------
    fixed, vary : mapping of str to object
        Fields of the question or of the chip: with one value for all points, and with a list of values, a
        range ``{"from": 1, "to": 4, "step": 1}`` or groups of fields.
    objectives : mapping of figure to {"minimize", "maximize"}
    method, points, seed, generation
        As in a sweep file.
    store : str or Path
        An SQLite file in which points are kept, and from which they are taken; none if not given.
    jobs : int
        Processes.
    progress : callable
        Told how many points are done, and the share of them.
    """
    from .tools.sweep.drive import drive
    from .tools.sweep.spec import spec_of
    from .tools.sweep.store import MemoryStore, SweepStore
    from .tools.workers import local

    given = {
        "fixed": dict(fixed),
        "vary": {name: list(v) if isinstance(v, tuple | range) else v for name, v in vary.items()},
        "objectives": objectives and dict(objectives),
        "method": method,
        "points": points,
        "seed": seed,
        "generation": generation,
    }
    spec = spec_of({key: value for key, value in given.items() if value is not None})
    kept = nullcontext(MemoryStore()) if store is None else SweepStore(Path(store))
    with local(jobs) as workers, kept as known:
        return drive(spec, known, workers, progress)


def _answer(network: NetworkLike, chip: ChipLike, options: Mapping[str, Any], kind: Kind | None) -> Answer:
    given = dict(options)
    loaded: dict[str, Any] = {"progress": given.pop("progress", None)}
    if given.get("operands") is not None and not isinstance(given["operands"], str):
        loaded["operands"] = given.pop("operands")
    if isinstance(network, Network):
        loaded["network"] = network
        _refuse_of_network(given)
    if isinstance(chip, Chip):
        loaded["chip"] = chip
        _refuse(given, "the chip is loaded already; give it where it is loaded", OF_THE_CHIP)
    with _plain_words():
        job = job_of({**given, "network": _name(network), "chip": _name(chip)}, kind, beside=("progress",))
        return perform(job, unnamed=[name for name in ("network", "chip") if name in loaded], **loaded)


def _name(one: NetworkLike | ChipLike) -> str:
    if isinstance(one, str | Path):
        return str(one)
    if isinstance(one, Network | Chip):
        return one.name
    raise QuestionError(f"found {one!r}, expected a name, a file, or what load_network and load_chip return")


def _refuse_of_network(given: Mapping[str, Any]) -> None:
    _refuse(given, "the network is loaded already; give it where it is loaded", OF_THE_NETWORK)
    _refuse(given, "the network is loaded already; give its file, where its weights are", ("data",))


def _refuse(given: Mapping[str, Any], why: str, fields: tuple[str, ...]) -> None:
    for name, value in given.items():
        if value and names().get(name) in fields:
            raise QuestionError(f"{name}: {why}", name)


@contextmanager
def _plain_words() -> Iterator[None]:
    """Messages with names of fields as a call has them."""
    try:
        yield
    except Exception as error:
        if is_users(error) and error.args:
            error.args = (said(str(error), as_name), *error.args[1:])
        raise


__all__ = [
    "Job",
    "check",
    "chips",
    "compare",
    "generate",
    "load_chip",
    "load_network",
    "networks",
    "profile",
    "run",
    "serve",
    "sweep",
]
