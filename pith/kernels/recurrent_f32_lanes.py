"""lstm, gru and rnn, float32, constant weights, by explicit vectors: the inputs' part of the gates of all steps is one product
with the register tile; then, step after step, some hidden units at a time have all their gates in registers.

The recurrent weights lie in the order they are read, [unit block, hidden, gate, lanes], so that a step is one pass over them
(from cache, where they fit) and the gates never reach memory. Sequences of a batch share that pass, as many as registers allow.
Directions, and groups of sequences, are independent units.

Error: sums as any dot product of I + H terms in one order; sigmoid and tanh as `pith.vector.f32_math` states.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence

import numpy as np

from pith.graph import DType
from pith.kernels.base import (
    Arg,
    Call,
    Const,
    Emitted,
    Float,
    In,
    Int,
    Kernel,
    Operand,
    Out,
    Scratch,
    kernel,
    unit_range,
)
from pith.kernels.matmul_f32_gemm import gemm
from pith.kernels.shape_f32 import columns_near, pack, parts, shape_for
from pith.kernels.tile_f32 import Tail
from pith.ops.base import OPS
from pith.ops.recurrent import Recurrent, activations, directions
from pith.targets.isa.base import ISA
from pith.vector.cfunction import CFunction
from pith.vector.f32_math import vector_math

_ACTIVATIONS = {"sigmoid": "vf_sigmoid({})", "tanh": "vf_tanh({})", "relu": "vf_max({}, vf_set1(0.0f))"}
_VECTORS = {1: 4, 3: 2, 4: 2}  # of hidden units at a time, by gates: enough sums to hide the latency of one

# What one vector of hidden units makes of its sums s0, s1, ... (in the gates' order), old state and old cell. F0, F1, F2: the
# activations; C(): the clip of their arguments.
_CELLS = {
    "lstm": (
        "const vf in = F0(C(s0)), out_of = C(s1), forget = F0(C(s2));",
        "const vf cell = CELL(vf_fma(forget, vf_load(c{r} + {j}), in * F1(C(s3))));",
        "vf_store(c{r} + {j}, cell);",
        "const vf made = F0(out_of) * F2(cell);",
    ),
    "gru": (
        "const vf update = F0(C(s0)), reset = F0(C(s1));",
        "const vf new = F1(C(vf_fma(reset, s2, vf_load(x{r} + {gate2}))));",
        "const vf made = vf_fma(update, vf_load_n(p{r} + {j}, hidden - ({j})) - new, new);",
    ),
    "rnn": ("const vf made = F0(C(s0));",),
}


def _shape(isa: ISA, gates: int, batch: int, hidden: int, threads: int) -> tuple[int, int]:
    """Sequences and vectors of hidden units at a time: many sequences share the weights that are read, a vector of units each; a
    few have more vectors. Groups of sequences are of nearly one size, and as many as threads can share out."""

    def most(vectors: int) -> int:
        """Sequences whose sums fit into registers, beside the vectors that are multiplied: states, or weights."""
        sums = gates * vectors
        return max([1, *(n for n in range(1, batch + 1) if n * sums + min(n, sums) + 2 <= isa.registers)])

    vectors = min(_VECTORS[gates], -(-hidden // isa.lanes(4)))
    narrow = min(vectors, 1 if gates > 1 else 2)
    if batch > most(vectors):
        vectors = narrow
    groups = -(-batch // most(vectors))
    if threads > 1 and batch >= threads:
        groups = -(-groups // threads) * threads
    return -(-batch // groups), vectors


def _expand(line: str, kinds: Sequence[str], clip: bool, cell_clip: bool) -> str:
    """`line` with the marks F0(..), C(..) and CELL(..) written out."""
    marks = {f"F{k}(": _ACTIVATIONS[kind] for k, kind in enumerate(kinds)}
    marks["CELL("] = "vf_min(vf_max({}, -most), most)" if cell_clip else "{}"
    marks["C("] = "vf_min(vf_max({}, -clip_at), clip_at)" if clip else "{}"
    for mark, text in marks.items():
        while (at := line.find(mark)) >= 0:
            depth, end = 1, at + len(mark)
            while depth:
                depth += {"(": 1, ")": -1}.get(line[end], 0)
                end += 1
            line = line[:at] + text.format(line[at + len(mark) : end - 1]) + line[end:]
    return line


@functools.cache
def steps(
    isa: ISA, op: str, kinds: tuple[str, ...], rows: int, vectors: int, states: tuple[bool, bool], lengths: str, clips: tuple[bool, bool], outputs: int
) -> CFunction:
    """C function of the steps, for units of a direction and `rows` sequences.

    states: whether the first state and cell are given;  lengths: C type of the sequences' lengths, or none;  clips: whether the
    arguments of activations, and the cell, are held within bounds;  outputs: 1 (y), 2 (and the last state), 3 (and the last cell).
    """
    gates = {"lstm": 4, "gru": 3, "rnn": 1}[op]
    lanes, lstm = isa.lanes(4), op == "lstm"
    width = vectors * lanes
    label = "".join(("h" if states[0] else "", "c" if states[1] else "", "l" + lengths.strip("_t") if lengths else ""))
    label += "".join(n for n, on in zip(("clip", "cell"), clips, strict=True) if on)
    label += f"y{outputs}" if outputs > 1 else ""
    name = "_".join([op, "f32", isa.name, f"{rows}x{width}", *kinds, *([label] if label else [])])
    finals = [("yh", "p"), ("yc", "c")][: outputs - 1]
    each = range(rows)
    first_h = "first_h[from + j]" if states[0] else "0.0f"
    first_c = "first_c[from + j]" if states[1] else "0.0f"
    o = [
        f"static void {name}(const float *g, const float *r{', const float *hb' if op == 'gru' else ''}"
        f"{f', const {lengths} *lens' if lengths else ''}{', const float *first_h' if states[0] else ''}{', const float *first_c' if states[1] else ''},",
        f"    float *y{''.join(f', float *{to}' for to, _ in finals)}, float *state, int32_t steps, int32_t batch, int32_t hidden,",
        f"    int32_t directions, int32_t reverse{', float clip' if clips[0] else ''}{', float cell_clip' if clips[1] else ''}, int32_t begin, int32_t end) {{",
        f"  const int32_t padded = (hidden + {width - 1}) / {width} * {width}, groups = (batch + {rows - 1}) / {rows};",
        f"  const ptrdiff_t all = (ptrdiff_t)directions * padded * {gates};",
        *(["  const vf clip_at = vf_set1(clip);"] if clips[0] else []),
        *(["  const vf most = vf_set1(cell_clip);"] if clips[1] else []),
        "  for (int32_t u = begin; u < end; u++) {",
        f"    const int32_t d = u / groups, first = u % groups * {rows}, backwards = d + reverse;",
        f"    float *const own = state + (ptrdiff_t)u * {(2 if lstm else 1) * rows} * padded;",
    ]
    for i in each:  # sequences past the end repeat the last one, with a state of their own and the same results
        o += [
            f"    const int32_t n{i} = first + {i} < batch ? first + {i} : batch - 1;",
            f"    float *const h{i} = own + (ptrdiff_t){i} * padded;",
            f"    const float *p{i} = h{i};",
        ]
        if lstm:
            o.append(f"    float *const c{i} = own + (ptrdiff_t){rows + i} * padded;")
        from_of = [f"      const ptrdiff_t from = ((ptrdiff_t)d * batch + n{i}) * hidden;"] if any(states) else []
        o += ["    {", *from_of, f"      for (int32_t j = 0; j < hidden; j++) h{i}[j] = {first_h};"]
        if lstm:
            o.append(f"      for (int32_t j = 0; j < padded; j++) c{i}[j] = {f'j < hidden ? {first_c} : 0.0f' if states[1] else first_c};")
        o.append("    }")
    length = "lens[n0] < 0 ? 0 : lens[n0] > steps ? steps : (int32_t)lens[n0]" if lengths else "steps"
    o += [
        f"    const int32_t length = {length};",
        "    for (int32_t i = 0; i < length; i++) {",
        "      const ptrdiff_t t = backwards ? length - 1 - i : i;",
        f"      const float *w = r + (ptrdiff_t)d * padded * hidden * {gates};",
    ]
    for i in each:
        o += [
            f"      const float *x{i} = g + (t * batch + n{i}) * all + (ptrdiff_t)d * padded * {gates};",
            f"      float *const y{i} = y + ((t * directions + d) * batch + n{i}) * hidden;",
        ]
    o.append(f"      for (int32_t j = 0; j < hidden; j += {width}) {{")
    places = [(k, v) for k in range(gates) for v in range(vectors)]
    for i in each:
        for k, v in places:
            begin = f"x{i} + {(k * vectors + v) * lanes}"
            if op == "gru" and k == 2:
                begin = f"hb + (ptrdiff_t)d * padded + j + {v * lanes}"
            o.append(f"        vf s{i}_{k}_{v} = vf_load({begin});")
    o.append(f"        for (int32_t k = 0; k < hidden; k++, w += {gates * width}) {{")
    o += [f"          const vf a{i} = vf_set1(p{i}[k]);" for i in each]
    for k, v in places:
        o.append(f"          const vf w{k}_{v} = vf_load(w + {(k * vectors + v) * lanes});")
        o += [f"          s{i}_{k}_{v} = vf_fma(a{i}, w{k}_{v}, s{i}_{k}_{v});" for i in each]
    o.append("        }")
    for i in each:
        for v in range(vectors):
            j = f"j + {v * lanes}" if v else "j"
            o.append("        {")
            o += [f"          const vf s{k} = s{i}_{k}_{v};" for k in range(gates)]
            for line in _CELLS[op]:
                o.append("          " + _expand(line, kinds, *clips).format(r=i, j=j, gate2=(2 * vectors + v) * lanes))
            o += [f"          vf_store_n(y{i} + {j}, made, hidden - ({j}));", "        }"]
        o.append(f"        x{i} += {gates * width};")
    o += ["      }", *(f"      p{i} = y{i};" for i in each), "    }"]
    if lengths:
        o += [
            "    for (ptrdiff_t t = length; t < steps; t++) {",
            "      float *const rest = y + ((t * directions + d) * batch + n0) * hidden;",
            "      for (int32_t j = 0; j < hidden; j++) rest[j] = 0.0f;",
            "    }",
        ]
    for i in each:
        for to, of in finals:
            o.append(f"    for (int32_t j = 0; j < hidden; j++) {to}[((ptrdiff_t)d * batch + n{i}) * hidden + j] = {of}{i}[j];")
    return CFunction(name, "\n".join([*o, "  }", "}"]) + "\n", (vector_math(isa),), ("stdint.h", "stddef.h"))


def _blocked(array: np.ndarray, gates: int, width: int) -> np.ndarray:
    """[D, G * H, K] as [D, blocks, K, G, width], hidden units padded with zeros."""
    d, rows, k = array.shape
    hidden = rows // gates
    blocks = -(-hidden // width)
    padded = np.zeros((d, gates, blocks * width, k), np.float32)
    padded[:, :, :hidden] = array.reshape(d, gates, hidden, k)
    return padded.reshape(d, gates, blocks, width, k).transpose(0, 2, 4, 1, 3)


@kernel("rnn", "lanes")
@kernel("gru", "lanes")
@kernel("lstm", "lanes")
class RecurrentLanes(Kernel):
    """Constant weights; sigmoid, tanh and relu, the same in both directions; no peepholes; gru with the reset after the product."""

    def _given(self, call: Call) -> list[Operand | None]:
        return list(call.inputs) + [None] * (8 - len(call.inputs))

    def applies(self, call: Call) -> bool:
        given = self._given(call)
        op = OPS[call.op]
        assert isinstance(op, Recurrent)
        kinds = activations(call.attrs, op.default)
        weights = given[1:4]
        return (
            bool(call.isa.vector_bytes) and all(x is None or i == 4 or x.type.dtype is DType.F32 for i, x in enumerate(given))
            and all(x is None or x.const is not None for x in weights) and given[7] is None and len({tuple(k) for k in kinds}) == 1
            and all(f.name in _ACTIVATIONS for f in kinds[0]) and not call.attrs.get("input_forget", False)
            and (call.op != "gru" or bool(call.attrs.get("linear_before_reset", False)))
            and call.input(0).type.size > 0 and call.input(2).type.size > 0
        )  # fmt: skip

    def cost(self, call: Call) -> float:
        return 0.1

    def uses(self, call: Call) -> set[int]:
        return {i for i, v in enumerate(call.inputs) if v is not None and i not in (1, 2, 3)}

    def emit(self, call: Call) -> Emitted:
        op, isa, given = OPS[call.op], call.isa, self._given(call)
        assert isinstance(op, Recurrent)
        backwards = directions(call.attrs)
        kinds = tuple(f.name for f in activations(call.attrs, op.default)[0])
        (t, batch, inputs), hidden, d = call.input(0).shape, call.input(2).shape[-1], len(backwards)
        length = given[4]
        lengths = length.type.dtype.c if length is not None else ""
        rows, vectors = _shape(isa, op.gates, 1 if lengths else batch, hidden, call.options.threads)
        width = vectors * isa.lanes(4)
        padded = -(-hidden // width) * width
        w, r = (_const(given[i]) for i in (1, 2))
        b = np.zeros((d, 2, op.gates * hidden), np.float32)
        if given[3] is not None:
            b[:] = _const(given[3]).reshape(b.shape)
        start = b.sum(axis=1, dtype=np.float32)
        if call.op == "gru":  # the last gate has its recurrent bias inside the reset
            start[:, 2 * hidden :] = b[:, 0, 2 * hidden :]

        n, m = d * padded * op.gates, t * batch
        columns = np.ascontiguousarray(_blocked(w, op.gates, width).transpose(2, 0, 1, 3, 4)).reshape(inputs, n)
        first = _blocked(start[:, :, None], op.gates, width).reshape(n)
        shape = shape_for(isa, m, call.options.threads).of(isa, n)
        parts_of, part = parts(isa, m, inputs, n, call.options.threads)
        numbers = (m, inputs, columns_near(isa, m, inputs, n), inputs, n)
        product = gemm(isa, Tail(None, ()), False, shape)

        states = (given[5] is not None, call.op == "lstm" and given[6] is not None)
        bounds = [float(call.attrs.get(key) or 0.0) for key in ("clip", "cell_clip")]
        if call.op != "lstm":
            bounds[1] = 0.0
        clips = (bounds[0] > 0, bounds[1] > 0)
        f = steps(isa, call.op, kinds, rows, vectors, states, lengths, clips, len(call.outputs))
        groups = -(-batch // rows)
        gates_bytes = -(-4 * m * n // 64) * 64
        args: list[Arg] = [Scratch(), Const(np.ascontiguousarray(_blocked(r, op.gates, width)).reshape(-1))]
        if call.op == "gru":
            args.append(Const(_blocked(b[:, 1, 2 * hidden :, None], 1, width).reshape(-1)))
        args += [In(i) for i, on in ((4, bool(lengths)), (5, states[0]), (6, states[1])) if on]
        args += [Out(k) for k in range(len(call.outputs))]
        args += [Scratch(gates_bytes), *map(Int, (t, batch, hidden, d, int(backwards[0])))]
        args += [Float(v) for v, on in zip(bounds, clips, strict=True) if on]
        own = d * groups * (2 if call.op == "lstm" else 1) * rows * padded * 4
        walk = Emitted(f, (*args, *unit_range(d * groups)), units=d * groups)
        why = f"inputs of all steps in one product, then {rows} sequence{'s' if rows > 1 else ''} x {width} hidden units at a time"
        return Emitted(
            product, (In(0), Const(pack(isa, columns, first)), Scratch(), *map(Int, numbers), *part), gates_bytes + own, why, parts_of, (walk,)
        )


def _const(operand: Operand | None) -> np.ndarray:
    assert operand is not None and operand.const is not None
    return operand.const.astype(np.float32)
