"""AArch64 with matrix multiplication of bytes (Cortex-A510, A710, X2 and later, Neoverse V1 and N2, Apple from A15)."""

from pith.targets.base import Emulation, Target, register
from pith.targets.isa.aarch64_i8mm import AARCH64_I8MM


@register("aarch64-i8mm")
def target() -> Target:
    return Target(
        "aarch64-i8mm",
        "NEON with matrix multiplication of bytes: Cortex-A510, A710 and later",
        AARCH64_I8MM,
        "aarch64-linux-gnu",
        ("-march=armv8.2-a+dotprod+i8mm",),
        cpu_features=("asimd", "asimddp", "i8mm"),
        emulation=Emulation("qemu_user", "qemu-aarch64", ("-cpu", "max"), "qemu-user"),
    )
