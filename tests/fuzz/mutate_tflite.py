"""Seeded mutations of TFLite models: bytes flipped, cut and copied, words set to hostile numbers; and, one level up, hostile fields."""

from __future__ import annotations

import copy
import functools
import random
import struct

import numpy as np

from pith.graph import DType
from pith.importers.tflite.schema import OPERATORS
from tests.fuzz.mutate import _bytes
from tests.importers.tflite_build import CODES, Op, T, model
from tests.importers.tflite_lstm import integer_lstm

Parts = tuple[list[T], list[Op], list[int], list[int]]
_WORDS = (0, 1, -1, 2, 3, 7, -7, 64, 255, 65536, 2**31 - 1, -(2**31), 2**30, 0x7F800000, 0x7FC00000, 1)


def _const(*values: int) -> T:
    return T.const(np.array(values, np.int32))


def _quantised() -> Parts:
    """Convolutions, sums, tables, pools and a softmax of 8-bit integers."""
    r, i8 = np.random.default_rng(0), DType.I8
    w = r.integers(-127, 127, (8, 3, 3, 3)).astype(np.int8)
    d = r.integers(-127, 127, (1, 3, 3, 8)).astype(np.int8)
    f = r.integers(-127, 127, (4, 8)).astype(np.int8)
    like = {"dtype": i8, "scale": 0.1, "zero": 3}
    tensors = [
        T((1, 8, 8, 3), **like), T.const(w, scale=np.full(8, 0.01)), T.const(np.zeros(8, np.int32), scale=0.001), T((1, 4, 4, 8), **like),
        T.const(d, scale=np.full(8, 0.02), axis=3), T((1, 4, 4, 8), **like), T((1, 4, 4, 8), **like), T((1, 1, 1, 8), **like),
        T((1, 8), **like), T.const(f, scale=0.03), T((1, 4), **like), T((1, 4), i8, scale=1 / 256, zero=-128), _const(1, 2), _const(-1, 8),
        T((1, 4), i8, scale=0.05, zero=1), T((1, 4)),
    ]  # fmt: skip
    conv = {"padding": 0, "stride_h": 2, "stride_w": 2, "activation": 1}
    ops = [
        Op("CONV_2D", [0, 1, 2], [3], conv), Op("DEPTHWISE_CONV_2D", [3, 4, 2], [5], {"padding": 0, "stride_h": 1, "stride_w": 1, "multiplier": 1}),
        Op("ADD", [3, 5], [6], {"activation": 3}), Op("MEAN", [6, 12], [7], {"keep_dims": True}), Op("RESHAPE", [7, 13], [8]),
        Op("FULLY_CONNECTED", [8, 9, -1], [10]), Op("SOFTMAX", [10], [11], {"beta": 1.0}), Op("LEAKY_RELU", [10], [14], {"alpha": 0.1}),
        Op("DEQUANTIZE", [11], [15]),
    ]  # fmt: skip
    return tensors, ops, [0], [15, 14]


def _moves() -> Parts:
    """Shapes, slices, padding, resizing and joining of floats."""
    tensors = [
        T((1, 4, 6, 4)), _const(0, 1, 0, 0), _const(1, 4, 6, 4), _const(1, 1, 2, 1), T((1, 3, 3, 4)),
        T.const(np.array([[0, 0], [1, 1], [2, 0], [0, 0]], np.int32)),
        T((1, 5, 5, 4)), _const(7, 9), T((1, 7, 9, 4)), T((4,), DType.I32), T((1, 7, 9, 1)), _const(3), T((1, 7, 9, 5)), _const(1, 2, 1, 1),
        T((1, 14, 9, 5)), _const(2, 2), T.const(np.array([[0, 0], [0, 1]], np.int32)), T((4, 7, 5, 5)), _const(0, 2, 1), T((3, 7, 5, 5)), T((3, 7, 5, 5)),
    ]  # fmt: skip
    ops = [
        Op("STRIDED_SLICE", [0, 1, 2, 3], [4], {"end_mask": 9}), Op("PAD", [4, 5], [6]), Op("RESIZE_BILINEAR", [6, 7], [8], {"half_pixel_centers": True}),
        Op("SHAPE", [8], [9], {"out_type": 2}), Op("REDUCE_MAX", [8, 11], [10], {"keep_dims": True}), Op("CONCATENATION", [8, 10], [12], {"axis": 3}),
        Op("TILE", [12, 13], [14]), Op("SPACE_TO_BATCH_ND", [14, 15, 16], [17]), Op("GATHER", [17, 18], [19]), Op("GELU", [19], [20]),
    ]  # fmt: skip
    return tensors, ops, [0], [20, 9]


def _lstm() -> Parts:
    r = np.random.default_rng(1)
    make = lambda *s: T.const(r.standard_normal(s).astype(np.float32))  # noqa: E731
    tensors = [T((1, 3, 5)), *[make(4, 5) for _ in range(4)], *[make(4, 4) for _ in range(4)], *[make(4) for _ in range(4)]]
    tensors += [T((1, 4), variable=True), T((1, 4), variable=True), T((1, 3, 4))]
    places = [0, *range(1, 9), -1, -1, -1, *range(9, 13), -1, -1, 13, 14, -1, -1, -1, -1]
    return tensors, [Op("UNIDIRECTIONAL_SEQUENCE_LSTM", places, [15], {"activation": 4, "cell_clip": 10.0})], [0], [15]


@functools.cache
def seeds() -> tuple[bytes, ...]:
    """Small models that reach most of the importer."""
    return tuple(model(*parts) for parts in _parts())


@functools.cache
def _parts() -> tuple[Parts, ...]:
    return _quantised(), _moves(), _lstm(), integer_lstm(np.random.default_rng(1))


def _fields(rng: random.Random) -> bytes:
    """A model whose shapes, constants, scales, options or wiring are hostile."""
    tensors, ops, inputs, outputs = copy.deepcopy(rng.choice(_parts()))
    for _ in range(rng.choice((1, 1, 2, 3))):
        t, op, kind = rng.choice(tensors), rng.choice(ops), rng.randrange(8)
        number = rng.choice(_WORDS)
        if kind == 0 and t.shape:
            at = rng.randrange(len(t.shape))
            t.shape = (*t.shape[:at], number % 2**31, *t.shape[at + 1 :])
        elif kind == 1 and t.data is not None and t.data.dtype == np.int32:
            t.data = t.data.copy()
            t.data.flat[rng.randrange(t.data.size)] = (number + 2**31) % 2**32 - 2**31
        elif kind == 2:
            t.scale = rng.choice((None, 0.0, -1.0, 1e-45, 1e38, float("inf"), float("nan"), np.full(3, 0.1)))
        elif kind == 3:
            t.zero, t.axis = number, rng.choice((0, 1, 3, -1, 7))
        elif kind == 4 and op.options:
            key = rng.choice(list(op.options))
            kinds = {"padding": (-1, 0, 1, 2), "activation": (-1, 0, 1, 2, 3, 4, 5, 9), "out_type": (-1, 0, 2, 4, 5, 99)}
            options = dict(op.options)
            if isinstance(options[key], float):
                options[key] = rng.choice((0.0, -1.0, 1e38, float("inf"), float("nan")))
            elif not isinstance(options[key], bool):
                options[key] = rng.choice(kinds.get(key, [(number + 2**31) % 2**32 - 2**31]))
            op.options = options
        elif kind == 5:
            op.inputs = list(op.inputs)
            op.inputs[rng.randrange(len(op.inputs))] = rng.choice((-1, *range(len(tensors))))
        elif kind == 6:
            t.dtype = rng.choice(list(CODES))
        else:
            op.options, op.name = {}, rng.choice(OPERATORS)
    return model(tensors, ops, inputs, outputs)


def mutation(index: int, seed: int = 21) -> bytes:
    """Mutation number `index`; the same bytes every time."""
    rng = random.Random(seed * 1_000_003 + index)
    if rng.random() < 0.5:
        return _fields(rng)
    base = rng.choice(seeds())
    if rng.random() < 0.3:
        return _bytes(base, rng)
    data = bytearray(base)
    for _ in range(rng.choice((1, 1, 2, 3))):
        kind = rng.choice(("<i", "<i", "<i", "<H", "<b", "<q"))
        at = rng.randrange(8, len(data) - 8) // struct.calcsize(kind) * struct.calcsize(kind)
        bits = 8 * struct.calcsize(kind)
        value = rng.choice(_WORDS) if rng.random() < 0.7 else struct.unpack_from(kind, data, at)[0] + rng.choice((-4, -1, 1, 4))
        data[at : at + bits // 8] = (value % 2**bits).to_bytes(bits // 8, "little")
    return bytes(data)
