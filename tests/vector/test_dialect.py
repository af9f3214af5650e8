"""The vector dialect on every instruction set that runs here: operations, tails, printed expressions."""

from __future__ import annotations

import ctypes
import functools
import tempfile
from pathlib import Path

import numpy as np
import pytest

from pith.graph import DType
from pith.graph.expr import arg, call, clamp, evaluate, select
from pith.targets.base import get_target
from pith.targets.compiler import find_compiler
from pith.vector.cfunction import callees_first
from pith.vector.f32 import needs, print_vector, vectorisable
from pith.vector.f32_math import ULP_BOUND, vector_math
from tests.kernels.products import EPILOGUES, TARGET_NAMES

X, Y, Z = (arg(i, DType.F32) for i in range(3))
EXPRESSIONS = {
    **{n: e for n, (e, _) in EPILOGUES.items() if vectorisable(e)},
    "comparisons": select(X <= Y, X / Z, select(Y > 0.5, X * Y, select(Z >= X, Z, -Y))),
    "shared": (X + Y) * (X + Y) - clamp(X + Y, -1, 1),
    "minimum": call("min", X, call("max", Y, Z)),
}
OPERATIONS = """
void lanes(int32_t *n) { *n = VF_LANES; }
void load_n(const float *p, float *y, int32_t n) { vf_store(y, vf_load_n(p, n)); }
void store_n(const float *p, float *y, int32_t n) { vf_store_n(y, vf_load(p), n); }
void fma3(const float *a, const float *b, const float *c, float *y) { vf_store(y, vf_fma(vf_load(a), vf_load(b), vf_load(c))); }
void minimum(const float *a, const float *b, float *y) { vf_store(y, vf_min(vf_load(a), vf_load(b))); }
void maximum(const float *a, const float *b, float *y) { vf_store(y, vf_max(vf_load(a), vf_load(b))); }
void less(const float *a, const float *b, float *y) { vf_store(y, vf_lt(vf_load(a), vf_load(b), vf_set1(1.0f), vf_set1(0.0f))); }
void less_equal(const float *a, const float *b, float *y) {
  vf_store(y, vf_le(vf_load(a), vf_load(b), vf_set1(1.0f), vf_set1(0.0f)));
}
void sum(const float *a, float *y) { *y = vf_sum(vf_load(a)); }
"""


@functools.cache
def library(target_name: str) -> ctypes.CDLL:
    """Everything under test as one shared library."""
    target = get_target(target_name)
    fs = callees_first([vector_math(target.isa)])
    loops = ""
    for name, expr in EXPRESSIONS.items():
        assert {f.name for f in needs(expr, target.isa)} <= {f.name for f in fs}
        statements, result = print_vector(expr, ["a0", "a1", "a2"], "t")
        lines = [f"const vf a{i} = vf_load(p + {i} * 64);\n  (void)a{i};" for i in range(3)] + statements
        loops += f"void expr_{name}(const float *p, float *y) {{\n  " + "\n  ".join(lines) + f"\n  vf_store(y, {result});\n}}\n"
    headers = sorted({h for f in fs for h in f.headers} | {"stdint.h"})
    text = "".join(f"#include <{h}>\n" for h in headers) + "\n".join(f.text for f in fs) + OPERATIONS + loops
    folder = Path(tempfile.mkdtemp(prefix="pith-dialect-"))
    (folder / "v.c").write_text(text)
    compiler = find_compiler()
    compiler.compile(folder / "v.c", folder / "v.o", target, ["-O2"])
    exports = ["lanes", "load_n", "store_n", "fma3", "minimum", "maximum", "less", "less_equal", "sum"]
    exports += [f"expr_{n}" for n in EXPRESSIONS]
    compiler.link_shared([folder / "v.o"], folder / "v.so", exports)
    return ctypes.CDLL(str(folder / "v.so"))


def run(target: str, name: str, *arrays: np.ndarray, n: int | None = None) -> None:
    """Call a function of the library on arrays."""
    more = [] if n is None else [ctypes.c_int32(n)]
    getattr(library(target), name)(*(ctypes.c_void_p(a.ctypes.data) for a in arrays), *more)


def lanes(target: str) -> int:
    n = np.zeros(1, np.int32)
    run(target, "lanes", n)
    return int(n[0])


@pytest.mark.parametrize("target", TARGET_NAMES)
def test_lanes_are_what_the_instruction_set_says(target: str) -> None:
    assert lanes(target) == get_target(target).isa.lanes(4)


@pytest.mark.parametrize("target", TARGET_NAMES)
def test_tails_touch_only_their_elements(target: str) -> None:
    count = lanes(target)
    x = np.arange(1, count + 1, dtype=np.float32)
    for n in range(-1, count + 3):
        kept = min(max(n, 0), count)
        y = np.full(count, -1, np.float32)
        run(target, "load_n", x, y, n=n)
        np.testing.assert_array_equal(y, np.where(np.arange(count) < kept, x, 0))
        y[:] = -1
        run(target, "store_n", x, y, n=n)
        np.testing.assert_array_equal(y, np.where(np.arange(count) < kept, x, -1))


@pytest.mark.parametrize("target", TARGET_NAMES)
def test_tail_reads_stay_inside_the_page(target: str) -> None:
    """A partial load that ends where mapped memory ends must not fault."""
    import mmap

    page = mmap.mmap(-1, 2 * mmap.PAGESIZE)
    memory = np.frombuffer(page, np.float32)
    guard = ctypes.c_void_p(memory.ctypes.data + mmap.PAGESIZE)
    assert ctypes.CDLL(None).mprotect(guard, ctypes.c_size_t(mmap.PAGESIZE), 0) == 0
    count, first = lanes(target), mmap.PAGESIZE // 4
    y = np.zeros(count, np.float32)
    for n in range(1, count + 1):
        end = memory[first - n : first]
        end[:] = n
        run(target, "load_n", end, y, n=n)
        np.testing.assert_array_equal(y, np.where(np.arange(count) < n, n, 0))
        run(target, "store_n", np.full(count, 7, np.float32), end, n=n)
        np.testing.assert_array_equal(end, 7)


@pytest.mark.parametrize("target", TARGET_NAMES)
def test_operations(target: str) -> None:
    count, rng = lanes(target), np.random.default_rng(1)
    a, b, c = rng.standard_normal((3, count)).astype(np.float32)
    y = np.zeros(count, np.float32)
    run(target, "fma3", a, b, c, y)
    want = a.astype(np.float64) * b + c
    if not get_target(target).isa.fma:
        want = (a * b + c).astype(np.float64)
    np.testing.assert_array_equal(y, want.astype(np.float32))
    for name, f in (("minimum", np.minimum), ("maximum", np.maximum)):
        run(target, name, a, b, y)
        np.testing.assert_array_equal(y, f(a, b))
        run(target, name, np.full(count, np.nan, np.float32), b, y)  # a NaN on the left stays
        assert np.isnan(y).all()
    b[::2] = a[::2]
    for name, compare in (("less", a < b), ("less_equal", a <= b)):
        run(target, name, a, b, y)
        np.testing.assert_array_equal(y, compare)
    run(target, "sum", a, y)
    assert abs(float(y[0]) - a.astype(np.float64).sum()) <= 2.0**-24 * 4 * np.abs(a).sum()


@pytest.mark.parametrize("target", TARGET_NAMES)
@pytest.mark.parametrize("name", EXPRESSIONS)
def test_printed_expressions(target: str, name: str) -> None:
    """A printed expression gives the very bits of its float32 evaluation (vector math excepted: a few ULP)."""
    count, rng = lanes(target), np.random.default_rng(2)
    p = np.zeros((3, 64), np.float32)
    y = np.zeros(count, np.float32)
    for _ in range(20):
        p[:] = rng.standard_normal(p.shape) * 3
        run(target, f"expr_{name}", p, y)
        want = evaluate(EXPRESSIONS[name], list(p[:, :count]))
        if any(n.op in ULP_BOUND for n in EXPRESSIONS[name].walk()):
            np.testing.assert_allclose(y, want, rtol=1e-6, atol=1e-7)
        else:
            np.testing.assert_array_equal(y, want)
