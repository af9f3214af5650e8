"""Cycles of inner loops: loops found in assembly, and counted by llvm-mca where it is installed."""

from __future__ import annotations

from pathlib import Path

import pytest

from pith.emulated import verify
from pith.emulators import lacking
from pith.emulators.mca import Loop, inner_loops, measure, tool
from pith.targets.base import get_target

M4 = get_target("cortex-m4")
ASSEMBLY = """
	.globl	first
first:
	mov	r0, #0
.LBB0_1:                                @ =>This Loop Header
	ldr	r2, [r1], #4
.LBB0_2:
	smlad	r3, r2, r2, r3
	subs	r4, r4, #1
	bne	.LBB0_2
@ %bb.3:
	subs	r5, r5, #1
	bne	.LBB0_1
	bx	lr
second:
	@APP
	1:
	mov	r0, #0
	2:
	smlad	r3, r2, r2, r3
	smlad	r4, r2, r2, r4
	subs	r5, r5, #1
	bne.w	2b
	subs	r6, r6, #1
	bne.w	1b
	@NO_APP
third:
	b	second
"""


def test_loops_of_a_compiler_and_of_ours() -> None:
    loops = inner_loops(ASSEMBLY)
    assert set(loops) == {"first", "second"}
    assert [line.split()[0] for line in loops["first"].lines] == ["smlad", "subs"]
    assert [line.split()[0] for line in loops["second"].lines] == ["smlad", "smlad", "subs"]


@pytest.mark.skipif(tool() is None, reason="llvm-mca is not installed (apt-get install llvm-19)")
def test_cycles_of_the_cortex_m4() -> None:
    """One instruction a cycle, two for a load (Technical Reference Manual, table 3-1), and the branch back."""
    adds = measure(Loop("f", ("add r0, r0, #1",) * 6), M4)
    loads = measure(Loop("f", ("ldr r0, [r1]", "add r2, r0, #1") * 6), M4)
    assert adds is not None and loads is not None
    assert adds[0] == 7 and adds[1] == pytest.approx(8, abs=0.2)
    assert loads[0] == 13 and loads[1] == pytest.approx(20, abs=0.2)
    assert measure(Loop("f", ("nonsense r0",)), M4) is None


@pytest.mark.skipif(tool() is None or bool(lacking(M4)), reason="llvm-mca or qemu-system-arm is not installed")
def test_of_a_network(data_dir: Path) -> None:
    found = verify(data_dir / "mlperf_tiny" / "ad01_int8.tflite", "cortex-m4", steps=False, reference=False, cycles=True)
    assert found.cycles and found.execution.instructions
    blocks = [c for c in found.cycles if c.function.startswith("dsp_1x8")]
    assert sum(c.executed for c in blocks) > 0.8 * found.execution.instructions
    assert all(1 < c.cycles / c.instructions < 2 for c in blocks)
