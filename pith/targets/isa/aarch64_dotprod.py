"""AArch64 with dot products of four bytes (FEAT_DotProd, optional from Armv8.1, there from Armv8.4 on)."""

from dataclasses import replace

from pith.targets.isa.aarch64 import AARCH64

AARCH64_DOTPROD = replace(AARCH64, features=AARCH64.features - {"smull"} | {"sdot"})
