"""The C of a network run by several threads: every thread walks all steps, does its part of each, and waits where it must.

The parts are fixed by the number of threads alone, and no sum depends on where a part ends: the result has the same bits
for any number of threads.
"""

from __future__ import annotations

from collections.abc import Sequence

from pith.lower.program import Program

MACROS = [
    "/* the first of `units` units of work that thread t has; the calling thread, which begins first, has the odd one */",
    "#define UNIT(units, t) ((int32_t)(((int64_t)(units) * (t) + threads - 1) / threads))",
    "/* waits until all threads have come here */",
    "#define JOIN() do { if (threads > 1) pool->wait(pool, thread); } while (0)",
]


def parallel_run(prefix: str, name: str, p: Program, check: Sequence[str], calls: Sequence[Sequence[str]]) -> list[str]:
    """NAME_run and NAME_run_parallel; calls: the C of one thread's part of each step, `check` that of the arguments."""
    up = prefix.upper()
    several = "pool && pool->threads > 1" if any(s.units > 1 for s in p.steps) else "0 /* there is nothing to share out */"
    signature = f"void *arena, const {name}_inputs *in, const {name}_outputs *out"
    lines = [
        "/* the part of one of several threads */",
        f"static void {name}_part({signature}, const pith_pool *pool, int32_t thread, int32_t threads) {{",
        *(["  (void)arena;"] if not p.arena_size else []),
        "  (void)pool;", "  (void)threads;",
        *(line for c in calls for line in c), "}", "",
        f"typedef struct {{\n  void *arena;\n  const {name}_inputs *in;\n  const {name}_outputs *out;\n  const pith_pool *pool;\n}} {name}_task;", "",
        f"static void {name}_thread(void *context, int32_t thread) {{",
        f"  const {name}_task *const t = (const {name}_task *)context;",
        f"  {name}_part(t->arena, t->in, t->out, t->pool, thread, t->pool->threads);", "}", "",
        f"int {name}_run_parallel({signature}, const pith_pool *pool) {{", *check,
        f"  if (pool && (pool->threads < 1 || pool->threads > {up}_THREADS)) return {up}_TOO_MANY_THREADS;",
        f"  if ({several}) {{",
        f"    {name}_task task = {{arena, in, out, pool}};",
        f"    pool->run(pool, {name}_thread, &task);", "  } else {",
        f"    {name}_part(arena, in, out, 0, 0, 1);", "  }", f"  return {up}_OK;", "}", "",
        f"int {name}_run({signature}) {{ return {name}_run_parallel(arena, in, out, 0); }}", "",
    ]  # fmt: skip
    return lines
