"""Networks of the zoo that were imported before are the same ones, and no others."""

from __future__ import annotations

from pathlib import Path

import pytest
from ohmsum import workloads
from ohmsum.sim import known_networks

from ..kit.jobs import job


@pytest.fixture(autouse=True)
def kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    return tmp_path / "ohmsum" / "networks"


def test_the_same_network_is_found_again(kept: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = known_networks.from_zoo("lenet5")
    monkeypatch.setattr(workloads, "load", None)
    again = known_networks.from_zoo("lenet5")
    assert again == first
    assert again.hash == first.hash
    (file,) = kept.iterdir()
    file.write_bytes(file.read_bytes()[:-1] + b"x")
    with pytest.raises(TypeError):  # imported again, which is not there
        known_networks.from_zoo("lenet5")


def test_what_is_asked_for_otherwise_is_imported(kept: Path) -> None:
    assert job("lenet5", "isaac", outputs=("conv1",)).load_network().operators[-1].name == "conv1"
    assert not kept.exists()
    assert len(job("lenet5", "isaac").load_network().operators) == 8
    assert len(list(kept.iterdir())) == 1
