"""Program(s) to C text: `NAME.c`, `NAME.h`, and the weights. Text only, the same bytes every time."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass

from pith.emit.apart import TAG, declarations, definitions, mapping
from pith.emit.indices import index_bounds
from pith.emit.parallel import MACROS, parallel_run
from pith.emit.pool import HEADER as POOL_HEADER
from pith.graph import DType, TensorType
from pith.lower.program import ALIGN, Bound, BufferRef, Port, Program, Step, Value, WeightRef
from pith.vector.cexpr import literal
from pith.vector.cfunction import CFunction, callees_first

# words of C (to C23), GNU C and C++, and macros that compilers or <stdint.h> define
_WORDS = """auto break case char const continue default do double else enum extern float for goto if inline int long
register restrict return short signed sizeof static struct switch typedef union unsigned void volatile while
alignas alignof asm bool constexpr false linux nullptr static_assert thread_local true typeof typeof_unqual unix i386 errno NULL
and and_eq bitand bitor catch class co_await co_return co_yield compl concept consteval constinit const_cast decltype delete
dynamic_cast explicit export friend mutable namespace new noexcept not not_eq operator or or_eq private protected public
reinterpret_cast requires static_cast template this throw try typeid typename using virtual wchar_t char8_t char16_t char32_t xor
xor_eq"""
_KEYWORDS = frozenset(_WORDS.split())
_MACROS = re.compile(r"U?INT(_?(LEAST|FAST|MAX|PTR)?_?\d*)_(MIN|MAX|C|WIDTH)|(PTRDIFF|SIG_ATOMIC|SIZE|WCHAR|WINT)_(MIN|MAX|WIDTH)|PITH_\w*")


def identifier(name: str) -> str:
    """`name` as a C identifier."""
    ident = re.sub(r"\W", "_", name, flags=re.ASCII)
    if not ident or ident[0].isdigit() or ident in _KEYWORDS or ident.startswith("__") or _MACROS.fullmatch(ident):
        ident = "x_" + ident.lstrip("_")
    return ident


# a network of that name would have its header found in the place of the compiler's
_HEADER_NAMES = """assert complex ctype errno fenv float immintrin inttypes iso646 limits locale math memory pthread setjmp signal
stdalign stdarg stdatomic stdbool stddef stdint stdio stdlib stdnoreturn string strings tgmath threads time uchar unistd wchar wctype"""
_HEADERS = frozenset(_HEADER_NAMES.split())
_LONGEST = 64  # characters of a network's name: file names and symbols are made of it
_END = "PITH_WEIGHTS_END"  # which functions name that do not go beyond the weights


def network_name(name: str) -> str:
    """`name` as the prefix of files and symbols: a C identifier, distinct where the names are, and no header's name."""
    ident = identifier(name)
    if not re.search(r"[A-Za-z0-9]", ident) or (not name.isascii() and len(ident) < _LONGEST):
        ident = "net_" + (ident.strip("_") + "_" if ident.strip("_") else "") + hashlib.sha256(name.encode()).hexdigest()[:6]
    if len(ident) > _LONGEST:
        ident = ident[: _LONGEST - 7] + "_" + hashlib.sha256(name.encode()).hexdigest()[:6]
    return f"{ident}_net" if ident.lower() in _HEADERS else ident


def port_names(ports: Sequence[Port]) -> list[str]:
    """Distinct C field names for inputs or outputs."""
    names: list[str] = []
    for p in ports:
        base = identifier(p.name)
        name, k = base, 2
        while name in names:
            name, k = f"{base}_{k}", k + 1
        names.append(name)
    return names


@dataclass(frozen=True, slots=True)
class Sources:
    """The text of a generated library; `weights` is the blob, `weights_c` the C file that brings it in, `build` stands for all;
    `apart`: the blob stays a file, and ends with `build`."""

    name: str
    header: str
    code: str
    weights_c: str
    weights: bytes
    build: str
    threads: int = 1
    apart: bool = False

    @property
    def weights_size(self) -> int:
        """Bytes of the weights alone."""
        return len(self.weights) - (TAG if self.apart else 0)


def emit(name: str, programs: Sequence[Program], weights: bytes, *, embed: bool, apart: bool = False, note: str = "") -> Sources:
    """C for one network compiled for one or several shapes (`programs`), sharing kernels and weights.

    `embed`: the weights file is pulled in by the assembler (`.incbin`, for large networks on hosted targets) instead of
    being spelled out as a C array.  `apart`: it stays a file, which the program gives or maps (`pith.emit.apart`); networks without
    weights are as ever.
    """
    apart = apart and bool(weights)
    prefix = network_name(name)
    variants: list[tuple[str, Program]] = [(prefix if len(programs) == 1 else f"{prefix}_{k}", p) for k, p in enumerate(programs)]
    header, code = _header(prefix, variants, len(weights), note, apart), _code(prefix, variants, len(weights), note, apart)
    build = hashlib.sha256(f"{header}\0{code}\0".encode() + weights).hexdigest()[:16]
    code += f'\nconst char {prefix}_build[] = "{build}";\n'
    weights_c, blob = _weights(prefix, weights, embed, apart, note), weights + build.encode() if apart else weights
    return Sources(prefix, header, code, weights_c, blob, build, programs[0].threads, apart)


def functions(programs: Sequence[Program]) -> list[CFunction]:
    """Every function the programs need, callees first, each once."""
    return callees_first(s.function for p in programs for s in p.steps)


def _comment(text: str) -> str:
    clean = re.sub(r"[^\x20-\x7e]", "?", text).replace("*/", "* /").replace("/*", "/ *")
    return clean if len(clean) <= 160 else clean[:157] + "..."


def _ctype(t: TensorType) -> str:
    return t.dtype.c


def _header(prefix: str, variants: Sequence[tuple[str, Program]], weights: int, note: str, apart: bool) -> str:
    up = prefix.upper()
    threads = variants[0][1].threads
    pool = [f'#include "{POOL_HEADER}"', ""] if threads > 1 else []
    used = functions([p for _, p in variants])
    lines = [
        f"/* {prefix}.h - a neural network compiled to C{_comment(note)} */",
        f"#ifndef {up}_H", f"#define {up}_H", "", "#include <stdint.h>", "", *pool,
        "#ifdef __cplusplus", 'extern "C" {', "#endif", "",
        "/* Results of the run functions. */",
        f"#define {up}_OK 0",
        f"#define {up}_NULL_POINTER 1 /* arena, an input or an output is a null pointer */",
        f"#define {up}_MISALIGNED 2 /* the arena is not {up}_ARENA_ALIGN-byte aligned */", "",
        f"#define {up}_ARENA_ALIGN {ALIGN}u",
        f"#define {up}_WEIGHTS_SIZE {weights}u", "",
        *([f"#define {up}_WRONG_PROCESSOR 4 /* this processor's vectors are too short */", ""] if any(f.refuses for f in used) else []),
        *([f"#define {up}_TOO_MANY_THREADS 3 /* the pool has more than {up}_THREADS threads, or none */",
           f"#define {up}_THREADS {threads}", ""] if threads > 1 else []),
        "/* Stands for network, options and weights: tells one compilation from another. */",
        f"extern const char {prefix}_build[];", "",
        *(declarations(prefix) if apart else []),
    ]  # fmt: skip
    for name, p in variants:
        big, bounds = name.upper(), index_bounds(p.graph) if p.graph else {}
        lines += [f"/* Bytes the caller gives {name}_run as its arena; nothing else is written but the outputs. */"]
        lines += [f"#define {big}_ARENA_SIZE {p.arena_size or 1}u", ""]  # C has no empty arrays
        for kind, ports in (("inputs", p.inputs), ("outputs", p.outputs)):
            lines.append("typedef struct {")
            for field, port in zip(port_names(ports), ports, strict=True):
                const = "const " if kind == "inputs" else ""
                shape = "x".join(map(str, port.type.shape)) or "scalar"
                bits = (
                    f", {port.type.dtype.value} bits"
                    if port.type.dtype.c != port.type.dtype.np.name + "_t" and "uint" in _ctype(port.type)
                    else ""
                )
                if kind == "inputs" and port.name in bounds:
                    bits += "; row numbers from {} to {}, others are taken as the nearest of these".format(*bounds[port.name])
                lines.append(f"  {const}{_ctype(port.type)} *{field}; /* {_comment(port.name)}: {shape}{bits} */")
            if not ports:
                lines.append("  int unused;")
            lines.append(f"}} {name}_{kind};")
            lines.append("")
        lines += [f"int {name}_run(void *arena, const {name}_inputs *in, const {name}_outputs *out);"]
        if threads > 1:
            lines += [f"/* As {name}_run, by the threads of a pool (null: by this one alone), with the same result bit for bit. */"]
            lines += [f"int {name}_run_parallel(void *arena, const {name}_inputs *in, const {name}_outputs *out, const pith_pool *pool);"]
        lines += [
            f"#ifdef {up}_PROFILE",
            f"#define {big}_STEPS {len(p.steps)}",
            "/* As run, adding the clock's nanoseconds of each step to ns[step]; clock is clock_gettime. */",
            f"int {name}_profile(void *arena, const {name}_inputs *in, const {name}_outputs *out,",
            "  int (*clock)(int, int64_t *), int64_t *ns);",
            "#endif", "",
        ]  # fmt: skip
    lines += ["#ifdef __cplusplus", "}", "#endif", "", "#endif", ""]
    return "\n".join(lines)


def _pointer(v: BufferRef | WeightRef, p: Program, fields: dict[int, str], shared: bool) -> str:
    """A pointer; `shared`: in the part of one of several threads, whose units begin at u0."""
    move = f" + (ptrdiff_t)u0 * {v.step}" if v.step and shared else ""
    if isinstance(v, WeightRef):
        return f"W({v.offset}{move})"
    if v.own and p.threads > 1:
        move += f" + (ptrdiff_t)thread * {v.own}"
    b = p.buffers[v.index]
    if b.kind not in ("input", "output"):
        return f"A({b.offset + v.offset}{move})"
    const, base = ("const ", "in") if b.kind == "input" else ("", "out")
    pointer = f"{base}->{fields[v.index]}"
    if not v.offset and not move:
        return pointer
    # byte-addressed parts of the caller's arrays go through void * so that no alignment is assumed away
    return f"({const}void *)(({const}unsigned char *){pointer} + {v.offset}{move})"


def _bound(v: Bound, units: int, shared: bool) -> str:
    if not shared:
        return {"begin": "0", "end": str(v.total), "count": str(v.total)}[v.kind]
    begin = "u0" if v.per == 1 else f"u0 * {v.per}"
    whole = v.per * units == v.total
    end = ("u1" if v.per == 1 else f"u1 * {v.per}") if whole else f"(u1 == {units} ? {v.total} : u1 * {v.per})"
    if v.kind == "count":
        return ("u1 - u0" if v.per == 1 else f"(u1 - u0) * {v.per}") if whole else f"{end} - {begin}"
    return begin if v.kind == "begin" else end


def _argument(v: Value, p: Program, fields: dict[int, str], units: int, shared: bool) -> str:
    if isinstance(v, (BufferRef, WeightRef)):
        return _pointer(v, p, fields, shared)
    if isinstance(v, Bound):
        return _bound(v, units, shared)
    if isinstance(v, float):
        return literal(v, DType.F32)
    return str(int(v))


def _call(step: Step, p: Program, fields: dict[int, str], parts: bool = False) -> list[str]:
    """The C of one step; `parts`: what one of several threads does of it."""
    shared = parts and step.units > 1
    arguments = [_argument(v, p, fields, step.units, shared) for v in step.args]
    lines = [f"  /* {_comment(' + '.join(step.origin) or step.name)}: {step.op} -> {step.output} */"]
    if parts and step.joins:
        lines.append("  JOIN();")
    line = f"  {step.function.name}("
    if shared:
        lines += ["  {", f"    const int32_t u0 = UNIT({step.units}, thread), u1 = UNIT({step.units}, thread + 1);"]
        line = f"    if (u0 < u1) {step.function.name}("
    elif parts:
        line = f"  if (thread == 0) {step.function.name}("
    for i, a in enumerate(arguments):
        piece = a + (", " if i + 1 < len(arguments) else ");")
        if len(line) + len(piece) > 118:
            lines.append(line.rstrip())
            line = "      "
        line += piece
    lines.append(line if arguments else line + ");")
    return [*lines, "  }"] if shared else lines


def _check(prefix: str, p: Program, fields: dict[int, str]) -> list[str]:
    """Statements that refuse null pointers and a misaligned arena."""
    up = prefix.upper()
    used = {v.index for s in p.steps for v in s.args if isinstance(v, BufferRef)}
    checks = [f"!{'in' if p.buffers[port.buffer].kind == 'input' else 'out'}->{fields[port.buffer]}"
              for port in (*p.inputs, *p.outputs) if port.buffer in used]  # fmt: skip
    head = [f"  if (!in || !out{' || !arena' if p.arena_size else ''}) return {up}_NULL_POINTER;"]
    head += [f"  if ({' || '.join(checks[i : i + 4])}) return {up}_NULL_POINTER;" for i in range(0, len(checks), 4)]
    if not p.arena_size:
        return [*head, "  (void)arena;"]
    return [*head, f"  if (((uintptr_t)arena & ({up}_ARENA_ALIGN - 1u)) != 0u) return {up}_MISALIGNED;"]


def _code(prefix: str, variants: Sequence[tuple[str, Program]], weights: int, note: str, apart: bool) -> str:
    programs = [p for _, p in variants]
    fs = functions(programs)
    headers = sorted({h for f in fs for h in f.headers} | {"stddef.h", "stdint.h"})
    up = prefix.upper()
    lines = [f"/* {prefix}.c - a neural network compiled to C{_comment(note)} */", f'#include "{prefix}.h"', ""]
    lines += [f"#include <{h}>" for h in headers]
    lines += [
        "",
        "/* The same bits at every optimisation level: products and sums are fused only where the code says so.",
        "   gcc knows no such pragma: compile with -ffp-contract=off (or -std=c99, which implies it). */",
        "#ifdef __clang__", "#pragma STDC FP_CONTRACT OFF", "#endif", "",
    ]  # fmt: skip
    uses_weights = any(isinstance(a, WeightRef) for p in programs for s in p.steps for a in s.args)
    if apart:
        lines += definitions(prefix)
    elif uses_weights:
        lines += [f"extern const unsigned char {prefix}_weights[];", ""]
    if any(_END in f.text for f in fs):
        behind = f"((uintptr_t){prefix}_weights + {weights}u)" if uses_weights else "((uintptr_t)0)"
        lines += ["/* the first address behind the weights */", f"#define {_END} {behind}", ""]
    lines += [f.text for f in fs]
    lines += ["#define A(offset) ((void *)((unsigned char *)arena + (offset)))"]
    if uses_weights:
        lines += [f"#define W(offset) ((const void *)({prefix}_weights + (offset)))"]
    if programs[0].threads > 1:
        lines += MACROS
    lines += [""]
    for name, p in variants:
        fields = {port.buffer: f for port, f in zip(p.inputs, port_names(p.inputs), strict=True)}
        fields |= {port.buffer: f for port, f in zip(p.outputs, port_names(p.outputs), strict=True)}
        own = functions([p])
        head = _check(prefix, p, fields) + ([f"  if (!{prefix}_weights) return {up}_WRONG_WEIGHTS;"] if apart else [])
        head += [f"  if ({f.refuses}) return {up}_WRONG_PROCESSOR;" for f in own if f.refuses]
        head += [f"  {f.setup}" for f in own if f.setup]
        if p.threads > 1:
            lines += parallel_run(prefix, name, p, head, [_call(s, p, fields, parts=True) for s in p.steps])
        calls = [_call(s, p, fields) for s in p.steps]
        thread = ["  const int32_t thread = 0;"] if p.threads > 1 and any("thread * " in x for c in calls for x in c) else []
        if p.threads == 1:
            lines += [f"int {name}_run(void *arena, const {name}_inputs *in, const {name}_outputs *out) {{", *head]
            lines += [line for c in calls for line in c]
            lines += [f"  return {up}_OK;", "}", ""]
        lines += [
            f"#ifdef {up}_PROFILE",
            f"int {name}_profile(void *arena, const {name}_inputs *in, const {name}_outputs *out,",
            "    int (*clock)(int, int64_t *), int64_t *ns) {",
            "  int64_t t[4];", *thread, *head, "  (void)ns;", "  (void)clock(1, t);",
        ]  # fmt: skip
        for i, c in enumerate(calls):
            lines += [*c, f"  (void)clock(1, t + {2 - 2 * (i % 2)});"]
            a, b = (2, 0) if i % 2 == 0 else (0, 2)
            lines += [f"  ns[{i}] += (t[{a}] - t[{b}]) * INT64_C(1000000000) + (t[{a + 1}] - t[{b + 1}]);"]
        lines += [f"  return {up}_OK;", "}", "#endif", ""]
    return "\n".join(lines)


def _weights(prefix: str, blob: bytes, embed: bool, apart: bool, note: str) -> str:
    head = f"/* {prefix}_weights.c - constants of {prefix}.c{_comment(note)} */\n"
    if not blob:
        return head + "typedef int pith_no_weights;\n"
    if apart:
        return mapping(prefix, head)
    if embed:
        return head + (
            "#ifdef __wasm__\n"
            f'__asm__(".section .rodata.{prefix}_weights,\\"\\",@\\n.p2align 6\\n.globl {prefix}_weights\\n.hidden {prefix}_weights\\n"\n'
            f'        "{prefix}_weights:\\n.incbin \\"{prefix}_weights.bin\\"\\n.size {prefix}_weights, {len(blob)}\\n");\n'
            "#else\n"
            f'__asm__(".section .rodata\\n.balign {ALIGN}\\n.globl {prefix}_weights\\n.hidden {prefix}_weights\\n"\n'
            f'        "{prefix}_weights:\\n.incbin \\"{prefix}_weights.bin\\"\\n.previous\\n");\n'
            "#endif\n"
        )
    align = (
        "#if defined(__GNUC__) || defined(__clang__)\n#define PITH_ALIGNED __attribute__((aligned(64)))\n"
        "#elif defined(_MSC_VER)\n#define PITH_ALIGNED __declspec(align(64))\n#else\n#define PITH_ALIGNED\n#endif\n"
    )
    rows = [",".join(map(str, blob[i : i + 32])) for i in range(0, len(blob), 32)]
    body = ",\n".join(rows)
    declare = f"extern const unsigned char {prefix}_weights[{len(blob)}];\n"
    return f"{head}{align}{declare}PITH_ALIGNED const unsigned char {prefix}_weights[{len(blob)}] = {{\n{body}}};\n"
