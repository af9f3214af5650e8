"""reduce: sums, means, extremes and norms over axes."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from pith.graph import DType, ShapeError, TensorType
from pith.ops.base import Arrays, Attrs, Op, Types, register

KINDS = ("sum", "mean", "max", "min", "prod", "l1", "l2", "log_sum", "log_sum_exp", "sum_square")


@register("reduce")
class Reduce(Op):
    """attrs["kind"]: one of KINDS;  attrs["axes"]: ascending, from the front;  attrs["keepdims"]: keep them as 1.

    Integers wrap in their own type; their mean truncates. Over no elements a sum is 0, a product 1, and max (min)
    the lowest (highest) value of the type. NaN anywhere makes max and min NaN.
    """

    def infer(self, inputs: Types, attrs: Attrs) -> list[TensorType]:
        (x,) = inputs
        assert x is not None
        return [TensorType(x.dtype, reduced_shape(x.shape, attrs["axes"], attrs["keepdims"]))]

    def reference(self, inputs: Arrays, attrs: Attrs) -> list[np.ndarray]:
        (x,) = inputs
        assert x is not None
        with np.errstate(all="ignore"):
            y = _reduce(x, attrs["kind"], tuple(attrs["axes"]), attrs["keepdims"])
            return [np.asarray(y).astype(x.dtype)]

    def flops(self, inputs: Types, outputs: object, attrs: Attrs) -> int:
        (x,) = inputs
        assert x is not None
        return x.size

    def permuted(self, attrs: Attrs, perm: tuple[int, ...], inputs: Types) -> Attrs | None:
        if not attrs["keepdims"]:
            return None
        return {**attrs, "axes": tuple(sorted(perm[a] for a in attrs["axes"]))}


def reduced_shape(shape: tuple[int, ...], axes: Sequence[int], keepdims: bool) -> tuple[int, ...]:
    """`shape` with the axes made 1, or taken out. Raises ShapeError for axes outside it or given twice."""
    if len(set(axes)) != len(axes) or any(not 0 <= a < len(shape) for a in axes):
        raise ShapeError(f"axes {tuple(axes)} do not fit a tensor of rank {len(shape)}")
    if keepdims:
        return tuple(1 if a in axes else d for a, d in enumerate(shape))
    return tuple(d for a, d in enumerate(shape) if a not in axes)


def _reduce(x: np.ndarray, kind: str, axes: tuple[int, ...], keepdims: bool) -> np.ndarray:
    """The reduction in float64 for floats, in wrapping integers where the kind has an integer meaning."""
    is_float = DType.of(x.dtype).is_float
    if kind in ("max", "min"):
        return _extreme(x, kind, axes, keepdims)
    wide = x.astype(np.float64) if is_float or kind in ("l2", "log_sum", "log_sum_exp") else x
    exact = None if wide.dtype == np.float64 else x.dtype
    if kind == "mean" and exact is not None:  # the sum behind a mean does not wrap
        exact = np.dtype(np.uint64 if x.dtype.kind == "u" else np.int64)
    if kind == "prod":
        return np.asarray(np.prod(wide, axis=axes, keepdims=keepdims, dtype=exact))
    if kind == "log_sum_exp":
        top = np.max(wide, axis=axes, keepdims=True, initial=-np.inf)
        top = np.where(np.isfinite(top), top, 0.0)
        total = np.log(np.sum(np.exp(wide - top), axis=axes, keepdims=True)) + top
        return np.asarray(total if keepdims else np.squeeze(total, axis=axes))
    terms = {"l1": np.abs, "l2": np.square, "sum_square": np.square}.get(kind, np.asarray)(wide)
    total = np.asarray(np.sum(terms, axis=axes, keepdims=keepdims, dtype=exact))
    if kind == "mean":
        count = math.prod(x.shape[a] for a in axes)
        if is_float:
            return np.asarray(total / count)
        floor = total // max(count, 1)
        return np.asarray(floor + ((total < 0) & (floor * count != total)))  # truncated, as C divides
    if kind == "l2":
        return np.asarray(np.sqrt(total))
    return np.asarray(np.log(total)) if kind == "log_sum" else total


def _extreme(x: np.ndarray, kind: str, axes: tuple[int, ...], keepdims: bool) -> np.ndarray:
    if x.dtype == np.bool_:
        f = np.any if kind == "max" else np.all
        return np.asarray(f(x, axis=axes, keepdims=keepdims))
    d = DType.of(x.dtype)
    wide = x.astype(np.float64 if d.is_float else np.int64 if x.dtype != np.uint64 else np.uint64)
    if d.is_float:
        worst = -np.inf if kind == "max" else np.inf
    else:
        low, high = {DType.I4: (-8, 7), DType.U4: (0, 15)}.get(d) or (np.iinfo(x.dtype).min, np.iinfo(x.dtype).max)
        worst = low if kind == "max" else high
    return np.asarray((np.max if kind == "max" else np.min)(wide, axis=axes, keepdims=keepdims, initial=worst))
