"""roi_align: regions of a feature map, each read at regular fractional places and pooled to a fixed size."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from pith.graph import ShapeError, TensorType
from pith.ops.base import Arrays, Attrs, Op, Types, register
from pith.ops.windows import present


@register("roi_align")
class RoiAlign(Op):
    """Inputs x [N, C, H, W], rois [R, 4] (x1, y1, x2, y2), batch indices [R]; output [R, C, output_height, output_width].

    attrs mode ("avg", "max"), output_height, output_width, sampling_ratio (0: as many samples as the cell has pixels, rounded
    up), spatial_scale, coordinate_mode ("half_pixel", "output_half_pixel"). max takes the largest weighted corner. A batch
    index outside the batch is clamped to it.
    """

    def infer(self, inputs: Types, attrs: Attrs) -> list[TensorType]:
        x, rois, batch = (present(i) for i in inputs[:3])
        if len(x.shape) != 4 or len(rois.shape) != 2 or rois.shape[1] != 4 or batch.shape != rois.shape[:1]:
            raise ShapeError(f"regions {rois.shape} of batches {batch.shape} do not fit a tensor of shape {x.shape}")
        if min(x.shape) < 1 or min(attrs["output_height"], attrs["output_width"]) < 1:
            raise ShapeError("roi_align needs pixels to read and cells to write")
        return [TensorType(x.dtype, (rois.shape[0], x.shape[1], int(attrs["output_height"]), int(attrs["output_width"])))]

    def reference(self, inputs: Arrays, attrs: Attrs) -> list[np.ndarray]:
        x, rois, batch = (present(i) for i in inputs[:3])
        oh, ow = int(attrs["output_height"]), int(attrs["output_width"])
        y = np.zeros((len(rois), x.shape[1], oh, ow))
        for r, roi in enumerate(rois.astype(np.float64) * attrs["spatial_scale"]):
            image = x[min(max(int(batch[r]), 0), len(x) - 1)].astype(np.float64)
            y[r] = _pool(image, roi, oh, ow, attrs)
        return [y.astype(x.dtype)]

    def flops(self, inputs: Types, outputs: Sequence[TensorType], attrs: Attrs) -> int:
        return 8 * outputs[0].size * max(int(attrs["sampling_ratio"]), 2) ** 2


def _pool(image: np.ndarray, roi: np.ndarray, oh: int, ow: int, attrs: Attrs) -> np.ndarray:
    half = attrs["coordinate_mode"] == "half_pixel"
    x1, y1, x2, y2 = roi - (0.5 if half else 0.0)
    width, height = x2 - x1, y2 - y1
    if not half:
        width, height = max(width, 1.0), max(height, 1.0)
    bh, bw = height / oh, width / ow
    ratio = int(attrs["sampling_ratio"])
    gh, gw = (ratio, ratio) if ratio > 0 else (math.ceil(bh), math.ceil(bw))
    y = np.zeros((image.shape[0], oh, ow))
    for i in range(oh):
        for j in range(ow):
            values = []
            for a in range(max(gh, 0)):
                for b in range(max(gw, 0)):
                    py, px = y1 + i * bh + (a + 0.5) * bh / gh, x1 + j * bw + (b + 0.5) * bw / gw
                    values.append(_corners(image, py, px))
            if not values:
                continue
            stack = np.stack(values)  # [samples, 4, C]
            y[:, i, j] = stack.sum(axis=(0, 1)) / len(values) if attrs["mode"] == "avg" else stack.max(axis=(0, 1))
    return y


def _corners(image: np.ndarray, y: float, x: float) -> np.ndarray:
    """The four weighted corners [4, C] of a fractional place; zeros further than a pixel outside."""
    h, w = image.shape[1:]
    if y < -1 or y > h or x < -1 or x > w:
        return np.zeros((4, image.shape[0]))
    y, x = min(max(y, 0.0), h - 1.0), min(max(x, 0.0), w - 1.0)
    t, s = int(y), int(x)
    b, r = min(t + 1, h - 1), min(s + 1, w - 1)
    dy, dx = y - t, x - s
    weights = ((1 - dy) * (1 - dx), (1 - dy) * dx, dy * (1 - dx), dy * dx)
    return np.stack([image[:, p, q] * k for (p, q), k in zip(((t, s), (t, r), (b, s), (b, r)), weights, strict=True)])
