"""TfIdfVectorizer over numbers: counts of n-grams by comparing shifted slices with the pool."""

from __future__ import annotations

import numpy as np

from pith.graph import DType
from pith.importers.onnx.context import Call
from pith.importers.onnx.registry import onnx_op


@onnx_op("TfIdfVectorizer")
def tf_idf_vectorizer(n: Call) -> str:
    """Every n-gram of the pool, at every distance up to max_skip_count, against every place of the text."""
    a, x = n.attrs, n.x(0)
    pool, columns = a.ints("pool_int64s"), a.ints("ngram_indexes") or ()
    starts = a.ints("ngram_counts") or ()
    if pool is None:
        raise n.unsupported("its pool holds strings", "turn words into numbers before the network")
    shortest, longest = a.int("min_gram_length"), a.int("max_gram_length")
    shape = n.shape(x)
    if (
        len(shape) not in (1, 2)
        or not 1 <= shortest <= longest
        or not columns
        or min(columns) < 0
        or max(columns) >= 2**24
    ):
        raise n.invalid(f"n-grams of {shortest} to {longest} do not fit an input of shape {shape}")
    text = n.cast(n.reshape(x, (1, *shape) if len(shape) == 1 else shape), DType.I64)
    groups = _groups(n, pool, starts, len(columns))
    width = max(columns) + 1
    total = n.const(np.zeros((n.shape(text)[0], width), np.float32))
    for size, grams, first in groups:
        if shortest <= size <= longest:
            # single tokens have no distance between them
            for skip in range(a.int("max_skip_count") + 1 if size > 1 else 1):
                counts = _counts(n, text, grams, skip + 1)
                if counts:
                    total = n.emit("add", [total, _spread(n, counts, columns[first : first + len(grams)], width)])
    return n.reshape(_weighted(n, total, columns, width), (*shape[:-1], width))


def _groups(n: Call, pool: tuple[int, ...], starts: tuple[int, ...], count: int) -> list[tuple[int, np.ndarray, int]]:
    """(length, n-grams as rows, position of the first among all) for each length that the pool has."""
    groups, first = [], 0
    for k, (begin, end) in enumerate(zip(starts, (*starts[1:], len(pool)), strict=True)):
        size = k + 1
        if not 0 <= begin <= end <= len(pool) or (end - begin) % size:
            raise n.invalid(f"ngram_counts {starts} do not divide a pool of {len(pool)}")
        grams = np.array(pool[begin:end], np.int64).reshape(-1, size)
        groups.append((size, grams, first))
        first += len(grams)
    if first != count:
        raise n.invalid(f"{first} n-grams have {count} indexes")
    return groups


def _counts(n: Call, text: str, grams: np.ndarray, distance: int) -> str:
    """How often each n-gram stands in each row with its tokens `distance` apart: [rows, n-grams]; "" when it cannot."""
    rows, length = n.shape(text)
    places = length - (grams.shape[1] - 1) * distance
    if places < 1 or not len(grams):
        return ""
    match = ""
    for k in range(grams.shape[1]):
        tokens = n.reshape(n.slice(text, 1, k * distance, places), (rows, places, 1))
        same = n.emit("equal", [tokens, n.const(grams[:, k])])
        match = n.emit("and", [match, same]) if match else same
    return n.reduce("sum", n.cast(match, DType.F32), (1,), keepdims=False)


def _spread(n: Call, counts: str, columns: tuple[int, ...], width: int) -> str:
    """Counts put into their columns of the output, by a matrix of zeros and ones."""
    place = np.zeros((len(columns), width), np.float32)
    place[np.arange(len(columns)), list(columns)] = 1
    return n.emit("matmul", [counts, n.const(place), ""], trans_a=False, trans_b=False)


def _weighted(n: Call, counts: str, columns: tuple[int, ...], width: int) -> str:
    """TF: the counts;  IDF: the weight where there is any;  TFIDF: their product."""
    mode = n.attrs.choice("mode", ("TF", "IDF", "TFIDF"))
    given = n.attrs.floats("weights")
    if given is not None and len(given) != len(columns):
        raise n.invalid(f"{len(given)} weights for {len(columns)} n-grams")
    weights = np.ones(width, np.float32)
    if given is not None:
        weights[list(columns)] = given
    if mode == "TF":
        return counts
    if mode == "IDF":
        counts = n.cast(n.emit("greater", [counts, n.like(0, counts)]), DType.F32)
    return n.emit("mul", [counts, n.const(weights)])
