"""Sessions: folders compiled again, closing, threads, forks, alignment, a library that is not the manifest's."""

from __future__ import annotations

import copy
import os
import pickle
import shutil
import struct
import threading
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import pytest

import pith
from pith.graph import BuildError, InputError
from pith.runtime.library import missing_bytes


def network(body: str, shape: str = "1, 4") -> onnx.ModelProto:
    return onnx.parser.parse_model(
        f'<ir_version: 8, opset_import: ["" : 17]> net (float[{shape}] x) => (float[{shape}] y) {{ {body} }}'
    )


MODEL = "pith/demo/mobilenext_cifar10.onnx"
X = np.arange(-2, 2, dtype=np.float32).reshape(1, 4)


def test_a_folder_compiled_again_is_the_new_network(tmp_path: Path) -> None:
    first = pith.compile(network("y = Neg(x)"), out=tmp_path / "net", name="net")
    second = pith.compile(network("y = Abs(x)"), out=tmp_path / "net", name="net")
    np.testing.assert_array_equal(first(X), -X)
    np.testing.assert_array_equal(second(X), np.abs(X))
    third = pith.compile(network("a = Neg(x) b = Softmax(a) y = Softmax(b)", "1, 4096"), out=tmp_path / "net", name="net")
    assert third.outputs[0].shape == (1, 4096)
    np.testing.assert_allclose(third(np.zeros((1, 4096), np.float32)).sum(), 1, rtol=1e-5)
    np.testing.assert_array_equal(pith.load(tmp_path / "net")(np.zeros((1, 4096), np.float32)).shape, (1, 4096))


def test_dropped_sessions_unmap_their_libraries(tmp_path: Path) -> None:
    def mapped() -> int:
        return Path("/proc/self/maps").read_text().count("libunmapped.so")

    for k in range(6):
        session = pith.compile(network("y = Neg(x)"), out=tmp_path / str(k), name="unmapped")
        session(X)
        assert mapped() > 0
        del session
    assert mapped() == 0


def test_close(tmp_path: Path) -> None:
    with pith.compile(network("y = Neg(x)"), out=tmp_path / "net") as session:
        np.testing.assert_array_equal(session(X), -X)
    for use in (lambda: session(X), lambda: session.run({"x": X}), lambda: session.inputs):
        with pytest.raises(InputError, match="closed"):
            use()
    session.close()


def test_threads_take_turns() -> None:
    """One session, four threads, each with its own input: nobody sees another's numbers."""
    w = onnx.numpy_helper.from_array(np.eye(512, dtype=np.float32), "w")
    model = network("a = MatMul(x, w) b = Neg(a) c = MatMul(b, w) y = Neg(c)", "64, 512")
    model.graph.initializer.append(w)
    session = pith.compile(model)
    wrong: list[int] = []

    def work(k: int) -> None:
        x = np.full((64, 512), float(k), np.float32)
        wrong.extend(k for _ in range(50) if not (session(x) == x).all())

    threads = [threading.Thread(target=work, args=(k,)) for k in range(1, 5)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert not wrong


def test_results_that_are_kept_stay_as_they_are() -> None:
    """Memory of results is used again, but never while an array, a view or a buffer refers to it."""
    net = pith.compile(network("y = Neg(x)"))
    first = net(X)
    place = first.ctypes.data
    net(X + 1)
    np.testing.assert_array_equal(first, -X)
    view, buffer = net(X + 2)[0, 1:], memoryview(net(X + 3))
    kept = [net(X + k) for k in range(4, 8)]
    np.testing.assert_array_equal(view, -(X + 2)[0, 1:])
    np.testing.assert_array_equal(np.asarray(buffer), -(X + 3))
    for k, y in enumerate(kept, 4):
        np.testing.assert_array_equal(y, -(X + k))
    assert len({place, view.ctypes.data, np.asarray(buffer).ctypes.data, *(y.ctypes.data for y in kept)}) == 7
    assert len({net(X).ctypes.data for _ in range(3)}) == 1  # nobody kept these


def test_an_input_that_changes_between_calls() -> None:
    """What is kept about an array of the last call is where it lies, not what it holds or how it is looked at."""
    net = pith.compile(network("y = Neg(x)"))
    x = X.copy()
    np.testing.assert_array_equal(net(x), -X)
    x[:] = 7
    np.testing.assert_array_equal(net(x), -x)
    x.shape = (4, 1)
    with pytest.raises(InputError, match="shape"):
        net(x)
    for k in range(20):  # new arrays, where old ones may have lain
        y = X + k
        np.testing.assert_array_equal(net(y), -y)
        del y


def test_an_array_that_is_not_aligned() -> None:
    x = np.frombuffer(b"?" + X.tobytes(), np.float32, 4, 1).reshape(1, 4)
    assert not x.flags.aligned
    np.testing.assert_array_equal(pith.compile(network("y = Neg(x)"))(x), -X)


def test_a_forked_process_leaves_the_folder_alone() -> None:
    session = pith.compile(network("y = Neg(x)"), cache=False)
    child = os.fork()
    if not child:
        del session
        os._exit(0)
    os.waitpid(child, 0)
    assert session.folder.exists()


def test_another_library_is_refused(tmp_path: Path) -> None:
    pith.compile(network("y = Neg(x)"), out=tmp_path / "a", name="net")
    pith.compile(network("y = Abs(x)"), out=tmp_path / "b", name="net")
    shutil.copy(tmp_path / "a" / "libnet.so", tmp_path / "b" / "libnet.so")
    with pytest.raises(BuildError, match="do not belong together"):
        pith.load(tmp_path / "b")
    (tmp_path / "b" / "libnet.so").write_bytes(b"\x7fELF damaged")
    with pytest.raises(BuildError, match="cannot be loaded"):
        pith.load(tmp_path / "b")


@pytest.mark.parametrize("library", ["library", "profile_library"])
def test_a_library_that_was_cut_off(tmp_path: Path, library: str) -> None:
    """The dynamic linker maps it, and the first touch behind its end was SIGBUS."""
    with pith.compile(MODEL, out=tmp_path / "net", profile=True) as made:
        path = tmp_path / "net" / made.manifest[library]
        feed = np.zeros(made.inputs[0].shape, np.float32)
    whole = path.read_bytes()
    for size in (len(whole) // 2, 5000):
        path.unlink()  # not written over: it may still be mapped
        path.write_bytes(whole[:size])
        with pytest.raises(BuildError, match="the compiled library is not whole") as caught:
            pith.load(tmp_path / "net").profile(feed)
        assert caught.value.where == str(path) and caught.value.why.endswith("bytes of it are missing")
    for data in (whole[:100], b"", b"no library at all" * 9, b"\x7fELF\x02\x01" + bytes(90)):
        path.write_bytes(data)
        with pytest.raises(BuildError, match=r"cannot be loaded|is not whole"):
            pith.load(tmp_path / "net").profile(feed)
    path.unlink()
    path.write_bytes(whole + b"more")  # as what signs files appends
    pith.load(tmp_path / "net").profile(feed, runs=1)


def test_bytes_that_are_missing(tmp_path: Path) -> None:
    """Of every library that is whole, whoever made it, none; of 32 bits too."""
    for path in sorted(Path(np.__file__).parent.rglob("*.so"))[:5]:
        assert missing_bytes(path) == 0
    head = struct.pack("<16sHHIIIIIHHHHHH", b"\x7fELF\x01\x01\x01", 3, 40, 1, 0, 52, 0, 0, 52, 32, 1, 0, 0, 0)
    (tmp_path / "x.so").write_bytes(head + struct.pack("<8I", 1, 0x100, 0, 0, 0x300, 0x300, 5, 0x1000) + bytes(0x100))
    assert missing_bytes(tmp_path / "x.so") == 0x400 - 52 - 32 - 0x100


@pytest.mark.parametrize("how", [pickle.dumps, copy.copy, copy.deepcopy])
def test_a_session_is_no_data(tmp_path: Path, how: Callable[[pith.Session], object]) -> None:
    """It said that a lock cannot be pickled."""
    with pith.compile(network("y = Neg(x)"), out=tmp_path / "net") as session:
        with pytest.raises(TypeError, match=r"a Session cannot be pickled or copied: pith\.load") as caught:
            how(session)
        assert str(tmp_path / "net") in str(caught.value)
        np.testing.assert_array_equal(session(X), -X)


def test_a_graph_is_not_changed_by_compiling_it() -> None:
    graph = pith.import_model(network("a = Neg(x) b = Relu(a) y = Neg(b)"))
    before = len(graph.nodes), dict(graph.types)
    pith.compile(graph)
    assert (len(graph.nodes), dict(graph.types)) == before
    with pytest.raises(pith.PithError, match="shapes already"):
        pith.compile(graph, shapes={"x": (2, 4)})
