"""BNN-PYNQ's networks from their archives by counting matching bits, without PyTorch: what the hardware does, word by word."""

from __future__ import annotations

import zipfile
from pathlib import Path

import numpy as np

# rows and columns as stored, processing elements, columns in a word
LFC = [(1024, 832, 32, 64), (1024, 1024, 64, 32), (1024, 1024, 32, 64), (64, 1024, 16, 8)]
CNV = [(64, 27, 16, 3), (64, 576, 32, 32), (128, 576, 16, 32), (128, 1152, 16, 32), (256, 1152, 4, 32), (256, 2304, 1, 32), (512, 256, 1, 4),
       (512, 512, 1, 8), (64, 512, 4, 1)]  # fmt: skip


def _layer(z: zipfile.ZipFile, index: int, rows: int, columns: int, elements: int, width: int) -> tuple[np.ndarray, np.ndarray | None]:
    """Bits (rows, columns) and thresholds (rows)."""
    bits, limits = np.zeros((rows, columns), np.int64), np.zeros(rows, np.int64)
    found = False
    for p in range(elements):
        words = np.frombuffer(z.read(f"{index}-{p}-weights.bin"), "<u8").reshape(rows // elements, columns // width)
        for s in range(width):
            bits[p::elements, s::width] = (words >> np.uint64(s)) & np.uint64(1)
        if (name := f"{index}-{p}-thres.bin") in z.namelist():
            limits[p::elements] = np.frombuffer(z.read(name), "<i8")
            found = True
    return bits, limits if found else None


def scores(path: Path, x: np.ndarray) -> np.ndarray:
    """x: of LFC 784 values from 0 to 1, of CNV whole numbers (3, 32, 32). The scores as `pith.models.bnn_pynq` defines them."""
    with zipfile.ZipFile(path) as z:
        if x.ndim == 1:
            h = np.pad((x >= 0.5).astype(np.int64), (0, 48))
            for k, shape in enumerate(LFC):
                bits, limits = _layer(z, k, *shape)
                pad = 832 - 784 if k == 0 else 0  # stored as ones against zeros, which never match
                matches = (bits == h).sum(1)
                assert limits is not None
                last, h = 2 * (matches - limits) - 1, (matches > limits).astype(np.int64)
                assert k or ((bits[:, 784:] == 1).all() and pad == 48)
            return last[:10]
        maps = x.astype(np.int64).transpose(1, 2, 0)
        for k, shape in enumerate(CNV[:6]):
            bits, limits = _layer(z, k, *shape)
            windows = np.lib.stride_tricks.sliding_window_view(maps, (3, 3), (0, 1)).transpose(0, 1, 3, 4, 2)
            flat = windows.reshape(*windows.shape[:2], -1)
            if k == 0:
                out = 2 * (flat @ (2 * bits - 1).T) > limits  # 128ths against 256ths
            else:
                out = (flat[:, :, None] == bits).sum(-1) > limits
            if k in (1, 3):
                n = out.shape[0] // 2
                out = out.reshape(n, 2, n, 2, -1).any((1, 3))
            maps = out.astype(np.int64)
        h = maps.reshape(-1)
        for k, shape in enumerate(CNV[6:], 6):
            bits, limits = _layer(z, k, *shape)
            matches = (bits == h).sum(1)
            if limits is None:
                return (2 * matches - 512)[:10]
            h = (matches > limits).astype(np.int64)
    raise AssertionError
