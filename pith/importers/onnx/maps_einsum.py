"""Einsum: pairs of operands become matrix products over batch, free and summed indices."""

from __future__ import annotations

import math
import string
from collections import Counter

from pith.importers.onnx.context import Call
from pith.importers.onnx.registry import onnx_op


@onnx_op("Einsum")
def einsum(n: Call) -> str:
    values = n.tensors()
    terms, result = _parse(n, n.attrs.string("equation"), [n.rank(v) for v in values])
    operands = [_diagonal(n, v, term) for v, term in zip(values, terms, strict=True)]
    v, term = operands[0]
    for k, (w, other) in enumerate(operands[1:], 1):
        later = set(result).union(*(t for _, t in operands[k + 1 :]))
        v, term = _pair(n, v, term, w, other, later)
    v, term = _summed(n, v, term, set(result))
    if sorted(term) != sorted(result):
        raise n.invalid(f"the output {result!r} of the equation has an index that no input has")
    return n.transpose(v, [term.index(i) for i in result])


def _parse(n: Call, equation: str, ranks: list[int]) -> tuple[list[str], str]:
    """Indices of every operand and of the output; an ellipsis becomes as many digits as it stands for axes."""
    left, arrow, right = equation.replace(" ", "").partition("->")
    terms = left.split(",")
    allowed = set(string.ascii_letters)
    if len(terms) != len(ranks) or any(set(t.replace("...", "", 1)) - allowed for t in (*terms, right)):
        raise n.invalid(f"equation {equation!r} does not fit {len(ranks)} inputs")
    widths = {r - len(t) + 3 for t, r in zip(terms, ranks, strict=True) if "..." in t}
    width = max(widths, default=0)
    if min(widths, default=0) < 0 or width > 10:
        raise n.invalid(f"equation {equation!r} does not fit inputs of ranks {ranks}")
    # shorter ellipses broadcast: they take the last of the digits
    full = [
        t.replace("...", string.digits[width - (r - len(t) + 3) : width]) if "..." in t else t
        for t, r in zip(terms, ranks, strict=True)
    ]
    if any(len(t) != r for t, r in zip(full, ranks, strict=True)):
        raise n.invalid(f"equation {equation!r} does not fit inputs of ranks {ranks}")
    if arrow:
        result = right.replace("...", string.digits[:width])
    else:
        counts = Counter("".join(t for t in terms).replace(".", ""))
        result = string.digits[:width] + "".join(sorted(i for i, c in counts.items() if c == 1))
    if len(set(result)) != len(result):
        raise n.invalid(f"the output of {equation!r} names an index twice")
    return full, result


def _diagonal(n: Call, v: str, term: str) -> tuple[str, str]:
    """An operand in which no index stands twice: repeated ones are diagonals, a slice of the joined axes."""
    while len(set(term)) != len(term):
        index = next(i for i in term if term.count(i) > 1)
        a, b = [k for k, i in enumerate(term) if i == index][:2]
        rest = [k for k in range(len(term)) if k not in (a, b)]
        moved = n.transpose(v, (*rest, a, b))
        shape = n.shape(moved)
        if shape[-1] != shape[-2]:
            raise n.invalid(f"index {index!r} stands for sizes {shape[-2]} and {shape[-1]}")
        joined = n.reshape(moved, (*shape[:-2], shape[-1] * shape[-1]))
        v = n.slice(joined, len(rest), 0, shape[-1], shape[-1] + 1)
        term = "".join(term[k] for k in rest) + index
    return v, term


def _summed(n: Call, v: str, term: str, keep: set[str]) -> tuple[str, str]:
    """The operand with every index outside `keep` summed away."""
    axes = [k for k, i in enumerate(term) if i not in keep]
    if not axes:
        return v, term
    return n.reduce("sum", v, axes, keepdims=False), "".join(i for i in term if i in keep)


def _pair(n: Call, a: str, ta: str, b: str, tb: str, later: set[str]) -> tuple[str, str]:
    """Two operands as one: shared indices are batch axes if needed later, else summed by the product."""
    a, ta = _summed(n, a, ta, later | set(tb))
    b, tb = _summed(n, b, tb, later | set(ta))
    shared = [i for i in ta if i in tb]
    # an axis of size 1 against a larger one broadcasts, which only batch axes can do
    batch = [i for i in shared if i in later or n.shape(a)[ta.index(i)] != n.shape(b)[tb.index(i)]]
    inner = [i for i in shared if i not in batch]
    free_a, free_b = [i for i in ta if i not in tb], [i for i in tb if i not in ta]
    a = n.transpose(a, [ta.index(i) for i in (*batch, *free_a, *inner)])
    b = n.transpose(b, [tb.index(i) for i in (*batch, *inner, *free_b)])
    sa, sb, nb = n.shape(a), n.shape(b), len(batch)
    dims_a, dims_b = sa[nb : nb + len(free_a)], sb[nb + len(inner) :]
    if inner:
        k = math.prod(sa[nb + len(free_a) :])
        y = n.emit(
            "matmul",
            [n.reshape(a, (*sa[:nb], math.prod(dims_a), k)), n.reshape(b, (*sb[:nb], k, math.prod(dims_b))), ""],
            trans_a=False,
            trans_b=False,
        )
    else:
        y = n.emit(
            "mul", [n.reshape(a, (*sa, *[1] * len(free_b))), n.reshape(b, (*sb[:nb], *[1] * len(free_a), *dims_b))]
        )
    y = n.reshape(y, (*n.shape(y)[:nb], *dims_a, *dims_b))
    return _summed(n, y, "".join((*batch, *free_a, *free_b)), later)
