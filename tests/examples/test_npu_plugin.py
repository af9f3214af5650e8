"""The example of a plug-in: installed as a package is, it computes its share of real int8 networks, and every bit is the reference's."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import helper, numpy_helper

import pith
from pith.emulated import verify
from pith.emulators import lacking
from pith.ops.interpret import run_reference
from pith.targets.base import get_target

EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "npu_plugin"
sys.path.append(str(EXAMPLE))
from pith_npu import Npu  # noqa: E402


@pytest.fixture
def installed(tmp_path: Path) -> dict[str, str]:
    """An environment in which the plug-in is installed, as pip would have it."""
    site = tmp_path / "site"
    info = site / "pith_npu-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: pith-npu\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[pith.accelerators]\nnpu = pith_npu:Npu\n")
    (site / "pith_npu.py").write_text((EXAMPLE / "pith_npu.py").read_text())
    return {**os.environ, "COLUMNS": "200", "PYTHONPATH": os.pathsep.join([str(site), str(Path(pith.__file__).parents[1])])}


def command(*words: object, env: dict[str, str], cwd: Path) -> str:
    done = subprocess.run([sys.executable, "-m", "pith", *map(str, words)], cwd=cwd, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_keyword_spotting(installed: dict[str, str], data_dir: Path, tmp_path: Path) -> None:
    """All ten products and their requantisations are the accelerator's; from the command line, on a microcontroller."""
    if missing := lacking(get_target("cortex-m4")):
        pytest.skip(missing)
    model = data_dir / "mlperf_tiny" / "kws_ref_model.tflite"
    assert "pith-npu 1.0" in command("targets", env=installed, cwd=tmp_path)
    text = command("verify", model, "-t", "cortex-m4", "--accelerator", "npu", env=installed, cwd=tmp_path)
    assert text.count("npu_bytes") == 9 and text.count("npu_sums") >= 1 and "same bits" in text and "softmax_fixed" in text


def _qdq(rng: np.random.Generator) -> onnx.ModelProto:
    """A convolution in QDQ form: its ends are in floats, so that the accelerator gives sums and the processor does the rest."""

    def tensor(name: str, array: np.ndarray) -> onnx.TensorProto:
        return numpy_helper.from_array(array, name)

    scale = {k: tensor(k, np.float32(v)) for k, v in (("sx", 0.02), ("sw", 0.01), ("sy", 0.05))}
    zero = {k: tensor(k, np.int8(v)) for k, v in (("zx", -3), ("zw", 0), ("zy", 7))}
    w = tensor("w", rng.integers(-127, 128, (10, 6, 3, 3), dtype=np.int8))
    nodes = [
        helper.make_node("QuantizeLinear", ["x", "sx", "zx"], ["q"]),
        helper.make_node("DequantizeLinear", ["q", "sx", "zx"], ["d"]),
        helper.make_node("DequantizeLinear", ["w", "sw", "zw"], ["dw"]),
        helper.make_node("Conv", ["d", "dw"], ["c"], pads=[1, 0, 1, 2], strides=[2, 1]),
        helper.make_node("Relu", ["c"], ["r"]),
        helper.make_node("QuantizeLinear", ["r", "sy", "zy"], ["y"]),
    ]
    ports = [helper.make_tensor_value_info(n, t, s) for n, t, s in (("x", 1, [2, 6, 9, 8]), ("y", 3, [2, 10, 5, 8]))]
    graph = helper.make_graph(nodes, "qdq", ports[:1], ports[1:], [*scale.values(), *zero.values(), w])
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


def test_a_network_with_other_ends(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    model = _qdq(rng)
    session = pith.compile(model, accelerators=[Npu()], out=tmp_path / "net")
    steps = session.manifest["variants"][0]["steps"]
    assert [s["kernel"] for s in steps if s["op"] == "accelerated"] == ["npu_sums"]
    x = rng.standard_normal((2, 6, 9, 8)).astype(np.float32)
    np.testing.assert_array_equal(session(x), pith.compile(model)(x))
    np.testing.assert_array_equal(session(x), run_reference(pith.import_model(model), {"x": x})[0])


def test_image_classification(data_dir: Path) -> None:
    """A residual network: what the accelerator does not know stays between its parts."""
    if missing := lacking(get_target("riscv64")):
        pytest.skip(missing)
    found = verify(data_dir / "mlperf_tiny" / "pretrainedResnet_quant.tflite", "riscv64", accelerators=[Npu()], steps=False)
    steps = found.manifest["variants"][0]["steps"]
    assert found.holds and sum(s["op"] == "accelerated" for s in steps) == 11 and len(steps) > 14
    assert sum(s["macs"] for s in steps if s["op"] == "accelerated") > 0.99 * found.manifest["macs"]
