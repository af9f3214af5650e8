"""AVX-512 and AMX as plain C: that nothing is missing, that networks give the references' results, that misuse ends the program."""

from __future__ import annotations

import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from pith.emulated import verify
from pith.emulators.base import lacking
from pith.emulators.simulated import HEADERS, simulated
from pith.graph import UnsupportedError
from pith.kernels import base as kernels
from pith.targets.base import get_target
from pith.targets.compiler import find_compiler
from pith.targets.cpu import amx_allowed
from tests.golden.cases import BUILT, ONLY_ON, compiled
from tests.kernels import simulated as simulation
from tests.kernels import test_integer_vectors
from tests.kernels.products import Case, graph_of, only
from tests.kernels.test_integer_generic import finished, integers

AMX = "x86-64-amx"
MODEL = Path(__file__).resolve().parents[2] / "pith" / "demo" / "mobilenext_cifar10.onnx"
here = pytest.mark.skipif(bool(lacking(get_target(AMX))), reason=lacking(get_target(AMX)))
_MISSING_IN_AVX2 = re.compile(r"\b(_mm512_\w+|_mm(?:256)?_mask_\w+|_mm(?:256)?_maskz_\w+|_tile_\w+)\b(?=\()")


@pytest.mark.parametrize("target", ["x86-64-v4", "x86-64-v4-vnni", "x86-64-v4-vbmi", AMX])
def test_every_intrinsic_is_there(target: str) -> None:
    known = set(re.findall(r"^#define (_\w+)", (HEADERS / "immintrin.h").read_text(), re.M))
    seen = 0
    for name in BUILT:
        if ONLY_ON.get(name, target) != target:
            continue
        try:
            code = compiled(name, target).sources.code
        except UnsupportedError:
            continue  # a kernel that this instruction set has a better one than
        used = set(_MISSING_IN_AVX2.findall(code))
        seen += bool(used)
        assert used <= known, f"{name}: {sorted(used - known)}"
    assert seen > 10


@here
@pytest.mark.parametrize(("target", "precision"), [("x86-64-v4", "float32"), (AMX, "bf16")])
def test_a_network(target: str, precision: str) -> None:
    found = verify(MODEL, target, precision=precision, opt="-O1")
    assert found.holds and not found.execution.instructions
    assert found.outputs[0].error < (2e-6 if precision == "float32" else 5e-3)
    assert any(s["rounds"] for s in found.manifest["variants"][0]["steps"]) == (precision == "bf16")


@here
@pytest.mark.parametrize("stride", [1, 2])
def test_depthwise_layers_of_few_channels(stride: int) -> None:
    """Borders on all sides, by the kernel that loads rows under masks and with a stride of 2 picks pixels out of them."""
    rng = np.random.default_rng(stride)
    attrs = {"strides": (stride, stride), "pads": (1, 1, 1, 1), "dilations": (1, 1), "layout": "channels_last", "zero": 7}
    cases = []
    for channels in (16, 32):
        x, w = integers(rng, (1, 7, 21, channels), np.uint8), integers(rng, (channels, 1, 3, 3), np.int8)
        cases.append(finished(Case("conv_integer", [x, w, None], attrs | {"group": channels}), rng, "number", -1))
    with simulation.as_plain_c("x86-64-v4"):
        test_integer_vectors.compiled(cases, "x86-64-v4", "depthwise_flat")


@here
@pytest.mark.skipif(not shutil.which("gcc"), reason="gcc is not installed")
def test_by_gcc() -> None:
    assert verify(MODEL, AMX, precision="bf16", cc="gcc", opt="-O1").holds


@here
@pytest.mark.parametrize("misuse", [
    "_tile_loadd(0, data, 64);",  # before any configuration
    "configure(16, 64); _tile_zero(5);",  # a tile that is not configured
    "configure(8, 64); _tile_dpbusd(0, 1, 2);",  # rows of the sums and of the left side differ
    "configure(16, 32); _tile_dpbf16ps(0, 1, 2);",  # K of both sides differs
    "configure(16, 64); _tile_dpbusd(0, 1, 1);",  # one tile twice
    "configure(17, 64);", "configure(16, 68);", "configure(16, 64); _tile_release(); _tile_zero(0);",
])  # fmt: skip
def test_what_a_processor_refuses_ends_the_program(misuse: str, tmp_path: Path) -> None:
    ends = {text: _run(text, tmp_path) for text in (misuse, "configure(16, 64); _tile_zero(0); _tile_dpbf16ps(0, 1, 2); _tile_release();")}
    assert ends.pop(misuse) in (-signal.SIGILL, -signal.SIGTRAP)
    assert list(ends.values()) == [0]


def _run(text: str, folder: Path) -> int:
    """The exit code of a process that runs `text`; configure(rows, bytes): of tile 1; tile 0 has 16 rows, tile 2 those of 64 bytes."""
    (folder / "misuse.c").write_text(f"""#include <immintrin.h>
static unsigned char data[1024];
static void configure(int rows, int bytes) {{
  unsigned char t[64] = {{1}};
  t[16] = t[20] = 64;
  t[18] = (unsigned char)bytes;
  t[48] = t[50] = 16;
  t[49] = (unsigned char)rows;
  _tile_loadconfig(t);
}}
void run(void) {{ (void)configure; (void)data; {text} }}
""")
    compiler, plain = find_compiler(), simulated(get_target(AMX))
    compiler.compile(folder / "misuse.c", folder / "misuse.o", plain, ["-O1"])
    compiler.link_shared([folder / "misuse.o"], folder / "misuse.so", ["run"])
    return subprocess.run([sys.executable, "-c", f"import ctypes; ctypes.CDLL({str(folder / 'misuse.so')!r}).run()"], check=False).returncode


@pytest.mark.skipif(not (get_target(AMX).runs_here() and amx_allowed()), reason="this processor has no AMX")
def test_the_processor_gives_the_same_bits() -> None:
    """bfloat16 tiles on the processor and in plain C."""
    from pith.api import _temporary_session, generate
    from pith.build import build_into
    from pith.kernels.base import Options

    kernels.load_all()
    rng = np.random.default_rng(0)
    case = Case("matmul", [rng.standard_normal((70, 300)).astype(np.float32), rng.standard_normal((300, 50)).astype(np.float32)], {})
    graph, feeds = graph_of([case])
    with only("matmul", "amx_bf16"):
        result = generate([graph], get_target(AMX), "cases", options=Options(bf16=True))
        session = _temporary_session(lambda folder: build_into(folder, result, None, "-O2", False, None))
    np.testing.assert_array_equal(session(*feeds), simulation.run_bf16([case], "amx_bf16")[0])
