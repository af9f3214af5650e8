"""grid_sample, roi_align, max_roi_pool and deform_conv in C against their references."""

from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np
import pytest

from pith.ops.deform_conv import output_size
from tests.kernels.batch import TARGETS, Case, floats, run, sanitize


def grids(dtype: str) -> list[Case]:
    """Coordinates beyond the borders, on them, and none at all (NaN)."""
    rng = np.random.default_rng(0)
    made = []
    for shape, out in (((2, 3, 5, 6), (4, 3)), ((1, 2, 3, 4, 5), (2, 3, 2)), ((1, 2, 7), (9,)), ((1, 1, 1, 4), (2, 2))):
        for mode in ("nearest", "linear", "cubic"):
            for padding, corners in itertools.product(("zeros", "border", "reflection"), (False, True)):
                x, grid = floats(rng, shape, dtype), rng.uniform(-2, 2, (shape[0], *out, len(out))).astype(dtype)
                grid.flat[:5] = (np.nan, np.inf, -1, 1, 0)
                attrs = {"mode": mode, "padding_mode": padding, "align_corners": corners}
                made.append(Case("grid_sample", [x, grid], attrs, slack=512))
    return made


def regions() -> tuple[list[Case], list[Case]]:
    rng = np.random.default_rng(1)
    x = floats(rng, (2, 3, 9, 8))
    rois = np.array([[0, 0, 7, 7], [1.25, 2.0, 9, 5.25], [3, 3, 1, 1], [-5, -5, 30, 40], [2, 2, 2, 2]], np.float32)
    batch = np.array([0, 1, 1, 0, 1], np.int64)
    align = []
    for mode, coordinates, ratio in itertools.product(("avg", "max"), ("half_pixel", "output_half_pixel"), (0, 2, 3)):
        attrs = {"mode": mode, "coordinate_mode": coordinates, "sampling_ratio": ratio, "output_height": 3, "output_width": 2}
        align.append(Case("roi_align", [x, rois, batch], {**attrs, "spatial_scale": 0.75}, slack=256))
    numbered = np.concatenate([batch[:, None].astype(np.float32), rois], axis=1)
    pool = [Case("max_roi_pool", [x, numbered], {"pooled_shape": p, "spatial_scale": 0.75}) for p in ((3, 2), (1, 1), (7, 9))]
    return align, pool


def deformed(dtype: str = "float32") -> list[Case]:
    rng = np.random.default_rng(2)
    made = []
    for bias, mask, group, groups in itertools.product((False, True), (False, True), (1, 2), (1, 2)):
        x, w = floats(rng, (2, 4, 6, 7), dtype), floats(rng, (6, 4 // group, 3, 2), dtype)
        attrs = {"strides": (2, 1), "pads": (1, 0, 1, 1), "dilations": (1, 2), "group": group, "offset_group": groups}
        out = output_size(x.shape, w.shape, attrs)
        offset = floats(rng, (2, groups * 12, *out), dtype, 2)
        inputs = [x, w, offset, floats(rng, (6,), dtype) if bias else None, floats(rng, (2, groups * 6, *out), dtype) if mask else None]
        made.append(Case("deform_conv", inputs, attrs, slack=128))
    return made


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_grid_sample(dtype: str, target: str) -> None:
    run(grids(dtype), target)


@pytest.mark.parametrize("target", TARGETS)
def test_regions(target: str) -> None:
    for cases in regions():
        run(cases, target)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_deform_conv(dtype: str) -> None:
    run(deformed(dtype), "host")


def test_wild_coordinates_stay_inside(tmp_path: Path) -> None:
    """Numbers that no index can hold: the sanitizers see no read outside and no conversion out of range."""
    x = floats(np.random.default_rng(3), (1, 2, 4, 4))
    huge = np.array([1e30, -1e30, np.inf, -np.inf, np.nan, 3e38, 2**31, -(2**31)], np.float32)
    grid = huge.reshape(1, 2, 2, 2)
    modes = itertools.product(("nearest", "linear", "cubic"), ("zeros", "border", "reflection"), (False, True))
    made = [Case("grid_sample", [x, grid], {"mode": m, "padding_mode": p, "align_corners": c}, slack=1e9) for m, p, c in modes]
    sanitize(made, tmp_path)


def test_sanitizers(tmp_path: Path) -> None:
    align, pool = regions()
    sanitize([*grids("float32")[::2], *align, *pool, *deformed()], tmp_path)
