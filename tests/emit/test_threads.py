"""Networks run by several threads: the bits of one thread for any number, with the built-in pool and one of the user's own,
and no data race for the thread sanitizer to find. Every kernel, with work shared out that is far too little for it."""

from __future__ import annotations

import os
import subprocess
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from pith.api import Compilation, generate, stages
from pith.artefact import write_sources
from pith.emit.c import port_names
from pith.kernels.base import KERNELS, Options, load_all
from pith.lower import lower
from tests.emit.harness import WARNINGS, bundled_clang, compile_objects
from tests.golden.cases import compiled

load_all()
NAMES = sorted(f"{op}/{k.name}" for op, ks in KERNELS.items() for k in ks if op != "accelerated")  # whose text is the plug-in's
MOST = 4

# a pool as a user may write one: a thread for each task, a barrier of the system's
_MAIN = """
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "{name}.h"

static void *block(size_t n) {{ void *p = NULL; if (posix_memalign(&p, 64, n ? n : 1)) exit(3); return p; }}

typedef struct {{ void (*task)(void *, int32_t); void *context; int32_t thread; }} job;
static pthread_barrier_t barrier;
static void *start(void *j) {{ ((job *)j)->task(((job *)j)->context, ((job *)j)->thread); return NULL; }}
static void own_run(const pith_pool *pool, void (*task)(void *, int32_t), void *context) {{
  pthread_t ids[{most}];
  job jobs[{most}];
  for (int32_t i = 0; i < pool->threads; i++) {{
    jobs[i] = (job){{task, context, i}};
    if (pthread_create(&ids[i], NULL, start, &jobs[i])) exit(6);
  }}
  for (int32_t i = 0; i < pool->threads; i++) (void)pthread_join(ids[i], NULL);
}}
static void own_wait(const pith_pool *pool, int32_t thread) {{ (void)pool; (void)thread; (void)pthread_barrier_wait(&barrier); }}

int main(void) {{
  {name}_inputs in;
  {name}_outputs out, first;
  void *arena = block({upper}_ARENA_SIZE);
  FILE *const data = fopen("in", "rb");
  if (!data) return 4;
{setup}
  if ({name}_run(arena, &in, &first)) return 2;
  for (int32_t threads = 1; threads <= {most}; threads++) {{
    pith_pool *const pool = pith_pool_new(threads);
    if (!pool) return 5;
    for (int again = 0; again < {times}; again++) {{
{clear}
      if ({name}_run_parallel(arena, &in, &out, pool)) return 2;
{compare}
    }}
    pith_pool_free(pool);
  }}
  pith_pool own = {{2, NULL, own_run, own_wait}};
  if (pthread_barrier_init(&barrier, NULL, 2)) return 6;
{clear}
  if ({name}_run_parallel(arena, &in, &out, &own)) return 2;
{compare}
  own.threads = {most} + 1;
  return {name}_run_parallel(arena, &in, &out, &own) == {upper}_TOO_MANY_THREADS ? 0 : 9;
}}
"""


def _program(result: Compilation, times: int) -> str:
    name, p = result.sources.name, result.programs[0]
    setup, clear, compare = [], [], []
    for field, port in zip(port_names(p.inputs), p.inputs, strict=True):
        n = port.type.nbytes
        setup.append(f"  {{ void *b = block({n}); if (fread(b, 1, {n}, data) != {n}) return 4; in.{field} = b; }}")
    for field, port in zip(port_names(p.outputs), p.outputs, strict=True):
        n = port.type.nbytes
        setup.append(f"  out.{field} = block({n}); first.{field} = block({n});")
        clear.append(f"      memset(out.{field}, 0xa5, {n});")
        compare.append(f"      if (memcmp(out.{field}, first.{field}, {n})) return 10 + threads_of_test;")
    text = _MAIN.format(name=name, upper=name.upper(), most=MOST, times=times, setup="\n".join(setup), clear="\n".join(clear),
                        compare="\n".join(compare).replace("threads_of_test", "1"))  # fmt: skip
    return text


def _run(folder: Path, result: Compilation, feeds: list[np.ndarray], flags: list[str], times: int = 2) -> None:
    assert result.sources.threads == MOST
    done = compile_objects(folder, result, ["gcc"], flags)
    assert done.returncode == 0, done.stderr[:4000]
    name = result.sources.name
    (folder / "main.c").write_text(_program(result, times))
    (folder / "in").write_bytes(b"".join(np.ascontiguousarray(a).tobytes() for a in feeds))
    build = subprocess.run(
        ["gcc", *flags, *WARNINGS, "-pthread", "main.c", "pith_pool.c", f"{name}.o", f"{name}_weights.c", "-o", "prog"],
        cwd=folder, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert build.returncode == 0, build.stderr[:4000]
    # the sanitizer maps its memory at fixed places, which a kernel that scatters addresses widely does not leave free
    once = {**os.environ, "TSAN_OPTIONS": "halt_on_error=1"}  # one race is enough: the text of thousands takes a minute
    ran = subprocess.run(["setarch", "-R", "./prog"], cwd=folder, env=once, capture_output=True, text=True, check=False, timeout=120)
    assert ran.returncode == 0, f"exit {ran.returncode} (10, 11: the bits differ)\n{ran.stderr[:4000]}"


def _feeds(result: Compilation) -> list[np.ndarray]:
    rng = np.random.default_rng(5)
    return [
        (rng.standard_normal(p.type.shape) if p.type.dtype.is_float else rng.integers(0, 2, p.type.shape)).astype(p.type.dtype.np)
        for p in result.programs[0].inputs
    ]


def _shared(result: Compilation, monkeypatch: pytest.MonkeyPatch, options: Options) -> Compilation:
    """The same network lowered once more, for several threads, however little there is to share."""
    monkeypatch.setattr(lower, "_WORTH_SHARING", 0)
    return generate(result.graphs, result.target, result.name, options=options)


@pytest.mark.parametrize("name", NAMES)
def test_every_kernel_gives_the_same_bits(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    op, family = name.split("/")
    with monkeypatch.context() as m:
        m.setitem(KERNELS, op, [k for k in KERNELS[op] if k.name == family] if op != "fused" else KERNELS[op])
        result = _shared(compiled(name, "x86-64-v3"), m, Options(threads=MOST, bf16="bf16" in name))
    if why := result.target.not_here():
        pytest.skip(why)
    _run(tmp_path, result, _feeds(result), ["-O1", "-ffp-contract=off"])


def test_no_data_race(tmp_path: Path) -> None:
    result = stages("pith/demo/mobilenext_cifar10.onnx", "c99", threads=MOST)
    assert sum(s.units > 1 for s in result.programs[0].steps) > 10
    assert any(s.joins for s in result.programs[0].steps)
    _run(tmp_path, result, _feeds(result), ["-O2", "-g", "-fsanitize=thread", "-ffp-contract=off"], times=3)


def test_no_warnings(tmp_path: Path) -> None:
    result = stages("pith/demo/mobilenext_cifar10.onnx", "x86-64-v3", threads=2)
    for command in (["gcc"], bundled_clang()):
        done = compile_objects(tmp_path, result, command, ["-O1", "-ffreestanding"])
        assert done.returncode == 0, done.stderr[:3000]


def test_one_thread_has_nothing_of_threads(tmp_path: Path) -> None:
    sources = stages("pith/demo/mobilenext_cifar10.onnx", "c99").sources
    assert "thread" not in (sources.code + sources.header).replace("threads share", "")
    write_sources(tmp_path, sources, embed=False)
    assert not list(tmp_path.glob("pith_pool*"))


def test_a_missing_join_is_a_race_that_shows(tmp_path: Path) -> None:
    """The sanitizer would see it: the same network with its joins taken out is caught."""
    result = stages("pith/demo/mobilenext_cifar10.onnx", "c99", threads=MOST)
    broken = replace(result.sources, code=result.sources.code.replace("  JOIN();\n", ""))
    with pytest.raises(AssertionError, match=r"exit 66 (.|\n)*data race"):
        _run(tmp_path, replace(result, sources=broken), _feeds(result), ["-O2", "-g", "-fsanitize=thread", "-ffp-contract=off"])


@pytest.mark.parametrize("compiler", ["gcc", "zig"])
def test_the_pool_is_c99(compiler: str, tmp_path: Path) -> None:
    """With the flags that manifest.json gives for the target c99."""
    result = stages("pith/demo/mobilenext_cifar10.onnx", "c99", threads=2)
    write_sources(tmp_path, result.sources, embed=False)
    command = ["gcc"] if compiler == "gcc" else [bundled_clang()[0], "cc"]
    flags = ["-std=c99", "-pedantic", *WARNINGS, "-ffp-contract=off", "-fno-strict-aliasing", "-pthread"]
    done = subprocess.run([*command, *flags, "-c", "pith_pool.c", "-o", "p.o"], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[:3000]
