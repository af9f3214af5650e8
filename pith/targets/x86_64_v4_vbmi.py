"""x86-64 level 4 with VNNI and VBMI (AVX-512 on Intel from Ice Lake, on AMD from Zen 4)."""

from dataclasses import replace

from pith.targets import x86_64_v4_vnni
from pith.targets.base import Target, register
from pith.targets.isa.x86_64_v4_vbmi import X86_64_V4_VBMI


@register("x86-64-v4-vbmi")
def target() -> Target:
    base = x86_64_v4_vnni.target()
    return replace(
        base, name="x86-64-v4-vbmi", description="AVX-512 with VNNI and VBMI", isa=X86_64_V4_VBMI, cflags=(*base.cflags, "-mavx512vbmi"),
        cpu_features=(*base.cpu_features, "avx512vbmi"),
    )  # fmt: skip
