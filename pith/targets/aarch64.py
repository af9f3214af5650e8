"""AArch64 with Advanced SIMD (Cortex-A53, A72: any 64-bit Arm processor)."""

from pith.targets.base import Emulation, Target, register
from pith.targets.isa.aarch64 import AARCH64


@register("aarch64")
def target() -> Target:
    return Target(
        "aarch64",
        "NEON: any 64-bit Arm processor",
        AARCH64,
        "aarch64-linux-gnu",
        ("-march=armv8-a",),
        cpu_features=("asimd",),
        emulation=Emulation("qemu_user", "qemu-aarch64", ("-cpu", "cortex-a53"), "qemu-user"),
    )
