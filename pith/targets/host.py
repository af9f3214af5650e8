"""This machine's processor."""

from dataclasses import replace

from pith.targets import c99, x86_64_v2, x86_64_v3, x86_64_v4
from pith.targets.base import Target, register
from pith.targets.cpu import caches, x86_64_level


@register("host")
def target() -> Target:
    makers = {4: x86_64_v4.target, 3: x86_64_v3.target, 2: x86_64_v2.target}
    best = makers.get(x86_64_level(), c99.target)()
    sizes = caches()
    isa = replace(best.isa, near=sizes.get(2, best.isa.near), last=max(sizes.values(), default=best.isa.last))
    return replace(best, isa=isa, name="host", description=f"this processor (as {best.name})")
