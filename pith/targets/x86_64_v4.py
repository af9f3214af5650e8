"""x86-64 level 4 (AVX-512)."""

from pith.targets.base import Emulation, Target, register
from pith.targets.cpu import level_features
from pith.targets.isa.x86_64_v4 import X86_64_V4


@register("x86-64-v4")
def target() -> Target:
    return Target(
        "x86-64-v4",
        "AVX-512",
        X86_64_V4,
        "x86_64-linux-gnu",
        ("-march=x86-64-v4", "-mprefer-vector-width=512"),
        cpu_features=level_features(4),
        emulation=Emulation("simulated", "simulation", measures=False),
    )
