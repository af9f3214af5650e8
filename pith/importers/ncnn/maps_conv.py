"""Convolutions, inner products and pooling, in float32 and in int8."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from pith.importers.layers.simple import inner_product
from pith.importers.layers.windows import adaptive_pool, convolution, deconvolution, global_pool, pool, same_pads
from pith.importers.ncnn.activation import activated
from pith.importers.ncnn.int8 import Scales, int8_convolution, int8_product, read_scales
from pith.importers.ncnn.layer import SAME_LOWER, SAME_UPPER, NcnnLayer
from pith.importers.ncnn.registry import ncnn_layer


@ncnn_layer("Convolution", "ConvolutionDepthWise")
def convolution_2d(n: NcnnLayer) -> str:
    _refuse_dynamic(n, 19)
    kernel, dilations, strides = n.pair(1, 0), n.pair(2, 1), n.pair(3, 1)
    group = n.whole(7, 1) if n.kind == "ConvolutionDepthWise" else 1
    x, w, bias, scales = _read(n, kernel, group)
    if n.dims(x) == 1 and kernel == (1, 1) and group == 1:  # the old form of an inner product
        y = _product(n, x, w.reshape(w.shape[0], -1), bias, scales)
    else:
        x, pads = _padded(n, x, kernel, strides, dilations, n.pads(4, 15, 14, 16), scales)
        window = {"strides": strides, "pads": pads, "dilations": dilations, "group": group}
        y = int8_convolution(n, x, w, bias, scales, window) if scales else convolution(n, x, w, bias, **window)  # type: ignore[arg-type]
    return _finish(n, y, scales)


@ncnn_layer("Convolution1D", "ConvolutionDepthWise1D")
def convolution_1d(n: NcnnLayer) -> str:
    _refuse_dynamic(n, 19)
    kernel, dilations, strides = (n.whole(1),), (n.whole(2, 1),), (n.whole(3, 1),)
    group = n.whole(7, 1) if n.kind == "ConvolutionDepthWise1D" else 1
    x, w, bias, scales = _read(n, kernel, group)
    begin = n.whole(4)
    x, pads = _padded(n, x, kernel, strides, dilations, (begin, n.whole(15, begin)), scales)
    return activated(n, convolution(n, x, w, bias, strides=strides, pads=pads, dilations=dilations, group=group), 9, 10)


def _refuse_dynamic(n: NcnnLayer, number: int) -> None:
    if n.whole(number):
        raise n.unsupported("weights that are computed at run time")


def _read(n: NcnnLayer, kernel: tuple[int, ...], group: int) -> tuple[str, np.ndarray, np.ndarray | None, Scales | None]:
    """(input, weights [O, I / group, *kernel], bias, scales of an int8 layer)."""
    out, size, area = n.whole(0), n.whole(6), int(np.prod(kernel, dtype=object))
    if min(*kernel, out, group) < 1 or out % group or size % (out * area):
        raise n.invalid(f"{size} weights do not fit {out} channels in {group} groups with kernel {kernel}")
    w = n.weights(out, size // (out * area), *kernel)
    bias = n.plain(out) if n.whole(5) else None
    scales = read_scales(n, out, group) if len(kernel) == 2 else None
    if w.dtype == np.int8 and scales is None:
        raise n.unsupported("weights stored as int8 without scales")
    return n.x(), w, bias, scales


def _padded(
    n: NcnnLayer, x: str, kernel: Sequence[int], strides: Sequence[int], dilations: Sequence[int], pads: tuple[int, ...],
    scales: Scales | None,
) -> tuple[str, tuple[int, ...]]:  # fmt: skip
    """(input, pads): a border of another value than 0 is put on by an operator of its own."""
    spatial = n.shape(x)[2:]
    if len(spatial) == len(kernel) and min(*strides, *dilations) > 0 and pads[0] in (SAME_UPPER, SAME_LOWER):
        if len(set(pads)) != 1:
            raise n.invalid(f"padding {pads}", "it is automatic on some sides only")
        pads = same_pads(spatial, kernel, strides, dilations, pads[0] == SAME_UPPER)
    value = n.real(18)
    if value == 0 or not any(pads):
        return x, pads
    if scales:
        raise n.unsupported(f"a border of {value} around an int8 convolution")
    half = len(pads) // 2
    if n.rank(x) != half + 2:
        raise n.invalid(f"an input of shape {n.shape(x)}")
    padded = n.emit("pad", [x], pads=(0, 0, *pads[:half], 0, 0, *pads[half:]), mode="constant", value=value)
    return padded, (0,) * len(pads)


def _finish(n: NcnnLayer, y: str, scales: Scales | None) -> str:
    y = activated(n, y, 9, 10)
    return scales.requantised(n, y) if scales else y


@ncnn_layer("Deconvolution", "DeconvolutionDepthWise")
def deconvolution_2d(n: NcnnLayer) -> str:
    out_right = n.whole(18)
    size = n.whole(20)
    return _deconvolution(
        n, n.pair(1, 0), n.pair(2, 1), n.pair(3, 1), n.pads(4, 15, 14, 16), (n.whole(19, out_right), out_right), (n.whole(21, size), size)
    )


@ncnn_layer("Deconvolution1D", "DeconvolutionDepthWise1D")
def deconvolution_1d(n: NcnnLayer) -> str:
    begin = n.whole(4)
    return _deconvolution(n, (n.whole(1),), (n.whole(2, 1),), (n.whole(3, 1),), (begin, n.whole(15, begin)), (n.whole(18),), (n.whole(20),))


def _deconvolution(
    n: NcnnLayer, kernel: tuple[int, ...], dilations: tuple[int, ...], strides: tuple[int, ...], pads: tuple[int, ...],
    extra: tuple[int, ...], sizes: tuple[int, ...],
) -> str:  # fmt: skip
    """Weights are [groups, O / group, I / group, *kernel]; padding is cut off the result."""
    _refuse_dynamic(n, 28)
    group = n.whole(7, 1) if "DepthWise" in n.kind else 1
    out, size, area = n.whole(0), n.whole(6), int(np.prod(kernel, dtype=object))
    if min(*kernel, *strides, *dilations, out, group) < 1 or out % group or size % (out * area):
        raise n.invalid(f"{size} weights do not fit {out} channels in {group} groups with kernel {kernel}")
    w = n.floating(group, out // group, size // (out * area), *kernel)
    w = np.swapaxes(w, 1, 2).reshape(-1, out // group, *kernel)
    bias = n.plain(out) if n.whole(5) else None
    x = n.x()
    spatial = n.shape(x)[2:]
    if len(spatial) != len(kernel):
        raise n.invalid(f"an input of shape {n.shape(x)}")
    if min(pads) < 0 or (min(sizes) > 0 and not any(pads)):
        pads = _cut(n, spatial, kernel, strides, dilations, pads, extra, sizes)
    y = deconvolution(n, x, w, bias, strides=strides, pads=pads, dilations=dilations, group=group, output_padding=extra)
    return activated(n, y, 9, 10)


def _cut(
    n: NcnnLayer, spatial: Sequence[int], kernel: Sequence[int], strides: Sequence[int], dilations: Sequence[int],
    pads: tuple[int, ...], extra: Sequence[int], sizes: Sequence[int],
) -> tuple[int, ...]:  # fmt: skip
    """What is cut off to leave `sizes`. Only where the padding is automatic: else nothing is."""
    if not set(pads) & {SAME_UPPER, SAME_LOWER} or min(sizes) < 1:
        return tuple(max(p, 0) for p in pads)
    full = [(d - 1) * s + (k - 1) * q + 1 + e for d, s, k, q, e in zip(spatial, strides, kernel, dilations, extra, strict=True)]
    cuts = [f - s for f, s in zip(full, sizes, strict=True)]
    if min(cuts) < 0:
        raise n.invalid(f"a result of {tuple(full)} cannot be cut to {tuple(sizes)}")
    small, large = [c // 2 for c in cuts], [c - c // 2 for c in cuts]
    return (*small, *large) if SAME_UPPER in pads else (*large, *small)


@ncnn_layer("InnerProduct")
def inner_product_layer(n: NcnnLayer) -> str:
    out, size = n.whole(0), n.whole(2)
    if out < 1 or size < 1 or size % out:
        raise n.invalid(f"{size} weights do not fit {out} outputs")
    w = n.weights(out, size // out)
    bias = n.plain(out) if n.whole(1) else None
    scales = read_scales(n, out, 1)
    if w.dtype == np.int8 and scales is None:
        raise n.unsupported("weights stored as int8 without scales")
    return activated(n, _product(n, n.x(), w, bias, scales), 9, 10)


def _product(n: NcnnLayer, x: str, w: np.ndarray, bias: np.ndarray | None, scales: Scales | None) -> str:
    """Each row of a blob of two axes that fits, else the whole blob flattened."""
    if n.dims(x) != 2 or n.shape(x)[-1] != w.shape[1]:
        x = n.blob(x, (n.graph.types[x].size // n.shape(x)[0],))
    return int8_product(n, x, w, bias, scales) if scales else inner_product(n, x, w, bias)


@ncnn_layer("Pooling")
def pooling(n: NcnnLayer) -> str:
    x, kind = n.x(), _kind(n)
    if n.dims(x) != 3:
        raise n.invalid(f"pooling of a blob of {n.dims(x)} axes")
    if n.whole(4):
        return n.blob(global_pool(n, x, kind), n.shape(x)[1:2])
    if n.whole(7):
        width = n.whole(8)
        sizes = (n.whole(18, width), width)
        return adaptive_pool(n, x, kind, [d if s == -233 else s for s, d in zip(sizes, n.shape(x)[2:], strict=True)])
    return _windowed(n, x, kind, n.pair(1, 0), n.pair(2, 1), n.pads(3, 14, 13, 15))


@ncnn_layer("Pooling1D")
def pooling_1d(n: NcnnLayer) -> str:
    x, kind = n.x(), _kind(n)
    if n.dims(x) != 2:
        raise n.invalid(f"pooling of a blob of {n.dims(x)} axes")
    if n.whole(4):
        return n.blob(global_pool(n, x, kind), n.shape(x)[1:2])
    if n.whole(7):
        return adaptive_pool(n, x, kind, [n.whole(8) if n.whole(8) != -233 else n.shape(x)[2]])
    begin = n.whole(3)
    return _windowed(n, x, kind, (n.whole(1),), (n.whole(2, 1),), (begin, n.whole(14, begin)))


def _kind(n: NcnnLayer) -> str:
    if n.whole(0) not in (0, 1):
        raise n.unsupported(f"pooling of type {n.whole(0)}")
    return "average" if n.whole(0) else "max"


def _windowed(
    n: NcnnLayer, x: str, kind: str, kernel: tuple[int, ...], strides: tuple[int, ...], pads: tuple[int, ...]
) -> str:
    """Parameter 5: 0 the last window may hang over, 1 it may not, 2 and 3 as many outputs as strides fit (SAME)."""
    mode, include, spatial, half = n.whole(5), n.whole(6) != 0, n.shape(x)[2:], len(kernel)
    if min(*kernel, *strides) < 1:
        raise n.invalid(f"kernel {kernel} with stride {strides}")
    if mode in (2, 3):
        if any(pads) and kind == "average" and not include:
            raise n.unsupported("an average with both automatic and given padding")
        pads = same_pads(spatial, kernel, strides, (1,) * half, mode == 2)
        include = True  # cells of automatic padding count in ncnn
    elif mode == 0:
        tails = [(d + b + e - k) % s for d, b, e, k, s in zip(spatial, pads[:half], pads[half:], kernel, strides, strict=True)]
        over = [s - t if t else 0 for t, s in zip(tails, strides, strict=True)]
        pads = (*pads[:half], *(p + o for p, o in zip(pads[half:], over, strict=True)))
    elif mode != 1:
        raise n.unsupported(f"padding mode {mode}")
    return pool(n, x, kind, kernel=kernel, strides=strides, pads=pads, include_pad=include)
