"""RISC-V, 32 bits, with floats of 32 and 64 bits (RV32GC)."""

from pith.targets.base import Emulation, Target, register
from pith.targets.isa.c99 import C99


@register("riscv32")
def target() -> Target:
    return Target(
        "riscv32", "RISC-V, 32 bits (RV32GC)", C99, "riscv32-linux-musl", ("-march=rv32gc", "-mabi=ilp32d"),
        emulation=Emulation("qemu_user", "qemu-riscv32", ("-cpu", "rv32"), "qemu-user"),
    )  # fmt: skip
