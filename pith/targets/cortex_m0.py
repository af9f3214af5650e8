"""Cortex-M0, M0+ and M1 (Armv6-M); emulated on a Cortex-M3, which has all their instructions, for its larger memory."""

from pith.targets.base import Emulation, Target, register
from pith.targets.isa.cortex_m import ARMV6M


@register("cortex-m0")
def target() -> Target:
    return Target(
        "cortex-m0", "Cortex-M0, M0+ and M1 (Armv6-M)", ARMV6M, "thumbv6m-none-eabi",
        ("-mcpu=cortex-m0", "-mfloat-abi=soft"), embed=False, zig_cpu="cortex_m0",
        emulation=Emulation("qemu_system", "qemu-system-arm", ("-M", "mps2-an385"), "qemu-system-arm"),
    )  # fmt: skip
