"""Plain scalar C99 for any compiler; built for this machine's baseline when it is to be run here."""

from pith.targets.base import Target, register
from pith.targets.cpu import machine
from pith.targets.isa.c99 import C99


@register("c99")
def target() -> Target:
    return Target("c99", "plain scalar C99, any compiler", C99, f"{machine()}-linux-gnu", std="c99", embed=False)
