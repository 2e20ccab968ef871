"""Our side of the comparison with aihwkit; its side needs aihwkit, in an interpreter of its own."""

from __future__ import annotations

from pathlib import Path

import pytest
from ohmsum.tools.bench import aihwkit


def test_our_side_is_what_aihwkit_printed() -> None:
    """SNR that aihwkit 1.2.0 gave for the same matrix after 1 s, 1 day and 30 days; draws differ."""
    assert aihwkit.ours()["snr_db"] == pytest.approx([17.18, 14.97, 12.83], abs=0.25)


def test_an_interpreter_without_it_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert aihwkit.main(["--python", str(tmp_path / "python")]) == 2
    assert "has no aihwkit" in capsys.readouterr().err
    assert not aihwkit.installed(str(tmp_path / "python"))
