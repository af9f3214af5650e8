"""The ONNX backend test suite of the installed `onnx` package, run through generated C."""

from __future__ import annotations

import functools
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import numpy_helper

from pith.api import compile as pith_compile
from pith.graph import PithError
from pith.importers.onnx import shape_inputs

KINDS = ("node", "simple", "pytorch-converted", "pytorch-operator")


@dataclass(frozen=True)
class Case:
    """One case: its model and its data sets, each (inputs, expected outputs)."""

    name: str
    kind: str
    model: Any
    data_sets: list[Any]  # of (inputs, expected outputs)
    rtol: float
    atol: float

    @property
    def operators(self) -> tuple[str, ...]:
        """Operator names of the model's main graph, without repeats."""
        return tuple(dict.fromkeys(n.op_type for n in self.model.graph.node))


@dataclass(frozen=True)
class Outcome:
    """status: pass, refused (a PithError before any C was written), wrong, or crash; detail says more."""

    status: str
    detail: str = ""


@functools.cache
def load_cases() -> dict[str, Case]:
    """Every case by name."""
    from onnx.backend.test.loader import load_model_tests

    cases: dict[str, Case] = {}
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        for kind in KINDS:
            for t in load_model_tests(kind=kind):
                model = t.model if t.model is not None else onnx.load(Path(t.model_dir) / "model.onnx")
                data = (
                    [tuple([_array(a) for a in part] for part in d) for d in t.data_sets]
                    if t.data_sets
                    else _read_data(Path(t.model_dir), model)
                )
                cases[f"{kind}/{t.name}"] = Case(t.name, kind, model, data, t.rtol, t.atol)
    return cases


def _array(value: Any) -> Any:
    """A data set's entry as an array; None for sequences, optionals and maps, whose models are refused."""
    if isinstance(value, onnx.TensorProto):
        return numpy_helper.to_array(value)
    return None if value is None or isinstance(value, (list, dict)) else np.asarray(value)


def _read_data(folder: Path, model: Any) -> list[tuple[list[Any], list[Any]]]:
    sets = []
    for data in sorted(folder.glob("test_data_set_*")):
        pair = []
        for what, values in (("input", model.graph.input), ("output", model.graph.output)):
            arrays: list[Any] = []
            for i in range(len(list(data.glob(f"{what}_*.pb")))):
                raw = (data / f"{what}_{i}.pb").read_bytes()
                kind = values[i].type.WhichOneof("value")
                if kind == "tensor_type":
                    arrays.append(numpy_helper.to_array(onnx.TensorProto.FromString(raw)))
                else:
                    arrays.append(None)  # sequences and optionals: the model is refused before they are needed
            pair.append(arrays)
        sets.append((pair[0], pair[1]))
    return sets


def run_case(case: Case, target: str = "host", opt: str = "-O1") -> Outcome:
    """Compile and run every data set of the case; compare as ONNX's own runner does."""
    try:
        fixed = shape_inputs(case.model)
        for inputs, expected in case.data_sets:
            names = [i.name for i in case.model.graph.input]
            given = {n: a for n, a in zip(names, inputs, strict=False) if a is not None}
            constants = {n: a for n, a in given.items() if n in fixed}
            shapes = {n: a.shape for n, a in given.items() if n not in constants}
            session = pith_compile(case.model, target, shapes, constants=constants, opt=opt, cache=False)
            feed = {p.name: given[p.name] for p in session.inputs}
            outputs = session.run(feed)
            for out, want in zip(case.model.graph.output, expected, strict=True):
                assert want is not None, f"{out.name} is no tensor, yet the model was compiled"
                problem = difference(outputs[out.name], want, case.rtol, NOISY.get(case.name, case.atol))
                if problem:
                    return Outcome("wrong", f"{out.name}: {problem}")
    except PithError as e:
        return Outcome("refused", str(e))
    except Exception as e:  # the suite counts crashes of the compiler rather than stopping at the first
        return Outcome("crash", f"{type(e).__name__}: {e}")
    return Outcome("pass")


# Expected values that carry rounding noise of their own: where the exact result is 0 the suite has up to 2e-7, more than
# its own absolute tolerance of 1e-7. These are judged with an absolute tolerance of 2.5e-7.
NOISY = {"test_dft_inverse": 2.5e-7, "test_dft_inverse_opset19": 2.5e-7}
# Two units in the last place of the 16-bit types, relative (the suite's 1e-3 is a quarter of one for bfloat16): chains of
# operators round after each, and the order of the additions inside a product is not the suite's.
TWO_ULP = {"bfloat16": 2.0**-6, "float16": 2.0**-9}


def difference(got: np.ndarray, want: np.ndarray, rtol: float, atol: float) -> str:
    """Why `got` is not `want` ("" when it is): dtype, shape, then values.

    Integers must be equal; floats within ONNX's tolerances, 16-bit ones within these or two units in the last place.
    """
    if want.dtype == object:  # the suite gives Python integers for one case; the model declares the type
        want = want.astype(got.dtype)
    if got.dtype != want.dtype:
        return f"dtype {got.dtype}, wanted {want.dtype}"
    if got.shape != want.shape:
        return f"shape {got.shape}, wanted {want.shape}"
    rtol = max(rtol, TWO_ULP.get(str(want.dtype), 0.0))
    a, b = (x.astype(np.float64) if x.dtype.kind not in "biu" else x for x in (got, want))
    try:
        if a.dtype.kind in "biu":
            np.testing.assert_array_equal(a, b)
        else:
            np.testing.assert_allclose(a, b, rtol=rtol, atol=atol)
    except AssertionError as e:
        return " ".join(str(e).split())[:300]
    return ""
