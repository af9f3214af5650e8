"""EasyQuant: scales of weights and activations searched in turns, so that each layer's output keeps its direction.

Source: Di Wu et al., EasyQuant: Post-training Quantization via Scale Optimization, arXiv 2006.16669. For each layer the
mean cosine between its output in the float network and its output from integers is maximised: first over the scales of its
weights, channel by channel, with the activation's scale fixed; then over the activation's scale with the weights fixed; and
again, until nothing changes. The paper writes a scale as a multiplier S; candidates lie linearly in [0.5 S, 2 S].

The released code differs: all weights once, then all activations once; weight multipliers from 1 to S and activation
multipliers from 0.8 S to S, so that ranges only grow; the cosine is taken behind the ReLU where there is one. `RELEASED` is that.

The value in place is always a candidate and wins ties, so no search makes its own objective worse.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from pith.quant.grid import Grid, short
from pith.quant.rows import Loss, Rows, half_relative_error, losses, one_minus_cosine

_AT_ONCE = 1 << 20  # numbers in the arrays of candidates that are looked at together: few enough to stay in the cache


@dataclass(frozen=True, slots=True)
class Search:
    """weight_factors, activation_factors: functions from the multiplier in place to candidates for it, as factors of it.

    turns: how often weights and activation take turns.  relu: whether the cosine is taken behind a ReLU that the layer has.
    tolerance: a turn that gains less of the loss than this share is the last.  loss: what is minimised.
    """

    weight_factors: Callable[[np.ndarray], np.ndarray]
    activation_factors: Callable[[float], np.ndarray]
    turns: int = 3
    relu: bool = False
    tolerance: float = 1e-3
    loss: Loss = one_minus_cosine


def _even(s: np.ndarray | float) -> np.ndarray:
    return np.linspace(0.5, 2.0, 100)


def _released_weights(s: np.ndarray) -> np.ndarray:
    """98 points between 1 and S, as factors of S: [98, ...] for multipliers of any shape."""
    t = np.linspace(0.0, 1.0, 100)[1:-1].reshape(-1, *[1] * s.ndim)
    return np.asarray((1 + t * (s - 1)) / s)


def _released_activations(s: float) -> np.ndarray:
    return np.linspace(0.8, 1.0, 200)[1:-1]


PAPER = Search(_even, _even)
LENGTH = Search(_even, _even, loss=half_relative_error)  # the paper's search, that looks at lengths too
RELEASED = Search(_released_weights, _released_activations, turns=1, relu=True)


def integer_weights(w: np.ndarray, scale: np.ndarray, limit: int) -> np.ndarray:
    """What float32 weights [..., G, K, O] become with scales [..., G, 1, O]: rounded to integers and back, float32."""
    return np.asarray(np.clip(np.rint(w / scale), -limit, limit) * scale)


class WeightSearch:
    """Losses of all channels of a layer for scales of its weights, with its quantised input rows fixed.

    The output's error is X d + e0: X the quantised rows [G, R, K], d the error of the weights, e0 the error that remains
    with exact weights. Where a part has more rows than a window has elements, the dot products that a cosine needs come
    from X'X, X'e0 and X't of each part (Gram matrices), and the rows are not touched again.
    """

    def __init__(self, rows: Rows, x: np.ndarray, *, relu: bool = False, loss: Loss = one_minus_cosine) -> None:
        self.rows, self.x, self.relu, self.loss = rows, x, relu, loss
        self.rest = np.matmul(x, rows.weights) + rows.bias - rows.target
        group, total, k = x.shape
        self.gram = total // rows.parts > k and not relu
        if self.gram:
            xs, es, ts = (v.reshape(group, rows.parts, total // rows.parts, -1) for v in (x, self.rest, rows.target))
            xt = xs.transpose(0, 1, 3, 2)
            self.xx, self.xe, self.xt = np.matmul(xt, xs), np.matmul(xt, es), np.matmul(xt, ts)
            self.tt, self.te, self.ee = (
                np.einsum("gpro,gpro->gpo", a, b).astype(np.float64) for a, b in ((ts, ts), (ts, es), (es, es))
            )

    def losses(self, weights: np.ndarray) -> np.ndarray:
        """Mean loss of each channel [C, G, O], for C candidate weights [C, G, K, O]."""
        count, group, k, out = weights.shape
        d = np.ascontiguousarray((weights - self.rows.weights).transpose(1, 2, 0, 3)).reshape(group, k, count * out)
        parts = self.rows.parts
        if self.gram:
            d = d[:, None]
            four = (group, parts, k, count, out)
            shaped = np.broadcast_to(d, (group, parts, k, count * out)).reshape(four)
            te = self.te[:, :, None] + np.einsum("gpko,gpkco->gpco", self.xt, shaped)
            inner = np.matmul(self.xx, d).reshape(four) + 2 * self.xe[:, :, :, None]
            ee = self.ee[:, :, None] + np.einsum("gpkco,gpkco->gpco", inner, shaped)
            loss = self.loss(self.tt[:, :, None], te, np.maximum(ee, 0.0))
        else:
            error = np.matmul(self.x, d).reshape(group, -1, count, out) + self.rest[:, :, None]
            target = self.rows.target[:, :, None]
            if self.relu:
                target, error = rectified(target, error)
            t = target.reshape(group, parts, -1, 1, out)
            e = error.reshape(group, parts, -1, count, out)
            tt = np.einsum("gpruo,gpruo->gpuo", t, t).astype(np.float64)
            te = np.einsum("gpro,gprco->gpco", t[:, :, :, 0], e).astype(np.float64)
            loss = self.loss(tt, te, np.einsum("gprco,gprco->gpco", e, e).astype(np.float64))
        return np.asarray(loss.mean(axis=1).transpose(1, 0, 2))

    def best(self, scale: np.ndarray, limit: int, search: Search) -> np.ndarray:
        """The best scale for each channel, [G, 1, O] float32, the ones in place included."""
        factors = search.weight_factors(np.asarray(1.0 / scale))
        factors = factors.reshape(len(factors), *(factors.shape[1:] or (1, 1, 1)))
        candidates = np.concatenate([scale[None], short(scale[None] / factors)])
        group, k, out = self.rows.weights.shape
        size = group * out * (self.rows.parts * k if self.gram else self.x.shape[1])
        at_once = max(1, _AT_ONCE // size)
        best = np.full((group, out), np.inf)
        found = scale.copy()
        for first in range(0, len(candidates), at_once):
            some = candidates[first : first + at_once]
            loss = self.losses(integer_weights(self.rows.weights[None], some, limit))
            at = np.argmin(loss, axis=0)
            least = np.take_along_axis(loss, at[None], 0)[0]
            better = least < best
            best = np.where(better, least, best)
            found = np.where(better[:, None], np.take_along_axis(some, at[None, :, None], 0)[0], found)
        return found


def rectified(target: np.ndarray, error: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Target and error behind a ReLU."""
    t = np.maximum(target, 0)
    return t, np.maximum(target + error, 0) - t


def layer_loss(rows: Rows, x: np.ndarray, weights: np.ndarray, *, relu: bool = False, loss: Loss = one_minus_cosine) -> float:
    """Mean loss of a layer's whole output, for quantised rows x and weights [G, K, O]."""
    target, error = rows.target, np.matmul(x, weights) + rows.bias - rows.target
    if relu:
        target, error = rectified(target, error)
    return float(losses(target, error, rows.parts, each_channel=False, loss=loss))


def thinned(rows: Rows, by: int) -> Rows:
    """Every `by`-th row of each part."""
    length = rows.x.shape[1] // rows.parts
    if by <= 1 or length < 2 * by:
        return rows
    at = (np.arange(rows.parts)[:, None] * length + np.arange(0, length, by)[None]).reshape(-1)
    return Rows(rows.x[:, at], rows.target[:, at], rows.weights, rows.bias, rows.parts)


def own_loss(own: np.ndarray, grid: Grid, loss: Loss) -> float:
    """Mean loss of a value itself, of which each row of `own` [samples, n] is a part, on a grid."""
    error = grid.rounded(own) - own
    t, e = own.astype(np.float64), error.astype(np.float64)
    return float(loss(*(np.einsum("sn,sn->s", a, b) for a, b in ((t, t), (t, e), (e, e)))).mean())


def best_activation(
    readers: Sequence[tuple[Rows, np.ndarray, bool]], grid: Grid, search: Search, own: np.ndarray | None = None
) -> tuple[Grid, float]:
    """The grid for the value that layers read, and the mean loss of those layers with it.

    readers: rows, integer weights [G, K, O] and whether a ReLU follows, of each.  own: parts of the value [samples, n], where
    others than layers read it too (sums, pools, norms): its own loss then counts as a layer's. Large layers are searched on a quarter of
    their rows; the eight best of that, and the grid in place, are then compared on all.
    """
    factors = search.activation_factors(1.0 / grid.scale)
    candidates = [grid, *(grid.scaled(1.0 / float(f)) for f in factors)]

    def loss(of: Sequence[tuple[Rows, np.ndarray, bool]], candidate: Grid) -> float:
        found = [layer_loss(r, candidate.rounded(r.x), w, relu=relu and search.relu, loss=search.loss) for r, w, relu in of]
        return float(np.mean(found if own is None else [*found, own_loss(own, candidate, search.loss)]))

    thin = [(thinned(r, 4), w, relu) for r, w, relu in readers]
    if any(a[0] is not b[0] for a, b in zip(thin, readers, strict=True)):
        rough = [loss(thin, c) for c in candidates]
        order = np.argsort(rough, kind="stable")[:8]
        candidates = [grid, *(candidates[i] for i in order if i)]
    exact = [loss(readers, c) for c in candidates]
    best = int(np.argmin(exact))
    return candidates[best], exact[best]


def search_value(
    readers: Sequence[Rows], scales: list[np.ndarray], grid: Grid, limit: int, search: Search, relus: Sequence[bool] = (),
    *, weights: bool = True, activations: bool = True, own: np.ndarray | None = None,
) -> tuple[list[np.ndarray], Grid]:  # fmt: skip
    """Search for the layers that read one value: scales [G, 1, O] of each one's weights, and the value's grid, in turns.

    weights, activations: which of the two to search.  own: as for `best_activation`.
    """
    flags = list(relus) or [False] * len(readers)
    before = np.inf
    for _ in range(search.turns):
        moved = False
        if weights:
            for k, rows in enumerate(readers):
                found = WeightSearch(rows, grid.rounded(rows.x), relu=search.relu and flags[k], loss=search.loss).best(scales[k], limit, search)
                moved |= not np.array_equal(found, scales[k])
                scales[k] = found
        integers = [integer_weights(r.weights, s, limit) for r, s in zip(readers, scales, strict=True)]
        if not activations:
            break
        old = grid
        grid, loss = best_activation(list(zip(readers, integers, flags, strict=True)), grid, search, own)
        if not weights or (grid == old and not moved) or loss >= before * (1 - search.tolerance):
            break
        before = loss
    return scales, grid
