"""RISC-V's vectors: which instruction sets they are, and the question how long the processor's registers are.

Code for registers of at least 256 bits gives wrong numbers, and no trap, where they are shorter: so it asks first.
"""

from __future__ import annotations

from pith.targets.isa.base import ISA
from pith.targets.isa.riscv_v import RVV128, RVV256
from pith.vector.cfunction import CFunction

ISAS = (RVV128, RVV256)
NAMES = tuple(isa.name for isa in ISAS)
_LEAST = 16  # bytes of a register of any processor with the extension (specification 1.0, section 2 and "V", 18.3)

_LENGTH = """/* bytes of a vector register */
static inline uint32_t pith_vector_bytes(void) {
  unsigned long n;
  __asm__("csrr %0, vlenb" : "=r"(n));
  return (uint32_t)n;
}
"""


def requires(isa: ISA) -> tuple[CFunction, ...]:
    """What the dialect needs: a check of the length, where more than the least is taken for granted."""
    if isa.vector_bytes <= _LEAST:
        return ()
    return (CFunction("pith_vector_bytes", _LENGTH, (), ("stdint.h",), refuses=f"pith_vector_bytes() < {isa.vector_bytes}u"),)
