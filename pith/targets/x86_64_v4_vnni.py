"""x86-64 level 4 with VNNI alone (Intel Cascade Lake and Cooper Lake; later ones have VBMI too)."""

from dataclasses import replace

from pith.targets import x86_64_v4
from pith.targets.base import Target, register
from pith.targets.isa.x86_64_v4_vnni import X86_64_V4_VNNI


@register("x86-64-v4-vnni")
def target() -> Target:
    base = x86_64_v4.target()
    return replace(
        base, name="x86-64-v4-vnni", description="AVX-512 with VNNI", isa=X86_64_V4_VNNI, cflags=(*base.cflags, "-mavx512vnni"),
        cpu_features=(*base.cpu_features, "avx512_vnni"),
    )  # fmt: skip
