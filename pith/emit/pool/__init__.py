"""The built-in pool of threads, as C for the user's program and for the library: the same text beside every network."""

from __future__ import annotations

from functools import cache
from importlib.resources import files

HEADER, CODE = "pith_pool.h", "pith_pool.c"


@cache
def pool_sources() -> dict[str, str]:
    """File name -> text."""
    return {name: (files(__package__) / name).read_text() for name in (HEADER, CODE)}
