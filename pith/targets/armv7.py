"""Armv7-A, 32 bits, with NEON and fused multiply-add (Cortex-A7, A15, A17; A53 and later in their 32-bit mode)."""

from pith.targets.base import Emulation, Target, register
from pith.targets.isa.armv7 import ARMV7


@register("armv7")
def target() -> Target:
    return Target(
        "armv7",
        "32-bit Arm with NEON and VFPv4: Cortex-A7, A15 and later",
        ARMV7,
        "arm-linux-gnueabihf",
        ("-mcpu=cortex-a7", "-mfpu=neon-vfpv4", "-mfloat-abi=hard"),
        cpu_features=("neon", "vfpv4"),
        emulation=Emulation("qemu_user", "qemu-arm", ("-cpu", "cortex-a7"), "qemu-user"),
        zig_cpu="cortex_a7",
    )
