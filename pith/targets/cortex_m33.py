"""Cortex-M33 with DSP extension and floating-point unit (Armv8-M)."""

from pith.targets.base import Emulation, Target, register
from pith.targets.isa.cortex_m import ARMV7EM


@register("cortex-m33")
def target() -> Target:
    return Target(
        "cortex-m33", "Cortex-M33 with DSP extension and floating-point unit (Armv8-M)", ARMV7EM, "thumbv8m.main-none-eabihf",
        ("-mcpu=cortex-m33", "-mfloat-abi=hard"), embed=False, zig_cpu="cortex_m33+fp_armv8d16sp",
        mca="cortex-m33", emulation=Emulation("qemu_system", "qemu-system-arm", ("-M", "mps2-an505"), "qemu-system-arm"),
        trustzone=True, runs=("cortex-m0", "cortex-m3", "cortex-m4", "star-mc1"),
    )  # fmt: skip
