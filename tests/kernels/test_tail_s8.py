"""Epilogues of integer sums: which functions may be short."""

from __future__ import annotations

import pytest

from pith.graph import DType
from pith.graph.expr import Expr, arg
from pith.kernels.tail_s8 import SumTail


def _silu(x: Expr) -> Expr:
    return Expr("mul", DType.F32, (x, Expr("sigmoid", DType.F32, (x,))))


@pytest.mark.parametrize(("kinds", "out", "short"), [
    ((), DType.U8, True), (("channel",), DType.I8, True), (("u8",), DType.U8, False), (("f32",), DType.I8, False), ((), DType.F32, False),
])  # fmt: skip
def test_functions_are_short_where_nothing_can_cancel_their_result(kinds: tuple[str, ...], out: DType, short: bool) -> None:
    """A picture that is added may leave little of it, of which five digits of the whole are too few."""
    value = _silu(arg(0, DType.F32))
    for i in range(len(kinds)):
        value = Expr("add", DType.F32, (value, arg(1 + i, DType.F32)))
    statements, result = SumTail(value, kinds, out).printed(["v", *("x" for _ in kinds)], "t")
    assert ("vf_silu_short(v)" in " ".join([*statements, result])) == short
    assert "vf_silu" in " ".join([*statements, result])
