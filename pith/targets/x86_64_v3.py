"""x86-64 level 3 (AVX2 and FMA: most x86-64 since 2013)."""

from pith.targets.base import Target, register
from pith.targets.cpu import level_features
from pith.targets.isa.x86_64_v3 import X86_64_V3


@register("x86-64-v3")
def target() -> Target:
    return Target(
        "x86-64-v3",
        "AVX2 and FMA: most x86-64 since 2013",
        X86_64_V3,
        "x86_64-linux-gnu",
        ("-march=x86-64-v3",),
        cpu_features=level_features(3),
    )
