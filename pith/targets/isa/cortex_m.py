"""Instruction sets of Cortex-M: scalar code throughout; what the kernels may use beyond it is among the features.

"dsp": the DSP extension of Armv7E-M and Armv8-M (two products of 16 bits in one instruction);  "mve": the vector extension of
Armv8.1-M, integers included;  "thumb2": 32-bit instructions with a division and a long multiplication (not Armv6-M).
"""

from dataclasses import replace

from pith.targets.isa.c99 import C99

ARMV6M = replace(C99, features=frozenset({"thumb"}))
ARMV7M = replace(C99, features=frozenset({"thumb", "thumb2"}))
ARMV7EM = replace(C99, features=frozenset({"thumb", "thumb2", "dsp"}))
ARMV81M = replace(C99, features=frozenset({"thumb", "thumb2", "dsp", "mve"}))
