"""Fourier transforms, as products with constant matrices, and Col2Im, as a transposed convolution."""

from __future__ import annotations

import math

import numpy as np

from pith.graph import DType
from pith.importers.onnx.context import Call
from pith.importers.onnx.registry import onnx_op
from pith.ops.base import normalize_axis

MAX_MATRIX = 2**24  # elements of the matrix of a transform


def dft_matrix(n: Call, length: int, parts: int, outputs: int, *, inverse: bool, dtype: DType) -> str:
    """Matrix [length * parts, outputs * (1 or 2)] that takes real (parts = 1) or complex samples to their spectrum.

    Real and imaginary parts are interleaved on both sides.
    """
    _check_matrix(n, length * parts, outputs * 2)
    turns = np.outer(np.arange(length), np.arange(outputs)) % length
    angle = (2 if inverse else -2) * np.pi * turns / length
    scale = 1 / length if inverse else 1.0
    cos, sin = np.cos(angle) * scale, np.sin(angle) * scale
    real = np.stack([cos, sin], -1)  # what a real part gives: cos + i sin
    matrix = np.stack([real, np.stack([-sin, cos], -1)], 1)[:, :parts]
    return n.const(matrix.reshape(length * parts, outputs * 2).astype(dtype.np))


def _check_matrix(n: Call, rows: int, columns: int) -> None:
    if rows * columns > MAX_MATRIX:
        raise n.unsupported(f"a transform as a matrix of {rows} x {columns} is too large")


def _half_inverse(n: Call, length: int, bins: int) -> np.ndarray:
    """Matrix [bins * 2, length] from half a spectrum, whose other half is the conjugate, to the real signal."""
    _check_matrix(n, bins * 2, length)
    k = np.arange(bins)
    weight = np.where((k == 0) | (2 * k == length), 1.0, 2.0) / length
    angle = 2 * np.pi * (np.outer(k, np.arange(length)) % length) / length
    matrix = np.stack([np.cos(angle) * weight[:, None], -np.sin(angle) * weight[:, None]], 1)
    return matrix.reshape(bins * 2, length)


def _fitted(n: Call, x: str, axis: int, size: int) -> str:
    """`x` cut or padded with zeros at the end of an axis."""
    have = n.shape(x)[axis]
    if have >= size:
        return n.slice(x, axis, 0, size)
    pads = [0] * (2 * n.rank(x))
    pads[axis + n.rank(x)] = size - have
    return n.emit("pad", [x], pads=tuple(pads), mode="constant", value=0.0)


@onnx_op("DFT", static=(1, 2))
def dft(n: Call) -> str:
    x = n.x(0)
    rank = n.rank(x)
    given = n.attrs.int("axis", 1) if n.opset < 20 else -2
    axis = normalize_axis(int(n.static_scalar(2, "axis")) if n.has(2) else given, rank)
    parts = n.shape(x)[-1]
    inverse, onesided = n.attrs.flag("inverse", False), n.attrs.flag("onesided", False)
    if axis == rank - 1 or parts not in (1, 2):
        raise n.invalid(f"axis {axis} of a tensor of shape {n.shape(x)} holds no signal")
    half_in = inverse and onesided
    if onesided and parts != (2 if inverse else 1):
        raise n.invalid("a one-sided transform is from real to complex, its inverse from complex to real")
    have = n.shape(x)[axis]
    length = int(n.static_scalar(1, "dft_length")) if n.has(1) else 2 * (have - 1) if half_in else have
    if length < 1:
        raise n.invalid(f"a transform of {length} samples")
    bins = length // 2 + 1
    samples = bins if half_in else length
    x = _fitted(n, x, axis, samples)
    # axis last but the parts, both joined: [..., samples * parts] @ matrix
    perm = [a for a in range(rank) if a not in (axis, rank - 1)]
    moved = n.transpose(x, (*perm, axis, rank - 1))
    lead = n.shape(moved)[:-2]
    flat = n.reshape(moved, (math.prod(lead), samples * parts))
    if half_in:
        matrix = n.const(_half_inverse(n, length, bins).astype(n.dtype(x).np))
        out = (length, 1)
    else:
        out = (bins if onesided else length, 2)
        matrix = dft_matrix(n, length, parts, out[0], inverse=inverse, dtype=n.dtype(x))
    y = n.reshape(n.emit("matmul", [flat, matrix, ""], trans_a=False, trans_b=False), (*lead, *out))
    order = [*perm, axis, rank - 1]
    return n.transpose(y, [order.index(a) for a in range(rank)])


@onnx_op("STFT", static=(1, 3))
def stft(n: Call) -> str:
    """Frames by a gather of constant places, times the window, times the matrix of the transform."""
    x = n.x(0)
    batch, size, parts = n.shape(x) if n.rank(x) == 3 else (*n.shape(x), 1)
    step = int(n.static_scalar(1, "frame_step"))
    window = n.opt(2)
    length = int(n.static_scalar(3, "frame_length")) if n.has(3) else n.shape(window)[0] if window else size
    if step < 1 or not 1 <= length <= size or parts not in (1, 2) or (window and n.shape(window) != (length,)):
        raise n.invalid(f"frames of {length} samples every {step} do not fit a signal of shape {n.shape(x)}")
    onesided = n.attrs.flag("onesided", True) and parts == 1
    frames, bins = (size - length) // step + 1, length // 2 + 1 if onesided else length
    places = np.arange(frames)[:, None] * step + np.arange(length)[None, :]
    if places.size > MAX_MATRIX:
        raise n.unsupported(f"{frames} frames of {length} samples")
    y = n.emit("gather", [n.reshape(x, (batch, size, parts)), n.const(places, DType.I64)], axis=1)
    if window:
        y = n.emit("mul", [y, n.reshape(window, (length, 1))])
    matrix = dft_matrix(n, length, parts, bins, inverse=False, dtype=n.dtype(x))
    flat = n.reshape(y, (batch * frames, length * parts))
    spectrum = n.emit("matmul", [flat, matrix, ""], trans_a=False, trans_b=False)
    return n.reshape(spectrum, (batch, frames, bins, 2))


@onnx_op("Col2Im", static=(1, 2))
def col2im(n: Call) -> str:
    """Each column adds its block to the image: a transposed convolution whose weights are ones at single places."""
    x = n.x(0)
    image, block = n.static_ints(1, "image_shape"), n.static_ints(2, "block_shape")
    rank, cells = len(image), math.prod(block)
    strides, dilations = n.attrs.ints("strides") or (1,) * rank, n.attrs.ints("dilations") or (1,) * rank
    pads = n.attrs.ints("pads") or (0,) * (2 * rank)
    shape = n.shape(x)
    fits = rank and len(shape) == 3 and len(block) == len(strides) == len(dilations) == len(pads) // 2 == rank
    if not fits or min(*block, *strides, *dilations) < 1 or shape[1] % cells:
        raise n.invalid(f"blocks {block} do not fit columns of shape {shape} and an image {image}")
    reach = [(k - 1) * d + 1 for k, d in zip(block, dilations, strict=True)]
    padded = [image[a] + pads[a] + pads[a + rank] for a in range(rank)]
    blocks = tuple((padded[a] - reach[a]) // strides[a] + 1 for a in range(rank))
    if math.prod(blocks) != shape[2] or min(blocks) < 1:
        raise n.invalid(f"{shape[2]} columns are not the {blocks} blocks of the image")
    channels = shape[1] // cells
    weights = np.tile(np.eye(cells), (channels, 1)).reshape(shape[1], 1, *block)
    rest = tuple(padded[a] - (blocks[a] - 1) * strides[a] - reach[a] for a in range(rank))
    return n.emit(
        "conv_transpose",
        [n.reshape(x, (*shape[:2], *blocks)), n.const(weights, n.dtype(x)), ""],
        strides=strides,
        pads=pads,
        dilations=dilations,
        group=channels,
        output_padding=rest,
        layout="channels_first",
    )
