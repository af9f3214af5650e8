"""Resizing and sampling of images."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from pith.importers.onnx.context import Call
from pith.importers.onnx.registry import onnx_op
from pith.ops.base import normalize_axis

_MODES = ("nearest", "linear", "cubic")
_COORDINATES = (
    "half_pixel", "half_pixel_symmetric", "pytorch_half_pixel", "align_corners", "asymmetric", "tf_crop_and_resize",
    "tf_half_pixel_for_nn",
)  # fmt: skip


@onnx_op("Resize", since=11, static=(1, 2, 3))
def resize(n: Call) -> str:
    x = n.x(0)
    rank, dims = n.rank(x), n.shape(x)
    given = n.attrs.ints("axes")
    axes = tuple(range(rank)) if given is None else tuple(normalize_axis(a, rank) for a in given)
    if len(set(axes)) != len(axes):
        raise n.invalid(f"axes {axes} name one twice")
    crop = n.attrs.choice("coordinate_transformation_mode", _COORDINATES, "half_pixel") == "tf_crop_and_resize"
    roi = _roi(n, axes, rank) if crop else ()
    has_scales = n.has(2) and n.type(n.x(2)).size > 0
    if has_scales and n.has(3) and n.type(n.x(3)).size > 0:
        raise n.invalid("both scales and sizes are given")
    scales, sizes = [1.0] * rank, list(dims)
    if has_scales:
        values = n.static(2, "scales").astype(np.float32).reshape(-1)
        _check_count(n, values, axes, "scales")
        for a, s in zip(axes, values, strict=True):
            extent = float(roi[a + rank] - roi[a]) if crop else 1.0
            scales[a], sizes[a] = float(s), math.floor(dims[a] * extent * float(s))
    elif n.has(3):
        wanted = _sizes(n, axes)
        _check_count(n, wanted, axes, "sizes")
        scales, sizes = _from_sizes(n, dims, axes, wanted)
    else:
        raise n.invalid("neither scales nor sizes are given")
    return resized(n, x, sizes, scales, roi, n.attrs.choice("mode", _MODES, "nearest"))


def _sizes(n: Call, axes: tuple[int, ...]) -> tuple[int, ...]:
    """The sizes input; where it is not constant, what the model declares for the output."""
    declared = n.declared_shape(0)
    plain = n.attrs.string("keep_aspect_ratio_policy", "stretch") == "stretch"
    if n.known(n.x(3)) is None and plain and declared is not None:
        known = [declared[a] for a in axes if a < len(declared)]
        if None not in known and len(known) == len(axes):
            return tuple(d for d in known if d is not None)
    return n.static_ints(3, "sizes")


def _check_count(n: Call, values: Sequence[float] | np.ndarray, axes: tuple[int, ...], what: str) -> None:
    if len(values) != len(axes) or any(not v > 0 or not math.isfinite(v) for v in values):
        raise n.invalid(f"{what} {tuple(values)} do not fit {len(axes)} axes")


def _roi(n: Call, axes: tuple[int, ...], rank: int) -> tuple[float, ...]:
    """Begins and ends of the region for every axis, in fractions of it."""
    values = n.static(1, "roi").astype(np.float64).reshape(-1)
    if values.size != 2 * len(axes):
        raise n.invalid(f"roi has {values.size} numbers for {len(axes)} axes")
    roi = [0.0] * rank + [1.0] * rank
    for k, a in enumerate(axes):
        roi[a], roi[a + rank] = float(values[k]), float(values[k + len(axes)])
    return tuple(roi)


def _from_sizes(
    n: Call, dims: tuple[int, ...], axes: tuple[int, ...], wanted: Sequence[int]
) -> tuple[list[float], list[int]]:
    scales, sizes = [1.0] * len(dims), list(dims)
    policy = n.attrs.choice("keep_aspect_ratio_policy", ("stretch", "not_larger", "not_smaller"), "stretch")
    ratios = [w / dims[a] if dims[a] else 1.0 for a, w in zip(axes, wanted, strict=True)]
    common = {"stretch": None, "not_larger": min(ratios), "not_smaller": max(ratios)}[policy]
    for a, w, ratio in zip(axes, wanted, ratios, strict=True):
        scales[a] = ratio if common is None else common
        sizes[a] = int(w) if common is None else math.floor(common * dims[a] + 0.5)
    return scales, sizes


def resized(n: Call, x: str, sizes: Sequence[int], scales: Sequence[float], roi: tuple[float, ...], mode: str) -> str:
    """The internal operator, with the node's attributes."""
    a = n.attrs
    if tuple(sizes) == n.shape(x) and not roi and all(s == 1 for s in scales):
        return x
    return n.emit(
        "resize",
        [x],
        sizes=tuple(sizes),
        scales=tuple(scales),
        mode=mode,
        coordinate_mode=a.string("coordinate_transformation_mode", "half_pixel"),
        nearest_mode=a.choice(
            "nearest_mode", ("round_prefer_floor", "round_prefer_ceil", "floor", "ceil"), "round_prefer_floor"
        ),
        cubic_coeff_a=a.float("cubic_coeff_a", -0.75),
        exclude_outside=a.flag("exclude_outside", False),
        extrapolation_value=a.float("extrapolation_value", 0.0),
        antialias=a.flag("antialias", False),
        roi=roi,
    )


@onnx_op("Resize", "Upsample", static=(1,))
def upsample(n: Call) -> str:
    """The forms before opset 11: scales only, from the corner, the nearest element below."""
    x = n.x(0)
    dims = n.shape(x)
    values: tuple[float, ...] | None
    if n.opset >= 9:
        values = tuple(float(s) for s in n.static(1, "scales").reshape(-1))
    elif "scales" in n.attrs:
        values = n.attrs.floats("scales")
    else:
        values = (1.0, 1.0, n.attrs.float("height_scale"), n.attrs.float("width_scale"))
    assert values is not None
    _check_count(n, values, tuple(range(len(dims))), "scales")
    mode = n.attrs.string("mode", "nearest")
    return n.emit(
        "resize",
        [x],
        sizes=tuple(math.floor(d * s) for d, s in zip(dims, values, strict=True)),
        scales=values,
        mode={"bilinear": "linear"}.get(mode, mode),
        coordinate_mode="asymmetric",
        nearest_mode="floor",
        cubic_coeff_a=-0.75,
        exclude_outside=False,
        extrapolation_value=0.0,
        antialias=False,
        roi=(),
    )


@onnx_op("GridSample")
def grid_sample(n: Call) -> str:
    mode = n.attrs.choice("mode", ("bilinear", "linear", "nearest", "bicubic", "cubic"), "linear")
    return n.emit(
        "grid_sample",
        [n.x(0), n.x(1)],
        mode={"bilinear": "linear", "bicubic": "cubic"}.get(mode, mode),
        padding_mode=n.attrs.choice("padding_mode", ("zeros", "border", "reflection"), "zeros"),
        align_corners=n.attrs.flag("align_corners", False),
    )


@onnx_op("RoiAlign")
def roi_align(n: Call) -> str:
    a = n.attrs
    default = "half_pixel" if n.opset >= 16 else "output_half_pixel"
    return n.emit(
        "roi_align",
        [n.x(0), n.x(1), n.x(2)],
        mode=a.choice("mode", ("avg", "max"), "avg"),
        output_height=a.int("output_height", 1),
        output_width=a.int("output_width", 1),
        sampling_ratio=a.int("sampling_ratio", 0),
        spatial_scale=a.float("spatial_scale", 1.0),
        coordinate_mode=a.choice("coordinate_transformation_mode", ("half_pixel", "output_half_pixel"), default),
    )


@onnx_op("MaxRoiPool")
def max_roi_pool(n: Call) -> str:
    shape = n.attrs.ints("pooled_shape") or ()
    scale = n.attrs.float("spatial_scale", 1.0)
    return n.emit("max_roi_pool", [n.x(0), n.x(1)], pooled_shape=shape, spatial_scale=scale)


@onnx_op("AffineGrid", static=(1,))
def affine_grid(n: Call) -> str:
    """A constant grid of homogeneous coordinates in [-1, 1], times each matrix of the batch."""
    theta, size = n.x(0), n.static_ints(1, "size")
    rank = len(size) - 2
    if rank not in (2, 3) or n.shape(theta) != (size[0], rank, rank + 1) or math.prod(size[2:]) > 2**22:
        raise n.invalid(f"theta {n.shape(theta)} does not fit a grid of size {size}")
    axes = []
    for d in size[2:]:
        if n.attrs.flag("align_corners", False):
            axes.append(np.linspace(-1, 1, d) if d > 1 else np.full(d, -1.0))
        else:
            axes.append((2 * np.arange(d) + 1) / max(d, 1) - 1)
    grid = np.stack([*np.meshgrid(*axes, indexing="ij")[::-1], np.ones(size[2:])], -1).reshape(-1, rank + 1)
    y = n.emit("matmul", [n.const(grid, n.dtype(theta)), theta, ""], trans_a=False, trans_b=True)
    return n.reshape(y, (size[0], *size[2:], rank))
