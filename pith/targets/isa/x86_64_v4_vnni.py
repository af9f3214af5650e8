"""x86-64 level 4 with VNNI: dot products of four bytes in every 32-bit lane."""

from dataclasses import replace

from pith.targets.isa.x86_64_v4 import X86_64_V4

X86_64_V4_VNNI = replace(X86_64_V4, features=frozenset({"vnni"}))
