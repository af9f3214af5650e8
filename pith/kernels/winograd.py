"""Winograd's minimal filtering F(m, 3): exact transform matrices, and their C over vectors.

F(m, 3) computes m outputs of a filter with 3 taps from m + 2 inputs d with m + 2 products:
y = A^T [(G g) * (B^T d)], nested for two dimensions (Lavin and Gray, "Fast algorithms for convolutional neural networks",
2016). The matrices come from Toom and Cook's interpolation at m + 1 points and infinity. The points decide the rounding
error: pairs of opposite sign with magnitudes on both sides of one keep it low and let half of the arithmetic be shared
(Barabasz et al., "Error analysis and improving the accuracy of Winograd convolution", 2020). Those below were found by
`benchmarks/winograd_points.py`.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import frexp

import numpy as np

from pith.graph import DType
from pith.vector.cexpr import literal

TAPS = 3
# outputs a tile -> magnitudes p of the interpolation points 0, p, -p, ...
POINTS = {
    2: (Fraction(1),),
    4: (Fraction(5, 8), Fraction(3, 2)),
    6: (Fraction(1, 2), Fraction(1), Fraction(7, 4)),
}
Row = tuple[Fraction, ...]
Matrix = tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class Transforms:
    """A^T [m, m + 2], G [m + 2, 3] and B^T [m + 2, m + 2], exact."""

    at: Matrix
    g: Matrix
    bt: Matrix


def _product(a: Sequence[Fraction], b: Sequence[Fraction]) -> list[Fraction]:
    """Coefficients of the product of two polynomials, lowest power first."""
    out = [Fraction(0)] * (len(a) + len(b) - 1)
    for i, x in enumerate(a):
        for j, y in enumerate(b):
            out[i + j] += x * y
    return out


@functools.cache
def transforms(m: int, magnitudes: tuple[Fraction, ...] | None = None) -> Transforms:
    """The matrices of F(m, 3) for the points 0, +-magnitudes and infinity; each row of B^T is scaled to about one."""
    points = [Fraction(0)]
    for p in POINTS[m] if magnitudes is None else magnitudes:
        points += [p, -p]
    one = Fraction(1)
    bt: list[Row] = []
    g: list[Row] = []
    for j, p in enumerate(points):
        others = [q for k, q in enumerate(points) if k != j]
        row, norm = [one], one
        for q in others:
            row, norm = _product(row, [-q, one]), norm * (p - q)
        scale = Fraction(2) ** -frexp(float(max(map(abs, row))))[1] * 2
        bt.append((*(scale * c for c in row), Fraction(0)))
        g.append(tuple(p**k / norm / scale for k in range(TAPS)))
    row = [one]
    for q in points:
        row = _product(row, [-q, one])
    bt.append(tuple(row))
    g.append((*[Fraction(0)] * (TAPS - 1), one))
    at = tuple((*(p**i for p in points), Fraction(int(i == m - 1))) for i in range(m))
    return Transforms(at, tuple(g), tuple(bt))


def as_array(matrix: Matrix) -> np.ndarray:
    """The matrix in float64."""
    return np.array([[float(v) for v in row] for row in matrix])


def transformed_weights(weights: np.ndarray, m: int) -> np.ndarray:
    """Filters [O, C, 3, 3] as U [(m + 2)^2, C, O] in float32: G g G^T, computed in float64 and rounded once."""
    g = as_array(transforms(m).g)
    u = np.einsum("ay,ocyx,bx->abco", g, weights.astype(np.float64), g)
    return np.ascontiguousarray(u.reshape(-1, *u.shape[2:]).astype(np.float32))


def growth(m: int) -> float:
    """The largest factor by which rounding errors of float32 exceed those of the plain sum, over all outputs of a tile.

    |A^T| (|G| |g| |G^T| * |B^T| |d| |B|) |A| for |d| = |g| = 1, over the plain sum's 9: the a-priori bound of the papers
    above. The error seen on data is far below it, see `benchmarks/winograd_error.py`.
    """
    t = transforms(m)
    at, g, bt = (np.abs(as_array(x)) for x in (t.at, t.g, t.bt))
    u, v = g @ np.ones((TAPS, TAPS)) @ g.T, bt @ np.ones((m + 2, m + 2)) @ bt.T
    return float((at @ (u * v) @ at.T).max() / TAPS**2)


# ---- C


def _sum(terms: list[tuple[Fraction, str]], constants: dict[Fraction, str]) -> str:
    """A linear combination over vectors; coefficients other than one become named constants."""
    terms = sorted(terms, key=lambda t: (abs(t[0]) != 1, t[0] < 0))
    text = ""
    for c, x in terms:
        if abs(c) == 1:
            text = (f"{text} {'+' if c > 0 else '-'} {x}" if c > 0 or text else f"-{x}") if text or c < 0 else x
            continue
        name = constants.setdefault(c, f"k{len(constants)}")
        text = f"vf_fma({name}, {x}, {text})" if text else f"{name} * {x}"
    return text or "vf_set1(0.0f)"


def _opposite(a: Row, b: Row) -> bool:
    """Whether the rows agree up to the sign of some entries, so that half their sum and half their difference are sparse."""
    both = [(x, y) for x, y in zip(a, b, strict=True) if x or y]
    return (
        len(both) > 1
        and all(abs(x) == abs(y) for x, y in both)
        and any(x == y for x, y in both)
        and any(x == -y for x, y in both)
    )


def linear(
    matrix: Matrix, inputs: Sequence[str], constants: dict[Fraction, str], prefix: str
) -> tuple[list[str], list[str]]:
    """C statements computing matrix @ inputs over vectors, and the text of each result.

    Rows (of B^T) or columns (of A^T) that belong to a pair of opposite points share their even and odd parts.
    `constants` collects coefficient -> name, for the caller to define.
    """
    lines: list[str] = []

    def define(text: str) -> str:
        name = f"{prefix}{len(lines)}"
        lines.append(f"const vf {name} = {text};")
        return name

    columns: list[Row] = [tuple(row[i] for row in matrix) for i in range(len(matrix[0]))]
    names = list(inputs)
    rows = [dict(enumerate(row)) for row in matrix]
    paired: set[int] = set()
    for i in range(len(columns) - 1):
        j = i + 1
        if i not in paired and j not in paired and _opposite(columns[i], columns[j]) and len(matrix) < len(columns):
            paired |= {i, j}
            plus, minus = define(f"{names[i]} + {names[j]}"), define(f"{names[i]} - {names[j]}")
            names += [plus, minus]
            at = len(names) - 2
            for row in rows:
                a, b = row.pop(i), row.pop(j)
                row[at if a == b else at + 1] = a
    results: list[str] = [""] * len(matrix)
    for i in range(len(matrix)):
        if results[i]:
            continue
        if len(matrix) == len(columns) and i + 1 < len(matrix) and _opposite(matrix[i], matrix[i + 1]):
            pairs = list(zip(matrix[i], matrix[i + 1], names, strict=True))
            even = define(_sum([(c, x) for c, other, x in pairs if c and c == other], constants))
            odd = define(_sum([(c, x) for c, other, x in pairs if c and c != other], constants))
            results[i], results[i + 1] = f"{even} + {odd}", f"{even} - {odd}"
        else:
            results[i] = _sum([(c, names[k]) for k, c in rows[i].items() if c], constants)
    return lines, results


def constant_lines(constants: dict[Fraction, str]) -> list[str]:
    """Definitions of the coefficients that `linear` collected."""
    return [f"const vf {name} = vf_set1({literal(float(c), DType.F32)});" for c, name in constants.items()]
