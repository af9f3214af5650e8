"""The vector dialect on every instruction set this machine has: tails stay in bounds, and the functions keep their bounds."""

from __future__ import annotations

import ctypes
import functools
import math
import subprocess
from pathlib import Path

import numpy as np
import pytest

from pith.targets.base import Target, get_target
from pith.targets.compiler import find_compiler
from pith.vector.cfunction import CFunction
from pith.vector.f32 import dialect
from pith.vector.f32_math import GELU_BOUND, SHORT, SHORT_BOUND, ULP_BOUND, short_math, vector_math

FUNCTIONS = [*ULP_BOUND, "exp_down", "exp2_down", "gelu", *(f"{n}_short" for n in SHORT)]
TARGETS = ["c99", "x86-64-v2", "x86-64-v3", "x86-64-v4"]


def _library(folder: Path, target: Target) -> ctypes.CDLL:
    texts: dict[str, str] = {}
    headers: set[str] = set()

    def visit(f: CFunction) -> None:
        for r in f.requires:
            visit(r)
        texts[f.name] = f.text
        headers.update(f.headers)

    visit(short_math(target.isa))
    loops = "\n".join(
        f"void loop_{name}(const float *x, float *y, int32_t n) {{\n  for (int32_t i = 0; i < n; i += VF_LANES)\n"
        f"    vf_store_n(y + i, vf_{name}(vf_load_n(x + i, n - i)), n - i);\n}}"
        for name in FUNCTIONS
    )
    more = "float total(const float *x) { return vf_sum(vf_load(x)); }\nint lanes(void) { return VF_LANES; }\n"
    source = folder / "v.c"
    source.write_text(
        "".join(f"#include <{h}>\n" for h in sorted(headers)) + "\n".join(texts.values()) + loops + "\n" + more
    )
    compiler = find_compiler()
    compiler.compile(source, folder / "v.o", target, ["-O3"])
    compiler.link_shared([folder / "v.o"], folder / "v.so", [*(f"loop_{n}" for n in FUNCTIONS), "total", "lanes"])
    return ctypes.CDLL(str(folder / "v.so"))


@pytest.fixture(scope="module", params=TARGETS)
def library(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> ctypes.CDLL:
    target = get_target(request.param)
    if not target.runs_here():
        pytest.skip(f"this processor does not run {request.param}")
    return _library(tmp_path_factory.mktemp("dialect"), target)


def _apply(library: ctypes.CDLL, name: str, x: np.ndarray) -> np.ndarray:
    y = np.empty_like(x)
    getattr(library, f"loop_{name}")(
        ctypes.c_void_p(x.ctypes.data), ctypes.c_void_p(y.ctypes.data), ctypes.c_int32(x.size)
    )
    return y


def _ulps(got: np.ndarray, want: np.ndarray) -> np.ndarray:
    """Error in units of the last place of the float32 nearest to `want` (subnormals have one size)."""
    with np.errstate(all="ignore"):
        exponent = np.floor(np.log2(np.maximum(np.abs(want), 2.0**-126)))
        return np.abs(got.astype(np.float64) - want) / 2.0 ** (exponent - 23)


REFERENCE = {
    "erf": np.vectorize(math.erf, otypes=[np.float64]),
    "exp": np.exp,
    "tanh": np.tanh,
    "sigmoid": lambda x: np.where(x < 0, np.exp(x) / (1 + np.exp(x)), 1 / (1 + np.exp(-x))),
}
REFERENCE["silu"] = lambda x: x * REFERENCE["sigmoid"](x)
STRIDE = 1021  # a prime: over 4 million of all 2^32 bit patterns


@functools.cache
def _sweep(name: str) -> tuple[np.ndarray, np.ndarray]:
    """Arguments, and the results wanted of `name` in float64: one by one in Python where NumPy has none, so once for all targets."""
    x = np.arange(0, 2**32, STRIDE, dtype=np.uint64).astype(np.uint32).view(np.float32)
    x = np.ascontiguousarray(x[np.isfinite(x)])
    if name == "gelu":
        x = np.ascontiguousarray(np.concatenate([x, np.linspace(-7, 7, 1 << 20, dtype=np.float32)]))
        wide = x.astype(np.float64)
        return x, wide * 0.5 * np.vectorize(math.erfc, otypes=[np.float64])(wide * -math.sqrt(0.5))
    with np.errstate(all="ignore"):
        return x, REFERENCE[name](x.astype(np.float64))


@pytest.mark.parametrize("name", sorted(ULP_BOUND))
def test_bound_over_the_whole_range(library: ctypes.CDLL, name: str) -> None:
    x, want = _sweep(name)
    got = _apply(library, name, x)
    inside = np.isfinite(want.astype(np.float32))
    if name in ("sigmoid", "silu"):
        low = x < -87
        assert (np.abs(got[low]) < {"sigmoid": 2e-38, "silu": 2e-36}[name]).all() and (got[low] >= 0).all() == (name == "sigmoid")
        inside &= ~low
    worst = _ulps(got[inside], want[inside])
    at = int(np.argmax(worst))
    assert worst[at] <= ULP_BOUND[name], f"{worst[at]} ULP at {x[inside][at]!r}"
    assert (np.isinf(got) == np.isinf(want.astype(np.float32))).all()


@pytest.mark.parametrize("name", SHORT)
def test_short_functions(library: ctypes.CDLL, name: str) -> None:
    x, want = _sweep(name)
    got, inside = _apply(library, f"{name}_short", x), x >= -87
    error = np.abs(got[inside] - want[inside])
    assert (error <= SHORT_BOUND * np.abs(want[inside]) + 2.0**-149).all()
    assert (np.abs(got[~inside]) < {"sigmoid": 2e-38, "silu": 2e-36}[name]).all()
    special = _apply(library, f"{name}_short", np.float32([np.nan, np.inf, -np.inf, 0]))
    assert np.isnan(special[0]) and special[1] == {"sigmoid": 1, "silu": np.inf}[name]
    assert abs(special[2]) < 2e-36 and special[3] == {"sigmoid": np.float32(0.5), "silu": 0}[name]


def test_exp2_down(library: ctypes.CDLL) -> None:
    x = np.concatenate([-np.arange(0, 0x42FC0000, 499, dtype=np.uint32).view(np.float32), np.float32([-125.99, -126])])
    got = _apply(library, "exp2_down", x)
    assert _ulps(got, np.exp2(x.astype(np.float64))).max() <= 1.5
    assert got[0] == 1
    deep = np.float32([-126.6, -127, -1000, -3e38, -np.inf])
    assert (_apply(library, "exp2_down", deep) == 0).all()
    assert np.isnan(_apply(library, "exp2_down", np.float32([np.nan]))).all()


def test_exp_down(library: ctypes.CDLL) -> None:
    x = -np.arange(0, 0x42AEAC4F, 499, dtype=np.uint32).view(np.float32)  # to -87.33, where e^x is the least normal number
    got = _apply(library, "exp_down", x)
    assert _ulps(got, np.exp(x.astype(np.float64))).max() <= 1.5 and got[0] == 1
    assert (_apply(library, "exp_down", np.float32([-87.7, -88, -1000, -3e38, -np.inf])) == 0).all()
    assert np.isnan(_apply(library, "exp_down", np.float32([np.nan]))).all()


def test_gelu(library: ctypes.CDLL) -> None:
    x, want = _sweep("gelu")
    error = np.abs(_apply(library, "gelu", x) - want)
    assert (error <= GELU_BOUND * 2.0**-24 * np.abs(x.astype(np.float64)) + 2.0**-149).all()
    far = _apply(library, "gelu", np.float32([-6, -100, -3e38, 6, 100, 3e38, np.inf, 0, np.nan]))
    assert (far[:3] == 0).all() and (far[3:8] == np.float32([6, 100, 3e38, np.inf, 0])).all() and np.isnan(far[8])


@pytest.mark.parametrize("name", sorted(ULP_BOUND))
def test_special_values(library: ctypes.CDLL, name: str) -> None:
    x = np.array([np.nan, np.inf, -np.inf, 0.0, -0.0], np.float32)
    nan, up, down, zero, _ = _apply(library, name, x)
    assert np.isnan(nan)
    assert {"erf": up == 1 and down == -1 and zero == 0, "exp": up == np.inf and down == 0 and zero == 1, "tanh": up == 1 and down == -1 and zero == 0,
            "sigmoid": up == 1 and 0 <= down < 2e-38 and zero == 0.5, "silu": up == np.inf and -2e-36 < down <= 0 and zero == 0}[name]  # fmt: skip


def test_tails_touch_nothing_else(library: ctypes.CDLL) -> None:
    for n in range(40):
        x = np.linspace(-1, 1, n + 1, dtype=np.float32)[:n].copy()
        y = np.full(n + 64, 7.0, np.float32)
        library.loop_exp(ctypes.c_void_p(x.ctypes.data), ctypes.c_void_p(y.ctypes.data), ctypes.c_int32(n))
        assert (y[n:] == 7).all() and np.allclose(y[:n], np.exp(x), rtol=1e-6)


def test_sum_of_lanes(library: ctypes.CDLL) -> None:
    library.total.restype = ctypes.c_float
    x = np.arange(1, 65, dtype=np.float32)
    n = library.lanes()
    assert library.total(ctypes.c_void_p(x.ctypes.data)) == n * (n + 1) / 2


def test_warning_free(tmp_path: Path) -> None:
    for name in TARGETS:
        target = get_target(name)
        text = (
            "".join(f"#include <{h}>\n" for h in ("stdint.h", *target.isa.headers))
            + dialect(target.isa).text
            + vector_math(target.isa).text
        )
        (tmp_path / "v.c").write_text(text)
        flags = [
            *target.cflags,
            f"-std={target.std}",
            "-Wall",
            "-Wextra",
            "-Wconversion",
            "-Wno-unused-function",
            "-Werror",
        ]
        flags = [f for f in flags if not f.startswith("-mprefer")] + ["-c", "v.c", "-o", "v.o"]
        done = subprocess.run(["gcc", *flags], cwd=tmp_path, capture_output=True, text=True, check=False)
        assert done.returncode == 0, f"{name}: {done.stderr[:2000]}"
