"""WebAssembly as a user has it: the module in Node, its errors, its memory, and the page in Chromium."""

from __future__ import annotations

import io
import json
import re
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import pith
from pith.api import compile_to
from pith.demo.photos import photographs
from pith.emulators import execute, lacking
from pith.emulators.node import _takes
from pith.graph import DType, Graph, TensorType, UnsupportedError
from pith.graph.expr import arg, clamp
from pith.ops.base import add_node, load_all
from pith.ops.interpret import run_reference
from pith.runtime.inputs import Preprocess, prepare
from pith.targets.base import get_target
from pith.targets.compiler import find_compiler
from tests.targets.browser import CHROMIUM, ask_page

MODEL = Path(__file__).resolve().parents[2] / "pith" / "demo" / "mobilenext_cifar10.onnx"
TARGETS = ("wasm", "wasm-relaxed", "wasm-scalar")
pytestmark = pytest.mark.skipif(bool(lacking(get_target("wasm"))), reason=lacking(get_target("wasm")))


@pytest.fixture(scope="module")
def net(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wasm") / "net"
    compile_to(MODEL, folder, "wasm")
    return folder


def javascript(folder: Path, text: str) -> Any:
    """What a script, run in `folder`, prints as JSON."""
    done = subprocess.run(["node", "--input-type=module", "-e", text], cwd=folder, capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.mark.parametrize("target", TARGETS)
def test_photographs(target: str, tmp_path: Path) -> None:
    """The demonstration's photographs, as the C library for this machine sees them."""
    from PIL import Image

    session = pith.compile(MODEL, "c99")
    how = Preprocess.parse(session.manifest["metadata"]["pith.preprocess"])
    arrays = [prepare(Image.open(io.BytesIO(p.read())).convert("RGB"), session.inputs[0], how) for p in photographs()]
    manifest = compile_to(MODEL, tmp_path / "net", target)
    got = execute(tmp_path / "net", manifest, get_target(target), [{"image": a} for a in arrays], find_compiler()).outputs
    for a, one in zip(arrays, got, strict=True):
        want = session(a)
        np.testing.assert_allclose(one["logits"], want, rtol=1e-5, atol=1e-5)
        if target == "wasm-scalar":  # the same C
            np.testing.assert_array_equal(one["logits"], want)


def test_every_element_type(tmp_path: Path) -> None:
    """Bytes go in and come out as they are stored, of every type."""
    load_all()
    graph = Graph("types")
    for t in DType:
        if t in (DType.I4, DType.U4):
            continue
        graph.inputs.append(f"{t.short}")
        graph.types[t.short] = TensorType(t, (2, 3))
        graph.outputs.append(add_node(graph, "transpose", [t.short], {"perm": (1, 0)}))
    manifest = compile_to(graph, tmp_path / "net", "wasm", cache=False)
    rng = np.random.default_rng(0)
    feed = {n: rng.integers(0, 2, (2, 3)).astype(graph.types[n].dtype.np) for n in graph.inputs}
    (got,) = execute(tmp_path / "net", manifest, get_target("wasm"), [feed], find_compiler()).outputs
    for name, y in zip(graph.inputs, got.values(), strict=True):
        np.testing.assert_array_equal(y, feed[name].T)


def test_views_and_copies(net: Path) -> None:
    """run() returns arrays of its own; input() and output() are the memory itself; two networks share none."""
    said = javascript(net, """
      import { load } from "./mobilenext_cifar10.mjs";
      const [a, b] = [await load(), await load()];
      const x = Float32Array.from({ length: 3072 }, (_, i) => Math.sin(i));
      const first = a.run({ image: x }).logits, kept = first.slice();
      a.input("image").fill(0);
      const second = a.run().logits;
      console.log(JSON.stringify({
        own: first.every((v, i) => v === kept[i]), differs: second.some((v, i) => v !== first[i]),
        view: a.output("logits").every((v, i) => v === second[i]), untouched: b.input("image").every((v) => v === 0),
        same: b.run({ image: x }).logits.every((v, i) => v === first[i]), bytes: a.bytes,
      }));
    """)
    manifest = json.loads((net / "manifest.json").read_text())
    known = manifest["weights_bytes"] + manifest["arena_bytes"] + 4 * (3072 + 10)
    assert known <= said.pop("bytes") <= known + (1 << 20) + 2 * 65536  # its stack, and whole pages
    assert said == dict.fromkeys(said, True)


WRONG = {
    'net.run({ picture: new Float32Array(3072) })': 'no input is called "picture"; there are: "image"',
    'net.run({ image: new Float64Array(3072) })': 'input "image" wants a Float32Array of 3072 elements (float32 [1,3,32,32]), and got Float64Array',
    'net.run({ image: new Float32Array(3) })': "wants a Float32Array of 3072 elements (float32 [1,3,32,32]), and got 3 elements",
    'net.run({ image: null })': "and got null",
    'net.output("image")': 'no output is called "image"; there are: "logits"',
    'net.select(1)': "set of shapes 1; there are 1",
    'prepare(new Uint8Array(7))': "a picture of 32 x 32 has 4096 bytes of RGBA, and this 7",
    'await load(new Uint8Array([0, 97, 115, 109, 1, 0, 0, 0, 255]))': "this engine cannot compile the network; it needs WebAssembly with 128-bit vectors",
    'await load(new URL("file:///no/such.wasm"))': "no such file",
}  # fmt: skip


def test_mistakes_are_named(net: Path) -> None:
    calls = ",".join(f"async () => {c}" for c in WRONG)
    said = javascript(net, f"""
      import {{ load, prepare }} from "./mobilenext_cifar10.mjs";
      const net = await load(), said = [];
      for (const f of [{calls}]) said.push(await f().then(() => "nothing", (e) => e.message));
      console.log(JSON.stringify(said));
    """)
    for message, want in zip(said, WRONG.values(), strict=True):
        assert want in message


def test_the_module_needs_nothing_and_exports_little(net: Path) -> None:
    said = javascript(net, """
      import { readFileSync } from "node:fs";
      const module = await WebAssembly.compile(readFileSync("mobilenext_cifar10.wasm"));
      console.log(JSON.stringify([WebAssembly.Module.imports(module), WebAssembly.Module.exports(module).map((e) => e.name).sort()]));
    """)
    assert said == [[], ["memory", "pith_ports", "pith_run_0"]]


def test_sets_of_shapes(tmp_path: Path) -> None:
    """The set that fits the arrays is taken; one memory serves all."""
    load_all()

    def graph(n: int) -> Graph:
        g = Graph("rows", inputs=["x"], types={"x": TensorType(DType.F32, (n, 8))})
        w = g.add_constant(np.arange(40, dtype=np.float32).reshape(8, 5) / 40)
        g.outputs = [add_node(g, "matmul", ["x", w], {"epilogue": clamp(arg(0, DType.F32), 0.0, 6.0)}, outputs=["y"])]
        return g

    import onnx
    from onnx import TensorProto, helper

    w = helper.make_tensor("w", TensorProto.FLOAT, (8, 5), (np.arange(40) / 40).tolist())
    value = helper.make_tensor_value_info
    model = helper.make_model(helper.make_graph([helper.make_node("MatMul", ["x", "w"], ["y"])], "rows",
                              [value("x", TensorProto.FLOAT, ("n", 8))], [value("y", TensorProto.FLOAT, ("n", 5))], [w]))  # fmt: skip
    onnx.checker.check_model(model)
    compile_to(model, tmp_path / "net", "wasm", {"x": [(1, 8), (70, 8)]}, name="rows")
    said = javascript(tmp_path / "net", """
      import { load } from "./rows.mjs";
      const net = await load(), one = (n) => net.run({ x: Float32Array.from({ length: 8 * n }, (_, i) => i % 8) }).y;
      console.log(JSON.stringify([Array.from(one(70)).slice(-5), Array.from(one(1)), one(70).length]));
    """)
    (want,) = run_reference(graph(1), {"x": np.arange(8, dtype=np.float32)[None]})
    want = np.arange(8) @ (np.arange(40).reshape(8, 5) / 40)
    np.testing.assert_allclose(said[:2], [want, want], rtol=1e-6)
    assert said[2] == 350


def test_types_name_the_inputs_and_outputs(net: Path) -> None:
    text = (net / "mobilenext_cifar10.d.mts").read_text()
    assert re.search(r'interface Inputs \{\s+"image": Float32Array;', text) and re.search(r'interface Outputs \{\s+"logits": Float32Array;', text)


@pytest.mark.parametrize(("options", "word"), [({"threads": 2}, "--threads"), ({"cc": "gcc"}, "--cc"), ({"profile": True}, "--profile")])
def test_options_that_a_browser_has_not_are_refused(options: dict[str, Any], word: str, tmp_path: Path) -> None:
    with pytest.raises(UnsupportedError, match=f"{word} does not go with target wasm"):
        compile_to(MODEL, tmp_path / "net", "wasm", **options)
    assert not (tmp_path / "net").exists()


def test_names_that_end_a_script_or_an_attribute(tmp_path: Path) -> None:
    """Names of a model file stay text in the module and in the page."""
    load_all()
    bad = "</script><script>alert(1)</script>\u2028*/\"'`${"
    graph = Graph("hostile", inputs=[bad], types={bad: TensorType(DType.F32, (3,))}, metadata={"pith.labels": json.dumps([bad])})
    graph.outputs = [add_node(graph, "relu", [bad], {}, outputs=["y"])]
    compile_to(graph, tmp_path / "net", "wasm", cache=False)
    for file in (tmp_path / "net").glob("hostile*.*m*"):
        if file.suffix in (".mjs", ".mts", ".html"):
            assert "alert" not in file.read_text() or "<script>alert" not in file.read_text()
    said = javascript(tmp_path / "net", """
      import { load, network } from "./hostile.mjs";
      const net = await load(), { name } = net.inputs[0];
      console.log(JSON.stringify([name, Array.from(net.run({ [name]: new Float32Array([-1, 0, 2]) }).y), JSON.parse(network.metadata["pith.labels"])]));
    """)
    assert said == [bad, [0, 0, 2], [bad]]


ASK = """<!doctype html><iframe id="f" width="900" height="700" src="mobilenext_cifar10.html?picture=photo.png"></iframe>
<script type="module">
const frame = document.getElementById("f");
for (let i = 0; i < 1200 && !frame.contentDocument?.body?.dataset.done; i++) await new Promise((r) => setTimeout(r, 50));
const page = frame.contentDocument;
const spans = [...page.querySelectorAll("#classes li")].map((li) => [...li.querySelectorAll("span")].map((s) => s.textContent));
const { load, picturePort } = await import("./mobilenext_cifar10.mjs");
const net = await load(), x = Float32Array.from({ length: 3072 }, (_, i) => (i % 251) / 251 - 0.5);
fetch("/result", { method: "POST", body: JSON.stringify({
  spans, trouble: page.getElementById("trouble").hidden, time: page.getElementById("time").textContent, port: picturePort(),
  logits: Array.from(net.run({ image: x }).logits),
}) });
</script>"""


@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine")
@pytest.mark.parametrize("target", ["wasm", "wasm-relaxed"])
def test_the_page_in_chromium(target: str, tmp_path: Path) -> None:
    """The page shows the class of a photograph, and the module computes what the C library does."""
    from PIL import Image

    folder = tmp_path / "net"
    compile_to(MODEL, folder, target)
    photo = next(p for p in photographs() if p.expected == "cat")
    image = Image.open(io.BytesIO(photo.read())).convert("RGB")
    (image.crop(photo.crop) if photo.crop else image).save(folder / "photo.png")
    (folder / "ask.html").write_text(ASK)
    said = ask_page(folder, "ask.html")
    assert said["trouble"] is True
    assert len(said["spans"]) == 5 and said["spans"][0][0] == "cat" and said["spans"][0][1].endswith(" %")
    assert said["port"] == {"name": "image", "dtype": "float32", "array": "Float32Array", "channels": 3, "height": 32, "width": 32, "first": True}
    x = (np.arange(3072, dtype=np.float64) % 251 / 251 - 0.5).astype(np.float32).reshape(1, 3, 32, 32)
    np.testing.assert_allclose(said["logits"], pith.compile(MODEL, "c99")(x)[0], rtol=1e-5, atol=1e-5)


def test_an_option_for_experiments_is_given_only_while_it_is_one() -> None:
    assert _takes("node", ()) and not _takes("node", ("--no-such-option-of-node",))
