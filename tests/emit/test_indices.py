"""Token ids: numbers beyond the table are refused in Python, and said in the header; the code itself takes the nearest row."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import numpy_helper

import pith
from pith.emit.indices import index_bounds
from pith.emulators.inputs import check_sets, random_sets
from pith.graph import InputError
from tests.cli.test_errors import pith as pith_command
from tests.cli.test_errors import refused

_BODIES = {
    "at once": ("int64", "y = Gather(table, ids)"),
    "through a cast": ("int32", "i = Cast<to = 7>(ids) y = Gather(table, i)"),
    "through a reshape": ("int64", "i = Reshape(ids, flat) r = Gather(table, i) y = Reshape(r, shape)"),
    "of another axis": ("int64", "t = Transpose<perm = [1, 0]>(table) g = Gather<axis = 1>(t, ids) y = Transpose<perm = [1, 2, 0]>(g)"),
}
TABLE = np.arange(35, dtype=np.float32).reshape(7, 5)


def _model(kind: str) -> onnx.ModelProto:
    dtype, body = _BODIES[kind]
    model = onnx.parser.parse_model(
        f'<ir_version: 8, opset_import: ["" : 17]> net ({dtype}[1, 4] ids) => (float[1, 4, 5] y) '
        f"<int64[1] flat = {{-1}}, int64[3] shape = {{1, 4, 5}}> {{ {body} }}"
    )
    model.graph.initializer.append(numpy_helper.from_array(TABLE, "table"))
    return model


@pytest.mark.parametrize("kind", _BODIES)
def test_ids_that_pick_no_row_are_refused(kind: str) -> None:
    net = pith.compile(_model(kind), opt="-O1")
    good = np.array([[0, 6, -7, 3]]).astype(net.inputs[0].dtype)
    np.testing.assert_array_equal(net(good), TABLE[good])
    for wrong in (7, -8, 10**6):
        bad = good.copy()
        bad[0, 2] = wrong
        with pytest.raises(InputError, match=rf"'ids' holds {wrong}, .* table of 7"):
            net.run({"ids": bad})
    assert net.manifest["variants"][0]["inputs"][0]["indices"] == [-7, 6]


def test_the_smallest_table_decides_and_tables_that_are_inputs_do_not() -> None:
    text = """<ir_version: 8, opset_import: ["" : 17]> net (int64[2] ids, int64[2] free, float[3, 2] given) => (float[2, 2] y, float[2, 2] z)
        <float[9, 2] a, float[4, 2] b> { p = Gather(a, ids) q = Gather(b, ids) y = Add(p, q) z = Gather(given, free) }"""
    model = onnx.parser.parse_model(text.replace("float[9, 2] a, float[4, 2] b", "int64[1] unused = {0}"))
    model.graph.initializer.extend([numpy_helper.from_array(np.ones(s, np.float32), n) for n, s in (("a", (9, 2)), ("b", (4, 2)))])
    assert index_bounds(pith.import_model(model)) == {"ids": (-4, 3)}


def test_the_header_says_it() -> None:
    header = pith.inspect(_model("at once"), target="c99").sources.header
    assert "const int64_t *ids; /* ids: 1x4; row numbers from -7 to 6, others are taken as the nearest of these */" in header


def test_emulated_and_random_inputs() -> None:
    port = {"name": "ids", "dtype": "uint8", "shape": [50], "indices": [-7, 6]}
    manifest = {"variants": [{"inputs": [port], "outputs": []}]}
    (made,) = random_sets(manifest, 1)
    assert made["ids"].max() == 6
    check_sets(manifest, [made])
    with pytest.raises(InputError, match="holds 7"):
        check_sets(manifest, [{"ids": np.full(50, 7, np.uint8)}])


def test_pith_run_refuses_them(tmp_path: Path) -> None:
    onnx.save(_model("at once"), tmp_path / "net.onnx")
    np.save(tmp_path / "ids.npy", np.array([[1, 2, 3, 70]]))
    refused(pith_command("run", "net.onnx", "ids.npy", cwd=tmp_path), "input 'ids' holds 70, which picks no row of a table of 7")
