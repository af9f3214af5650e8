"""lstm_integer: long short-term memory of int8 activations and weights, its cell in int16, as TensorFlow Lite's integer kernel has it.

Source: the "8x8_16" LSTM of TensorFlow Lite (`lstm_eval.cc`); R. Alvarez, R. Prabhavalkar, A. Bakhtin, "On the efficient representation
and execution of deep acoustic models", arXiv 1607.04683, for the idea. All arithmetic is of integers, so all targets give the same bits.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from pith.graph import DType, ShapeError, TensorType
from pith.graph.fixed import rounded_shift, scale_fixed
from pith.graph.fixed16 import BOTTOM, TOP, logistic_16, tanh_16
from pith.ops.base import Arrays, Attrs, Op, Types, register
from pith.ops.windows import present


@register("lstm_integer")
class LstmInteger(Op):
    """Inputs x (int8 [T, B, I], or [B, T, I] unless time_major), w (int8 [4*H, I]), r (int8 [4*H, H]), b (int32 [2, 4*H]), the gates
    in the order i, f, c, o. Output y: int8 [T, B, H] or [B, T, H], which is also what the next step is fed with.

    A gate in Q3.12 is clamp(S(w x + b[0])) + S(r h + b[1]), clamped to int16 after each sum; S is the rule of fixed point with the
    pairs (multiplier, shift) of attrs["factors"]: four for w, four for r. b holds the bias less zero points times weights.
    i, f, o are sigmoids and c a tanh, in Q0.15. The cell is c' = f c / 2^15 + i g / 2^(30 - point), clamped to int16 and to
    attrs["cell_clip"] (0: not), with attrs["point"] (9 to 15) bits behind the point; y = S(o tanh(c')) + zero, by attrs["hidden"]
    = (multiplier, shift, zero), clamped to int8. In the first step h stands for 0, so there is no second sum, and c is 0.
    The sums of products must be proven to stay within int32.
    """

    def infer(self, inputs: Types, attrs: Attrs) -> list[TensorType]:
        x, w, r, b = (present(v) for v in inputs)
        if len(x.shape) != 3 or (x.dtype, w.dtype, r.dtype, b.dtype) != (DType.I8, DType.I8, DType.I8, DType.I32):
            raise ShapeError(f"an integer LSTM of {x}, {w}, {r}, {b}")
        gates, hidden = r.shape
        if gates != 4 * hidden or w.shape != (gates, x.shape[2]) or b.shape != (2, gates):
            raise ShapeError(f"weights {w.shape}, {r.shape} and bias {b.shape} of an integer LSTM of {x.shape}")
        if len(attrs["factors"]) != 8 or not 9 <= attrs["point"] <= 15:
            raise ShapeError(f"an integer LSTM with {len(attrs['factors'])} factors and {attrs['point']} bits behind the point")
        return [TensorType(DType.I8, (*x.shape[:2], hidden))]

    def reference(self, inputs: Arrays, attrs: Attrs) -> list[np.ndarray]:
        x, w, r, b = (present(v).astype(np.int64) for v in inputs)
        x = x if attrs["time_major"] else x.swapaxes(0, 1)
        steps, batch, _ = x.shape
        hidden = r.shape[1]
        m, s = (np.repeat([pair[k] for pair in attrs["factors"]], hidden).reshape(2, -1) for k in (0, 1))
        point, clip = attrs["point"], attrs["cell_clip"]
        by, shift, zero = attrs["hidden"]
        h = c = np.zeros((batch, hidden), np.int64)
        y = np.zeros((steps, batch, hidden), np.int8)
        for t in range(steps):
            gates = np.clip(scale_fixed(x[t] @ w.T + b[0], m[0], s[0]), BOTTOM, TOP)
            if t:
                gates = np.clip(scale_fixed(h @ r.T + b[1], m[1], s[1]) + gates, BOTTOM, TOP)
            i, f, g, o = np.split(gates, 4, axis=1)
            kept = rounded_shift(logistic_16(f) * c, 15)
            added = rounded_shift(logistic_16(i) * tanh_16(g, 3), 30 - point)
            c = np.clip(kept + added, BOTTOM, TOP)
            c = np.clip(c, -clip, clip) if clip else c
            h = np.clip(scale_fixed(logistic_16(o) * tanh_16(c, 15 - point), np.asarray(by), np.asarray(shift)) + zero, -128, 127)
            y[t] = h
        return [np.ascontiguousarray(y if attrs["time_major"] else y.swapaxes(0, 1))]

    def macs(self, inputs: Types, outputs: Sequence[TensorType], attrs: Attrs) -> int:
        x, r = present(inputs[0]), present(inputs[2])
        return x.shape[0] * x.shape[1] * r.shape[0] * (x.shape[2] + r.shape[1])

    def flops(self, inputs: Types, outputs: Sequence[TensorType], attrs: Attrs) -> int:
        return 120 * outputs[0].size  # five activations of some twenty operations each, and what joins them
