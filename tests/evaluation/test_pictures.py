"""Resizing as OpenCV and MATLAB do it, and pictures computed in tiles."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.evaluation import super_resolution
from benchmarks.evaluation.base import DATA
from benchmarks.evaluation.pictures import resize_bilinear
from pith.train.data.bicubic import enlarge, shrink

SIDES = st.integers(2, 90)


@given(SIDES, SIDES, SIDES, SIDES, st.integers(0, 99))
def test_bilinear_is_the_formula_within_rounding(h: int, w: int, height: int, width: int, seed: int) -> None:
    picture = np.random.default_rng(seed).integers(0, 256, (h, w, 3), np.uint8)
    x, y = (np.clip((np.arange(n) + 0.5) * s / n - 0.5, 0, s - 1) for n, s in ((width, w), (height, h)))
    x0, y0 = np.floor(x).astype(int), np.floor(y).astype(int)
    x1, y1 = np.minimum(x0 + 1, w - 1), np.minimum(y0 + 1, h - 1)
    a, b = (x - x0)[None, :, None], (y - y0)[:, None, None]
    p = picture.astype(np.float64)
    rows = p[:, x0] * (1 - a) + p[:, x1] * a
    expected = rows[y0] * (1 - b) + rows[y1] * b
    assert np.abs(resize_bilinear(picture, (width, height)) - expected).max() < 1.2


@given(SIDES, SIDES, SIDES, SIDES, st.integers(0, 99))
def test_bilinear_is_opencvs(h: int, w: int, height: int, width: int, seed: int) -> None:
    cv2 = pytest.importorskip("cv2", reason="OpenCV is the reference; install opencv-python-headless to compare with it")
    picture = np.random.default_rng(seed).integers(0, 256, (h, w, 3), np.uint8)
    assert np.array_equal(resize_bilinear(picture, (width, height)), cv2.resize(picture, (width, height)))


@pytest.mark.skipif(not DATA.is_dir(), reason="no data folder (set PITH_DATA)")
@pytest.mark.parametrize("scale", [2, 3, 4])
def test_bicubic_is_matlabs(scale: int) -> None:
    """Set5 comes with small pictures made by MATLAB: every pixel of all five."""
    for small, large in super_resolution.set5(scale):
        assert np.array_equal(shrink(large, scale), small)


@given(st.integers(24, 90), st.integers(24, 90), st.sampled_from([2, 3, 4]), st.integers(0, 9))
def test_tiles_give_the_whole_picture(h: int, w: int, scale: int, seed: int) -> None:
    """A network that looks as far as LESRCNN does (11 pixels to each side at most), exact in integers, with zeros around."""
    reach = 10 + -(-5 // scale)
    tile = 2 * reach + 1 + seed
    small = np.random.default_rng(seed).integers(0, 9, (h, w, 3)).astype(np.float32)

    def run(x: np.ndarray) -> list[np.ndarray]:
        for axis in (2, 3):
            pad = [(0, 0)] * 4
            pad[axis] = (reach, reach)
            x = np.lib.stride_tricks.sliding_window_view(np.pad(x, pad), 2 * reach + 1, axis).sum(-1)
        return [x.repeat(scale, 2).repeat(scale, 3)]

    if min(h, w) < tile:
        with pytest.raises(ValueError, match="smaller than a tile"):
            super_resolution.enlarge(run, small, scale, tile)
        return
    whole = run(small.transpose(2, 0, 1)[None])[0][0].transpose(1, 2, 0)
    assert np.array_equal(super_resolution.enlarge(run, small, scale, tile), whole)


def test_luma_and_noise() -> None:
    rgb = np.array([[[0, 0, 0], [255, 255, 255], [255, 0, 0], [0, 0, 255]]], np.uint8)
    assert super_resolution.luma(rgb).tolist() == [[16, 235, 81, 41]]
    one, two = np.zeros((9, 9, 3), np.uint8), np.zeros((9, 9, 3), np.uint8)
    two[0] = 200  # in the border, which does not count
    two[4, 4] = 255
    assert super_resolution.psnr(two, one, 2) == pytest.approx(10 * np.log10(255**2 / (219**2 / 25)))


@pytest.mark.skipif(not DATA.is_dir(), reason="no data folder (set PITH_DATA)")
@pytest.mark.parametrize(("scale", "published"), [(2, 33.66), (3, 30.39), (4, 28.42)])
def test_bicubic_reaches_what_is_published_of_it(scale: int, published: float) -> None:
    """PSNR of bicubic interpolation on Set5, the first row of the tables since arXiv 1501.00092 (there of the luma alone)."""
    found = [super_resolution.psnr(enlarge(small, scale), large, scale) for small, large in super_resolution.set5(scale)]
    assert abs(np.mean(found) - published) < 0.04


@given(st.integers(5, 24), st.integers(2, 4), st.booleans(), st.integers(0, 99))
def test_bicubic_is_the_sum_by_its_definition(length: int, factor: int, larger: bool, seed: int) -> None:
    """One column, tap by tap in float64, the border repeated; rounded once."""
    column = np.random.default_rng(seed).integers(0, 256, length, np.uint8)
    scale = float(factor) if larger else 1 / factor
    stretch = 1.0 if larger else float(factor)
    expected = []
    for k in range(length * factor if larger else -(-length // factor)):
        at, total, norm = (k + 0.5) / scale - 0.5, 0.0, 0.0
        for tap in range(int(at - 3 * stretch) - 2, int(at + 3 * stretch) + 3):
            d = abs(at - tap) / stretch
            w = 1.5 * d**3 - 2.5 * d**2 + 1 if d <= 1 else -0.5 * d**3 + 2.5 * d**2 - 4 * d + 2 if d <= 2 else 0.0
            total, norm = total + w * float(column[min(max(tap, 0), length - 1)]), norm + w
        expected.append(np.clip(total / norm, 0, 255))
    got = (enlarge if larger else shrink)(column[:, None, None].repeat(factor, 1), factor)[:, 0, 0]
    assert np.abs(got - np.array(expected)).max() <= 0.5 + 1e-9
