"""Cortex-M7 with its floating-point unit (Armv7E-M)."""

from pith.targets.base import Emulation, Target, register
from pith.targets.isa.cortex_m import ARMV7EM


@register("cortex-m7")
def target() -> Target:
    return Target(
        "cortex-m7", "Cortex-M7 with its floating-point unit (Armv7E-M)", ARMV7EM, "thumbv7em-none-eabihf",
        ("-mcpu=cortex-m7", "-mfloat-abi=hard"), embed=False, zig_cpu="cortex_m7+fp_armv8d16sp",
        mca="cortex-m7", emulation=Emulation("qemu_system", "qemu-system-arm", ("-M", "mps2-an500"), "qemu-system-arm"),
        runs=("cortex-m0", "cortex-m3", "cortex-m4"),
    )  # fmt: skip
