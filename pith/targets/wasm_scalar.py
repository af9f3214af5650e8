"""WebAssembly without vectors: the plain C99 of every network, for engines that know only the first version."""

from pith.targets.base import Target, register
from pith.targets.isa.c99 import C99
from pith.targets.wasm import NODE, TRIPLE


@register("wasm-scalar")
def target() -> Target:
    return Target("wasm-scalar", "WebAssembly without vectors: any engine", C99, TRIPLE, std="c99", product="wasm", emulation=NODE)
