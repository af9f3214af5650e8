"""RISC-V's vector extension 1.0, through vectors of a fixed size: thirty-two of them, with fused multiply-add.

`RVV128` is right for any length of the registers (the extension's least is 128 bits). `RVV256` needs registers of 256 bits or more,
which a network asks the processor about before it begins.
"""

from dataclasses import replace

from pith.targets.isa.base import ISA

RVV128 = ISA("rvv128", vector_bytes=16, registers=32, fma=True)
RVV256 = replace(RVV128, name="rvv256", vector_bytes=32)
