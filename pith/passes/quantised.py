"""Questions about quantised values: which integers stand behind a float tensor, and by which scale and zero point."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pith.graph import DType, Node
from pith.ops.base import OPS
from pith.passes.rewrite import Rewrite

BYTES = (DType.I8, DType.U8)
NARROW = (*BYTES, DType.I16, DType.U16)
_SCALES = (1e-30, 1e30)  # within, dividing what was multiplied gives the same integer again


@dataclass(frozen=True, slots=True)
class Steps:
    """Scale and zero point of a tensor of integers of 8 or 16 bits."""

    scale: float
    zero: int
    dtype: DType


@dataclass(frozen=True, slots=True)
class Quantised:
    """The integers `value` behind a float tensor."""

    value: str
    steps: Steps


def steps_of(walk: Rewrite, node: Node) -> Steps | None:
    """What a quantize_linear or dequantize_linear node does with a tensor of 8 or 16 bits as a whole; None for anything else.

    Its scale is one positive number, its zero point one number, both known; the real side is float32.
    """
    if node.op not in ("quantize_linear", "dequantize_linear"):
        return None
    real, whole = (node.inputs[0], node.outputs[0]) if node.op == "quantize_linear" else (node.outputs[0], node.inputs[0])
    constants, dtype = walk.graph.constants, walk.type(whole).dtype
    scale = constants.get(node.inputs[1])
    if dtype not in NARROW or walk.type(real).dtype is not DType.F32 or scale is None or scale.size != 1 or scale.ndim > len(walk.type(whole).shape):
        return None
    step, zero = float(np.float32(scale.reshape(-1)[0])), 0
    if len(node.inputs) > 2 and node.inputs[2]:
        point = constants.get(node.inputs[2])
        if point is None or point.size != 1 or point.ndim > len(walk.type(whole).shape):
            return None
        zero = int(point.reshape(-1)[0])
    return Steps(step, zero, dtype) if _SCALES[0] < step < _SCALES[1] else None


def quantised(walk: Rewrite, value: str) -> Quantised | None:
    """The integers of 8 or 16 bits that `value` was made from, all by one scale and zero point."""
    maker = walk.made.get(value)
    if maker is None or maker.op != "dequantize_linear":
        return None
    steps = steps_of(walk, maker)
    return None if steps is None else Quantised(maker.inputs[0], steps)


def dequantise(walk: Rewrite, value: str, steps: Steps, like: Node) -> str:
    """A new node that makes real numbers of the integers `value`."""
    scale = walk.graph.add_constant(np.array(steps.scale, np.float32), "scale")
    zero = [walk.graph.add_constant(np.array(steps.zero, steps.dtype.np), "zero")] if steps.zero else []
    return walk.add("dequantize_linear", [value, scale, *zero], {"dtype": DType.F32}, like=like)


def quantise(walk: Rewrite, value: str, steps: Steps, like: Node) -> str:
    """A new node that makes integers of the real numbers `value`."""
    scale = walk.graph.add_constant(np.array(steps.scale, np.float32), "scale")
    zero = walk.graph.add_constant(np.array(steps.zero, steps.dtype.np), "zero")
    return walk.add("quantize_linear", [value, scale, zero], {"dtype": steps.dtype, "saturate": True}, like=like)


def constant_integers(walk: Rewrite, value: str) -> tuple[np.ndarray, np.ndarray, np.ndarray] | None:
    """(q, scale, zero) when `value` is dequantised from constants; scale in float64, zero in int32, both broadcast to q."""
    maker = walk.made.get(value)
    if maker is None or maker.op != "dequantize_linear" or maker.attrs["dtype"] is not DType.F32:
        return None
    arrays = [walk.graph.constants.get(i) if i else None for i in maker.inputs]
    if arrays[0] is None or arrays[1] is None or arrays[0].dtype.kind not in "iu":
        return None
    zero = arrays[2] if len(arrays) > 2 else np.zeros((), np.int32)
    if zero is None:
        return None
    return arrays[0], arrays[1].astype(np.float32).astype(np.float64), zero.astype(np.int32)


def real_constant(walk: Rewrite, value: str) -> np.ndarray | None:
    """The real numbers of a constant, dequantised or not, in float64; None for what is made at run time."""
    array = walk.graph.constants.get(value)
    if array is not None:
        return array.astype(np.float64) if array.dtype == np.float32 else None
    found = constant_integers(walk, value)
    return None if found is None else (found[0].astype(np.float64) - found[2]) * found[1]


def computed(walk: Rewrite, op: str, inputs: list[str], attrs: dict[str, object], like: Node) -> str:
    """Output 0 of a new node, or the constant that it is where all its inputs are constants."""
    constants = walk.graph.constants
    if inputs and all(i in constants for i in inputs):
        return walk.graph.add_constant(OPS[op].reference([constants[i] for i in inputs], attrs)[0], like.name or op)
    return walk.add(op, inputs, attrs, like=like)
