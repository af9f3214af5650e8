"""STAR-MC1: Armv8-M with DSP extension and floating-point unit, of the class of Cortex-M33, with TCM and caches.

Compilers that know `-mcpu=star-mc1` schedule for it; the instructions are those of Cortex-M33, which every compiler knows.
"""

from pith.targets.base import Emulation, Target, register
from pith.targets.isa.cortex_m import ARMV7EM


@register("star-mc1")
def target() -> Target:
    return Target(
        "star-mc1", "STAR-MC1, of Cortex-M33's class, with TCM and caches (Armv8-M)", ARMV7EM, "thumbv8m.main-none-eabihf",
        ("-mcpu=cortex-m33", "-mfloat-abi=hard"), embed=False, zig_cpu="cortex_m33+fp_armv8d16sp",
        emulation=Emulation("qemu_system", "qemu-system-arm", ("-M", "mps2-an505"), "qemu-system-arm"),
        trustzone=True, runs=("cortex-m0", "cortex-m3", "cortex-m4", "cortex-m33"),
    )  # fmt: skip
