"""x86-64 level 4 with VNNI, VBMI, BF16 and AMX: tiles of 16 rows of 64 bytes, and their products of bytes and of bfloat16."""

from dataclasses import replace

from pith.targets.isa.x86_64_v4_vbmi import X86_64_V4_VBMI

X86_64_AMX = replace(X86_64_V4_VBMI, features=X86_64_V4_VBMI.features | {"amx", "bf16"})
