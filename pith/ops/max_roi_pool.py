"""max_roi_pool: the largest element of each cell of regions of a feature map."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from pith.graph import ShapeError, TensorType
from pith.ops.base import Arrays, Attrs, Op, Types, register
from pith.ops.windows import present


@register("max_roi_pool")
class MaxRoiPool(Op):
    """Inputs x [N, C, H, W], rois [R, 5] (batch, x1, y1, x2, y2); attrs pooled_shape (h, w), spatial_scale.

    Corners are scaled and rounded (halves away from zero) and both belong to the region; an empty cell gives 0.
    """

    def infer(self, inputs: Types, attrs: Attrs) -> list[TensorType]:
        x, rois = present(inputs[0]), present(inputs[1])
        if len(x.shape) != 4 or len(rois.shape) != 2 or rois.shape[1] != 5 or len(attrs["pooled_shape"]) != 2:
            raise ShapeError(f"regions {rois.shape} do not fit a tensor of shape {x.shape}")
        if min(x.shape) < 1 or min(attrs["pooled_shape"]) < 1:
            raise ShapeError("max_roi_pool needs pixels to read and cells to write")
        return [TensorType(x.dtype, (rois.shape[0], x.shape[1], *(int(d) for d in attrs["pooled_shape"])))]

    def reference(self, inputs: Arrays, attrs: Attrs) -> list[np.ndarray]:
        x, rois = present(inputs[0]), present(inputs[1])
        ph, pw = attrs["pooled_shape"]
        h, w = x.shape[2:]
        y = np.zeros((len(rois), x.shape[1], ph, pw), x.dtype)
        for r, roi in enumerate(rois.astype(np.float64)):
            image = x[min(max(int(roi[0]), 0), len(x) - 1)]
            x1, y1, x2, y2 = (math.floor(abs(v) + 0.5) * (1 if v >= 0 else -1) for v in roi[1:] * attrs["spatial_scale"])
            bh, bw = max(y2 - y1 + 1, 1) / ph, max(x2 - x1 + 1, 1) / pw
            for i in range(ph):
                top, bottom = (min(max(v + y1, 0), h) for v in (math.floor(i * bh), math.ceil((i + 1) * bh)))
                for j in range(pw):
                    left, right = (min(max(v + x1, 0), w) for v in (math.floor(j * bw), math.ceil((j + 1) * bw)))
                    if bottom > top and right > left:
                        y[r, :, i, j] = image[:, top:bottom, left:right].max(axis=(1, 2))
        return [y]

    def flops(self, inputs: Types, outputs: Sequence[TensorType], attrs: Attrs) -> int:
        x = present(inputs[0])
        return outputs[0].size * max(1, math.prod(x.shape[2:]) // math.prod(attrs["pooled_shape"]))
