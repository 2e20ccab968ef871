"""`ohmsum run` of a language model: prompts and decoded tokens, or requests served over time."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .errors import UsageError
from .output_file import OutputFile, output_folder
from .progress import shown_progress

if TYPE_CHECKING:
    from rich.console import RenderableType

    from ..arch.chip import Chip
    from ..sim.mapping.options import MappingOptions
    from ..workloads.graph import Network
    from ..workloads.language_model import LanguageModel


@dataclass(frozen=True)
class Asked:
    """What the user asked for; None where nothing.

    Parameters
    ----------
    prefill, decode : int
        Tokens of a prompt, tokens made after it.
    requests : int
        Served over time, with `arrival`.
    experts, top_k : int
    routing : str
    """

    prefill: int | None = None
    decode: int | None = None
    requests: int | None = None
    experts: int | None = None
    top_k: int | None = None
    routing: str | None = None

    def __bool__(self) -> bool:
        return any(getattr(self, f.name) is not None for f in fields(self))

    def check(self, arrival: str | None) -> None:
        """Raise `UsageError` for options that mean nothing together."""
        if self.prefill is None and self.decode is None:
            name = next(f.name for f in fields(self) if getattr(self, f.name) is not None).replace("_", "-")
            raise UsageError(f"--{name}: is for language models; give --prefill and --decode as well")
        for name in ("prefill", "decode", "requests", "experts", "top_k"):
            value = getattr(self, name)
            if value is not None and value < 1:
                raise UsageError(f"--{name.replace('_', '-')}: found {value}, expected at least 1")
        if self.requests is not None and arrival is None:
            raise UsageError("--requests: is for requests over time; give --arrival 'poisson 20/s' as well")
        if self.experts is None:
            for name in ("top_k", "routing"):
                if getattr(self, name) is not None:
                    raise UsageError(f"--{name.replace('_', '-')}: there are no experts; give --experts N")


def language_model(network: Network, asked: Asked, chip: Chip, seed: int) -> LanguageModel:
    """The network as a language model, with experts if asked for."""
    from ..workloads.language_model import LanguageModel
    from ..workloads.routing import Routing

    model = LanguageModel.of(network)
    if asked.experts is None:
        return model
    n, chips = asked.experts, chip.n_chips
    if n % chips and chips % n:
        raise UsageError(
            f"--experts {n}: does not divide over {chips} chips; use a multiple or a divisor of {chips}"
        )
    top_k = 2 if asked.top_k is None else asked.top_k
    if top_k > n:
        raise UsageError(f"--top-k {top_k}: found more than the {n} experts that there are (--experts {n})")
    return model.with_experts(n, top_k, Routing.parse(asked.routing or "uniform", n), seed)


def run_language(
    network: Network,
    chip: Chip,
    asked: Asked,
    *,
    batch: int,
    arrival: str | None,
    engine: str | None,
    noc: str | None,
    mapping: MappingOptions,
    options: dict[str, Any],
    json_file: Path | None,
    out: Path | None,
    plain: bool,
) -> None:
    """Run, print and write."""
    from ..sim.report.terminal import PIPE_WIDTH, as_text, is_plain, show

    to_stdout = str(json_file) == "-"
    with ExitStack() as stack, shown_progress() as progress:
        targets = _targets(stack, None if to_stdout else json_file, out)
        model = language_model(network, asked, chip, mapping.seed)
        settings: dict[str, Any] = {
            "prefill": asked.prefill or 1,
            "decode": asked.decode or 1,
            "batch": batch,
            "engine": engine,
            "noc": noc,
            "mapping": mapping,
            "options": options,
            "progress": progress,
        }
        content, body = _run(model, chip, asked, arrival, settings)
        for kind, file in targets:
            file.write(_as_text(body()) if kind == "json" else as_text(content(True), PIPE_WIDTH))
    if to_stdout:
        print(_as_text(body()), end="")
    else:
        show(content(is_plain(plain)), plain)


def _as_text(body: dict[str, Any]) -> str:
    from ..sim.report.json_result import dumps

    return dumps(body)


def _run(
    model: LanguageModel, chip: Chip, asked: Asked, arrival: str | None, settings: dict[str, Any]
) -> tuple[Callable[[bool], RenderableType], Callable[[], dict[str, Any]]]:
    """What makes the report (plain or not), and what makes the JSON object."""
    if arrival is not None:
        from ..sim.language.serving import serve
        from ..sim.report import serving_report

        served = serve(model, chip, arrival=arrival, requests=asked.requests or 100, **settings)
        return (lambda plain: serving_report.report(served)), (lambda: served.to_json())
    from ..sim.language.generate import generate
    from ..sim.report import generation_report

    made = generate(model, chip, **settings)
    return (lambda plain: generation_report.report(made, plain)), (lambda: made.to_json())


def _targets(stack: ExitStack, json_file: Path | None, out: Path | None) -> list[tuple[str, OutputFile]]:
    """Files to write, opened before the work."""
    found = []
    if json_file is not None:
        found.append(("json", stack.enter_context(OutputFile("--json", json_file))))
    if out is not None:
        stack.enter_context(output_folder("--out", out))
        found.append(("json", stack.enter_context(OutputFile("--out", out / "result.json"))))
        found.append(("text", stack.enter_context(OutputFile("--out", out / "report.txt"))))
    return found
