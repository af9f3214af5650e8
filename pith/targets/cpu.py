"""What this machine's processor can do (for the target `host`)."""

from __future__ import annotations

import functools
import platform
from pathlib import Path

# the feature names of /proc/cpuinfo that make up each x86-64 level (System V ABI supplement, x86-64 psABI 1.0, table 3.1)
_LEVELS = (
    (4, {"avx512f", "avx512bw", "avx512cd", "avx512dq", "avx512vl"}),
    (3, {"avx", "avx2", "bmi1", "bmi2", "f16c", "fma", "abm", "movbe"}),
    (2, {"cx16", "lahf_lm", "popcnt", "sse4_1", "sse4_2", "ssse3"}),
)


@functools.cache
def features() -> frozenset[str]:
    """Feature flags of the first processor, as Linux names them; empty where they cannot be read."""
    try:
        text = Path("/proc/cpuinfo").read_text()
    except OSError:
        return frozenset()
    for line in text.splitlines():
        if line.startswith(("flags", "Features")):
            return frozenset(line.split(":", 1)[1].split())
    return frozenset()


@functools.cache
def x86_64_level() -> int:
    """1 to 4: the highest x86-64 level this processor has; 0 on other architectures."""
    if platform.machine() not in ("x86_64", "AMD64"):
        return 0
    have = features()
    if "lzcnt" in have:
        have |= {"abm"}
    for level, needed in _LEVELS:
        lower = set().union(*(n for lv, n in _LEVELS if lv < level))
        if needed | lower <= have:
            return level
    return 1
