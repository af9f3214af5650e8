"""This machine's processor."""

from collections.abc import Callable
from dataclasses import replace

from pith.targets import c99, x86_64_amx, x86_64_v2, x86_64_v3, x86_64_v4, x86_64_v4_vbmi, x86_64_v4_vnni
from pith.targets.base import Target, register
from pith.targets.cpu import amx_allowed, caches, complexes, mesh

# bytes from the last cache behind a mesh in the time of a vector multiply-add: 29 GB/s at 7.6 G/s (`pith bench --layers` prints both)
_BEYOND_MESH = 4.0
# how much of it stays there between two runs of a network: it is shared by all cores, even those that a virtual machine does not show
_SHARE_OF_MESH = 32 << 20
# AMD from Zen 4 on: the same command prints 90 and 29 GB/s at 3.4 G/s (26 and 8.6 bytes), all of which a product does not get
_BEYOND_COMPLEX, _MEMORY_OF_COMPLEX = 20.0, 6.0
# the best first
_MAKERS: tuple[Callable[[], Target], ...] = tuple(
    m.target for m in (x86_64_amx, x86_64_v4_vbmi, x86_64_v4_vnni, x86_64_v4, x86_64_v3, x86_64_v2)
)


@register("host")
def target() -> Target:
    found = (make() for make in _MAKERS)
    best = next((t for t in found if t.runs_here() and ("amx" not in t.isa.features or amx_allowed())), None) or c99.target()
    sizes = caches()
    isa = replace(best.isa, near=sizes.get(2, best.isa.near), last=max(sizes.values(), default=best.isa.last))
    if mesh():
        isa = replace(isa, last=min(isa.last, _SHARE_OF_MESH), beyond=_BEYOND_MESH)
    elif complexes():
        isa = replace(isa, memory=_MEMORY_OF_COMPLEX, beyond=_BEYOND_COMPLEX)
    return replace(best, isa=isa, name="host", description=f"this processor (as {best.name})")
