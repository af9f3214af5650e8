"""Which interpolation points round least: a search over pairs of opposite sign for F(4,3) and F(6,3), in float32.

`python benchmarks/winograd_points.py [--tiles 4|6]` prints the best sets by the root mean square of the error against
float64, relative to that of the results, over random tiles of 64 channels; and that of the plain sum for comparison.
"""

from __future__ import annotations

import argparse
import itertools
from fractions import Fraction

import numpy as np

from pith.kernels.winograd import POINTS, TAPS, as_array, transforms

CANDIDATES = [Fraction(k, 8) for k in (2, 3, 4, 5, 6, 7, 8, 10, 12, 14, 16, 20, 24)]
CHANNELS, TILES = 64, 12


def errors(m: int, magnitudes: tuple[Fraction, ...], seed: int = 0) -> tuple[float, float]:
    """Relative root mean square errors of F(m, 3) with these points, and of the plain sum in float32."""
    t = transforms(m, magnitudes)
    at, g, bt = (as_array(x) for x in (t.at, t.g, t.bt))
    rng = np.random.default_rng(seed)
    d = rng.standard_normal((TILES, CHANNELS, m + 2, m + 2)).astype(np.float32)
    w = rng.standard_normal((CHANNELS, TAPS, TAPS)).astype(np.float32)
    u = (g @ w.astype(np.float64) @ g.T).astype(np.float32)
    v = bt.astype(np.float32) @ d @ bt.T.astype(np.float32)
    products = np.zeros((TILES, m + 2, m + 2), np.float32)
    plain, exact = np.zeros((TILES, m, m), np.float32), np.zeros((TILES, m, m))
    for c in range(CHANNELS):
        products += u[c] * v[:, c]
        for y, x in itertools.product(range(TAPS), repeat=2):
            window = d[:, c, y : y + m, x : x + m]
            plain += w[c, y, x] * window
            exact += float(w[c, y, x]) * window
    fast = at.astype(np.float32) @ products @ at.T.astype(np.float32)
    size = np.sqrt((exact**2).mean())
    return tuple(float(np.sqrt(((got - exact) ** 2).mean()) / size) for got in (fast, plain))  # type: ignore[return-value]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tiles", type=int, choices=(4, 6), default=4)
    m = parser.parse_args().tiles
    found = sorted((errors(m, p), p) for p in itertools.combinations(CANDIDATES, m // 2))
    for (fast, plain), points in found[:10]:
        mark = "  <- pith/kernels/winograd.py" if points == POINTS[m] else ""
        print(f"{' '.join(map(str, points)):16} {fast:.2e}   plain sum {plain:.2e}{mark}")


if __name__ == "__main__":
    main()
