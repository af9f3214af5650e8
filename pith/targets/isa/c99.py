"""Plain scalar C99: no vectors, no extensions."""

from pith.targets.isa.base import ISA

C99 = ISA("c99")
