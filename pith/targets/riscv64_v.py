"""RISC-V with the vector extension 1.0, for registers of any length; `riscv64-v256` for those of 256 bits or more.

Loops that Pith does not write in vectors stay as they are: for some of them the compiler would take vfcvt.rtz, on which QEMU 7.2
aborts, and what cannot be run in the tests is not promised.
"""

from dataclasses import replace

from pith.targets.base import Emulation, Target, register
from pith.targets.isa.riscv_v import RVV128, RVV256

_PLAIN_LOOPS = ("-fno-tree-vectorize", "-fno-tree-slp-vectorize")  # as gcc and clang both know them


def _qemu(bits: int) -> Emulation:
    return Emulation("qemu_user", "qemu-riscv64", ("-cpu", f"rv64,v=true,vlen={bits},vext_spec=v1.0"), "qemu-user")


@register("riscv64-v")
def target() -> Target:
    flags = ("-march=rv64gcv", "-mabi=lp64d", *_PLAIN_LOOPS)
    return Target(
        "riscv64-v", "RISC-V with vectors 1.0 of any length", RVV128, "riscv64-linux-musl", flags, cpu_features=("v",), emulation=_qemu(128)
    )


@register("riscv64-v256")
def target_256() -> Target:
    flags = ("-march=rv64gcv_zvl256b", "-mabi=lp64d", *_PLAIN_LOOPS)
    return replace(target(), name="riscv64-v256", description="RISC-V with vectors 1.0 of 256 bits or more", isa=RVV256, cflags=flags, emulation=_qemu(256))
