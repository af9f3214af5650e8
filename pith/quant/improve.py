"""Beyond scales: weights rounded with regard to each other, biases that take errors back."""

from __future__ import annotations

import numpy as np

from pith.quant.rows import Rows

_BLOCK = 64  # weights of a channel that are rounded before the rest is corrected
_DAMPING = 0.01  # of the mean square of the inputs, added to each


def corrected_bias(rows: Rows, x: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """The bias [O'] that makes the mean error of each channel zero, O' over all groups; x: quantised rows [G, R, K].

    Source: Nagel et al., Data-Free Quantization through Weight Equalization and Bias Correction, arXiv 1906.04721, section
    4.2, with the mean taken over calibration data. Only what this layer's own rounding shifts is taken back, so that the
    layers of a run can be corrected side by side.
    """
    error = np.matmul(x, weights) - np.matmul(rows.x, rows.weights)
    mean = error.mean(axis=1, dtype=np.float64)
    return np.asarray((rows.bias[:, 0].astype(np.float64) - mean).astype(np.float32).reshape(-1))


def rounded_jointly(rows: Rows, x: np.ndarray, scale: np.ndarray, limit: int) -> np.ndarray:
    """Integers [G, K, O] (as float32 whole numbers) whose output on the rows x [G, R, K] is near that of the weights.

    One weight of every channel after the other is rounded, and the error it makes is spread over those still to come by
    the inverse of X'X, as far as they can make up for it. Inputs with the largest energy come first.
    Source: Frantar et al., GPTQ, arXiv 2210.17323, after Hassibi and Stork, Optimal Brain Surgeon.
    """
    wide = x.astype(np.float64)
    square = np.matmul(wide.transpose(0, 2, 1), wide)
    energy = np.einsum("gkk->gk", square)
    order = np.argsort(-energy, axis=1, kind="stable")
    group, k, out = rows.weights.shape
    g = np.arange(group)[:, None]
    square = square[g[:, :, None], order[:, :, None], order[:, None, :]]
    extra = _DAMPING * energy.mean(axis=1)
    square += np.where(extra > 0, extra, 1.0)[:, None, None] * np.eye(k)
    upper = np.linalg.cholesky(np.linalg.inv(square)).transpose(0, 2, 1)
    w = rows.weights.astype(np.float64)[g, order]
    s = scale.astype(np.float64)[:, 0]
    q = np.zeros_like(w)
    for first in range(0, k, _BLOCK):
        last = min(first + _BLOCK, k)
        errors = np.zeros((group, last - first, out))
        for i in range(first, last):
            q[:, i] = np.clip(np.rint(w[:, i] / s), -limit, limit)
            errors[:, i - first] = (w[:, i] - q[:, i] * s) / upper[:, i, i, None]
            w[:, i + 1 : last] -= upper[:, i, i + 1 : last, None] * errors[:, None, i - first]
        w[:, last:] -= np.matmul(upper[:, first:last, last:].transpose(0, 2, 1), errors)
    back = np.empty_like(q)
    back[g, order] = q
    return back.astype(np.float32)
