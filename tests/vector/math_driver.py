"""Builds the math functions of `pith.vector.math` into shared libraries and measures them against the host's libm.

Two kinds of library. `build(compiler, flags)` compiles every function inside `for (i) y[i] = f(x[i])` without any
library; `reference()` compiles, with gcc and `-lm`, one checker a function: it computes the exact result in double
(f32) or long double (f64) and returns the largest error in units in the last place. Both have ctypes faces in NumPy
terms.
"""

from __future__ import annotations

import ctypes
import functools
import hashlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from pith.vector.math import MATH, ULP_BOUND, CFunction

BINARY = ("pow", "atan2", "fmod")
UNARY = tuple(name for name, kind in MATH if kind == "f32" and name not in BINARY)
EXACT = frozenset(("sqrt", "floor", "ceil", "trunc", "rint", "round", "fmod"))
SMALL_FLOATS = ("f16", "bf16", "f8e4m3fn", "f8e4m3fnuz", "f8e5m2", "f8e5m2fnuz")
INTEGERS = tuple(f"{sign}{size}" for size in (8, 16, 32, 64) for sign in "iu")
CTYPES = {"f32": "float", "f64": "double", "f16": "uint16_t", "bf16": "uint16_t"}
CTYPES |= dict.fromkeys(SMALL_FLOATS[2:], "uint8_t")
CTYPES |= {t: f"{'u' if t[0] == 'u' else ''}int{t[1:]}_t" for t in INTEGERS}
NUMPY = {"float": "float32", "double": "float64"} | {
    t: t.removesuffix("_t") for t in set(CTYPES.values()) if t.endswith("_t")
}
__all__ = ["MATH", "ULP_BOUND", "build", "compilers", "measure", "order", "reference", "signature", "special_values"]
CACHE = Path(os.environ.get("PITH_TEST_CACHE", Path(tempfile.gettempdir()) / f"pith_math_{os.getuid()}"))
WARNINGS = ["-std=c99", "-Wall", "-Wextra", "-Wconversion", "-Wsign-conversion", "-Werror"]
COMMON = ["-ffp-contract=off", "-fPIC"]


def order(functions: Iterable[CFunction]) -> list[CFunction]:
    """Every function after what it calls."""
    out: dict[str, CFunction] = {}

    def visit(f: CFunction) -> None:
        for r in f.requires:
            visit(r)
        out.setdefault(f.name, f)

    for f in functions:
        visit(f)
    return list(out.values())


def signature(key: tuple[str, str]) -> tuple[str, str, int]:
    """C types of argument and result, and the number of arguments."""
    name, kind = key
    if kind:
        return CTYPES[kind], CTYPES[kind], 2 if name in BINARY else 1
    source, target = name.removesuffix("_sat").split("_to_")
    return CTYPES[source], CTYPES[target], 1


def source() -> str:
    """Every function, and a loop over each."""
    parts = ["#include <stdint.h>\n"]
    parts += [f.text for f in order(MATH.values())]
    for key, f in MATH.items():
        a, r, count = signature(key)
        if key[1] and key[0] not in UNARY + BINARY:
            continue
        second, z = (f", const {a} *restrict z", ", z[i]") if count == 2 else ("", "")
        head = f"void loop_{f.name.removeprefix('pith_')}(const {a} *restrict x{second}, {r} *restrict y, long n)"
        loop = f"long i;\n  for (i = 0; i < n; ++i) y[i] = {f.name}(x[i]{z});"
        parts.append(f"{head};\n{head} {{\n  {loop}\n}}\n")
    return "\n".join(parts)


def compilers() -> dict[str, list[str]]:
    """The command line of each compiler that is here."""
    found: dict[str, list[str]] = {}
    try:
        import ziglang  # type: ignore[import-untyped]

        root = Path(ziglang.__file__).parent
        headers = ["-nostdinc", "-isystem", str(root / "lib/include")]
        found["clang"] = [str(root / "zig"), "clang", "--target=x86_64-linux-gnu", *headers, "-ffreestanding"]
    except ImportError:
        pass
    if gcc := shutil.which("gcc"):
        found["gcc"] = [gcc, "-ffreestanding"]
    return found


def run(command: Sequence[str]) -> str:
    """Run a compiler; returns what it said, raises with it when it fails."""
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(" ".join(command) + "\n" + done.stderr[:4000])
    return done.stderr


@dataclass
class Library:
    """Loops over the functions of one build."""

    handle: ctypes.CDLL

    def __call__(self, key: tuple[str, str], *arguments: np.ndarray) -> np.ndarray:
        name = key[0] + (f"_{key[1]}" if key[1] else "")
        a, r, _ = signature(key)
        inputs = [np.ascontiguousarray(x, NUMPY[a]) for x in arguments]
        y = np.empty(inputs[0].shape, NUMPY[r])
        getattr(self.handle, f"loop_{name}")(
            *(ctypes.c_void_p(x.ctypes.data) for x in (*inputs, y)), ctypes.c_long(y.size)
        )
        return y


@functools.cache
def build(compiler: str, flags: str, warnings: bool = True) -> Library:
    """A library of all functions by `clang` or `gcc` (cached by content); nothing may be left undefined."""
    text = source()
    command = [*compilers()[compiler], *COMMON, *(WARNINGS if warnings else []), *flags.split()]
    stem = CACHE / hashlib.sha256((text + repr(command)).encode()).hexdigest()[:20]
    library = stem.with_suffix(".so")
    if not library.exists():
        CACHE.mkdir(parents=True, exist_ok=True)
        stem.with_suffix(".c").write_text(text)
        run([*command, "-c", str(stem.with_suffix(".c")), "-o", str(stem.with_suffix(".o"))])
        temporary = stem.with_suffix(f".{os.getpid()}")
        if compiler == "clang":
            link = [compilers()["clang"][0], "ld.lld", "-shared", "--no-undefined"]
        elif "-fsanitize" in flags:
            link = ["gcc", "-shared", *(f for f in flags.split() if f.startswith("-fsanitize"))]
        else:
            link = ["gcc", "-shared", "-nostdlib", "-Wl,--no-undefined"]
        run([*link, str(stem.with_suffix(".o")), "-o", str(temporary)])
        temporary.rename(library)
    return Library(ctypes.CDLL(str(library)))


_CHECK = """
#include <math.h>
#include <stdint.h>
/* Largest error of y in ulp of the exact r; returns mismatches of NaN, infinity and sign in *bad. */
#define MEASURE(T, R, FREXP, LDEXP, FABS, DIG, EMIN, MAX) \\
  const T got = y[i]; \\
  double e; \\
  if (r != r || got != got) { \\
    if ((r != r) != (got != got)) { ++*bad; *bad_at = i; } \\
    continue; \\
  } \\
  if (!signbit(r) != !signbit(got)) { ++*bad; *bad_at = i; continue; } \\
  if (isinf(r)) { if (got != (T)r) { ++*bad; *bad_at = i; } continue; } \\
  { \\
    int k; \\
    R g = got, top = LDEXP(1, MAX), ulp; \\
    if (isinf(got)) g = got > 0 ? top : -top; \\
    FREXP(r, &k); \\
    if (k > MAX) { if (!isinf(got)) { ++*bad; *bad_at = i; } continue; } \\
    ulp = LDEXP(1, (k - DIG > EMIN ? k - DIG : EMIN)); \\
    e = r == 0 ? (got == 0 ? 0 : 1e30) : (double)(FABS(g - r) / ulp); \\
  } \\
  if (e > *worst) { *worst = e; *at = i; }
#define UNARY(name, T, R, S, EXPRESSION, ...) \\
void check_##name##_##S(const T *xs, const T *y, long n, double *worst, long *at, long *bad, long *bad_at) { \\
  for (long i = 0; i < n; ++i) { const R x = xs[i]; const R r = EXPRESSION; MEASURE(T, R, __VA_ARGS__) } }
#define BINARY(name, T, R, S, EXPRESSION, ...) \\
void check_##name##_##S(const T *xs, const T *zs, const T *y, long n, double *worst, long *at, long *bad, \\
                        long *bad_at) { \\
  for (long i = 0; i < n; ++i) { const R x = xs[i], z = zs[i]; const R r = EXPRESSION; MEASURE(T, R, __VA_ARGS__) } }
"""
_EXPRESSIONS = {
    "sigmoid": "1 / (1 + exp{l}(-x))",
    "softplus": "x > 0 ? x + log1p{l}(exp{l}(-x)) : log1p{l}(exp{l}(x))",
} | {name: name + "{l}(x, z)" for name in BINARY}


@functools.cache
def reference() -> ctypes.CDLL:
    """The checkers. Needs gcc and a libm with long double of 64 bits."""
    text = [_CHECK]
    for kind, real, wide, suffix, measure in (
        ("f32", "float", "double", "", "frexp, ldexp, fabs, 24, -149, 128"),
        ("f64", "double", "long double", "l", "frexpl, ldexpl, fabsl, 53, -1074, 1024"),
    ):
        for name in UNARY + BINARY:
            expression = _EXPRESSIONS.get(name, name + "{l}(x)").format(l=suffix)
            text.append(
                f"{'BINARY' if name in BINARY else 'UNARY'}({name}, {real}, {wide}, {kind}, {expression}, {measure})"
            )
    body = "\n".join(text) + "\n"
    stem = CACHE / ("ref" + hashlib.sha256(body.encode()).hexdigest()[:16])
    library = stem.with_suffix(".so")
    if not library.exists():
        CACHE.mkdir(parents=True, exist_ok=True)
        stem.with_suffix(".c").write_text(body)
        temporary = stem.with_suffix(f".{os.getpid()}")
        run(
            [
                "gcc",
                "-O2",
                "-fPIC",
                "-shared",
                "-frounding-math",
                str(stem.with_suffix(".c")),
                "-o",
                str(temporary),
                "-lm",
            ]
        )
        temporary.rename(library)
    return ctypes.CDLL(str(library))


@dataclass(frozen=True)
class Measurement:
    """Largest error in ulp and where; how many results had the wrong class (NaN, infinity) or sign, and one."""

    ulp: float
    at: tuple[float, ...]
    bad: int
    bad_at: tuple[float, ...]


def measure(key: tuple[str, str], y: np.ndarray, *arguments: np.ndarray) -> Measurement:
    """Compare results with the reference."""
    worst, at, bad, bad_at = ctypes.c_double(0), ctypes.c_long(0), ctypes.c_long(0), ctypes.c_long(0)
    arrays = [np.ascontiguousarray(a) for a in (*arguments, y)]
    getattr(reference(), f"check_{key[0]}_{key[1]}")(
        *(ctypes.c_void_p(a.ctypes.data) for a in arrays),
        ctypes.c_long(y.size),
        *(ctypes.byref(v) for v in (worst, at, bad, bad_at)),
    )
    where = lambda i: tuple(float(a.flat[i]) for a in arrays[:-1])  # noqa: E731
    return Measurement(worst.value, where(at.value), bad.value, where(bad_at.value))


def special_values(kind: str) -> np.ndarray:
    """Zeros, infinities, NaN, powers of two and neighbours, subnormal corners, integers, halves, thresholds."""
    real, word = (np.float32, np.uint32) if kind == "f32" else (np.float64, np.uint64)
    mantissa = 23 if kind == "f32" else 52
    top = 255 if kind == "f32" else 2047
    powers = (np.arange(top + 1, dtype=word) << word(mantissa)).astype(word)
    words = [powers, powers + word(1), powers - word(1)]
    words.append(np.arange(2000, dtype=word))
    words.append((word(1) << np.arange(mantissa, dtype=word)).astype(word))
    edges = [88.72, 88.7228, 103.9, 709.78, 745.13, 89.4, 710.47, 1 / 3, 0.84375]
    constants = np.array([np.pi, np.e, np.log(2), np.log(10), 2**0.5, 0.5**0.5, *edges])
    turns = np.pi / 2 * np.arange(64)
    numbers = np.concatenate([np.arange(0, 300, 0.5), 10.0 ** np.arange(-30, 31), constants, constants / 2, turns])
    numbers = numbers.astype(real)
    near = numbers.view(word)
    words += [near, near + word(1), near - word(1)]
    allw = np.concatenate(words)
    allw = np.concatenate([allw, allw | (word(1) << word(8 * allw.itemsize - 1))])
    return np.unique(allw).view(real)


# The same functions as a program without libc, for other processors under an emulator.

_START = r"""
#if defined(__x86_64__)
static long call3(long n, long a, long b, long c) {
  long r;
  __asm__ volatile("syscall" : "=a"(r) : "a"(n), "D"(a), "S"(b), "d"(c) : "rcx", "r11", "memory");
  return r;
}
#define WRITE 1
#define EXIT 231
__asm__(".globl _start\n_start: xor %ebp,%ebp\n and $-16,%rsp\n call program\n hlt");
#elif defined(__aarch64__)
static long call3(long n, long a, long b, long c) {
  register long x8 __asm__("x8") = n, x0 __asm__("x0") = a, x1 __asm__("x1") = b, x2 __asm__("x2") = c;
  __asm__ volatile("svc 0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2) : "memory");
  return x0;
}
#define WRITE 64
#define EXIT 94
__asm__(".globl _start\n_start: mov x29,#0\n bl program\n brk 0");
#elif defined(__arm__)
static long call3(long n, long a, long b, long c) {
  register long r7 __asm__("r7") = n, r0 __asm__("r0") = a, r1 __asm__("r1") = b, r2 __asm__("r2") = c;
  __asm__ volatile("svc 0" : "+r"(r0) : "r"(r7), "r"(r1), "r"(r2) : "memory");
  return r0;
}
#define WRITE 4
#define EXIT 248
__asm__(".globl _start\n.type _start,%function\n_start: bl program\n udf 0");
#elif defined(__riscv)
static long call3(long n, long a, long b, long c) {
  register long a7 __asm__("a7") = n, a0 __asm__("a0") = a, a1 __asm__("a1") = b, a2 __asm__("a2") = c;
  __asm__ volatile("ecall" : "+r"(a0) : "r"(a7), "r"(a1), "r"(a2) : "memory");
  return a0;
}
#define WRITE 64
#define EXIT 94
__asm__(".globl _start\n_start:\n.option push\n.option norelax\n lla gp,__global_pointer$\n.option pop\n"
        " andi sp,sp,-16\n call program\n unimp");
#endif
void *memcpy(void *d, const void *s, unsigned long n) {
  char *a = d;
  const char *b = s;
  while (n--) *a++ = *b++;
  return d;
}
void *memset(void *d, int c, unsigned long n) {
  char *a = d;
  while (n--) *a++ = (char)c;
  return d;
}
static uint64_t seed, digest;
static uint64_t next(void) {
  seed ^= seed << 13;
  seed ^= seed >> 7;
  seed ^= seed << 17;
  return seed;
}
/* random bits; two times in three with an exponent near that of 1 */
static uint32_t word_float(long i) {
  const uint32_t b = (uint32_t)(next() >> 16);
  return i % 3 == 0 ? b : (b & 0x87ffffffu) | (((b >> 24) & 8u) != 0u ? 0x38000000u : 0x40000000u);
}
static uint64_t word_double(long i) {
  const uint64_t b = next();
  const uint64_t one = ((b >> 55) & 8u) != 0u ? UINT64_C(0x3f80000000000000) : UINT64_C(0x4000000000000000);
  return i % 3 == 0 ? b : (b & UINT64_C(0x807fffffffffffff)) | one;
}
static void mix(uint64_t v) { digest = (digest ^ v) * UINT64_C(0x100000001b3); }
#define COUNT 6000
static uint64_t in1[COUNT], in2[COUNT], out[COUNT];
static void show(void) {
  char t[17];
  for (int k = 0; k < 16; ++k) t[k] = "0123456789abcdef"[(digest >> (60 - 4 * k)) & 15];
  t[16] = '\n';
  call3(WRITE, 1, (long)t, 17);
}
"""


def program() -> str:
    """A program that prints one digest a function of its results on pseudo-random arguments, with one NaN."""
    parts = [source(), _START, "__attribute__((used)) void program(void) {\n  long i;"]
    for key, f in MATH.items():
        a, r, count = signature(key)
        size = {"float": "uint32_t", "double": "uint64_t"}.get(r, r)
        x, z, y = f"(({a} *)in1)", f"(({a} *)in2)", f"(({r} *)out)"
        word = {"float": "word_float(i)", "double": "word_double(i)"}.get(a, f"({a})next()")
        raw = {"float": "uint32_t", "double": "uint64_t"}.get(a, a)
        parts.append("  seed = UINT64_C(88172645463325252);\n  digest = UINT64_C(0xcbf29ce484222325);")
        parts.append(f"  for (i = 0; i < COUNT; ++i) (({raw} *)in1)[i] = {word}, (({raw} *)in2)[i] = {word};")
        second = f", {z}" if count == 2 else ""
        parts.append(f"  loop_{f.name.removeprefix('pith_')}({x}{second}, {y}, COUNT);")
        parts.append(
            f"  for (i = 0; i < COUNT; ++i) mix({y}[i] != {y}[i] ? 1u : (uint64_t)(({size} *)out)[i]);\n  show();"
        )
    return "\n".join([*parts, "  call3(EXIT, 0, 0, 0);\n  for (;;) {\n  }\n}\n"])


def digests(target: str, flags: str, emulator: Sequence[str]) -> list[str]:
    """Build the program for a target, run it, return its lines."""
    clang = [c for c in compilers()["clang"] if not c.startswith("--target")]
    text = program()
    stem = CACHE / hashlib.sha256((text + target + flags).encode()).hexdigest()[:20]
    CACHE.mkdir(parents=True, exist_ok=True)
    stem.with_suffix(".c").write_text(text)
    command = [
        *clang,
        f"--target={target}",
        *flags.split(),
        "-ffp-contract=off",
        "-fno-strict-aliasing",
        "-fno-builtin",
    ]
    run([*command, "-c", str(stem.with_suffix(".c")), "-o", str(stem.with_suffix(".o"))])
    run([clang[0], "ld.lld", "-static", str(stem.with_suffix(".o")), "-o", str(stem)])
    done = subprocess.run([*emulator, str(stem)], capture_output=True, text=True, check=True, timeout=100)
    return done.stdout.split()
