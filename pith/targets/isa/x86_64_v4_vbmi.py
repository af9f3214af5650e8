"""x86-64 level 4 with VNNI and VBMI: dot products of four bytes, and permutations of single bytes by which tables are looked up."""

from dataclasses import replace

from pith.targets.isa.x86_64_v4_vnni import X86_64_V4_VNNI

X86_64_V4_VBMI = replace(X86_64_V4_VNNI, features=X86_64_V4_VNNI.features | {"vbmi"})
