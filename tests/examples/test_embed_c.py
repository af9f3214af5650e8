"""examples/embed_c built with CMake, gcc and the bundled clang; it prints the logits that Python gets."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from pith.api import compile_to
from pith.demo.run import MODEL
from pith.runtime.inputs import Preprocess, picture
from pith.runtime.session import load

EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "embed_c"
LABELS = (MODEL.parent / "labels.txt").read_text().split()
# Everything a careful project would ask for; the network's own flags come from its manifest.
STRICT = ["-Wall", "-Wextra", "-Wconversion", "-Wsign-conversion", "-Werror"]


def run(*command: object, cwd: Path) -> str:
    done = subprocess.run(list(map(str, command)), cwd=cwd, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
    return done.stdout


@pytest.fixture(scope="module")
def photo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A picture of the network's size, so that no resizing blurs the comparison."""
    path = tmp_path_factory.mktemp("photo") / "photo.ppm"
    pixels = np.random.default_rng(3).integers(0, 256, (32, 32, 3), np.uint8)
    path.write_bytes(b"P6\n32 32\n255\n" + pixels.tobytes())
    return path


def compiled(target: str, folder: Path, threads: int = 1) -> Path:
    compile_to(MODEL, folder / "net", target, threads=threads)
    return folder / "net"


def check(printed: str, net: Path, photo: Path) -> None:
    """The three best labels and their logits, as the library of the same folder gives them to Python."""
    session = load(net)
    how = Preprocess.parse(session.manifest["metadata"]["pith.preprocess"])
    logits = session(picture(photo, session.inputs[0], how))[0]
    best = np.argsort(-logits)[:3]
    lines = [line.split() for line in printed.splitlines()]
    assert [name for name, _ in lines] == [LABELS[i] for i in best]
    np.testing.assert_allclose([float(v) for _, v in lines], logits[best], atol=2e-4)


@pytest.mark.skipif(shutil.which("cmake") is None or shutil.which("gcc") is None, reason="CMake and gcc are not installed")
@pytest.mark.parametrize(("target", "threads"), [("c99", 1), ("x86-64-v2", 1), ("c99", 2)])
def test_with_cmake(target: str, threads: int, tmp_path: Path, photo: Path) -> None:
    net = compiled(target, tmp_path, threads)
    run("cmake", "-S", EXAMPLE, "-B", "build", f"-DPITH_NETWORK={net}", "-DCMAKE_C_COMPILER=gcc", cwd=tmp_path)
    run("cmake", "--build", "build", cwd=tmp_path)
    check(run(tmp_path / "build" / "classify", photo, cwd=tmp_path), net, photo)


@pytest.mark.parametrize("compiler", ["gcc", "bundled"])
def test_with_a_compiler_alone(compiler: str, tmp_path: Path, photo: Path) -> None:
    if compiler == "gcc" and shutil.which("gcc") is None:
        pytest.skip("gcc is not installed")
    command = [sys.executable, "-m", "ziglang", "cc"] if compiler == "bundled" else ["gcc"]
    net = compiled("c99", tmp_path)
    flags = ["-O2", "-std=c11", "-ffp-contract=off", *STRICT, f"-I{net}"]
    run(*command, *flags, EXAMPLE / "main.c", *sorted(net.glob("*.c")), "-o", "classify", cwd=tmp_path)
    check(run(tmp_path / "classify", photo, cwd=tmp_path), net, photo)


def test_bad_pictures_are_refused(tmp_path: Path) -> None:
    net = compiled("c99", tmp_path)
    command = [sys.executable, "-m", "ziglang", "cc", "-O1", "-std=c11", "-fsanitize=undefined", "-fno-sanitize-recover=all"]
    run(*command, f"-I{net}", EXAMPLE / "main.c", *sorted(net.glob("*.c")), "-o", "classify", cwd=tmp_path)
    for name, data in {
        "short": b"P6 32 32 255\nabc", "huge": b"P6 99999 99999 255\n", "negative": b"P6 -4 4 255\n" + bytes(48),
        "deep": b"P6 1 1 65535\n" + bytes(6), "text": b"hello", "empty": b"",
    }.items():  # fmt: skip
        (tmp_path / name).write_bytes(data)
        done = subprocess.run([tmp_path / "classify", name], cwd=tmp_path, capture_output=True, text=True, check=False)
        assert done.returncode == 2 and "usage" in done.stderr, name
