"""Mel-frequency cepstral coefficients of speech: what DS-CNN reads. NumPy, float64 inside."""

from __future__ import annotations

import numpy as np

FLOOR = 1e-6
"""Added to energies before the logarithm."""


def mfcc(signal: np.ndarray, rate: int, *, window: float = 0.04, stride: float = 0.02, bins: int = 40, low: float = 20.0, high: float = 4000.0,
         coefficients: int = 10) -> np.ndarray:  # fmt: skip
    """``(n,)`` samples of -1..1 at `rate` Hz -> ``(frames, coefficients)`` float32; 1 s gives 49 frames.

    Frames of `window` seconds every `stride` under a periodic Hann window; magnitudes of the Fourier transform of the next power of two;
    `bins` triangles even on the mel scale from `low` to `high` Hz; logarithm; the first of the cosine transform (II), scaled by
    sqrt(2 / bins), the zeroth as the others. These are the settings of MLPerf Tiny's keyword spotting, arXiv 1711.07128.

    Raises ValueError for a signal shorter than a window.
    """
    size, step = round(window * rate), round(stride * rate)
    if len(signal) < size:
        raise ValueError(f"{len(signal)} samples are less than a window of {size}")
    frames = np.lib.stride_tricks.sliding_window_view(np.asarray(signal, np.float64), size)[::step]
    hann = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(size) / size)
    length = 1 << (size - 1).bit_length()
    energies = np.abs(np.fft.rfft(frames * hann, length)) @ mel_matrix(length // 2 + 1, rate, bins, low, high)
    k, n = np.arange(coefficients), np.arange(bins) + 0.5
    cosines = np.cos(np.pi / bins * n[:, None] * k) * np.sqrt(2 / bins)
    result: np.ndarray = (np.log(energies + FLOOR) @ cosines).astype(np.float32)
    return result


def mel_matrix(lines: int, rate: int, bins: int, low: float, high: float) -> np.ndarray:
    """``(lines, bins)``: triangles over the lines of a spectrum of 0 to rate / 2 Hz, straight in mel = 1127 ln(1 + f / 700)."""
    mel = 1127 * np.log1p(np.linspace(0, rate / 2, lines) / 700)
    edges = np.linspace(1127 * np.log1p(low / 700), 1127 * np.log1p(high / 700), bins + 2)
    up = (mel[:, None] - edges[:-2]) / (edges[1:-1] - edges[:-2])
    down = (edges[2:] - mel[:, None]) / (edges[2:] - edges[1:-1])
    result: np.ndarray = np.maximum(0, np.minimum(up, down))
    result[0] = 0  # the mean of the signal is no sound
    return result
