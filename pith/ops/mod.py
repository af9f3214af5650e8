"""mod: remainder of a / b with broadcasting."""

from __future__ import annotations

from pith.graph import Expr
from pith.graph.expr import call
from pith.ops.base import Attrs, Elementwise, register


@register("mod")
class Mod(Elementwise):
    """attrs["fmod"]: the sign of the dividend (C's fmod) when true, else the sign of the divisor."""

    def expr(self, attrs: Attrs, *x: Expr) -> Expr:
        return call("fmod" if attrs["fmod"] else "mod", x[0], x[1])
