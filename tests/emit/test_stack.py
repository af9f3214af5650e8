"""The stack bound: from the compiler's frames, and never below what a run takes."""

from __future__ import annotations

import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

import pith
from pith.api import stages
from pith.emit.manifest import stack_bound
from pith.vector.cfunction import CFunction

MODEL = Path(__file__).resolve().parents[2] / "pith" / "demo" / "mobilenext_cifar10.onnx"
# paints the stack of a thread, and says how much of it a run leaves unpainted beyond what an empty function does
DRIVER = """
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include "mobilenext_cifar10.h"
enum { SIZE = 1 << 20 };
static _Alignas(4096) unsigned char stack[SIZE];
static _Alignas(MOBILENEXT_CIFAR10_ARENA_ALIGN) unsigned char arena[MOBILENEXT_CIFAR10_ARENA_SIZE];
static float input[3 * 32 * 32], logits[10];
static int (*volatile run)(void *, const mobilenext_cifar10_inputs *, const mobilenext_cifar10_outputs *) = mobilenext_cifar10_run;
static void *empty(void *unused) { return unused; }
static void *work(void *unused) {
  const mobilenext_cifar10_inputs in = {input};
  const mobilenext_cifar10_outputs out = {logits};
  return run(arena, &in, &out) ? 0 : unused;
}
static long used(void *(*f)(void *)) {
  pthread_attr_t how;
  pthread_t thread;
  void *result = 0;
  memset(stack, 0xa5, SIZE);
  pthread_attr_init(&how);
  pthread_attr_setstack(&how, stack, SIZE);
  pthread_create(&thread, &how, f, stack);
  pthread_join(thread, &result);
  long i = 0;
  while (stack[i] == 0xa5) i++;
  return result ? SIZE - i : -1;
}
int main(void) {
  used(work); /* once before, so that the dynamic linker has found all functions */
  const long least = used(empty);
  printf("%ld\\n", used(work) - least);
  return 0;
}
"""


def test_the_deepest_chain_of_calls_counts() -> None:
    program = stages(MODEL, "c99").programs[0]
    outer = CFunction("outer", "", (CFunction("inner", ""), CFunction("other", "")))
    program.steps[:] = [replace(program.steps[0], function=outer)]
    assert stack_bound(program, "run", {"run": 100, "outer": 50, "inner": 7, "other": 1000}) == 100 + 50 + 1000 + 3 * 8 + 128


@pytest.mark.parametrize("cc", [None, "gcc"])
@pytest.mark.parametrize("target", ["c99", "host"])
def test_a_run_stays_below_the_bound(target: str, cc: str | None, tmp_path: Path) -> None:
    bound = pith.compile(MODEL, target, cc=cc, out=tmp_path).manifest["stack_bytes"]
    (tmp_path / "driver.c").write_text(DRIVER)
    build = ["gcc", "-O1", "driver.c", "-L.", "-lmobilenext_cifar10", "-Wl,-rpath,.", "-lpthread", "-o", "driver"]
    subprocess.run(build, cwd=tmp_path, check=True)
    used = int(subprocess.run(["./driver"], cwd=tmp_path, capture_output=True, text=True, check=True).stdout)
    frame_of_work = 128
    assert 0 < used <= bound + frame_of_work < 32_000
    assert used > bound // 4
