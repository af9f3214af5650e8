"""Cortex-M3 (Armv7-M)."""

from pith.targets.base import Emulation, Target, register
from pith.targets.isa.cortex_m import ARMV7M


@register("cortex-m3")
def target() -> Target:
    return Target(
        "cortex-m3", "Cortex-M3 (Armv7-M)", ARMV7M, "thumbv7m-none-eabi",
        ("-mcpu=cortex-m3", "-mfloat-abi=soft"), embed=False, zig_cpu="cortex_m3",
        emulation=Emulation("qemu_system", "qemu-system-arm", ("-M", "mps2-an385"), "qemu-system-arm"),
        runs=("cortex-m0",),
    )  # fmt: skip
