"""Coefficients of the polynomials in `pith/vector/f32_math.py`: `python benchmarks/math/derive_vector.py`.

exp(r) on |r| <= ln(2)/2, 2^r on |r| <= 1/2 (of two lengths), tanh(x)/x in x^2 on |x| <= 0.625 and erf(x)/x in x^2 on |x| <= 1,
all minimax in relative error by a Remez exchange in 50-digit arithmetic, then rounded to float32; the normal distribution function
less 1/2 as x times a quotient.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import mpmath as mp
import numpy as np

mp.mp.dps = 50


def remez(f: Callable[[mp.mpf], mp.mpf], lo: mp.mpf, hi: mp.mpf, degree: int, fixed: list[mp.mpf]) -> tuple[list[mp.mpf], mp.mpf]:
    """Minimax relative error of fixed[0] + fixed[1] x + ... + free coefficients up to `degree`; (coefficients, error)."""
    free = degree + 1 - len(fixed)
    points = [lo + (hi - lo) * (1 - mp.cos(mp.pi * k / free)) / 2 for k in range(free + 1)]
    coefficients: list[mp.mpf] = []
    error = mp.mpf(0)
    for _ in range(30):
        rows, right = mp.matrix(free + 1, free + 1), mp.matrix(free + 1, 1)
        for i, x in enumerate(points):
            for j in range(free):
                rows[i, j] = x ** (len(fixed) + j)
            rows[i, free] = (-1) ** i * f(x)
            right[i] = f(x) - sum(c * x**k for k, c in enumerate(fixed))
        solution = mp.lu_solve(rows, right)
        coefficients = [*fixed, *(solution[j] for j in range(free))]
        grid = [lo + (hi - lo) * k / 2000 for k in range(2001)]
        errors = [float((sum(c * x**k for k, c in enumerate(coefficients)) - f(x)) / f(x)) for x in grid]
        extrema = [k for k in range(2001) if (k in (0, 2000) or abs(errors[k]) >= max(abs(errors[k - 1]), abs(errors[k + 1]))) and errors[k]]
        chosen: list[int] = []
        for k in extrema:
            if chosen and (errors[k] > 0) == (errors[chosen[-1]] > 0):
                if abs(errors[k]) > abs(errors[chosen[-1]]):
                    chosen[-1] = k
            else:
                chosen.append(k)
        while len(chosen) > free + 1:
            chosen.pop(0 if abs(errors[chosen[0]]) < abs(errors[chosen[-1]]) else -1)
        error = mp.mpf(max(abs(e) for e in errors))
        if len(chosen) < free + 1:
            break
        new = [grid[k] for k in chosen]
        if max(abs(a - b) for a, b in zip(new, points, strict=True)) < (hi - lo) / 4000:
            break
        points = new
    return coefficients, error


def log_erfc(degree: int) -> tuple[np.ndarray, float]:
    """Polynomial in a - 2 for -ln erfc(a) on [1, 3.95], minimax in what it does to erf (Lawson's reweighting), and that error."""
    a = np.cos(np.linspace(np.pi, 0, 4001)) * (3.95 - 1) / 2 + (3.95 + 1) / 2
    erfc = np.array([float(mp.erfc(v)) for v in a])
    wanted, effect = np.array([float(-mp.log(mp.erfc(v))) for v in a]), erfc / (1 - erfc)
    powers = np.vander(a - 2, degree + 1, increasing=True)
    weights = np.full(len(a), 1 / len(a))
    for _ in range(300):
        w = np.sqrt(weights) * effect
        coefficients, *_ = np.linalg.lstsq(powers * w[:, None], wanted * w, rcond=None)
        errors = np.abs(powers @ coefficients - wanted) * effect
        weights = weights * errors / (weights * errors).sum()
    return coefficients, float(errors.max())


def gelu(m: int, n: int, end: float) -> tuple[list[np.float32], list[np.float32], float]:
    """Phi(x) - 1/2 = x P(x^2) / Q(x^2) on [0, end], P and Q of degrees m and n, minimax in absolute error (iterated least
    squares on P - f Q with Lawson's reweighting); both sets of coefficients and that error."""
    x = ((1 - np.cos(np.linspace(0, np.pi, 3001))) / 2 * end)[1:]
    s = (x / end) ** 2  # of one size, so that the powers are too
    f = np.array([0.5 * math.erf(v / math.sqrt(2)) / v for v in x])
    weights, q = np.ones_like(x), np.ones_like(x)
    best, kept = math.inf, np.zeros(m + n + 1)
    columns = np.concatenate([np.vander(s, m + 1, increasing=True), -f[:, None] * np.vander(s, n + 1, increasing=True)[:, 1:]], 1)
    for _ in range(200):
        w = np.sqrt(weights) * x / q
        c, *_ = np.linalg.lstsq(columns * w[:, None], f * w, rcond=None)
        p, q = np.polyval(c[m::-1], s), np.polyval([*c[:m:-1], 1.0], s)
        errors = np.abs(x * (p / q - f))
        if q.min() > 0 and errors.max() < best:
            best, kept = float(errors.max()), c
        weights = weights * errors / errors.max()
        weights = weights / weights.max() + 1e-12
    scale = [end ** (-2.0 * k) for k in range(max(m, n) + 1)]
    top = [np.float32(kept[k] * scale[k]) for k in range(m + 1)]
    return top, [np.float32(1), *(np.float32(kept[m + k] * scale[k]) for k in range(1, n + 1))], best


def main() -> None:
    half = mp.log(2) / 2
    for name, f, lo, hi, degree, fixed in (
        ("exp", mp.exp, -half, half, 6, [mp.mpf(1), mp.mpf(1)]),
        ("2^r", lambda r: mp.mpf(2) ** r, -mp.mpf("0.5"), mp.mpf("0.5"), 6, [mp.mpf(1)]),
        ("2^r, short", lambda r: mp.mpf(2) ** r, -mp.mpf("0.5"), mp.mpf("0.5"), 4, [mp.mpf(1)]),
        ("tanh(x)/x in x^2", lambda s: mp.tanh(mp.sqrt(s)) / mp.sqrt(s) if s else mp.mpf(1), mp.mpf("1e-12"), mp.mpf("0.390625"), 5, [mp.mpf(1)]),
        ("erf(x)/x in x^2", lambda s: mp.erf(mp.sqrt(s)) / mp.sqrt(s), mp.mpf("1e-12"), mp.mpf(1), 6, []),
    ):
        coefficients, error = remez(f, lo, hi, degree, fixed)
        print(name, "relative error", mp.nstr(error, 3), [str(np.float32(float(c))) for c in coefficients])
    terms, worst = log_erfc(6)
    print("-ln erfc(a) in a - 2", "relative error of erf", worst, [str(np.float32(c)) for c in terms])
    top, bottom, worst = gelu(5, 5, 5.45)
    print("(Phi(x) - 1/2)/x in x^2", "absolute error", worst, [str(c) for c in top], [str(c) for c in bottom])
    ln2 = mp.log(2)
    hi = mp.mpf(int(ln2 * 2**15)) / 2**15
    print("ln2 high", float(hi), "low", str(np.float32(float(ln2 - hi))), "log2(e)", str(np.float32(float(1 / ln2))))


if __name__ == "__main__":
    main()
