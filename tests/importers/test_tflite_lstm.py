"""TFLite's LSTM of int8 against LiteRT's reference kernels, bit for bit: by the operators' references, and by generated C."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import pith
from pith.graph import DType, PithError, UnsupportedError
from tests.importers.tflite_build import Op, T, litert, model, pith_outputs, random_input, reference_outputs
from tests.importers.tflite_lstm import I8, I16, TANH, integer_lstm

CASES: list[dict[str, Any]] = [
    {}, {"time_major": True}, {"clip": 0.7}, {"clip": 100.0}, {"state_zero": -128}, {"hidden_scale": 1 / 300}, {"weight": 0.0005}, {"weight": 1.0},
    {"batch": 1, "steps": 1, "inputs": 1, "hidden": 1}, {"batch": 3, "steps": 20, "inputs": 33, "hidden": 17, "weight": 0.003},
    *({"point": p, "steps": 12} for p in range(9, 16)),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=lambda c: "-".join(f"{k}{v}" for k, v in c.items()) or "plain")
def test_lstm(case: dict[str, Any]) -> None:
    r = np.random.default_rng(len(str(case)))
    parts = integer_lstm(r, **case)
    data, feed = model(*parts), [random_input(parts[0][0], r)]
    (want,) = litert(data, feed)
    np.testing.assert_array_equal(reference_outputs(data, feed)[0], want)
    assert case or len(np.unique(want)) > 20  # the gates are not all shut
    for target in ("host", "c99"):
        np.testing.assert_array_equal(pith_outputs(data, feed, target)[0], want)


@pytest.mark.parametrize(
    ("case", "says"),
    [
        ({"without": (18, 19)}, "state"), ({"point": 16}, "power of two"), ({"point": 8}, "power of two"), ({"cell_scale": 0.0007}, "power of two"),
        ({"without": (1, 5, 12)}, "input and forget gates"), ({"activation": 1}, "RELU"), ({"between_type": DType.I64}, "none of int8"),
    ],
)  # fmt: skip
def test_refusals(case: dict[str, Any], says: str) -> None:
    with pytest.raises(PithError, match=says):
        pith.import_model(model(*integer_lstm(np.random.default_rng(0), **case)))


def test_sums_beyond_int32_are_refused() -> None:
    """A bias that leaves no room for the products."""
    tensors = [T((1, 2, 2), I8, scale=0.05), *[T.const(np.full((1, 2), 127, np.int8), scale=0.1) for _ in range(4)]]
    tensors += [T.const(np.full((1, 1), 127, np.int8), scale=0.1) for _ in range(4)]
    tensors += [T.const(np.full(1, 2**31 - 1000, np.int32), scale=0.005) for _ in range(4)]
    tensors += [T((1, 1), I8, scale=0.1, variable=True), T((1, 1), I16, scale=2.0**-11, variable=True), T((0,), I8, scale=0.1), T((1, 2, 1), I8, scale=0.1)]
    places = [0, *range(1, 9), -1, -1, -1, *range(9, 13), -1, -1, 13, 14, -1, -1, -1, -1]
    op = Op("UNIDIRECTIONAL_SEQUENCE_LSTM", places, [16], {"activation": TANH}, intermediates=[15] * 5)
    with pytest.raises(UnsupportedError, match="int32"):
        pith.import_model(model(tensors, [op], [0], [16]))
