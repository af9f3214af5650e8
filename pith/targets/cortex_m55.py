"""Cortex-M55 with its vectors (Armv8.1-M, MVE).

Loops that Pith does not write in vectors stay as they are: clang's own (LLVM 21) compare wrongly where a number is NaN (`x != x` is false).
"""

from pith.targets.base import Emulation, Target, register
from pith.targets.isa.cortex_m import ARMV81M


@register("cortex-m55")
def target() -> Target:
    return Target(
        "cortex-m55", "Cortex-M55 with its vectors (Armv8.1-M, MVE)", ARMV81M, "thumbv8.1m.main-none-eabihf",
        ("-mcpu=cortex-m55", "-mfloat-abi=hard", "-fno-tree-vectorize", "-fno-tree-slp-vectorize"), embed=False,
        zig_cpu="cortex_m55+fp_armv8d16sp",
        emulation=Emulation("qemu_system", "qemu-system-arm", ("-M", "mps3-an547"), "qemu-system-arm"),
        runs=("cortex-m0", "cortex-m3", "cortex-m4", "cortex-m33", "star-mc1"),
    )  # fmt: skip
