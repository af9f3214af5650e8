"""What blocks of rows ask for ahead: only weights of the network, nothing behind the last of them."""

from __future__ import annotations

import ctypes
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

from pith.emit.c import emit
from pith.graph import DType, Graph, TensorType
from pith.kernels.base import Options
from pith.lower.lower import lower
from pith.lower.program import Weights
from pith.ops.base import add_node, load_all
from pith.targets.base import get_target

load_all()
TARGET = get_target("x86-64-v3")
LINE = 512 * 4  # bytes that a tile asks for ahead of itself, at most
# Every address asked for goes to `seen`: the lowest and the highest.
SEEN = """#include <immintrin.h>
#include <stdint.h>
__attribute__((weak)) uintptr_t ahead_seen[2] = {UINTPTR_MAX, 0};
static inline void seen(const void *p) {
  if ((uintptr_t)p < ahead_seen[0]) ahead_seen[0] = (uintptr_t)p;
  if ((uintptr_t)p > ahead_seen[1]) ahead_seen[1] = (uintptr_t)p;
}
#define __builtin_prefetch(p, ...) seen(p)
"""


def two_products(m: int) -> Graph:
    rng = np.random.default_rng(3)
    graph = Graph("two", inputs=["x"], types={"x": TensorType(DType.F32, (m, 96))})
    wide = add_node(graph, "matmul", ["x", graph.add_constant(rng.standard_normal((96, 400)).astype(np.float32))], {})
    graph.outputs = [add_node(graph, "matmul", [wide, graph.add_constant(rng.standard_normal((400, 104)).astype(np.float32))], {})]
    return graph


@pytest.mark.skipif(not TARGET.runs_here(), reason=TARGET.not_here() or "runs here")
@pytest.mark.skipif(shutil.which("gcc") is None, reason="needs gcc, whose prefetches a macro can replace")
@pytest.mark.parametrize("m", [2, 6, 13, 128, 224])
def test_nothing_behind_the_weights_is_asked_for(tmp_path: Path, m: int) -> None:
    weights = Weights()
    program = lower(two_products(m), TARGET.isa, weights, Options())
    sources = emit("two", [program], weights.blob(), embed=False)
    assert "weights_ahead(" in sources.code
    for name, text in (("two.h", sources.header), ("two.c", sources.code), ("two_weights.c", sources.weights_c), ("seen.h", SEEN)):
        (tmp_path / name).write_text(text)
    command = ["gcc", "-O2", "-mavx2", "-mfma", "-ffp-contract=off", "-shared", "-fPIC", "-include", "seen.h", "two.c", "two_weights.c", "-o", "two.so"]
    subprocess.run(command, cwd=tmp_path, check=True)
    library = ctypes.CDLL(str(tmp_path / "two.so"))
    x = np.ones((m, 96), np.float32)
    y, arena = np.zeros((m, 104), np.float32), np.zeros(program.arena_size + 64, np.uint8)
    pointers = [(ctypes.c_void_p * 1)(a.ctypes.data) for a in (x, y)]
    assert library.two_run(ctypes.c_void_p(arena.ctypes.data + -arena.ctypes.data % 64), *pointers) == 0
    lowest, highest = (ctypes.c_size_t * 2).in_dll(library, "ahead_seen")
    begin = ctypes.addressof(ctypes.c_char.in_dll(library, "two_weights"))
    assert begin <= lowest
    assert begin < highest < begin + weights.size + LINE
