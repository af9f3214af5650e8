"""top_k with a heap of the best k so far: n log k comparisons, no recursion."""

from __future__ import annotations

import math

from pith.kernels.base import Arg, Call, Emitted, In, Int, Kernel, Out, Scratch, kernel
from pith.kernels.ctext import c_function, c_helper
from pith.ops.base import normalize_axis

_BEFORE = r"""
/* Whether element i comes before element j in the result. */
static inline int32_t $name(const $T *p, int32_t step, int32_t i, int32_t j) {
  const $A a = LD(p[i * step]), b = LD(p[j * step]);
  if (a > b$NANA) return $FIRST;
  if (b > a$NANB) return !$FIRST;
  return i < j;
}

"""
_SIFT = r"""
/* Restores the heap (the last in order on top) below place `at`. */
static void $name(const $T *p, int32_t step, int32_t *heap, int32_t at, int32_t size) {
  for (int32_t child = 2 * at + 1; child < size; child = 2 * at + 1) {
    if (child + 1 < size && $BEFORE(p, step, heap[child], heap[child + 1])) ++child;
    if ($BEFORE(p, step, heap[child], heap[at])) return;
    const int32_t swap = heap[at];
    heap[at] = heap[child];
    heap[child] = swap;
    at = child;
  }
}

"""
_TEXT = r"""
static void $name(const $T *x, $T *y, int64_t *index, int32_t *heap, int32_t outer, int32_t n, int32_t inner, int32_t k) {
  for (int32_t o = 0; o < outer; ++o)
  for (int32_t c = 0; c < inner; ++c) {
    const $T *p = x + o * n * inner + c;
    for (int32_t i = 0; i < k; ++i) heap[i] = i;
    for (int32_t i = k / 2 - 1; i >= 0; --i) $SIFT(p, inner, heap, i, k);
    for (int32_t i = k; i < n; ++i) {
      if ($BEFORE(p, inner, i, heap[0])) {
        heap[0] = i;
        $SIFT(p, inner, heap, 0, k);
      }
    }
    for (int32_t size = k; size > 0; --size) {
      const int32_t last = heap[0], to = (o * k + size - 1) * inner + c;
      y[to] = p[last * inner];
      index[to] = last;
      heap[0] = heap[size - 1];
      $SIFT(p, inner, heap, 0, size - 1);
    }
  }
}
"""


@kernel("top_k", "heap")
class TopKHeap(Kernel):
    """Any axis and type."""

    def emit(self, call: Call) -> Emitted:
        x = call.input(0)
        dtype, axis, k = x.type.dtype, normalize_axis(call.attrs["axis"], len(x.shape)), int(call.attrs["k"])
        largest, real = bool(call.attrs.get("largest", True)), dtype.is_float
        order = f"top_{'largest' if largest else 'smallest'}_{dtype.short}"
        marks = {
            "BEFORE": f"pith_before_{order}", "SIFT": f"pith_sift_{order}",
            "FIRST": str(int(largest)), "NANA": " || (a != a && b == b)" if real else "",
            "NANB": " || (b != b && a == a)" if real else "",
        }  # fmt: skip
        before = c_helper(marks["BEFORE"], _BEFORE, {"": dtype}, marks)
        sift = c_helper(marks["SIFT"], _SIFT, {"": dtype}, marks, (before,))
        function = c_function(call, "largest" if largest else "smallest", _TEXT, {"": dtype}, marks, (sift, before))
        numbers = (math.prod(x.shape[:axis]), x.shape[axis], math.prod(x.shape[axis + 1 :]), k)
        args: tuple[Arg, ...] = (In(0), Out(0), Out(1), Scratch(), *map(Int, numbers))
        return Emitted(function, args, scratch=4 * max(k, 1), why=f"heap of {k}")
