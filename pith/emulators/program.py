"""The program around a network: it reads sets of inputs, runs the network and writes the outputs, with no C library.

`main_c` is the same for every machine. What differs (how bytes come in and go out, how it starts and stops) is another C file that
defines `pith_read`, `pith_write`, `pith_exit` and the entry, which calls `pith_main`; `start_linux.c` is one.

In: the number of sets, of runs of each, and of milliseconds that its runs go on at least, 32 bits each; then the inputs. Out: the
outputs; 32 bits: bytes of stack used; and of a timed program 32 bits: how many runs there were, the nanoseconds of at most the last
`TIMES` of them, and of each step the sum over all, 64 bits each.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from pith.emulators.base import Arrays, Execution, nbytes, packed, ports, unpacked
from pith.graph.errors import BuildError
from pith.targets.base import Target
from pith.targets.compiler import Compiler, runtime_archive

TIMES = 4096
MARK = "pith_mark"  # called before and after every run (in the marked build: also after every step)

_MAIN = """#include <stddef.h>
#include <stdint.h>

int @NET@_@RUN@(void *arena, const void *in, const void *out@MORE@);
void pith_read(void *to, size_t size);
void pith_write(const void *from, size_t size);
void pith_exit(int code);
void pith_clock(int64_t t[2]);

#define SIDE __attribute__((noinline))
SIDE int pith_mark(int clock, int64_t *t) {
  (void)clock;
  @TICK@
  __asm__ volatile("" : : : "memory");
  return 0;
}

static unsigned char arena[@ARENA@] __attribute__((aligned(64)));
@BUFFERS@
static const size_t in_size[] = {@IN_SIZES@0}, out_size[] = {@OUT_SIZES@0};
static void *const in[] = {@INS@0}, *const out[] = {@OUTS@0};
@NS@
/* The stack below the caller is filled with a pattern, and afterwards searched for the lowest byte that differs. */
static SIDE void fill(void) {
  unsigned char deep[@STACK@];
  unsigned char *volatile p = deep;
  for (size_t i = 0; i < sizeof deep; i++) p[i] = 0xa5;
}
static SIDE size_t used(void) {
  unsigned char deep[@STACK@];
  unsigned char *volatile q = deep;
  unsigned char *p = q;
  __asm__ volatile("" : "+r"(p) : : "memory");
  size_t i = 0;
  while (i < sizeof deep && p[i] == 0xa5) i++;
  return sizeof deep - i;
}

void pith_main(void);
void pith_main(void) {
  uint32_t head[3], stack = 0;
  @TIMES@
  pith_read(head, sizeof head);
  for (uint32_t set = 0; set < head[0]; set++) {
    for (size_t i = 0; i < @N_IN@; i++) pith_read(in[i], in_size[i]);
    if (set == 0) fill();
    @START@
    for (uint32_t run = 0; run < head[1]@LONGER@; run++) {
      @FIRST@
      const int code = @NET@_@RUN@(arena, in, out@GIVEN@);
      @LAST@
      if (code) pith_exit(3);
    }
    if (set == 0) stack = (uint32_t)used();
    for (size_t i = 0; i < @N_OUT@; i++) pith_write(out[i], out_size[i]);
  }
  pith_write(&stack, sizeof stack);
  @END@
  pith_exit(0);
}
"""

# what the timed program has in addition, or in the place of marks
_TIMED = {
    "TICK": "pith_clock(t);",
    "TIMES": f"static int64_t times[{TIMES}];\n  int64_t a[2], b[2], spent;\n  uint32_t n = 0;",
    "LONGER": " || spent < (int64_t)head[2] * 1000000",
    "START": "spent = 0;",
    "FIRST": "pith_clock(a);",
    "LAST": f"pith_clock(b);\n      times[n % {TIMES}u] = (b[0] - a[0]) * 1000000000 + b[1] - a[1];\n      spent += times[n++ % {TIMES}u];",
    "END": f"pith_write(&n, sizeof n);\n  pith_write(times, (n < {TIMES}u ? n : {TIMES}u) * sizeof *times);",
}


@cache
def start_linux() -> str:
    """Entry and system calls of a Linux program, as C."""
    return (files(__package__) / "start_linux.c").read_text()


def main_c(manifest: Mapping[str, Any], *, marked: bool, timed: bool = False, stack: int = 1 << 18) -> str:
    """C of `pith_main` for the first variant; marked: for the build whose steps are marked (compile NAME.c with NAME_PROFILE
    defined);  timed: with the device's clock;  stack: bytes searched for traces of use."""
    first = manifest["variants"][0]
    inputs, outputs = ports(manifest)
    buffers = []
    for side, found in (("in", inputs), ("out", outputs)):
        buffers += [f"static unsigned char {side}{i}[{max(1, nbytes(p))}] __attribute__((aligned(64)));" for i, p in enumerate(found)]
    words = {
        "NET": first["symbol"], "RUN": "profile" if marked else "run", "ARENA": max(1, first["arena_bytes"]), "STACK": stack,
        "BUFFERS": "\n".join(buffers), "N_IN": len(inputs), "N_OUT": len(outputs),
        "IN_SIZES": "".join(f"{nbytes(p)}u, " for p in inputs), "OUT_SIZES": "".join(f"{nbytes(p)}u, " for p in outputs),
        "INS": "".join(f"in{i}, " for i in range(len(inputs))), "OUTS": "".join(f"out{i}, " for i in range(len(outputs))),
        "MORE": ", int (*clock)(int, int64_t *), int64_t *ns" if marked else "", "GIVEN": ", pith_mark, ns" if marked else "",
        "NS": f"static int64_t ns[{max(1, len(first['steps']))}];" if marked else "",
        "FIRST": "" if marked else "(void)pith_mark(0, 0);", "LAST": "" if marked else "(void)pith_mark(1, 0);",
        "TICK": "(void)t;", "TIMES": "", "LONGER": "", "START": "", "END": "",
    }  # fmt: skip
    if timed:
        words |= _TIMED
        words["END"] += "\n  pith_write(ns, sizeof ns);" if marked else ""
    text = _MAIN
    for key, value in words.items():
        text = text.replace(f"@{key}@", str(value))
    return text


def build_linux(
    folder: Path, manifest: Mapping[str, Any], target: Target, compiler: Compiler, work: Path, *, marked: bool, timed: bool = False
) -> Path:
    """A static Linux program in `work` around the sources in `folder`; its symbols stay. Raises BuildError."""
    name = manifest["name"]
    texts = {"main.c": main_c(manifest, marked=marked, timed=timed), "start.c": start_linux()}
    objects = []
    flags: Sequence[str] = (manifest.get("opt") or "-O3",)
    for file, text in texts.items():
        (work / file).write_text(text)
        objects.append(work / file.replace(".c", ".o"))
        compiler.compile(work / file, objects[-1], target, ("-O2", "-std=gnu99"))
    for file in (f"{name}.c", f"{name}_weights.c"):
        objects.append(work / file.replace(".c", ".o"))
        compiler.compile(folder / file, objects[-1], target, (*flags, *([f"-D{name.upper()}_PROFILE"] if marked else [])))
    program = work / ("marked" if marked else "program")
    compiler.link_program([*objects, *([runtime_archive(target)] if target.zig_cpu else [])], program)
    return program


def program_input(manifest: Mapping[str, Any], sets: Sequence[Arrays], runs: int, milliseconds: int = 0) -> bytes:
    """What the program reads."""
    return struct.pack("<III", len(sets), runs, milliseconds) + packed(manifest, sets)


def program_output(manifest: Mapping[str, Any], data: bytes, count: int, *, timed: bool = False, steps: int = 0) -> Execution:
    """What the program wrote for `count` sets;  steps: of the marked build, whose times are there too. Raises BuildError where it is
    not what such a program writes."""
    at = count * sum(nbytes(p) for p in ports(manifest)[1])
    if len(data) < at + 4:
        raise BuildError("the program's output ends too early", why=f"{len(data):,} bytes of {at + 4:,}")
    outputs, (stack,) = unpacked(manifest, data, count), struct.unpack_from("<I", data, at)
    if not timed:
        return Execution(outputs, stack)
    runs = int.from_bytes(data[at + 4 : at + 8], "little")
    kept = min(runs, TIMES)
    if len(data) != at + 8 + 8 * (kept + steps):
        raise BuildError("the program's output is not as long as it should be", why=f"{len(data):,} bytes, {at + 8 + 8 * (kept + steps):,} expected")
    ns = struct.unpack_from(f"<{kept + steps}q", data, at + 8)
    return Execution(outputs, stack, times=[t / 1e6 for t in ns[:kept]], step_times=[t / 1e6 / runs for t in ns[kept:]] or None)
