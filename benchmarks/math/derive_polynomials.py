"""Derive every polynomial and split constant of `pith/vector/math/coefficients.py`.

    python benchmarks/math/derive_polynomials.py            # print the fit errors and write the file
    python benchmarks/math/derive_polynomials.py --check    # exit 1 when the file on disk differs

Method: weighted minimax fit by the Remez exchange algorithm on a dense Chebyshev grid (W. Cody and W. Waite,
"Software Manual for the Elementary Functions", ch. 2; J.-M. Muller, "Elementary Functions", 3rd ed., ch. 3), in
mpmath arithmetic of 60 digits. Coefficients are then rounded to the target type one at a time, lowest order first,
and the remaining ones are fitted again after each rounding (Muller, section 3.7; by least squares where the interval
holds zero inside, for there the powers left are no Haar system), so that the error of a rounded
low-order coefficient is absorbed by the next ones. Nothing is taken from another library.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import mpmath as mp  # type: ignore[import-untyped]
import numpy as np

mp.mp.dps = 60
Real = Callable[[mp.mpf], mp.mpf]
OUTPUT = Path(__file__).resolve().parents[2] / "pith" / "vector" / "math" / "coefficients.py"


def to_type(value: mp.mpf, kind: str) -> float:
    """Round to nearest float32 or float64 (through 60 digits: no double rounding for f64; f32 by exact scaling)."""
    if value == 0:
        return 0.0
    bits = 24 if kind == "f32" else 53
    exponent = int(mp.floor(mp.log(abs(value), 2))) + 1
    scaled = mp.ldexp(value, bits - exponent)
    return float(mp.ldexp(mp.mpf(int(mp.nint(scaled))), exponent - bits))


def truncate(value: mp.mpf, bits: int) -> float:
    """The leading `bits` significant bits of a value, truncated."""
    exponent = int(mp.floor(mp.log(abs(value), 2))) + 1
    return float(mp.ldexp(mp.mpf(int(mp.ldexp(value, bits - exponent))), exponent - bits))


def remez(
    points: Sequence[mp.mpf], target: Sequence[mp.mpf], weight: Sequence[mp.mpf], powers: Sequence[int]
) -> tuple[list[mp.mpf], mp.mpf]:
    """Coefficients c minimising max |w (f - sum c_i z^p_i)| over the points, and that maximum."""
    n = len(powers)
    count = len(points)
    index = [round(float((count - 1) * (1 - np.cos(np.pi * j / n)) / 2)) for j in range(n + 1)]
    basis = [[z**p for p in powers] for z in points]
    coefficients: list[mp.mpf] = []
    level = mp.mpf(0)
    for _ in range(40):
        matrix = mp.matrix(n + 1, n + 1)
        right = mp.matrix(n + 1, 1)
        for row, i in enumerate(index):
            for column in range(n):
                matrix[row, column] = basis[i][column]
            matrix[row, n] = (-1) ** row / weight[i]
            right[row] = target[i]
        solution = mp.lu_solve(matrix, right)
        coefficients = [solution[j] for j in range(n)]
        errors = [w * (f - mp.fdot(b, coefficients)) for w, f, b in zip(weight, target, basis, strict=True)]
        # one extremum per run of equal sign
        extrema: list[int] = []
        for i, error in enumerate(errors):
            if extrema and (errors[extrema[-1]] > 0) == (error > 0):
                if abs(error) > abs(errors[extrema[-1]]):
                    extrema[-1] = i
            else:
                extrema.append(i)
        while len(extrema) > n + 1:
            if abs(errors[extrema[0]]) < abs(errors[extrema[-1]]):
                extrema.pop(0)
            else:
                extrema.pop()
        level = max(abs(e) for e in errors)
        if len(extrema) < n + 1 or extrema == index:
            break
        index = extrema
    return coefficients, level


def least_squares(
    points: Sequence[mp.mpf], target: Sequence[mp.mpf], weight: Sequence[mp.mpf], powers: Sequence[int]
) -> list[mp.mpf]:
    """Weighted least squares by the normal equations (60 digits make up for their conditioning)."""
    rows = [[w * z**p for p in powers] for z, w in zip(points, weight, strict=True)]
    right = [w * f for w, f in zip(weight, target, strict=True)]
    n = len(powers)
    matrix = mp.matrix(n, n)
    vector = mp.matrix(n, 1)
    columns = [[row[i] for row in rows] for i in range(n)]
    for i in range(n):
        vector[i] = mp.fdot(columns[i], right)
        for j in range(i + 1):
            matrix[i, j] = matrix[j, i] = mp.fdot(columns[i], columns[j])
    solution = mp.lu_solve(matrix, vector)
    return [solution[j] for j in range(n)]


def fit(
    name: str,
    kind: str,
    target: Real,
    weight: Real,
    low: float,
    high: float,
    degree: int,
    first: int = 0,
    grid: int = 600,
) -> list[float]:
    """Minimax polynomial of `target` on [low, high], rounded to the type; `weight` multiplies the error."""
    lo, hi = mp.mpf(low), mp.mpf(high)
    points = [lo + (hi - lo) * (1 - mp.cos(mp.pi * (j + mp.mpf(1) / 2) / grid)) / 2 for j in range(grid)]
    values = [target(z) for z in points]
    weights = [weight(z) for z in points]
    rounded: list[float] = []
    powers = list(range(first, degree + 1))
    best = mp.mpf(0)
    for step, power in enumerate(powers):
        if step == 0:
            coefficients, best = remez(points, values, weights, powers)
        elif lo < 0 < hi:  # z^k .. z^n is no Haar system around zero
            coefficients = least_squares(points, values, weights, powers[step:])
        else:
            coefficients, _ = remez(points, values, weights, powers[step:])
        value = to_type(coefficients[0], kind)
        rounded.append(value)
        values = [v - mp.mpf(value) * z**power for v, z in zip(values, points, strict=True)]
    final = max(abs(w * v) for w, v in zip(weights, values, strict=True))
    print(
        f"{name:14s} {kind} degree {degree:2d}  2^{float(mp.log(best, 2)):7.2f}"
        f"  rounded 2^{float(mp.log(final, 2)):7.2f}",
        flush=True,
    )
    return rounded


def polynomials(kind: str) -> dict[str, list[float]]:
    """Every polynomial of one type. The comment at each fit is the identity it serves."""
    single = kind == "f32"
    pick: Callable[[int, int], int] = lambda f32, f64: f32 if single else f64  # noqa: E731
    half_ln2 = 0.3467
    out: dict[str, list[float]] = {}
    # e^r = 1 + r + r^2 P(r)
    out["EXP"] = fit(
        "EXP", kind, lambda r: (mp.expm1(r) - r) / r**2, lambda r: r**2 / mp.exp(r), -half_ln2, half_ln2, pick(5, 11)
    )
    if single:
        # log(1+f) = f - f^2/2 + f^3 P(f)
        out["LOG"] = fit(
            "LOG",
            kind,
            lambda f: (mp.log1p(f) - f + f**2 / 2) / f**3,
            lambda f: f**3 / mp.log1p(f),
            -0.29290,
            0.41422,
            8,
        )
    else:
        # log(1+f) = f - f^2/2 + s (f^2/2 + z P(z)), s = f/(2+f), z = s^2
        out["LOG"] = fit(
            "LOG", kind, lambda z: (2 * mp.atanh(mp.sqrt(z)) / mp.sqrt(z) - 2) / z, lambda z: z / 2, 0, 0.029438, 7
        )
    # log((1+s)/(1-s)) = 2s + s z (2/3 + z P(z)), z = s^2
    out["POW_LOG"] = fit(
        "POW_LOG",
        kind,
        lambda z: (2 * mp.atanh(mp.sqrt(z)) / mp.sqrt(z) - 2 - 2 * z / 3) / z**2,
        lambda z: z**2 / 2,
        0,
        0.029438,
        pick(3, 8),
    )
    # sinh x = x + x^3 P(x^2), |x| <= 1
    out["SINH"] = fit(
        "SINH", kind, lambda z: (mp.sinh(mp.sqrt(z)) / mp.sqrt(z) - 1) / z, lambda z: z, 0, 1.0, pick(3, 7)
    )
    # sin x = x + x^3 P(x^2), cos x = 1 - x^2/2 + x^4 P(x^2), |x| <= pi/4
    quarter = 0.6170
    out["SIN"] = fit(
        "SIN", kind, lambda z: (mp.sin(mp.sqrt(z)) / mp.sqrt(z) - 1) / z, lambda z: z, 0, quarter, pick(3, 6)
    )
    out["COS"] = fit(
        "COS", kind, lambda z: (mp.cos(mp.sqrt(z)) - 1 + z / 2) / z**2, lambda z: z**2, 0, quarter, pick(3, 6)
    )
    # asin x = x + x^3 P(x^2), |x| <= 1/2
    out["ASIN"] = fit(
        "ASIN", kind, lambda z: (mp.asin(mp.sqrt(z)) / mp.sqrt(z) - 1) / z, lambda z: z, 0, 0.25, pick(5, 12)
    )
    # atan x = x + x^3 P(x^2), |x| <= tan(pi/8)
    out["ATAN"] = fit(
        "ATAN", kind, lambda z: (mp.atan(mp.sqrt(z)) / mp.sqrt(z) - 1) / z, lambda z: z, 0, 0.17158, pick(4, 11)
    )
    # erf x = x + x P(x^2), |x| <= 27/32
    out["ERF"] = fit(
        "ERF", kind, lambda z: mp.erf(mp.sqrt(z)) / mp.sqrt(z) - 1, lambda z: mp.mpf(1), 0, 0.712, pick(6, 11)
    )
    if single:
        # erfc x = exp(P(x)), 27/32 <= x <= 4 (f32: erf x is 1 beyond 3.92); errors count as erfc weighs in 1 - erfc
        out["ERFC"] = fit(
            "ERFC", kind, lambda x: mp.log(mp.erfc(x)), lambda x: mp.erfc(x) + mp.mpf(10) ** -9, 0.8437, 4.0, 8
        )
    else:
        # erfc x = exp(-x^2) P(t), t = (x - 2)/(x + 2), 27/32 <= x <= 6
        lo, hi = (0.8437 - 2) / (0.8437 + 2), (6 - 2) / (6 + 2)

        def x_of(t: mp.mpf) -> mp.mpf:
            return 2 * (1 + t) / (1 - t)

        out["ERFC"] = fit(
            "ERFC",
            kind,
            lambda t: mp.erfc(x_of(t)) * mp.exp(x_of(t) ** 2),
            lambda t: mp.exp(-(x_of(t) ** 2)) + mp.mpf(10) ** -18,
            lo,
            hi,
            17,
        )
    return out


def constants(kind: str) -> dict[str, float]:
    """Constants and their splits; a name ending in _HI has trailing zero bits so that products with it are exact."""
    single = kind == "f32"
    ln2, pi = mp.log(2), mp.pi
    half = 12 if single else 26
    out: dict[str, float] = {}

    def pair(name: str, value: mp.mpf, bits: int) -> None:
        out[name + "_HI"] = truncate(value, bits)
        out[name + "_LO"] = to_type(value - mp.mpf(out[name + "_HI"]), kind)

    def rounded_pair(name: str, value: mp.mpf) -> None:
        out[name] = to_type(value, kind)
        out[name + "_TAIL"] = to_type(value - mp.mpf(out[name]), kind)

    pair("LN2", ln2, 15 if single else 41)  # times an exponent: exact
    pair("LN2_SPLIT", ln2, half)  # times a half-width number: exact
    rounded_pair("LN2", ln2)
    out["LOG2E"] = to_type(1 / ln2, kind)
    for name, value in (("INV_LN2", 1 / ln2), ("INV_LN10", 1 / mp.log(10))):
        pair(name, value, half)
        out[name] = to_type(value, kind)
    pair("LOG10_2", mp.log10(2), 15 if single else 41)
    pair("PI_2_SPLIT", pi / 2, half)
    rounded_pair("PI_2", pi / 2)
    rounded_pair("PI_4", pi / 4)
    rounded_pair("PI", pi)
    rounded_pair("TWO_THIRDS", mp.mpf(2) / 3)
    out["TWO_OVER_PI"] = to_type(2 / pi, kind)
    out["TAN_PI_8"] = to_type(mp.tan(pi / 8), kind)
    out["TAN_3PI_8"] = to_type(mp.tan(3 * pi / 8), kind)
    if not single:
        rest = pi / 2
        for j in range(1, 4):
            out[f"PI_2_PART{j}"] = truncate(rest, 33)
            rest -= mp.mpf(out[f"PI_2_PART{j}"])
        out["PI_2_PART4"] = to_type(rest, kind)
    return out


def two_over_pi_words(count: int) -> list[int]:
    """Bits of 2/pi after the binary point, in 32-bit words."""
    with mp.workdps(32 * count // 3):
        value = 2 / mp.pi
        return [int(mp.floor(mp.ldexp(value, 32 * (j + 1)))) & 0xFFFFFFFF for j in range(count)]


def render() -> str:
    """Text of coefficients.py."""
    lines = [
        '"""Polynomial coefficients and constants. Written by benchmarks/math/derive_polynomials.py; do not edit."""',
        "",
        "from __future__ import annotations",
        "",
        "POLYNOMIALS: dict[str, dict[str, tuple[float, ...]]] = {",
    ]
    for kind in ("f32", "f64"):
        lines.append(f'    "{kind}": {{')
        for name, values in polynomials(kind).items():
            lines.append(f'        "{name}": (')
            lines += [f'            float.fromhex("{value.hex()}"),' for value in values]
            lines.append("        ),")
        lines.append("    },")
    lines += ["}", "", "CONSTANTS: dict[str, dict[str, float]] = {"]
    for kind in ("f32", "f64"):
        lines.append(f'    "{kind}": {{')
        lines += [f'        "{name}": float.fromhex("{value.hex()}"),' for name, value in constants(kind).items()]
        lines.append("    },")
    lines += [
        "}",
        "",
        "# Bits of 2/pi after the binary point, in 32-bit words, most significant first.",
        "TWO_OVER_PI_WORDS: tuple[int, ...] = (",
    ]
    lines += [f"    0x{word:08X}," for word in two_over_pi_words(40)]
    lines += [")", ""]
    return "\n".join(lines)


def main() -> int:
    """Command line entry."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="compare with the file on disk instead of writing it")
    arguments = parser.parse_args()
    text = render()
    if arguments.check:
        return int(OUTPUT.read_text() != text)
    OUTPUT.write_text(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
