"""What /proc/cpuinfo says of the last cache."""

from __future__ import annotations

from pathlib import Path

import pytest

from pith.targets import cpu


@pytest.mark.parametrize(("vendor", "flags", "mesh", "complexes"), [
    ("GenuineIntel", "fma avx512f", True, False), ("AuthenticAMD", "fma avx512f", False, True),
    ("GenuineIntel", "fma avx2", False, False), ("AuthenticAMD", "fma avx2", False, False),
])  # fmt: skip
def test_where_the_last_cache_is(vendor: str, flags: str, mesh: bool, complexes: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    text = "".join(f"processor\t: {k}\nvendor_id\t: {vendor}\nmodel name\t: AuthenticAMD GenuineIntel\nflags\t\t: {flags}\n\n" for k in range(2))
    monkeypatch.setattr(Path, "read_text", lambda path: text)
    for name in ("_vendor", "features"):  # without what they remember of this machine
        monkeypatch.setattr(cpu, name, getattr(cpu, name).__wrapped__)
    assert (cpu.mesh(), cpu.complexes()) == (mesh, complexes)
