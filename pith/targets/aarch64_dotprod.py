"""AArch64 with dot products of bytes (Cortex-A55, A76 and later, Neoverse, Apple from A11)."""

from pith.targets.base import Emulation, Target, register
from pith.targets.isa.aarch64_dotprod import AARCH64_DOTPROD


@register("aarch64-dotprod")
def target() -> Target:
    return Target(
        "aarch64-dotprod",
        "NEON with dot products: Cortex-A55, A76 and later",
        AARCH64_DOTPROD,
        "aarch64-linux-gnu",
        ("-march=armv8.2-a+dotprod",),
        cpu_features=("asimd", "asimddp"),
        emulation=Emulation("qemu_user", "qemu-aarch64", ("-cpu", "cortex-a76"), "qemu-user"),
    )
