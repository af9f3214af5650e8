"""Coefficients of speech against sums written out, and recordings that cannot be read."""

from __future__ import annotations

import io
import wave
import zipfile
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="training needs PyTorch: pip install pith[train]")

from pith.graph.errors import ConfigError  # noqa: E402
from pith.train.data.mfcc import mfcc  # noqa: E402
from pith.train.data.speech import ShiftFrames, SpokenDigits, features, read_wave  # noqa: E402


def recording(n: int = 9000, rate: int = 8000, tone: float = 440.0, channels: int = 1, width: int = 2) -> bytes:
    t = np.arange(n) / rate
    samples = np.repeat((12000 * np.sin(2 * np.pi * tone * t)).astype("<i2"), channels)
    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(width)
        file.setframerate(rate)
        file.writeframes(samples.tobytes())
    return out.getvalue()


def test_coefficients_by_their_definition() -> None:
    """One frame: the Fourier sum, each triangle and each cosine written out."""
    rate, n = 8000, 320
    x = np.random.default_rng(0).normal(0, 0.1, n)
    windowed = [x[i] * (0.5 - 0.5 * np.cos(2 * np.pi * i / n)) for i in range(n)]
    spectrum = [abs(sum(v * np.exp(-2j * np.pi * k * i / 512) for i, v in enumerate(windowed))) for k in range(257)]
    mel = lambda f: 1127 * np.log(1 + f / 700)  # noqa: E731
    edges = [mel(20) + (mel(4000) - mel(20)) * b / 41 for b in range(42)]
    energies = []
    for b in range(40):
        total = 0.0
        for k in range(1, 257):
            m = mel(k * rate / 512)
            if edges[b] <= m <= edges[b + 1]:
                total += spectrum[k] * (m - edges[b]) / (edges[b + 1] - edges[b])
            elif edges[b + 1] < m < edges[b + 2]:
                total += spectrum[k] * (edges[b + 2] - m) / (edges[b + 2] - edges[b + 1])
        energies.append(np.log(total + 1e-6))
    expected = [np.sqrt(2 / 40) * sum(e * np.cos(np.pi / 40 * (b + 0.5) * c) for b, e in enumerate(energies)) for c in range(10)]
    assert np.allclose(mfcc(x, rate)[0], expected, atol=1e-4)
    assert mfcc(np.zeros(rate), rate).shape == mfcc(np.zeros(16000), 16000).shape == (49, 10)
    with pytest.raises(ValueError, match="less than a window"):
        mfcc(x[:-1], rate)


def test_recordings(tmp_path: Path) -> None:
    assert features(recording()).shape == features(recording(100)).shape == (49, 10)
    mono, stereo = read_wave(recording()), read_wave(recording(channels=2))
    assert mono[1] == 8000 and np.array_equal(mono[0], stereo[0]) and abs(np.abs(mono[0]).max() - 12000 / 32768) < 1e-3
    good = {f"{d}_{who}_{k}.wav": recording(tone=200 + 100 * d) for d in range(10) for who in ("anna", "theo") for k in range(2)}
    for name, data, message in (("1_anna_7.wav", b"RIFF", "no RIFF file"), ("1_anna_7.wav", recording(width=1), "16 bits are read"),
                                ("1_anna_7.wav", recording(0), "0 of 0 samples"), ("loud.wav", recording(), "the name is no"),
                                ("1_anna_7.wav", recording()[:-1001], "8499 of 9000 samples")):  # fmt: skip
        with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
            for n, d in {**good, name: data}.items():
                archive.writestr(n, d)
        with pytest.raises(ConfigError, match=message) as found:
            SpokenDigits("train", str(tmp_path / "a.zip"))
        assert f"a.zip/{name}" in str(found.value)
        with pytest.warns(UserWarning, match=message):
            kept = SpokenDigits("test", str(tmp_path / "a.zip"), bad="skip")
        assert len(kept) == 20 and kept.x.shape == (20, 1, 49, 10) and kept.skipped == (f"a.zip/{name}",)
        assert kept.y.tolist() == [d for d in range(10) for _ in range(2)]
    for file, message in (("none.zip", "cannot read"), ("empty.zip", "no recordings")):
        if file == "empty.zip":
            zipfile.ZipFile(tmp_path / file, "w").close()
        with pytest.raises(ConfigError, match=message):
            SpokenDigits("train", str(tmp_path / file))


def test_shifted_frames() -> None:
    x = torch.randn(12, 1, 49, 10, generator=torch.Generator().manual_seed(0))
    moved = ShiftFrames(5, 0, 0, 0)(x, torch.arange(12), 12, torch.Generator().manual_seed(1))
    for a, b in zip(x, moved, strict=True):
        fits = [k for k in range(-5, 6) if torch.equal(a[:, (torch.arange(49) + k).clamp(0, 48)], b)]
        assert len(fits) == 1
    vary, whole = ShiftFrames(), torch.arange(12)
    parts = [vary(x[r::2], whole[r::2], 12, torch.Generator().manual_seed(1)) for r in (0, 1)]
    together = vary(x, whole, 12, torch.Generator().manual_seed(1))
    assert torch.equal(together[0::2], parts[0]) and torch.equal(together[1::2], parts[1])
