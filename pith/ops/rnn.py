"""rnn: the simple recurrent layer, ONNX semantics."""

from __future__ import annotations

import numpy as np

from pith.ops.base import Attrs, register
from pith.ops.recurrent import Activation, Recurrent, clipped


@register("rnn")
class Rnn(Recurrent):
    """h' = f(w x + r h + both biases); see `Recurrent`."""

    def step(
        self, state: tuple[np.ndarray, ...], x: np.ndarray, r: np.ndarray, b: np.ndarray, p: np.ndarray, f: list[Activation],
        attrs: Attrs,
    ) -> tuple[np.ndarray, ...]:  # fmt: skip
        (h,) = state
        wb, rb = np.split(b, 2)
        return (f[0](clipped(x + r @ h + wb + rb, attrs)),)
