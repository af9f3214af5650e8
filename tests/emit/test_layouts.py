"""Layouts for other projects, built by the tools they are for: CMake, Make, and a C++ compiler in the place of the Arduino IDE."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import pith
from pith.api import compile_to
from pith.demo.run import MODEL
from pith.graph import InputError, UnsupportedError

MAIN = """#include <stdio.h>
#include "net.h"
static unsigned char arena[NET_ARENA_SIZE] __attribute__((aligned(64)));
static float x[3 * 32 * 32], y[10];
int main(void) {
  const net_inputs in = {x};
  const net_outputs out = {y};
  for (int i = 0; i < 3 * 32 * 32; i++) x[i] = (float)(i % 7) / 8;
  if (net_run(arena, &in, &out)) return 1;
  for (int i = 0; i < 10; i++) printf("%a\\n", (double)y[i]);
  return 0;
}
"""
ZIG = f"{sys.executable} -m ziglang"


def _run(*command: object, cwd: Path) -> str:
    done = subprocess.run(list(map(str, command)), cwd=cwd, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
    return done.stdout


def _check(printed: str) -> None:
    """Every bit is that of the library Python loads."""
    x = ((np.arange(3 * 32 * 32) % 7) / np.float32(8)).astype(np.float32).reshape(1, 3, 32, 32)
    want = np.asarray(pith.compile(MODEL, "c99")(x)).reshape(-1)
    np.testing.assert_array_equal(np.array([float.fromhex(v) for v in printed.split()], np.float32), want)


@pytest.mark.skipif(shutil.which("cmake") is None or shutil.which("gcc") is None, reason="CMake and gcc are not installed")
def test_cmake(tmp_path: Path) -> None:
    compile_to(MODEL, tmp_path / "net", "c99", name="net", layout="cmake")
    (tmp_path / "main.c").write_text(MAIN)
    (tmp_path / "CMakeLists.txt").write_text(
        "cmake_minimum_required(VERSION 3.13)\nproject(user C)\nadd_subdirectory(net)\nadd_executable(user main.c)\ntarget_link_libraries(user PRIVATE net)\n"
    )
    _run("cmake", "-S", ".", "-B", "build", "-DCMAKE_C_COMPILER=gcc", cwd=tmp_path)
    _run("cmake", "--build", "build", cwd=tmp_path)
    _check(_run(tmp_path / "build" / "user", cwd=tmp_path))


@pytest.mark.skipif(shutil.which("make") is None or shutil.which("gcc") is None, reason="Make and gcc are not installed")
@pytest.mark.parametrize("threads", [1, 2])
def test_make(threads: int, tmp_path: Path) -> None:
    """From another folder than its own."""
    compile_to(MODEL, tmp_path / "net", "x86-64-v2" if threads > 1 else "c99", name="net", layout="make", threads=threads)
    (tmp_path / "main.c").write_text(MAIN)
    _run("make", "-f", "net/Makefile", "CC=gcc", cwd=tmp_path)
    objects = ["build/libnet.a", *(["-lpthread"] if threads > 1 else [])]
    _run("gcc", "-O1", "-Inet", "main.c", *objects, "-o", "user", cwd=tmp_path)
    printed = _run(tmp_path / "user", cwd=tmp_path)
    if threads == 1:
        _check(printed)


@pytest.mark.skipif(shutil.which("make") is None, reason="Make is not installed")
def test_make_for_another_machine(tmp_path: Path) -> None:
    """The flags in the Makefile are enough for a cross-compiler."""
    compile_to(MODEL, tmp_path / "net", "cortex-m4", name="net", layout="make")
    cross = f"CC={ZIG} clang --target=thumbv7em-none-eabihf -ffreestanding"
    include = Path(_run(sys.executable, "-c", "import ziglang; print(ziglang.__path__[0])", cwd=tmp_path).strip()) / "lib" / "include"
    _run("make", "-C", "net", cross, f"AR={ZIG} ar", f"CFLAGS=-nostdinc -isystem {include}", "OPT=-O1", cwd=tmp_path)
    library = tmp_path / "net" / "build" / "libnet.a"
    assert b"net_weights" in library.read_bytes()
    shutil.rmtree(tmp_path / "net" / "build")
    compile_to(MODEL, tmp_path / "net", "cortex-m4", name="net")  # again, without a layout: its files go
    assert not (tmp_path / "net" / "Makefile").exists() and (tmp_path / "net" / "net.c").exists()


_ARDUINO = """#pragma once
struct Printer {
  void begin(long) {}
  template <class T> void print(T) {}
  template <class T> void println(T) {}
};
extern Printer Serial;
unsigned long micros();
void delay(unsigned long);
"""


@pytest.mark.parametrize("target", ["cortex-m4", "x86-64-v2"])
def test_arduino(target: str, tmp_path: Path) -> None:
    """A library as the IDE reads it: properties, sources at the top, an example; the sketch is C++ and links with the C."""
    compile_to(MODEL, tmp_path / "net", target, name="net", layout="arduino")
    net = tmp_path / "net"
    properties = dict(line.split("=", 1) for line in (net / "library.properties").read_text().splitlines())
    assert {"name", "version", "author", "maintainer", "sentence", "paragraph", "category", "url", "architectures"} <= properties.keys()
    assert properties["includes"] == "net.h" and not (net / "net_weights.bin").exists()
    (tmp_path / "Arduino.h").write_text(_ARDUINO)
    (tmp_path / "sketch.cpp").write_text("#include <Arduino.h>\n" + (net / "examples" / "net" / "net.ino").read_text())
    triple = ["--target=thumbv7em-none-eabihf", "-mcpu=cortex-m4", "-ffreestanding"] if target == "cortex-m4" else []
    include = Path(_run(sys.executable, "-c", "import ziglang; print(ziglang.__path__[0])", cwd=tmp_path).strip()) / "lib" / "include"
    command = [sys.executable, "-m", "ziglang", "clang", *triple, "-nostdinc", "-isystem", include, "-Wall", "-Wextra", "-Werror"]
    _run(*command, "-x", "c++", "-std=gnu++11", "-I.", "-Inet", "-c", "sketch.cpp", "-o", "sketch.o", cwd=tmp_path)
    assert b"net_run" in (tmp_path / "sketch.o").read_bytes()
    if target != "cortex-m4" and shutil.which("gcc"):  # what the IDE gives: no flags of ours
        _run("gcc", "-O2", "-std=gnu11", "-march=x86-64-v2", "-Wall", "-c", "net/net.c", "-o", "net.o", cwd=tmp_path)


def test_what_is_no_layout(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"no layout 'scons'(?s:.*)cmake make arduino"):
        compile_to(MODEL, tmp_path / "net", "c99", layout="scons")
    with pytest.raises(UnsupportedError, match="no threads in a library for Arduino"):
        compile_to(MODEL, tmp_path / "net", "c99", layout="arduino", threads=2)
