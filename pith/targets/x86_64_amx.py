"""x86-64 level 4 with VNNI, VBMI, BF16 and AMX (Intel from Sapphire Rapids, all of which have each of these)."""

from dataclasses import replace

from pith.targets import x86_64_v4_vbmi
from pith.targets.base import Target, register
from pith.targets.isa.x86_64_amx import X86_64_AMX


@register("x86-64-amx")
def target() -> Target:
    base = x86_64_v4_vbmi.target()
    return replace(
        base, name="x86-64-amx", description="AVX-512 with VNNI and AMX", isa=X86_64_AMX,
        cflags=(*base.cflags, "-mavx512bf16", "-mamx-tile", "-mamx-int8", "-mamx-bf16"),
        cpu_features=(*base.cpu_features, "avx512_bf16", "amx_tile", "amx_int8", "amx_bf16"),
    )  # fmt: skip
