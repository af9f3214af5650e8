"""Spoken digits as features, whole in memory; and their variations."""

from __future__ import annotations

import io
import re
import warnings
import wave
import zipfile
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from pith.graph.errors import ConfigError
from pith.train.data.files import data_path
from pith.train.data.mfcc import mfcc
from pith.train.data.sets import DataSet, check_bad, check_split
from pith.train.settings import within

MAX_BYTES = 1 << 24
"""Of one recording."""
HELD_OUT = ("theo", "yweweler")
"""Speakers whose recordings are for tests only."""


def read_wave(data: bytes) -> tuple[np.ndarray, int]:
    """A RIFF file of 16-bit samples as -1..1 (channels averaged), and its rate in Hz. Raises ValueError for anything else."""
    try:
        with wave.open(io.BytesIO(data)) as file:
            channels, width, rate = file.getnchannels(), file.getsampwidth(), file.getframerate()
            if width != 2 or not 1 <= channels <= 8 or not 4000 <= rate <= 192_000:
                raise ValueError(f"{8 * width} bits, {channels} channels at {rate} Hz; 16 bits are read")
            said, data = file.getnframes(), file.readframes(min(file.getnframes(), MAX_BYTES))
    except (wave.Error, EOFError, RuntimeError) as error:
        raise ValueError(f"no RIFF file: {error}") from error
    if not said or len(data) != 2 * channels * said:
        raise ValueError(f"{len(data) // (2 * channels)} of {said} samples are there")
    return np.frombuffer(data, "<i2").reshape(-1, channels).mean(1) / 32768, rate


def features(data: bytes) -> np.ndarray:
    """``(49, 10)`` coefficients of a recording's middle second; a shorter one has silence around it. Raises ValueError."""
    signal, rate = read_wave(data)
    cut = max(0, len(signal) - rate) // 2
    signal = signal[cut : cut + rate]
    before = (rate - len(signal)) // 2
    return mfcc(np.pad(signal, (before, rate - len(signal) - before)), rate)


class SpokenDigits(DataSet):
    """Free Spoken Digit Dataset from a zip of <digit>_<speaker>_<n>.wav: x (N, 1, 49, 10) float32, y the digit.

    split: train (all speakers but HELD_OUT) or test (these). Each coefficient is centred and scaled by what the training speakers have.
    """

    def __init__(self, split: str = "train", file: str = "speech/fsdd_first10.zip", bad: str = "stop") -> None:
        """bad: a recording that cannot be read stops with ConfigError or is skipped with a warning. Raises ConfigError for other files."""
        check_split(split, "train", "test")
        check_bad(bad)
        path, skipped = data_path(file), list[str]()
        found: dict[bool, list[tuple[np.ndarray, int]]] = {True: [], False: []}
        try:
            with zipfile.ZipFile(path) as archive:
                for info in sorted(archive.infolist(), key=lambda i: i.filename):
                    if not info.filename.endswith(".wav"):
                        continue
                    name = f"{path.name}/{info.filename}"
                    try:
                        fits = re.fullmatch(r"(?:.*/)?([0-9])_([a-z]+)_\d+\.wav", info.filename)
                        if not fits or info.file_size > MAX_BYTES:
                            raise ValueError("the name is no <digit>_<speaker>_<n>.wav" if not fits else f"{info.file_size} bytes are too many")
                        found[fits[2] in HELD_OUT].append((features(archive.read(info)), int(fits[1])))
                    except (ValueError, zipfile.BadZipFile) as error:
                        if bad == "stop":
                            raise ConfigError("a recording cannot be read", where=name, why=str(error), try_="repair it, or bad: skip") from error
                        warnings.warn(f"skipped {name}: {error}", stacklevel=2)
                        skipped.append(name)
        except (OSError, zipfile.BadZipFile) as error:
            raise ConfigError("cannot read the recordings", where=str(path), why=str(error), try_="set PITH_DATA to the folder with speech/") from error
        if not found[True] or not found[False]:
            raise ConfigError("no recordings of speakers to train with and to test with", where=str(path), why=f"{len(skipped)} were skipped")
        known = np.stack([x for x, _ in found[False]])
        mean, std = known.mean((0, 1)), known.std((0, 1)) + 1e-6
        chosen = found[split == "test"]
        x = (np.stack([x for x, _ in chosen]) - mean) / std
        super().__init__(torch.from_numpy(x)[:, None], torch.tensor([y for _, y in chosen]), 10, skipped=tuple(skipped))


@dataclass
class ShiftFrames:
    """Moved in time by up to `frames` (the first and last frame are repeated), louder or softer by up to `gain` (the zeroth coefficient),
    each coefficient stretched by up to `stretch`, noise of deviation `noise`."""

    frames: int = 8
    gain: float = 0.5
    noise: float = 0.1
    stretch: float = 0.1

    def __post_init__(self) -> None:
        """Raises ConfigError for numbers below 0."""
        for key in ("frames", "gain", "noise", "stretch"):
            within(key, getattr(self, key), 0)

    def __call__(self, x: Tensor, rows: Tensor, total: int, generator: torch.Generator) -> Tensor:
        """(N, 1, frames, coefficients) -> the same. rows: which of the `total` samples of the whole batch these are. Raises ConfigError for
        anything else."""
        if x.ndim != 4 or x.shape[1] != 1 or not x.is_floating_point():
            kind = f"{list(x.shape)} of {str(x.dtype).removeprefix('torch.')}"
            raise ConfigError(f"shift_frames is for recordings, (N, 1, frames, coefficients) of floats, not {kind}", where="data.augment")
        shift = torch.randint(-self.frames, self.frames + 1, (total, 1), generator=generator)[rows]
        louder = self.gain * (2 * torch.rand(total, 1, 1, generator=generator)[rows] - 1)
        stretch = 1 + self.stretch * (2 * torch.rand(total, 1, 1, x.shape[3], generator=generator)[rows] - 1)
        noise = self.noise * torch.randn(total, *x.shape[1:], generator=generator)[rows]
        at = (torch.arange(x.shape[2]) + shift).clamp(0, x.shape[2] - 1)
        x = x[torch.arange(len(x))[:, None], :, at].transpose(1, 2) * stretch + noise
        x[..., 0] += louder
        return x
