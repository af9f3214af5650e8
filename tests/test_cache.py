"""The cache: equal compilations are reused, different ones are not, old entries go, and no cache is no error."""

from __future__ import annotations

import errno
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from pith.api import compile as pith_compile
from pith.cache import cache_folder, temporary, trim
from pith.graph import BuildError


def save(path: Path, value: float) -> Path:
    text = f'<ir_version: 8, opset_import: ["" : 17]> net (float[4] x) => (float[4] y) <float c = {{{value}}}> {{ y = Mul(x, c) }}'
    onnx.save(onnx.parser.parse_model(text), path)
    return path


def entries(cache: Path) -> set[str]:
    return {p.name for p in cache.iterdir()}


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("PITH_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def test_same_is_reused_and_other_is_not(cache: Path, tmp_path: Path) -> None:
    x = np.arange(4, dtype=np.float32)
    model = save(tmp_path / "m.onnx", 2.0)
    first = pith_compile(model)
    assert len(entries(cache)) == 1
    assert pith_compile(model).folder == first.folder and len(entries(cache)) == 1
    assert pith_compile(model, opt="-O1").folder != first.folder
    assert pith_compile(model, "c99").folder != first.folder
    save(model, 3.0)
    np.testing.assert_array_equal(pith_compile(model)(x), 3 * x)
    np.testing.assert_array_equal(first(x), 2 * x)
    assert len(entries(cache)) == 4
    pith_compile(model, cache=False)
    assert len(entries(cache)) == 4


def test_weights_in_another_file_are_read_anew(cache: Path, tmp_path: Path) -> None:
    w = TensorProto(name="w", data_type=TensorProto.FLOAT, dims=[4], data_location=TensorProto.EXTERNAL)
    entry = w.external_data.add()
    entry.key, entry.value = "location", "weights.bin"
    info = helper.make_tensor_value_info
    ports = [info(n, TensorProto.FLOAT, [4]) for n in "xy"]
    graph = helper.make_graph([helper.make_node("Add", ["x", "w"], ["y"])], "g", ports[:1], ports[1:], [w])
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), tmp_path / "m.onnx")
    for value in (1, 2):
        (tmp_path / "weights.bin").write_bytes(np.full(4, value, np.float32).tobytes())
        np.testing.assert_array_equal(pith_compile(tmp_path / "m.onnx")(np.zeros(4, np.float32)), np.full(4, value, np.float32))


def test_without_a_cache_it_compiles_all_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("PITH_CACHE", str(tmp_path / "file" / "cache"))
    assert cache_folder() is None
    x = np.ones(4, np.float32)
    np.testing.assert_array_equal(pith_compile(save(tmp_path / "m.onnx", 2.0))(x), 2 * x)


def test_the_entries_used_longest_ago_go_first(tmp_path: Path) -> None:
    for k in range(4):
        entry = tmp_path / f"entry{k}"
        entry.mkdir()
        (entry / "lib.so").write_bytes(bytes(1000))
        (entry / "manifest.json").write_text("")
        os.utime(entry / "manifest.json", (k, k))
    (tmp_path / ".gone").symlink_to("nowhere")  # as a folder that another process removes meanwhile
    (tmp_path / ".half-written").mkdir()
    trim(tmp_path, 10**9)
    (tmp_path / ".gone").unlink()
    trim(tmp_path, 2500)
    assert entries(tmp_path) == {"entry2", "entry3", ".half-written"}
    trim(tmp_path, 10)
    assert entries(tmp_path) == {"entry3", ".half-written"}


def test_a_damaged_entry_is_made_again(cache: Path, tmp_path: Path) -> None:
    model = save(tmp_path / "m.onnx", 2.0)
    pith_compile(model)
    (library,) = cache.glob("*/lib*.so")
    manifest = library.with_name("manifest.json")
    for harm in (library.unlink, lambda: library.write_bytes(library.read_bytes()[:100]), lambda: manifest.write_text("")):
        harm()
        np.testing.assert_array_equal(pith_compile(model)(np.ones(4, np.float32)), np.full(4, 2.0))
        assert library.stat().st_size > 1000 and len(entries(cache)) == 1


def test_what_a_killed_process_left_goes(cache: Path, tmp_path: Path) -> None:
    for name, age in ((".old", 7200), (".new", 10)):
        (cache / name).mkdir(parents=True)
        os.utime(cache / name, (time.time() - age,) * 2)
    pith_compile(save(tmp_path / "m.onnx", 2.0))
    assert not (cache / ".old").exists() and (cache / ".new").exists()


def test_what_a_killed_process_left_beside_an_output_goes(tmp_path: Path) -> None:
    """By a name that Pith alone gives, and a day old; whatever else is hidden there is somebody's."""
    old = time.time() - 90000
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    names = [temporary(n).replace(str(os.getpid()), str(dead.pid)) for n in ("net", "two\nlines", "")]
    left = [Path(tempfile.mkdtemp(prefix=n, dir=tmp_path)) for n in names] + [tmp_path / f"{names[0]}abcdefgh"]
    left[3].symlink_to(tmp_path / ".kept")
    kept = [tmp_path / n for n in (".kept", ".net.k3j2h1a0", ".notes.pith-settings", ".net.pith-tmp-abcdefgh", names[0][1:] + "abcdefgh", names[0] + "ABC")]
    kept.append(Path(tempfile.mkdtemp(prefix=temporary("net"), dir=tmp_path)))  # of a process that is alive: this one
    for path in kept[:-1]:
        path.mkdir()
    (left[0] / "half.c").write_text("")
    young = Path(tempfile.mkdtemp(prefix=names[0], dir=tmp_path))
    for path in (*left, *kept):
        os.utime(path, (old, old), follow_symlinks=False)
    pith_compile(save(tmp_path / "m.onnx", 2.0), out=tmp_path / "net")
    assert not any(os.path.lexists(p) for p in left)
    assert all(p.is_dir() for p in (*kept, young))


def test_the_same_in_another_process(cache: Path, tmp_path: Path) -> None:
    """Sets of words have another order in every process, and half of all compilations were not found again."""
    model = save(tmp_path / "m.onnx", 2.0)
    code = "import sys; from pith.api import compile_to; compile_to(sys.argv[1], sys.argv[2], 'aarch64')"
    for seed in range(4):
        subprocess.run([sys.executable, "-c", code, model, tmp_path / "out"], env={**os.environ, "PYTHONHASHSEED": str(seed)}, check=True)
    assert len(entries(cache)) == 1


def test_another_compiler_is_another_entry(cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    model = save(tmp_path / "m.onnx", 2.0)
    pith_compile(model)
    monkeypatch.setattr("pith.api.compiler_version", lambda cc: ["of tomorrow"])
    pith_compile(model)
    assert len(entries(cache)) == 2


def test_a_full_disk_while_an_artefact_is_copied(cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One reason, not a list of all files."""
    model = save(tmp_path / "m.onnx", 2.0)
    pith_compile(model)

    def full(*_: object, **__: object) -> None:
        raise shutil.Error([("a", "b", f"[Errno {errno.ENOSPC}] No space left on device: 'b'"), ("c", "d", "the same")])

    monkeypatch.setattr(shutil, "copytree", full)
    with pytest.raises(BuildError, match="the disk is full") as caught:
        pith_compile(model, out=tmp_path / "net")
    assert "TMPDIR" in str(caught.value) and "the same" not in str(caught.value) and not (tmp_path / "net").exists()
