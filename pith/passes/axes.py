"""How reshapes and transposes commute: shapes cut into atoms that both sides of a reshape are made of."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

Perm = tuple[int, ...]


def matched_groups(source: Sequence[int], target: Sequence[int]) -> list[tuple[list[int], list[int]]]:
    """Smallest runs of axes of both shapes with equal products, in order; axes of size 1 belong to none.

    The shapes have the same, positive number of elements.
    """
    left = [a for a, d in enumerate(source) if d != 1]
    right = [a for a, d in enumerate(target) if d != 1]
    groups: list[tuple[list[int], list[int]]] = []
    i = j = 0
    while i < len(left):
        mine, theirs = [left[i]], [right[j]]
        a, b = source[left[i]], target[right[j]]
        i, j = i + 1, j + 1
        while a != b:
            if a < b:
                mine.append(left[i])
                a *= source[left[i]]
                i += 1
            else:
                theirs.append(right[j])
                b *= target[right[j]]
                j += 1
        groups.append((mine, theirs))
    return groups


def _cuts(shape: Sequence[int], axes: Sequence[int]) -> list[int]:
    """Products of the extents of `axes` up to and including each of them."""
    product, out = 1, []
    for a in axes:
        product *= shape[a]
        out.append(product)
    return out


def _runs(source: Sequence[int], target: Sequence[int]) -> tuple[dict[int, list[int]], list[tuple[list[int], list[int]]]]:
    """Atoms, numbered in row-major order: those of every source axis, and runs of them with the target axes they form.

    Where the axes of a group divide each other, every target axis is a run of its own; else the whole group is one.
    """
    atoms: dict[int, list[int]] = {}
    runs: list[tuple[list[int], list[int]]] = []
    count = 0
    for mine, theirs in matched_groups(source, target):
        a, b = _cuts(source, mine), _cuts(target, theirs)
        cuts = sorted({*a, *b})
        if any(q % p for p, q in itertools.pairwise(cuts)):
            for axis in mine:
                atoms[axis] = [count]
                count += 1
            runs.append((list(range(count - len(mine), count)), theirs))
            continue
        number = {c: count + k for k, c in enumerate(cuts)}  # the atom that ends at each cut
        count += len(cuts)
        for axes, ends, put in ((mine, a, True), (theirs, b, False)):
            begin = number[cuts[0]]
            for axis, end in zip(axes, ends, strict=True):
                part = list(range(begin, number[end] + 1))
                begin = number[end] + 1
                if put:
                    atoms[axis] = part
                else:
                    runs.append((part, [axis]))
    return atoms, runs


def with_unit_axes(order: Sequence[int], shape: Sequence[int]) -> Perm:
    """`order` (the axes not of size 1) completed by those of size 1: leading ones in front, others behind their neighbour."""
    out = list(order)
    front = 0
    for a, d in enumerate(shape):
        if d != 1:
            continue
        if front == a:
            out.insert(front, a)
            front += 1
        else:
            out.insert(out.index(a - 1) + 1, a)
    return tuple(out)


def commute(source: Sequence[int], target: Sequence[int], perm: Perm) -> Perm | None:
    """The order in which the axes of `target` come out when a tensor of shape `source`, stored with its axes in the
    order `perm`, is reshaped where it lies; None when the reshape would tear axes apart.

    With y = x.reshape(target) and the result q: y.transpose(q) equals x.transpose(perm).reshape([target[a] for a in q]).
    """
    if 0 in source:
        return None
    atoms, runs = _runs(source, target)
    stored = [k for a in perm if source[a] != 1 for k in atoms[a]]
    by_first = {run[0]: (run, axes) for run, axes in runs}
    order: list[int] = []
    at = 0
    while at < len(stored):
        run, axes = by_first.get(stored[at], ([], []))
        if not run or stored[at : at + len(run)] != run:
            return None
        order += axes
        at += len(run)
    return with_unit_axes(order, target)


def compose(perm: Sequence[int], then: Sequence[int]) -> Perm:
    """The single permutation of x.transpose(perm).transpose(then)."""
    return tuple(perm[t] for t in then)
