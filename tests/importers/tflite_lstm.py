"""A TFLite model of one LSTM of int8."""

from __future__ import annotations

import numpy as np

from pith.graph import DType
from tests.importers.tflite_build import Op, T

I8, I16 = DType.I8, DType.I16
TANH = 4


def integer_lstm(
    r: np.random.Generator, *, batch: int = 2, steps: int = 5, inputs: int = 7, hidden: int = 6, point: int = 11, time_major: bool = False,
    clip: float = 0.0, cell_scale: float | None = None, state_zero: int = 4, hidden_scale: float = 1 / 128, weight: float = 0.02,
    without: tuple[int, ...] = (), activation: int = TANH, between_type: DType = I8,
) -> tuple[list[T], list[Op], list[int], list[int]]:  # fmt: skip
    """The parts of a model of one layer. Weights and bias are noise over their whole range, so gates are from flat to steep."""
    x = T((steps, batch, inputs) if time_major else (batch, steps, inputs), I8, scale=0.05, zero=3)
    tensors, places = [x], [0]

    def add(t: T) -> int:
        tensors.append(t)
        return len(tensors) - 1

    for columns in (inputs, hidden):
        for k in range(4):
            w = r.integers(-127, 128, (hidden, columns)).astype(np.int8)
            places.append(add(T.const(w, scale=weight * (1 + k / 3))))
    places += [-1, -1, -1]
    places += [add(T.const(r.integers(-9000, 9000, hidden).astype(np.int32), scale=0.05 * weight)) for _ in range(4)]
    places += [-1, -1, add(T((batch, hidden), I8, scale=hidden_scale, zero=state_zero, variable=True))]
    places += [add(T((batch, hidden), I16, scale=2.0**-point if cell_scale is None else cell_scale, variable=True)), -1, -1, -1, -1]
    between = [add(T((0,), I16, scale=1.0)) for _ in range(4)] + [add(T((0,), between_type, scale=hidden_scale, zero=state_zero))]
    y = add(T((*x.shape[:2], hidden), I8, scale=hidden_scale, zero=state_zero))
    places = [-1 if k in without else p for k, p in enumerate(places)]
    options = {"activation": activation, "cell_clip": clip, "time_major": time_major}
    return tensors, [Op("UNIDIRECTIONAL_SEQUENCE_LSTM", places, [y], options, intermediates=between)], [0], [y]
