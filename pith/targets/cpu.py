"""What this machine's processor can do: which targets run here, and whether a library may be loaded."""

from __future__ import annotations

import ctypes
import functools
import platform
from collections.abc import Iterable
from pathlib import Path

# the feature names of /proc/cpuinfo that each x86-64 level adds (System V ABI supplement, x86-64 psABI 1.0, table 3.1)
_ADDED_BY_LEVEL = {
    2: {"cx16", "lahf_lm", "popcnt", "sse4_1", "sse4_2", "ssse3"},
    3: {"avx", "avx2", "bmi1", "bmi2", "f16c", "fma", "abm", "movbe"},
    4: {"avx512f", "avx512bw", "avx512cd", "avx512dq", "avx512vl"},
}


def level_features(level: int) -> tuple[str, ...]:
    """Features, as Linux names them, that a processor of x86-64 `level` (1 to 4) has."""
    return tuple(sorted(set().union(*(names for lv, names in _ADDED_BY_LEVEL.items() if lv <= level))))


@functools.cache
def features() -> frozenset[str]:
    """Feature flags of the first processor, as Linux names them; empty where they cannot be read."""
    try:
        return features_in(Path("/proc/cpuinfo").read_text())
    except OSError:
        return frozenset()


def features_in(text: str) -> frozenset[str]:
    """Feature flags of the first processor that /proc/cpuinfo with this `text` describes; of RISC-V the extensions' names."""
    for line in text.splitlines():
        if line.startswith(("flags", "Features")):
            found = set(line.split(":", 1)[-1].split())
            return frozenset(found | {"abm"} if "lzcnt" in found else found)
        if line.startswith("isa"):
            letters, *names = line.split(":", 1)[-1].strip().lower().split("_")
            return frozenset([*letters.removeprefix("rv64").removeprefix("rv32"), *names])
    return frozenset()


@functools.cache
def model_name() -> str:
    """What the first processor calls itself; its architecture where it says nothing."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        lines = []
    facts = dict(reversed([(k.strip(), v.strip()) for k, _, v in (line.partition(":") for line in lines)]))
    words = [facts.get(k, "") for k in ("model name", "cpu family", "model", "stepping")]
    return f"{words[0]} ({'/'.join(words[1:])})" if words[0] else machine()


def mesh() -> bool:
    """Whether the last cache lies behind a mesh of many cores, as in Intel's processors with AVX-512: large, but one core reads
    it at a fraction of its second-level cache's rate."""
    return _vendor() == "GenuineIntel" and "avx512f" in features()


def complexes() -> bool:
    """Whether few cores share a last cache of their own near them, as in AMD's processors with AVX-512 (from Zen 4 on)."""
    return _vendor() == "AuthenticAMD" and "avx512f" in features()


@functools.cache
def _vendor() -> str:
    """Who made the first processor, as an x86-64 processor says it; empty where it cannot be read."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        lines = []
    return next((line.split(":", 1)[-1].strip() for line in lines if line.startswith("vendor_id")), "")


@functools.cache
def caches() -> dict[int, int]:
    """Bytes of the first processor's data cache at each level; without those that cannot be read."""
    found = {}
    for folder in sorted(Path("/sys/devices/system/cpu/cpu0/cache").glob("index*")):
        try:
            level, kind, size = ((folder / name).read_text().strip() for name in ("level", "type", "size"))
            if kind in ("Data", "Unified"):
                found[int(level)] = int(size.rstrip("KMG")) << {"K": 10, "M": 20, "G": 30}.get(size[-1:], 0)
        except (OSError, ValueError):
            continue
    return found


def missing(needed: Iterable[str]) -> list[str]:
    """Those of the features `needed` that this processor lacks, sorted."""
    return sorted(set(needed) - features())


def machine() -> str:
    """This processor's architecture as the first part of a compiler's triple."""
    return architecture(platform.machine())


def system() -> str:
    """This machine's system, by its name."""
    return platform.system() or "a system that has no name"


def architecture(name: str) -> str:
    """What systems call a processor, as the first part of a compiler's triple."""
    return {"AMD64": "x86_64", "arm64": "aarch64", "armv7l": "arm", "armv8l": "arm"}.get(name, name)


@functools.cache
def amx_allowed() -> bool:
    """Whether Linux lets this process use the tile registers of AMX (arch_prctl, ARCH_REQ_XCOMP_PERM; kernels before 5.16 do not)."""
    try:
        return int(ctypes.CDLL(None).syscall(158, 0x1023, 18)) == 0
    except (OSError, AttributeError):
        return False
