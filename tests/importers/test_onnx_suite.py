"""The ONNX backend suite through the importer and the reference executor: right, or refused with a reason."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import onnx
import pytest

from pith.graph import DType, InternalError, PithError
from pith.importers.onnx import import_onnx, shape_inputs
from pith.importers.onnx.tensors import to_array
from pith.ops.interpret import run_reference
from tests.conformance.cases import Case, load_cases

# Expected values computed in 16-bit arithmetic step by step are two units in the last place off at worst.
_ULPS = {DType.F16: 2.0**-9, DType.BF16: 2.0**-6}
# Their expected values come from a transform in float32, whose rounding stands where the exact result is 0.
_NOISY = {"test_dft_inverse": 2e-6, "test_dft_inverse_opset19": 2e-6}


def _array(value: Any) -> Any:
    """Data of a case as an array; TensorProtos hold the types NumPy has not. None where there is no such array."""
    if isinstance(value, onnx.TensorProto):
        try:
            return to_array(value, None)
        except PithError:
            return None
    return value


def _sets(case: Case) -> Iterator[tuple[list[Any], list[Any]]]:
    for inputs, outputs in case.data_sets:
        yield [_array(v) for v in inputs], [_array(v) for v in outputs]


def outcome(case: Case) -> str:
    """ "pass", "refused: ..." or what is wrong."""
    names = [i.name for i in case.model.graph.input]
    try:
        fixed = shape_inputs(case.model)
        for inputs, outputs in _sets(case):
            feed = {k: v for k, v in zip(names, inputs, strict=False) if v is not None}
            constants = {k: v for k, v in feed.items() if k in fixed}
            shapes = {k: np.shape(v) for k, v in feed.items() if k not in constants and isinstance(v, np.ndarray)}
            graph = import_onnx(case.model, shapes=shapes, constants=constants)
            results = run_reference(graph, {k: feed[k] for k in graph.inputs})
            for name, want, got in zip(graph.outputs, outputs, results, strict=True):
                problem = _difference(case, np.asarray(want), got)
                if problem:
                    return f"output {name}: {problem}"
    except InternalError as e:
        return f"internal error: {e}"
    except PithError as e:
        unforeseen = e.__cause__ is not None and not isinstance(e.__cause__, PithError)
        return f"not foreseen: {e!r}" if unforeseen else f"refused: {e}"
    return "pass"


def _difference(case: Case, want: np.ndarray, got: np.ndarray) -> str:
    if want.shape != got.shape or want.dtype != got.dtype:
        return f"{got.dtype}{got.shape}, not {want.dtype}{want.shape}"
    dtype = DType.of(want.dtype)
    if not dtype.is_float:
        return "" if np.array_equal(want, got) else f"{got} is not {want}"
    rtol = max(case.rtol, _ULPS.get(dtype, 0.0))
    a, b = got.astype(np.float64), want.astype(np.float64)
    close = np.allclose(a, b, rtol=rtol, atol=_NOISY.get(case.name, case.atol), equal_nan=True)
    return "" if close else f"differs by {np.nanmax(np.abs(a - b))}"


@pytest.fixture(scope="module")
def outcomes() -> dict[str, str]:
    return {name: outcome(case) for name, case in load_cases().items()}


def test_nothing_is_wrong(outcomes: dict[str, str]) -> None:
    wrong = {k: v for k, v in outcomes.items() if v != "pass" and not v.startswith("refused")}
    assert not wrong


def test_all_that_inference_needs_passes(outcomes: dict[str, str]) -> None:
    assert sum(v == "pass" for v in outcomes.values()) >= 1867


REASONS = (
    "string", "uint2", "int2", "float4e2m1", "float8e8m0", "sequence_type", "optional_type", "sequences and optionals",
    "depends on the data", "random", "training", "compressed pictures", "is no tensor", "TreeEnsemble", "LabelEncoder",
)  # fmt: skip


def test_every_refusal_has_a_known_reason(outcomes: dict[str, str]) -> None:
    refused = {k: v for k, v in outcomes.items() if v.startswith("refused")}
    assert not {k: v for k, v in refused.items() if not any(r in v for r in REASONS)}


@pytest.mark.parametrize("kind", ["pytorch-converted", "pytorch-operator"])
def test_exported_networks_all_pass(outcomes: dict[str, str], kind: str) -> None:
    assert {v for k, v in outcomes.items() if k.startswith(kind)} == {"pass"}
