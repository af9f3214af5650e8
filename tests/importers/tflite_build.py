"""Small TFLite models for the tests, written as FlatBuffers without any package, and LiteRT's reference kernels to hold them against."""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest

from pith.graph import DType, Graph
from pith.importers.tflite.schema import OPERATORS, OPTIONS, TYPES

CODES = {d: c for c, d in TYPES.items()}
# the number of each operator's options in the schema's union BuiltinOptions; 0 for operators without any
UNION = {
    "CONV_2D": 1, "DEPTHWISE_CONV_2D": 2, "AVERAGE_POOL_2D": 5, "MAX_POOL_2D": 5, "L2_POOL_2D": 5, "FULLY_CONNECTED": 8, "SOFTMAX": 9,
    "CONCATENATION": 10, "ADD": 11, "L2_NORMALIZATION": 12, "LOCAL_RESPONSE_NORMALIZATION": 13, "RESIZE_BILINEAR": 15, "RESHAPE": 17,
    "SPACE_TO_DEPTH": 19, "MUL": 21, "GATHER": 23, "MEAN": 27, "SUM": 27, "REDUCE_MAX": 27, "REDUCE_MIN": 27, "REDUCE_PROD": 27,
    "REDUCE_ANY": 27, "REDUCE_ALL": 27, "SUB": 28, "DIV": 29, "SQUEEZE": 30, "STRIDED_SLICE": 32, "SPLIT": 35, "CAST": 37, "ARG_MAX": 40,
    "TRANSPOSE_CONV": 49, "SHAPE": 55, "ARG_MIN": 57, "PACK": 59, "ONE_HOT": 61, "UNPACK": 64, "UNIDIRECTIONAL_SEQUENCE_LSTM": 71,
    "RESIZE_NEAREST_NEIGHBOR": 74, "LEAKY_RELU": 75, "MIRROR_PAD": 77, "SPLIT_V": 79, "DEPTH_TO_SPACE": 94, "BATCH_MATMUL": 101,
    "CUMSUM": 102, "GELU": 116,
}  # fmt: skip
Value = Any  # a Table, a list of them, text, an array, or (struct's type, number)


@dataclass
class Table:
    """Fields by their number in the schema."""

    fields: dict[int, Value]


def serialise(root: Table, identifier: bytes = b"TFL3") -> bytes:
    """A file: vtables before their tables, everything a field points at behind them."""
    out = bytearray(8)
    out[4:8] = identifier
    _table(out, root, 0)
    return bytes(out)


def _align(out: bytearray, to: int, more: int = 0) -> None:
    while (len(out) + more) % to:
        out.append(0)


def _table(out: bytearray, table: Table, pointer: int) -> None:
    """Append `table`, and let the four bytes at `pointer` lead to it."""
    fields = {k: v for k, v in table.fields.items() if v is not None}
    places, at = {}, 4
    for k, v in fields.items():
        size = struct.calcsize(v[0]) if isinstance(v, tuple) else 4
        at = -(-at // size) * size
        places[k], at = at, at + size
    count = max(fields, default=-1) + 1
    _align(out, 8, 4 + 2 * count)
    vtable = len(out)
    out += struct.pack("<HH", 4 + 2 * count, at) + b"".join(struct.pack("<H", places.get(k, 0)) for k in range(count))
    start = len(out)
    struct.pack_into("<I", out, pointer, start - pointer)
    out += struct.pack("<i", start - vtable) + bytes(at - 4)
    for k, v in fields.items():
        if isinstance(v, tuple):
            struct.pack_into("<" + v[0], out, start + places[k], v[1])
    for k, v in fields.items():
        if not isinstance(v, tuple):
            _behind(out, v, start + places[k])


def _behind(out: bytearray, value: Value, pointer: int) -> None:
    """Append what a field points at."""
    if isinstance(value, Table):
        return _table(out, value, pointer)
    _align(out, 16, 4)
    struct.pack_into("<I", out, pointer, len(out) - pointer)
    if isinstance(value, list):
        out += struct.pack("<I", len(value))
        first = len(out)
        out += bytes(4 * len(value))
        for i, item in enumerate(value):
            _table(out, item, first + 4 * i)
    elif isinstance(value, str):
        out += struct.pack("<I", len(value.encode())) + value.encode() + b"\0"
    else:
        out += struct.pack("<I", value.size) + value.tobytes()
    return None


@dataclass
class T:
    """A tensor. `data`: of a constant; `scale`, `zero`: numbers, or one for each index of `axis`."""

    shape: tuple[int, ...]
    dtype: DType = DType.F32
    data: np.ndarray | None = None
    scale: Any = None
    zero: Any = 0
    axis: int = 0
    name: str = ""
    open: tuple[int, ...] = ()
    variable: bool = False

    @classmethod
    def const(cls, data: np.ndarray, **more: Any) -> T:
        """A constant."""
        return cls(data.shape, DType.of(data.dtype), data, **more)


@dataclass
class Op:
    """An operator over tensors by number (-1: left out)."""

    name: str
    inputs: Sequence[int]
    outputs: Sequence[int]
    options: Mapping[str, Any] = field(default_factory=dict)
    custom: str = ""
    intermediates: Sequence[int] = ()


def model(tensors: Sequence[T], ops: Sequence[Op], inputs: Sequence[int], outputs: Sequence[int]) -> bytes:
    """The file of a model."""
    buffers, described = [Table({})], []
    for k, t in enumerate(tensors):
        number = 0
        if t.data is not None:
            number = len(buffers)
            buffers.append(Table({0: _packed(t)}))
        described.append(_tensor(t, number, t.name or f"t{k}"))
    names = list(dict.fromkeys((o.name, o.custom) for o in ops))
    graph = Table({0: described, 1: _ints(inputs), 2: _ints(outputs), 3: [_operator(o, names) for o in ops], 4: "main"})
    return serialise(Table({0: ("I", 3), 1: [_code(n, c) for n, c in names], 2: [graph], 3: "made for a test", 4: buffers}))


def _ints(values: Sequence[int]) -> np.ndarray:
    return np.array(values, "<i4")


def _packed(t: T) -> np.ndarray:
    assert t.data is not None
    if t.dtype is DType.I4:
        q = np.append(t.data.astype(np.int8).reshape(-1), np.zeros(t.data.size % 2, np.int8)).view(np.uint8) & 15
        return (q[::2] | (q[1::2] << 4)).astype(np.uint8)
    return np.frombuffer(np.ascontiguousarray(t.data).tobytes(), np.uint8)


def _tensor(t: T, buffer: int, name: str) -> Table:
    fields: dict[int, Value] = {0: _ints(t.shape), 1: ("b", CODES[t.dtype]), 2: ("I", buffer), 3: name}
    if t.scale is not None:
        scale = np.atleast_1d(np.asarray(t.scale, "<f4"))
        zero = np.broadcast_to(np.asarray(t.zero, "<i8"), scale.shape)
        fields[4] = Table({2: scale, 3: np.ascontiguousarray(zero), 6: ("i", t.axis)})
    if t.variable:
        fields[5] = ("?", True)
    if t.open:
        fields[7] = _ints([-1 if a in t.open else d for a, d in enumerate(t.shape)])
    return Table(fields)


def _code(name: str, custom: str) -> Table:
    number = OPERATORS.index(name)
    return Table({0: ("b", min(number, 127)), 1: custom or None, 2: ("i", 1), 3: ("i", number)})


def _operator(op: Op, names: list[tuple[str, str]]) -> Table:
    known = OPTIONS.get(op.name, {})
    values: dict[int, Value] = {}
    for name, value in op.options.items():
        number, kind, _ = known[name]
        values[number] = np.array(value, "<i4") if kind == "[i]" else (kind, value)
    union = UNION.get(op.name, 0)
    options: dict[int, Value] = {3: ("B", union), 4: Table(values)} if union else {}
    if op.intermediates:
        options[8] = _ints(op.intermediates)
    return Table({0: ("I", names.index((op.name, op.custom))), 1: _ints(op.inputs), 2: _ints(op.outputs), **options})


def graph(data: bytes) -> Graph:
    """The imported Graph."""
    from pith.importers.tflite import load

    return load(data)


def litert(data: bytes, feeds: Sequence[np.ndarray], *, reference: bool = True) -> list[np.ndarray]:
    """The outputs by LiteRT, by default of its reference kernels; skips the test where LiteRT is not installed."""
    module = pytest.importorskip("ai_edge_litert.interpreter", reason="LiteRT is not installed: pip install ai-edge-litert")
    kinds = module.OpResolverType
    kind = kinds.BUILTIN_REF if reference else kinds.BUILTIN_WITHOUT_DEFAULT_DELEGATES
    interpreter = module.Interpreter(model_content=data, experimental_op_resolver_type=kind)
    interpreter.allocate_tensors()
    for detail, array in zip(interpreter.get_input_details(), feeds, strict=True):
        interpreter.set_tensor(detail["index"], array)
    interpreter.invoke()
    return [interpreter.get_tensor(d["index"]).copy() for d in interpreter.get_output_details()]


def pith_outputs(data: bytes | Graph, feeds: Sequence[np.ndarray], target: str = "host") -> list[np.ndarray]:
    """The outputs of the compiled network."""
    import pith

    net = pith.compile(data, target, cache=False, opt="-O1")
    return list(net.run({p.name: a for p, a in zip(net.inputs, feeds, strict=True)}).values())


def reference_outputs(data: bytes, feeds: Sequence[np.ndarray]) -> list[np.ndarray]:
    """The outputs of the operators' NumPy references, before any pass."""
    from pith.ops.interpret import run_reference

    g = graph(data)
    return run_reference(g, dict(zip(g.inputs, feeds, strict=True)))


def random_input(t: T, rng: np.random.Generator) -> np.ndarray:
    """Numbers over the whole range of an integer type, or around 0."""
    if t.dtype.is_float:
        return (rng.standard_normal(t.shape) * 2).astype(t.dtype.np)
    if t.dtype is DType.BOOL:
        return rng.integers(0, 2, t.shape).astype(bool)
    info = np.iinfo(t.dtype.np)
    return rng.integers(info.min, info.max, t.shape, endpoint=True).astype(t.dtype.np)


def picture_network() -> bytes:
    """A quantised network for pictures of 32 x 32 pixels and three classes, its weights noise: what the documentation runs."""
    r = np.random.default_rng(0)

    def weights(*shape: int, axis: int = 0) -> T:
        return T.const(r.integers(-127, 128, shape).astype(np.int8), scale=np.full(shape[axis], 0.02), axis=axis)

    like = {"dtype": DType.I8, "scale": 0.05, "zero": -128}
    tensors = [
        T((1, 32, 32, 3), DType.U8, scale=1 / 255, name="picture"), T((1, 32, 32, 3), DType.I8, scale=1 / 255, zero=-128, name="pixels"),
        weights(16, 3, 3, 3), T.const(np.zeros(16, np.int32), scale=1e-4), T((1, 16, 16, 16), **like, name="conv"), weights(1, 3, 3, 16, axis=3),
        T((1, 16, 16, 16), **like, name="depthwise"), T((1, 16, 16, 16), **like, name="sum"), T.const(np.array([1, 2], np.int32)),
        T((1, 16), **like, name="mean"), T.const(r.integers(-127, 128, (3, 16)).astype(np.int8), scale=0.02),
        T((1, 3), DType.I8, scale=0.1, name="scores"), T((1, 3), DType.I8, scale=1 / 256, zero=-128, name="shares"),
    ]  # fmt: skip
    step = {"padding": 0, "activation": 1}
    ops = [
        Op("QUANTIZE", [0], [1]), Op("CONV_2D", [1, 2, 3], [4], {**step, "stride_h": 2, "stride_w": 2}),
        Op("DEPTHWISE_CONV_2D", [4, 5, 3], [6], {**step, "stride_h": 1, "stride_w": 1, "multiplier": 1}), Op("ADD", [4, 6], [7]),
        Op("MEAN", [7, 8], [9]), Op("FULLY_CONNECTED", [9, 10, -1], [11]), Op("SOFTMAX", [11], [12], {"beta": 1.0}),
    ]  # fmt: skip
    return model(tensors, ops, [0], [12])
