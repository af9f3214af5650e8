"""AArch64 with matrix multiplication of bytes (FEAT_I8MM, optional from Armv8.2, there from Armv8.6 on), and dot products."""

from dataclasses import replace

from pith.targets.isa.aarch64_dotprod import AARCH64_DOTPROD

AARCH64_I8MM = replace(AARCH64_DOTPROD, features=AARCH64_DOTPROD.features | {"i8mm"})
