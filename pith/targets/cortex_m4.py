"""Cortex-M4 with its floating-point unit (Armv7E-M)."""

from pith.targets.base import Emulation, Target, register
from pith.targets.isa.cortex_m import ARMV7EM


@register("cortex-m4")
def target() -> Target:
    return Target(
        "cortex-m4", "Cortex-M4 with its floating-point unit (Armv7E-M)", ARMV7EM, "thumbv7em-none-eabihf",
        ("-mcpu=cortex-m4", "-mfloat-abi=hard"), embed=False, zig_cpu="cortex_m4+vfp4d16sp",
        mca="cortex-m4", emulation=Emulation("qemu_system", "qemu-system-arm", ("-M", "mps2-an386"), "qemu-system-arm"),
        runs=("cortex-m0", "cortex-m3"),
    )  # fmt: skip
