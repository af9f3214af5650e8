"""The math functions of the generated C: accuracy, special values, one set of bits from every compiler, clean C."""

from __future__ import annotations

import functools
import platform
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import ml_dtypes
import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parent))
import math_driver as driver

from pith.vector.math import MATH, ULP_BOUND

pytestmark = pytest.mark.skipif(platform.machine() != "x86_64", reason="builds and loads x86-64 libraries")
GCC = pytest.param("gcc", marks=pytest.mark.skipif("gcc" not in driver.compilers(), reason="gcc is not installed"))
needs_gcc = pytest.mark.skipif("gcc" not in driver.compilers(), reason="gcc is not installed (libm reference)")
FAST = ("clang", "-O3 -march=x86-64-v3")
FUNCTIONS = [(name, kind) for name in driver.UNARY + driver.BINARY for kind in ("f32", "f64")]
_TRANSCENDENTAL = ("exp", "exp2", "expm1", "log", "log1p", "tanh", "sigmoid", "softplus", "erf", "sin", "cos")
HOT = (*_TRANSCENDENTAL, "sqrt", "rint", "floor", "ceil", "trunc", "round")
Key = tuple[str, str]


def _has(flag: str) -> bool:
    return flag in Path("/proc/cpuinfo").read_text().split()


FLAGS = [
    ("clang", "-O0"),
    ("clang", "-O3"),
    ("clang", "-O3 -march=x86-64-v3 -DPITH_PORTABLE"),
    pytest.param("clang", "-O3 -march=x86-64-v4", marks=pytest.mark.skipif(not _has("avx512dq"), reason="no AVX-512")),
    *(
        pytest.param(*GCC.values, f, marks=GCC.marks)
        for f in ("-O0", "-O3", "-O3 -march=x86-64-v3", "-O2 -DPITH_PORTABLE")
    ),
]


@functools.cache
def samples(key: Key) -> tuple[np.ndarray, ...]:
    """A few hundred thousand arguments of one function: special values, all magnitudes, and where it bends."""
    name, kind = key
    real, word = (np.float32, np.uint32) if kind == "f32" else (np.float64, np.uint64)
    rng = np.random.default_rng(20)
    special = driver.special_values(kind)
    if name not in driver.BINARY:
        anything = rng.integers(0, 2 ** (8 * np.dtype(word).itemsize), 60000, dtype=np.uint64).astype(word).view(real)
        ranges = [rng.uniform(-r, r, 30000) for r in (1.0, 8.0, 100.0, 750.0)]
        near_one = 1 + rng.uniform(-1, 1, 30000) * 2.0 ** rng.integers(-40, 0, 30000)
        far = rng.standard_normal(30000) * 2.0 ** rng.integers(-60, 60, 30000)
        return (np.concatenate([special, anything, *(a.astype(real) for a in (*ranges, near_one, far))]),)
    some = special[:: len(special) // 400]
    some = np.concatenate([some, np.array([0, 1, 2, 3, 0.5, np.inf, np.nan, 2.0**24, 2.0**53 + 2, 33], real)])
    some = np.concatenate([some, -some])
    left, right = (g.ravel() for g in np.meshgrid(some, some))
    if name == "pow":
        x = np.concatenate(
            [rng.lognormal(0, 1, 60000), rng.lognormal(0, 20, 30000), 1 + rng.uniform(-0.01, 0.01, 60000)]
        )
        x = np.abs(x.astype(real))
        limit = 128 if kind == "f32" else 1075
        with np.errstate(all="ignore"):
            y = (rng.uniform(-limit, limit, x.size) / np.log2(x.astype(np.longdouble))).astype(real)
    else:
        x, y = ((rng.standard_normal(150000) * 2.0 ** rng.integers(-20, 20, 150000)).astype(real) for _ in range(2))
    return np.concatenate([left, x]), np.concatenate([right, y])


def check(key: Key, y: np.ndarray, *arguments: np.ndarray) -> None:
    """Assert the bound of one function."""
    m = driver.measure(key, y, *arguments)
    assert m.bad == 0, f"{key}: wrong sign, NaN or infinity at {m.bad_at}"
    assert m.ulp <= ULP_BOUND[key], f"{key}: {m.ulp:.3f} ulp at {[v.hex() for v in m.at]}"


@needs_gcc
@pytest.mark.parametrize("name", driver.UNARY)
def test_f32_over_the_whole_range(name: str) -> None:
    """Every 1021st bit pattern (4.2 million) and all special values."""
    patterns = np.arange(0, 2**32, 1021, dtype=np.uint64).astype(np.uint32).view(np.float32)
    x = np.concatenate([driver.special_values("f32"), patterns])
    check((name, "f32"), driver.build(*FAST)((name, "f32"), x), x)


@needs_gcc
@pytest.mark.parametrize("key", [k for k in FUNCTIONS if k[1] == "f64" or k[0] in driver.BINARY], ids="_".join)
def test_samples(key: Key) -> None:
    x = samples(key)
    check(key, driver.build(*FAST)(key, *x), *x)


def _mpmath(mp: Any, name: str) -> Callable[..., Any]:
    special: dict[str, Callable[..., Any]] = {
        "exp2": lambda x: mp.power(2, x),
        "log2": lambda x: mp.log(x) / mp.log(2),
        "sigmoid": lambda x: 1 / (1 + mp.exp(-x)),
        "softplus": lambda x: mp.log1p(mp.exp(x)),
        "pow": mp.power,
    }
    return special[name] if name in special else cast(Callable[..., Any], getattr(mp, name))


@pytest.mark.parametrize("key", [k for k in FUNCTIONS if k[0] not in driver.EXACT], ids="_".join)
def test_against_mpmath(key: Key) -> None:
    """A reference that shares no code with the host's libm: 200 points in 60 digits."""
    mp: Any = pytest.importorskip("mpmath", reason="mpmath is not installed")
    name, kind = key
    rng = np.random.default_rng(3)
    x = rng.standard_normal(200) * 2.0 ** rng.integers(-8, 6, 200)
    if name in ("asin", "acos", "atanh"):
        x = np.tanh(x)
    elif name == "acosh":
        x = 1 + abs(x)
    if name.startswith("log") or name == "pow":
        x = abs(x)
    arguments = [
        a.astype(driver.NUMPY[driver.CTYPES[kind]]) for a in (x, rng.uniform(-9, 9, 200))[: driver.signature(key)[2]]
    ]
    got = driver.build(*FAST)(key, *arguments)
    digits = 24 if kind == "f32" else 53
    with mp.workdps(60):
        for values in zip(got, *arguments, strict=True):
            y, *rest = (mp.mpf(float(v)) for v in values)
            exact = _mpmath(mp, name)(*rest)
            if not mp.isfinite(y):
                continue
            exponent = int(mp.floor(mp.log(abs(exact), 2))) + 1 if exact else -1100
            ulp = mp.ldexp(1, max(exponent - digits, -149 if kind == "f32" else -1074))
            assert abs(y - exact) / ulp <= ULP_BOUND[key], f"{name}({values[1:]}) = {values[0]}"


def _bits(y: np.ndarray) -> np.ndarray:
    """Bits, with one NaN."""
    if y.dtype.kind != "f":
        return y
    return np.where(np.isnan(y), np.nan, y).astype(y.dtype).view(f"u{y.itemsize}")


def _inputs(key: Key) -> tuple[np.ndarray, ...]:
    return samples(key) if key[1] else (_conversion_inputs(key[0]),)


@functools.cache
def _expected_bits(key: Key) -> np.ndarray:
    return _bits(driver.build(*FAST)(key, *_inputs(key)))


@pytest.mark.parametrize(("compiler", "flags"), FLAGS)
def test_same_bits_from_every_compiler(compiler: str, flags: str) -> None:
    """Scalar or vector, optimised or not, hardware rounding or plain C: the same bits; and no warning."""
    other = driver.build(compiler, flags)
    for key in MATH:
        x = _inputs(key)
        a, b = _expected_bits(key), _bits(other(key, *x))
        different = np.flatnonzero(a != b)
        assert not different.size, f"{key}: {different.size} differ, first at {[v[different[0]] for v in x]}"


EMULATED = [
    ("aarch64-linux-musl", "-O3 -march=armv8-a", "qemu-aarch64"),
    ("armv7a-linux-musleabihf", "-O3 -march=armv7-a -mfpu=neon -mfloat-abi=hard", "qemu-arm"),
    ("riscv64-linux-musl", "-O3 -march=rv64gc -mabi=lp64d", "qemu-riscv64"),
]


@functools.cache
def _digests_here() -> list[str]:
    return driver.digests("x86_64-linux-gnu", "-O3 -march=x86-64-v3", [])


@pytest.mark.parametrize(("target", "flags", "emulator"), EMULATED)
def test_same_bits_on_other_processors(target: str, flags: str, emulator: str) -> None:
    """6000 pseudo-random arguments a function, under emulation; one digest a function."""
    if not shutil.which(emulator):
        pytest.skip(f"{emulator} is not installed (Debian: qemu-user)")
    there = driver.digests(target, flags, [emulator])
    assert len(there) == len(MATH)
    assert not [key for key, a, b in zip(MATH, _digests_here(), there, strict=True) if a != b]


def test_each_function_stands_alone() -> None:
    """`requires` is complete, and holds nothing that is not called (clang warns of unused static functions)."""
    compiler = driver.compilers()["clang"]
    for key, f in MATH.items():
        a, r, count = driver.signature(key)
        parameters, values = ", ".join(f"{a} x{i}" for i in range(count)), ", ".join(f"x{i}" for i in range(count))
        text = "\n".join(["#include <stdint.h>", *(g.text for g in driver.order([f]))])
        text += f"{r} use({parameters});\n{r} use({parameters}) {{ return {f.name}({values}); }}\n"
        done = subprocess.run(
            [*compiler, *driver.WARNINGS, "-fsyntax-only", "-x", "c", "-"],
            input=text,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, f"{key}: {done.stderr[:2000]}"
        assert f.text.count("static inline") + f.text.count("typedef") >= 1
        assert set(f.headers) <= {"stdint.h"}


@pytest.mark.parametrize("march", ["x86-64-v3", "x86-64-v4"])
def test_hot_loops_vectorise(march: str, tmp_path: Path) -> None:
    source = tmp_path / "all.c"
    source.write_text(driver.source())
    command = [*driver.compilers()["clang"], *driver.COMMON, "-O3", f"-march={march}", "-Rpass=loop-vectorize", "-c"]
    said = driver.run([*command, str(source), "-o", str(tmp_path / "all.o")])
    lines = {int(n) for n in re.findall(r"all\.c:(\d+):\d+: remark: vectorized loop", said)}
    current, done = "", set[str]()
    for number, line in enumerate(source.read_text().splitlines(), 1):
        if start := re.match(r"void loop_(\w+)\(.*\{$", line):
            current = start[1]
        if number in lines:
            done.add(current)
    casts = {key[0] for key in MATH if not key[1]}
    assert not ({f"{name}_f32" for name in HOT} | casts) - done


@needs_gcc
def test_no_undefined_behaviour() -> None:
    """gcc's UBSan over every function, in a process of its own since it ends the process."""
    flags = "-O1 -fsanitize=undefined,float-cast-overflow -fno-sanitize-recover=all"
    driver.build("gcc", flags)
    code = (
        f"import sys; sys.path[:0] = {sys.path!r}\n"
        "import test_math as t\n"
        f"library = t.driver.build('gcc', {flags!r})\n"
        "for key in t.MATH:\n"
        "    library(key, *t._inputs(key))\n"
        "print('done')\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=120)
    assert done.stdout == "done\n", done.stderr[-2000:]


def test_exact_cases() -> None:
    library = driver.build(*FAST)
    for kind, real, low, high in (("f32", np.float32, -149, 128), ("f64", np.float64, -1074, 1024)):
        k = np.arange(low, high).astype(real)
        powers = np.ldexp(real(1), k.astype(int))
        assert np.array_equal(library(("exp2", kind), k), powers)
        assert np.array_equal(library(("log2", kind), powers), k)
        tens = np.array([10**j for j in range(11)], real)
        assert np.array_equal(library(("log10", kind), tens), np.arange(11, dtype=real))
        x = samples(("exp", kind))[0]
        x = x[~np.isnan(x)]
        assert np.array_equal(_bits(library(("pow", kind), x, np.ones_like(x))), _bits(x))
        assert np.array_equal(library(("sigmoid", kind), np.zeros(1, real)), np.array([0.5], real))


# Conversions


def _small_type(name: str) -> np.dtype[Any]:
    scalar: Any = {"f16": np.float16, "bf16": ml_dtypes.bfloat16}.get(name)
    return cast("np.dtype[Any]", np.dtype(scalar if scalar else getattr(ml_dtypes, "float8_" + name[2:])))


@functools.cache
def _conversion_inputs(name: str) -> np.ndarray:
    """Every code of a small float; for float32 a sweep, and the values of the target, midpoints and neighbours."""
    source, target = name.removesuffix("_sat").split("_to_")
    if source in driver.SMALL_FLOATS:
        return np.arange(2 ** (8 * _small_type(source).itemsize)).astype(driver.NUMPY[driver.CTYPES[source]])
    kind = "f32" if source == "f32" else "f64"
    real = np.float32 if kind == "f32" else np.float64
    rng = np.random.default_rng(5)
    if target in driver.SMALL_FLOATS:
        dtype = _small_type(target)
        codes = np.arange(2 ** (8 * dtype.itemsize)).astype(f"u{dtype.itemsize}").view(dtype)
        with np.errstate(invalid="ignore"):
            values = np.unique(codes[np.isfinite(codes)].astype(np.float64))
        middle = np.concatenate([values, (values[1:] + values[:-1]) / 2]).astype(np.float32).view(np.uint32)
        sweep = np.arange(0, 2**32, 4999, dtype=np.uint64).astype(np.uint32)
        words = np.concatenate([middle, middle + np.uint32(1), middle - np.uint32(1), sweep])
        return np.concatenate([words.view(np.float32), driver.special_values("f32")])
    edges = np.concatenate([[2.0**k + d for d in (-257, -1.5, -1, -0.5, 0, 0.5, 1, 300)] for k in range(66)])
    wide = rng.standard_normal(20000) * 2.0 ** rng.integers(-3, 67, 20000)
    return np.concatenate([a.astype(real) for a in (edges, -edges, wide)] + [driver.special_values(kind)])


@pytest.mark.parametrize("name", driver.SMALL_FLOATS)
def test_small_floats_to_f32(name: str) -> None:
    """All codes, bit for bit."""
    codes = _conversion_inputs(f"{name}_to_f32")
    got = driver.build(*FAST)((f"{name}_to_f32", ""), codes)
    want = codes.view(_small_type(name)).astype(np.float32)
    assert np.array_equal(_bits(got), _bits(want))


@pytest.mark.parametrize("name", [k[0] for k in MATH if k[0].startswith("f32_to_") and "f" in k[0][7:]])
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_f32_to_small_floats(name: str) -> None:
    """Against ml_dtypes; saturation is written here as clipping to the largest finite value."""
    dtype = _small_type(name.removeprefix("f32_to_").removesuffix("_sat"))
    x = _conversion_inputs(name)
    got = driver.build(*FAST)((name, ""), x)
    top = np.float32(ml_dtypes.finfo(dtype).max)  # type: ignore[no-untyped-call]
    want = (np.clip(x, -top, top) if name.endswith("_sat") else x).astype(dtype)
    words = want.view(f"u{dtype.itemsize}")
    nan = np.isnan(want.astype(np.float32))
    assert np.array_equal(np.isnan(got.view(dtype).astype(np.float32)), nan)
    different = np.flatnonzero((got != words) & ~nan)
    assert not different.size, f"{x[different[0]]!r}: {got[different[0]]:#x}, want {words[different[0]]:#x}"
    assert np.array_equal(nan, np.isnan(x)) or not name.endswith("_sat")


@pytest.mark.parametrize("kind", ["f32", "f64"])
@pytest.mark.parametrize("target", driver.INTEGERS)
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_float_to_integer(kind: str, target: str) -> None:
    """The rule in the docstring of convert.py, and NumPy on this processor, agree with the C."""
    x = _conversion_inputs(f"{kind}_to_{target}")
    dtype = np.dtype(driver.NUMPY[driver.CTYPES[target]])
    got = driver.build(*FAST)((f"{kind}_to_{target}", ""), x)

    def signed(value: float, size: int) -> int:
        inside = value == value and -(2.0 ** (size - 1)) <= np.trunc(value) < 2.0 ** (size - 1)
        return int(np.trunc(value)) if inside else -(1 << (size - 1))

    def rule(value: float) -> int:
        bits, size = 8 * dtype.itemsize, max(8 * dtype.itemsize, 32)
        half = 2.0 ** (size - 1)
        if target in ("u32", "u64") and value >= half:
            return (signed(value - half, size) ^ (1 << (size - 1))) % (1 << bits)
        return signed(value, size) % (1 << bits)

    want = np.array([rule(float(v)) for v in x], f"u{dtype.itemsize}").view(dtype)
    assert np.array_equal(got, want)
    # NumPy's own vector and scalar loops differ for u32 out of range; the padding keeps x in its vector loop
    assert np.array_equal(got, np.concatenate([x, np.zeros(64, x.dtype)]).astype(dtype)[: x.size])
