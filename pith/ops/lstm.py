"""lstm: long short-term memory, ONNX semantics (gates in the order i, o, f, c)."""

from __future__ import annotations

import numpy as np

from pith.ops.base import Attrs, register
from pith.ops.recurrent import Activation, Recurrent, clipped


@register("lstm")
class Lstm(Recurrent):
    """See `Recurrent`. attrs["input_forget"]: the forget gate is 1 - the input gate. Peepholes in the order i, o, f.

    attrs["cell_clip"] (0 or absent: none) holds the cell state within [-cell_clip, cell_clip], as TensorFlow does.
    """

    gates = 4
    default = ("sigmoid", "tanh", "tanh")
    states = 2

    def step(
        self, state: tuple[np.ndarray, ...], x: np.ndarray, r: np.ndarray, b: np.ndarray, p: np.ndarray, f: list[Activation],
        attrs: Attrs,
    ) -> tuple[np.ndarray, ...]:  # fmt: skip
        h, c = state
        wb, rb = np.split(b, 2)
        gi, go, gf, gc = np.split(x + r @ h + wb + rb, 4)
        pi, po, pf = np.split(p, 3)
        i = f[0](clipped(gi + pi * c, attrs))
        forget = 1 - i if attrs.get("input_forget", False) else f[0](clipped(gf + pf * c, attrs))
        c = forget * c + i * f[1](clipped(gc, attrs))
        bound = float(attrs.get("cell_clip") or 0.0)
        c = np.clip(c, -bound, bound) if bound > 0 else c
        return f[0](clipped(go + po * c, attrs)) * f[2](c), c
