"""RISC-V, 64 bits, without vectors (RV64GC: any that runs Linux)."""

from pith.targets.base import Emulation, Target, register
from pith.targets.isa.c99 import C99


@register("riscv64")
def target() -> Target:
    return Target(
        "riscv64", "RISC-V, 64 bits (RV64GC)", C99, "riscv64-linux-musl", ("-march=rv64gc", "-mabi=lp64d"),
        emulation=Emulation("qemu_user", "qemu-riscv64", ("-cpu", "rv64"), "qemu-user"),
    )  # fmt: skip
