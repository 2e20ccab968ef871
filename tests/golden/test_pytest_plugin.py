"""The plug-in, in pytest runs of its own."""

from __future__ import annotations

import subprocess
import sys

import pytest
from ohmsum import arch
from ohmsum.sim.job.perform import run as perform_run

from ..kit.jobs import job

pytest_plugins = ["pytester"]

SUITE = """\
metrics: {latency_s: 0.5 %}
cases:
  - network: mlp
    chip: chip.yaml
  - name: batch
    network: mlp
    chip: chip.yaml
    batch: 2
"""
RING = '''
from ohmsum.sim.noc.fabric import Fabric, both_ways, register

class Loop(Fabric):
    """A ring that always goes up: {fault}"""
    name = "loop"
    n_classes = {classes}
    cyclic = True

    def __init__(self, n):
        pairs = [(i, (i + 1) % n) for i in range(n if n > 2 else n - 1)]
        super().__init__(n, both_ways(pairs), tuple(range(n)))

    def routers(self, src, dst, flow):
        n = self.n_routers
        return tuple((src + i) % n for i in range((dst - src) % n + 1))

    def classes(self, path, flow=0):
        found, crossed = [], 0
        for wire in path:
            crossed = crossed or (self.wires[wire].dst < self.wires[wire].src and {classes} > 1)
            found.append(int(crossed))
        return tuple(found)

@register("loop")
def loop(spec):
    spec.refuse("loop", "grid", "concentration", "routing", "arity", "edges", "attach")
    return Loop(spec.count("loop"))
'''


@pytest.fixture(autouse=True, scope="module")
def _everything_is_loaded() -> None:
    """pytester forgets the modules that a run of its own imported, and NumPy cannot be imported twice."""
    perform_run(job("mlp", "isaac")).to_json()


@pytest.fixture
def project(pytester: pytest.Pytester) -> pytest.Pytester:
    pytester.makefile(".yaml", chip=arch.to_yaml(arch.load("isaac")))
    (pytester.path / "team.ohmsum.yaml").write_text(SUITE)
    return pytester


def run(pytester: pytest.Pytester, *arguments: str) -> pytest.RunResult:
    return pytester.runpytest(*_plugins(), *arguments)


def _plugins() -> list[str]:
    """Options for a pytest that loads what is tested; Hypothesis, which is not, would take seconds."""
    mine = [] if _is_installed() else ["-p", "ohmsum.tools.pytest_plugin"]
    return ["-p", "no:cacheprovider", "-p", "no:hypothesispytest", *mine]


def _is_installed() -> bool:
    """Whether the entry point is there: an installation from before the plug-in does not have it."""
    from importlib.metadata import entry_points

    return any(point.name == "ohmsum" for point in entry_points(group="pytest11"))


def test_a_suite_is_collected_fails_without_goldens_and_passes_once_accepted(
    project: pytest.Pytester,
) -> None:
    result = run(project)
    result.assert_outcomes(failed=2)
    result.stdout.fnmatch_lines(["*team.ohmsum.yaml:3: mlp on chip*", "*without a golden*"])
    run(project, "--ohmsum-update").assert_outcomes(passed=2)
    assert (project.path / "team.ohmsum.golden.json").exists()
    run(project).assert_outcomes(passed=2)


def test_five_per_cent_of_the_adc_rate_fail_under_pytest(project: pytest.Pytester) -> None:
    run(project, "--ohmsum-update")
    chip = project.path / "chip.yaml"
    chip.write_text(chip.read_text().replace("rate: 1.28 GHz", "rate: 1.216 GHz"))
    result = run(project)
    result.assert_outcomes(failed=2)
    result.stdout.fnmatch_lines(
        [
            "*latency_s: * -> *",
            "*layer that moved most: fc*",
            "*changed: tile.adc.rate: 1.28 GHz -> *1.216 GHz*",
        ]
    )
    result.stdout.no_fnmatch_line("*Traceback*")


def test_one_case_can_be_chosen_and_accepted_alone(project: pytest.Pytester) -> None:
    run(project, "--ohmsum-update")
    chip = project.path / "chip.yaml"
    chip.write_text(chip.read_text().replace("rate: 1.28 GHz", "rate: 640 MHz"))
    run(project, "--ohmsum-update", "-k", "batch").assert_outcomes(passed=1, deselected=1)
    run(project).assert_outcomes(passed=1, failed=1)


def test_the_command_and_the_plug_in_share_goldens(
    project: pytest.Pytester, capsys: pytest.CaptureFixture[str]
) -> None:
    from ohmsum.tools.cli import main

    assert main(["check", str(project.path / "team.ohmsum.yaml"), "--jobs", "1", "--update"]) == 0
    written = (project.path / "team.ohmsum.golden.json").read_bytes()
    run(project, "--ohmsum-update").assert_outcomes(passed=2)
    assert (project.path / "team.ohmsum.golden.json").read_bytes() == written


def test_a_bad_suite_is_one_line(project: pytest.Pytester) -> None:
    (project.path / "team.ohmsum.yaml").write_text(SUITE.replace("batch: 2", "batsh: 2"))
    result = run(project)
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*team.ohmsum.yaml:8: cases.1.batsh: unknown field, did you mean 'batch'*"])
    result.stdout.no_fnmatch_line("*Traceback*")


def test_the_other_name_of_a_suite_is_known_and_other_yaml_is_left_alone(project: pytest.Pytester) -> None:
    (project.path / "team.ohmsum.yaml").rename(project.path / "ohmsum_suite.yaml")
    (project.path / "other.yaml").write_text("a: [1, 2\n")
    run(project).assert_outcomes(failed=2)


def test_other_projects_are_not_disturbed_and_pay_nothing(pytester: pytest.Pytester) -> None:
    """No module of ohmsum but the plug-in itself is imported for a project without suites."""
    pytester.makepyfile(
        """
        import sys
        def test_nothing_is_loaded():
            mine = {m for m in sys.modules if m.startswith("ohmsum.")}
            named = {"ohmsum.arch", "ohmsum.arch.errors", "ohmsum.arch.vocabulary"}  # names of functions
            assert mine - named == {"ohmsum.tools", "ohmsum.tools.pytest_plugin"}
        """
    )
    command = [sys.executable, "-m", "pytest", "-q", *_plugins()]
    found = subprocess.run(command, cwd=pytester.path, capture_output=True, text=True)
    assert found.returncode == 0, found.stdout


def distribution(pytester: pytest.Pytester, code: str) -> None:
    """An installed package that registers a topology, as far as `importlib.metadata` can tell."""
    (pytester.path / "loops.py").write_text(code)
    info = pytester.path / "loops-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: loops\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[ohmsum.topologies]\nloop = loops\n")


def conformance(pytester: pytest.Pytester) -> str:
    command = [sys.executable, "-m", "pytest", "--ohmsum-conformance", "-rA", *_plugins()]
    return subprocess.run(command, cwd=pytester.path, capture_output=True, text=True).stdout


def test_conformance_of_a_good_topology_of_another_package(pytester: pytest.Pytester) -> None:
    distribution(pytester, RING.format(fault="with a dateline", classes=2))
    text = conformance(pytester)
    assert "22 passed" in text  # 2 checks of the name, 5 of each of 4 sizes
    assert "loop-routes[n_endpoints=7]" in text


def test_conformance_finds_a_deadlock(pytester: pytest.Pytester) -> None:
    distribution(pytester, RING.format(fault="without a dateline", classes=1))
    text = conformance(pytester)
    assert "loop-deadlock[n_endpoints=7]" in text
    assert "can deadlock" in text
    assert "2 failed, 20 passed" in text  # rings of 7 and 16; 1 and 2 have no cycle


def test_conformance_as_a_class_for_shapes_that_need_more(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        from ohmsum.tools.conformance.topology import TopologyConformance

        class TestMesh(TopologyConformance):
            topology = "mesh"
            shapes = ({"grid": (2, 3)}, {"grid": (3, 3), "routing": "yx"})
        """
    )
    run(pytester).assert_outcomes(passed=6)
