"""Recurrent layers. Their state begins with zeros in every run; in TFLite it stays from run to run until it is reset."""

from __future__ import annotations

import numpy as np

from pith.graph import DType
from pith.importers.tflite.context import Call
from pith.importers.tflite.lstm_integer import integer_lstm
from pith.importers.tflite.maps_products import real_weights
from pith.importers.tflite.registry import tflite_op

# Inputs by number: 1-4 weights of the input for the gates i, f, c, o; 5-8 recurrent ones; 9-11 peepholes; 12-15 biases; 16, 17
# projection; 18, 19 state; 20-23 coefficients of layer norms.
_ORDER = (0, 3, 1, 2)  # gates as Pith's lstm has them: i, o, f, c


@tflite_op("UNIDIRECTIONAL_SEQUENCE_LSTM")
def lstm(n: Call) -> str:
    """With the gates i, f, c, o, tanh and sigmoid; no peepholes, projection, layer norm or coupled gates."""
    x = n.x(0)
    for places, what in ((range(16, 18), "a projection"), (range(20, 24), "layer norms"), (range(9, 12), "peepholes")):
        if any(n.has(i) for i in places):
            raise n.unsupported(f"{what} in a recurrent layer")
    if not n.has(1):
        raise n.unsupported("input and forget gates that are one")
    if n.activation != "TANH" or n.real("proj_clip") or n.option("diagonal"):
        raise n.unsupported(f"an activation {n.activation}, a clipped projection or diagonal weights")
    if n.has(18) or n.has(19):
        raise n.unsupported("a state that is an input of the model")
    if n.rank(x) != 3:
        raise n.invalid(f"an input of shape {n.shape(x)}")
    if n.dtype(x) is DType.I8 and n.quantised:
        return integer_lstm(n)
    if not n.dtype(x).is_float:
        raise n.unsupported(f"an LSTM of {n.dtype(x).value}", "quantise the model to int8, or keep its recurrent layers in float")
    hidden = n.shape(n.x(5))[0]
    parts = [n.static(k, "a bias") for k in range(12, 16)]
    w, r = (_gates(n, first, hidden) for first in (1, 5))
    bias = np.concatenate([np.asarray(parts[g], np.float32).reshape(-1) for g in _ORDER] + [np.zeros(4 * hidden, np.float32)])
    time_major = bool(n.option("time_major"))
    first = x if time_major else n.transpose(x, (1, 0, 2))
    y = n.emit(
        "lstm", [first, n.const(w[None]), n.const(r[None]), n.const(bias[None])], direction="forward", hidden_size=hidden, activations=(),
        activation_alpha=(), activation_beta=(), clip=None, input_forget=False, cell_clip=n.real("cell_clip"),
    )  # fmt: skip
    steps, _, batch, _ = n.shape(y)
    flat = n.reshape(y, (steps, batch, hidden))
    return flat if time_major else n.transpose(flat, (1, 0, 2))


def _gates(n: Call, first: int, hidden: int) -> np.ndarray:
    """Weights of four gates from input `first` on, in Pith's order: [4 * hidden, ...]."""
    found = []
    for g in _ORDER:
        array = n.known(real_weights(n, first + g))
        if array is None or array.ndim != 2 or array.shape[0] != hidden:
            raise n.unsupported("weights of a recurrent layer that are not constant matrices of one size")
        found.append(array.astype(DType.F32.np))
    return np.concatenate(found)
