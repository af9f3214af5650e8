"""What networks want their pixels to be, where it is more than a mean and a scale. NumPy only."""

from __future__ import annotations

import numpy as np


def cnv_pixels(picture: np.ndarray) -> np.ndarray:
    """uint8 values as BNN-PYNQ's CNV wants them: 2 v / 255 - 1 in 128ths, cut off downwards; float32 whole numbers from -128 to 127."""
    scaled = np.floor((picture.astype(np.float64) * 2 / 255 - 1) * 128)
    return np.clip(scaled, -128, 127).astype(np.float32)
