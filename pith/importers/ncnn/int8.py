"""Layers with int8 weights, in ncnn's own arithmetic.

Scales multiply (q = round(x * scale), halves away from zero, -127 to 127). Products of integers are summed exactly; the sum
times 1 / (input scale * weight scale), in float32, is the result (source: the layers' reference code).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from pith.graph import DType
from pith.importers.layers.simple import along_channels
from pith.importers.ncnn.layer import NcnnLayer

_LARGEST_SUM = (2**31 - 1) // 127**2  # products in one sum, so that it stays within int32


@dataclass(frozen=True, slots=True)
class Scales:
    """Multipliers of an int8 layer: of the weights (one an output channel), of the input, and of an int8 result or None."""

    weights: np.ndarray
    input: np.float32
    output: np.float32 | None

    @property
    def back(self) -> np.ndarray:
        """What turns sums into real numbers, one an output channel; 0 where a weight scale is 0."""
        with np.errstate(divide="ignore", over="ignore"):
            inverse = np.float32(1) / (self.input * self.weights)
        return np.where(self.weights == 0, np.float32(0), inverse).astype(np.float32)

    def requantised(self, n: NcnnLayer, y: str) -> str:
        """`y` as int8, where the layer says so."""
        return y if self.output is None else quantised(n, y, self.output)


def read_scales(n: NcnnLayer, out: int, group: int) -> Scales | None:
    """The scales of a layer with `out` channels, None for one in float."""
    term = n.whole(8)
    if not term:
        return None
    if n.kind == "ConvolutionDepthWise":
        if term not in (1, 2, 101, 102):
            raise n.unsupported(f"int8 scales of kind {term}")
        per_group = n.plain(group if term in (1, 101) else 1)
        weights = np.repeat(np.broadcast_to(per_group, group), out // group)
    else:
        weights = n.plain(out)
    source = np.float32(n.plain(1)[0])
    target = np.float32(n.plain(1)[0]) if term > 100 and n.kind != "InnerProduct" else None
    for s in (weights, source, target):
        if s is not None and (not np.all(np.isfinite(s)) or np.any(np.asarray(s) < 0)):
            raise n.invalid("a scale is negative or not finite")
    if source == 0 or target == 0:
        raise n.invalid("a scale of activations is 0")
    return Scales(np.asarray(weights, np.float32), source, target)


def quantised(n: NcnnLayer, x: str, scale: np.float32) -> str:
    """x as int8: round(x * scale), halves away from zero; one that is int8 already is taken as it is."""
    if n.graph.types[x].dtype is DType.I8:
        return x
    y = n.emit("mul", [x, n.number(float(scale))])
    magnitude = n.emit("floor", [n.emit("add", [n.emit("abs", [y]), n.number(0.5)])])
    y = n.emit("mul", [n.emit("sign", [y]), n.emit("min", [magnitude, n.number(127)])])
    return n.emit("cast", [y], to=DType.I8, saturate=True)


def int8_weights(n: NcnnLayer, w: np.ndarray, scales: Scales) -> np.ndarray:
    """Weights as int8: as stored, or rounded now where the file has floats."""
    if w.dtype == np.int8:
        return w
    y = w * scales.weights.reshape(-1, *[1] * (w.ndim - 1))
    if not np.all(np.isfinite(y)):
        raise n.invalid("a weight is not finite")
    return np.asarray(np.clip(np.sign(y) * np.floor(np.abs(y) + np.float32(0.5)), -127, 127), np.int8)


def int8_convolution(n: NcnnLayer, x: str, w: np.ndarray, bias: np.ndarray | None, scales: Scales, window: dict[str, Any]) -> str:
    """Convolution of int8, dequantised; `window` has strides, pads, dilations and group."""
    shape = n.shape(x)
    if len(shape) != 4 or shape[1] != w.shape[1] * window["group"]:
        raise n.invalid(f"weights {w.shape} in {window['group']} groups do not fit an input of shape {shape}")
    _check_sum(n, w[0].size)
    inputs = [quantised(n, x, scales.input), n.const(int8_weights(n, w, scales)), ""]
    sums = n.emit("conv_integer", inputs, zero=0, layout="channels_first", **window)
    return _back(n, sums, bias, scales, 1)


def int8_product(n: NcnnLayer, x: str, w: np.ndarray, bias: np.ndarray | None, scales: Scales) -> str:
    """Product of x [..., K] and w [O, K] of int8, dequantised."""
    if n.shape(x)[-1] != w.shape[1]:
        raise n.invalid(f"weights {w.shape} do not fit an input of shape {n.shape(x)}")
    _check_sum(n, w.shape[1])
    weights = np.ascontiguousarray(int8_weights(n, w, scales).T)
    inputs = [quantised(n, x, scales.input), n.const(weights), ""]
    sums = n.emit("matmul_integer", inputs, trans_a=False, trans_b=False, zero_a=0, zero_b=0)
    return _back(n, sums, bias, scales, n.rank(x) - 1)


def _check_sum(n: NcnnLayer, count: int) -> None:
    if count > _LARGEST_SUM:
        raise n.unsupported(f"sums of {count:,} products of int8, which may leave int32")


def _back(n: NcnnLayer, sums: str, bias: np.ndarray | None, scales: Scales, axis: int) -> str:
    rank = n.rank(sums)
    y = n.emit("mul", [n.emit("cast", [sums], to=DType.F32, saturate=True), along_channels(n, scales.back, rank, axis)])
    return y if bias is None else n.emit("add", [y, along_channels(n, bias, rank, axis)])
