"""x86-64 level 2 (SSE4.2: any x86-64 since 2009)."""

from pith.targets.base import Target, register
from pith.targets.cpu import level_features
from pith.targets.isa.x86_64_v2 import X86_64_V2


@register("x86-64-v2")
def target() -> Target:
    return Target(
        "x86-64-v2",
        "SSE4.2: any x86-64 since 2009",
        X86_64_V2,
        "x86_64-linux-gnu",
        ("-march=x86-64-v2",),
        cpu_features=level_features(2),
    )
