"""lstm, gru and rnn: one step after another, the gates of a step as rows of weights scaled and added.

Weights are transposed to [inputs, gates] so that the inner loop runs over adjacent gates: at compile time when they are
constant, else into scratch memory when the call begins. State and gates are kept in the type of arithmetic.
"""

from __future__ import annotations

import numpy as np

from pith.graph import DType
from pith.kernels.base import Arg, Call, Const, Emitted, Float, In, Int, Kernel, Out, Scratch, kernel
from pith.kernels.ctext import c_function, c_helper
from pith.ops.base import OPS
from pith.ops.recurrent import Activation, Recurrent, activations, directions
from pith.vector.cexpr import digest, literal
from pith.vector.cfunction import CFunction

_DENSE = r"""
static void $name(const $A *restrict x, const $A *restrict w, $A *restrict y, int32_t inputs, int32_t gates,
    int32_t stride) {
  int32_t k = 0;
  for (; k + 4 <= inputs; k += 4) {
    const $A *w0 = w + k * stride, *w1 = w0 + stride, *w2 = w1 + stride, *w3 = w2 + stride;
    const $A x0 = x[k], x1 = x[k + 1], x2 = x[k + 2], x3 = x[k + 3];
    for (int32_t j = 0; j < gates; ++j) y[j] += (x0 * w0[j] + x1 * w1[j]) + (x2 * w2[j] + x3 * w3[j]);
  }
  for (; k < inputs; ++k) {
    for (int32_t j = 0; j < gates; ++j) y[j] += x[k] * w[k * stride + j];
  }
}
"""

# s: scratch. Per direction the packed weights are w [I, G*H], r [H, G*H], b [2, G*H] (input and recurrent bias).
_MAIN = r"""
static void $name(const $T *x$PARAMS, $T *y$STATES, $A *s, int32_t steps, int32_t batch, int32_t inputs,
    int32_t hidden$CLIP) {
  const int32_t gates = $G * hidden, area = (inputs + hidden + 2) * gates;
  $A *h = s, *c = h + hidden, *g = c + hidden, *v = g + gates, *u = v + inputs;
  (void)u;
$PACK
  for (int32_t d = 0; d < $D; ++d) {
    const $A *w = packed + d * area, *r = w + inputs * gates, *b = r + hidden * gates;
    for (int32_t n = 0; n < batch; ++n) {
      const int32_t at = (d * batch + n) * hidden;
      for (int32_t j = 0; j < hidden; ++j) {
        h[j] = $H0;
        c[j] = $C0;
      }
$LENGTH
      for (int32_t i = 0; i < steps; ++i) {
        if (i >= length) {
          for (int32_t j = 0; j < hidden; ++j) y[((i * $D + d) * batch + n) * hidden + j] = 0;
          continue;
        }
        const int32_t t = $TIME;
        for (int32_t k = 0; k < inputs; ++k) v[k] = LD(x[(t * batch + n) * inputs + k]);
$STEP
        for (int32_t j = 0; j < hidden; ++j) {
          ST(y[((t * $D + d) * batch + n) * hidden + j], h[j]);
        }
      }
$LAST
    }
  }
}
"""

_PACK = r"""  $A *packed = u + hidden;
  for (int32_t d = 0; d < $D; ++d) {
    $A *w = packed + d * area, *r = w + inputs * gates, *b = r + hidden * gates;
    for (int32_t j = 0; j < gates; ++j) {
      for (int32_t k = 0; k < inputs; ++k) w[k * gates + j] = LD(wi[(d * gates + j) * inputs + k]);
      for (int32_t k = 0; k < hidden; ++k) r[k * gates + j] = LD(ri[(d * gates + j) * hidden + k]);
      b[j] = $BW;
      b[gates + j] = $BR;
    }
  }
"""

_LSTM = r"""        for (int32_t j = 0; j < gates; ++j) g[j] = b[j] + b[gates + j];
        $DENSE(v, w, g, inputs, gates, gates);
        $DENSE(h, r, g, hidden, gates, gates);
        for (int32_t j = 0; j < hidden; ++j) {
          const $A in = $F0(CLIPPED(g[j]$PI));
          const $A forget = $FORGET;
          const $A next = $NEXT;
          const $A out = $F0(CLIPPED(g[hidden + j]$PO));
          c[j] = next;
          h[j] = out * $F2(next);
        }"""
_RNN = r"""        for (int32_t j = 0; j < gates; ++j) g[j] = b[j] + b[gates + j];
        $DENSE(v, w, g, inputs, gates, gates);
        $DENSE(h, r, g, hidden, gates, gates);
        for (int32_t j = 0; j < hidden; ++j) h[j] = $F0(CLIPPED(g[j]));"""
_GRU = r"""        for (int32_t j = 0; j < gates; ++j) g[j] = b[j] + (j < 2 * hidden ? b[gates + j] : 0);
        $DENSE(v, w, g, inputs, gates, gates);
        $DENSE(h, r, g, hidden, 2 * hidden, gates);
        for (int32_t j = 0; j < hidden; ++j) {
          g[j] = $F0(CLIPPED(g[j]));
          g[hidden + j] = $F0(CLIPPED(g[hidden + j]));
          u[j] = b[gates + 2 * hidden + j];
          c[j] = g[hidden + j] * h[j];
        }
        $DENSE($FROM, r + 2 * hidden, u, hidden, hidden, gates);
        for (int32_t j = 0; j < hidden; ++j) {
          const $A new = $F1(CLIPPED(g[2 * hidden + j] + $RESET));
          h[j] = (1 - g[j]) * new + g[j] * h[j];
        }"""


def _clip(text: str, clip: bool) -> str:
    """`CLIPPED(e)` replaced by `e`, or by a call that clamps it."""
    return text.replace("CLIPPED(", "pith_clip_$S(clip, " if clip else "(")


def activation_function(f: Activation, dtype: DType) -> tuple[str, str]:
    """Name and text of the C function of an activation."""
    t, s = dtype.c, dtype.short
    a, b = literal(f.alpha, dtype), literal(f.beta, dtype)
    zero = literal(0.0, dtype)
    body = {
        "relu": f"x > {zero} ? x : {zero}", "tanh": f"FN(tanh, {s})(x)", "sigmoid": f"FN(sigmoid, {s})(x)",
        "softsign": "x / (1 + (x < 0 ? -x : x))", "softplus": f"FN(softplus, {s})(x)", "affine": f"{a} * x + {b}",
        "leakyrelu": f"x < 0 ? {a} * x : x", "thresholdedrelu": f"x > {a} ? x : {zero}",
        "scaledtanh": f"{a} * FN(tanh, {s})({b} * x)",
        "hardsigmoid": f"{a} * x + {b} > 1 ? 1 : ({a} * x + {b} > 0 ? {a} * x + {b} : {zero})",
        "elu": f"x < 0 ? {a} * FN(expm1, {s})(x) : x",
    }[f.name]  # fmt: skip
    name = f"pith_activation_{f.name}_{s}" + ("" if f.alpha == f.beta == 0 else f"_{digest(a + b)}")
    return name, f"static inline {t} {name}({t} x) {{\n  return {body};\n}}\n"


@kernel("rnn", "steps")
@kernel("gru", "steps")
@kernel("lstm", "steps")
class RecurrentSteps(Kernel):
    """All directions, activations, lengths, initial states and peepholes."""

    def applies(self, call: Call) -> bool:
        return call.input(0).type.dtype.is_float

    def uses(self, call: Call) -> set[int] | None:
        if not self.packed(call):
            return None
        return {i for i, v in enumerate(call.inputs) if v is not None and i not in (1, 2, 3)}

    def packed(self, call: Call) -> bool:
        """Whether weights and bias are known at compile time."""
        return all(i >= len(call.inputs) or (v := call.inputs[i]) is None or v.const is not None for i in (1, 2, 3))

    def emit(self, call: Call) -> Emitted:
        op = OPS[call.op]
        assert isinstance(op, Recurrent)
        dtype = call.input(0).type.dtype
        a = dtype.compute
        backwards = directions(call.attrs)
        steps, batch, inputs = call.input(0).shape
        hidden = call.input(2).shape[-1]
        gates, d = op.gates * hidden, len(backwards)
        given = list(call.inputs) + [None] * (8 - len(call.inputs))
        clip = float(call.attrs.get("clip") or 0.0) > 0

        functions: list[CFunction] = []
        marks = {"G": str(op.gates), "D": str(d), "S": a.short}
        parallel = list(zip(*activations(call.attrs, op.default), strict=True))
        for k, kinds in enumerate(parallel):
            made = [c_helper(*activation_function(f, a), {"": a}) for f in kinds]
            functions += made
            names = [f.name for f in made]
            marks[f"F{k}"] = f"(d == 0 ? {names[0]} : {names[-1]})" if len(set(names)) > 1 else names[0]
        dense = c_helper(f"pith_dense_{a.short}", _DENSE, {"": a})
        functions.append(dense)
        if clip:
            text = f"static inline {a.c} pith_clip_{a.short}({a.c} clip, {a.c} x) {{\n"
            text += "  return x > clip ? clip : x < -clip ? -clip : x;\n}\n"
            functions.append(CFunction(f"pith_clip_{a.short}", text))
        marks |= {"DENSE": dense.name, "CLIP": f", {a.c} clip" if clip else ""}
        marks |= self.cell(call, given, clip)

        params, args = self.operands(call, given)
        marks["PARAMS"] = "".join(f", const {t} *{n}" for n, t in params)
        marks |= {"H0": "LD(h0[at + j])" if given[5] else "0", "C0": "LD(c0[at + j])" if given[6] else "0"}
        finals = [("yh", "h"), ("yc", "c")][: len(call.outputs) - 1]
        marks["STATES"] = "".join(f", $T *{to}" for to, _ in finals)
        marks["LAST"] = "\n".join(f"      for (int32_t j = 0; j < hidden; ++j) ST({to}[at + j], {v}[j]);" for to, v in finals)
        lengths = "lens[n] < 0 ? 0 : lens[n] > steps ? steps : (int32_t)lens[n]" if given[4] else "steps"
        marks["LENGTH"] = f"      const int32_t length = {lengths};"
        marks["TIME"] = "d == 0 ? i : length - 1 - i" if d == 2 else "length - 1 - i" if backwards[0] else "i"
        marks["PACK"] = ""
        if not self.packed(call):
            marks["PACK"] = _PACK
            marks["BW"] = "LD(bi[d * 2 * gates + j])" if given[3] else "0"
            marks["BR"] = "LD(bi[(d * 2 + 1) * gates + j])" if given[3] else "0"
        variant = digest(repr(sorted(marks.items())))
        function = c_function(call, f"steps_{variant}", _MAIN, {"": dtype}, marks, tuple(functions))
        size = 2 * hidden + gates + inputs + hidden
        size += 0 if self.packed(call) else d * (inputs + hidden + 2) * gates
        args += [Out(k) for k in range(len(call.outputs))] + [Scratch()]
        args += [Int(v) for v in (steps, batch, inputs, hidden)]
        args += [Float(float(call.attrs["clip"]))] if clip else []
        return Emitted(function, tuple(args), scratch=size * a.itemsize, why="steps in order")

    def cell(self, call: Call, given: list, clip: bool) -> dict[str, str]:  # type: ignore[type-arg]
        """The texts of one step."""
        if call.op == "rnn":
            return {"STEP": _clip(_RNN, clip)}
        if call.op == "gru":
            linear = bool(call.attrs.get("linear_before_reset", False))
            marks = {"FROM": "h" if linear else "c", "RESET": "g[hidden + j] * u[j]" if linear else "u[j]"}
            return {"STEP": _clip(_GRU, clip), **marks}
        peep = given[7] is not None
        marks = {
            "PI": " + LD(p[d * 3 * hidden + j]) * c[j]" if peep else "",
            "PO": " + LD(p[(d * 3 + 1) * hidden + j]) * next" if peep else "",
        }
        cell = " + LD(p[(d * 3 + 2) * hidden + j]) * c[j]" if peep else ""
        step = _LSTM.replace("$NEXT", "forget * c[j] + in * $F1(CLIPPED(g[3 * hidden + j]))")
        if bound := float(call.attrs.get("cell_clip") or 0.0):
            a = call.input(0).type.dtype.compute
            high, low = literal(bound, a), literal(-bound, a)
            step = step.replace("const $A next =", "const $A sum =").replace(
                "          const $A out", f"          const $A next = sum > {high} ? {high} : sum < {low} ? {low} : sum;\n          const $A out"
            )
        marks["FORGET"] = "1 - in" if call.attrs.get("input_forget", False) else f"$F0(CLIPPED(g[2 * hidden + j]{cell}))"
        return {"STEP": _clip(step.replace("$FORGET", marks.pop("FORGET")), clip), **marks}

    def operands(self, call: Call, given: list) -> tuple[list[tuple[str, str]], list[Arg]]:  # type: ignore[type-arg]
        """Parameters after x (name, C type) and all arguments up to the outputs."""
        dtype = call.input(0).type.dtype
        params: list[tuple[str, str]] = []
        args: list[Arg] = [In(0)]
        if self.packed(call):
            params.append(("packed", dtype.compute.c))
            args.append(Const(pack(given, dtype)))
        for k, n in enumerate(("x", "wi", "ri", "bi", "lens", "h0", "c0", "p")):
            if k == 0 or given[k] is None or (k in (1, 2, 3) and self.packed(call)):
                continue
            params.append((n, given[k].type.dtype.c))
            args.append(In(k))
        return params, args


def pack(given: list, dtype: DType) -> np.ndarray:  # type: ignore[type-arg]
    """Constant weights as [direction, inputs + hidden + 2, gates] in the type of arithmetic."""
    w, r = (given[i].const.astype(dtype.compute.np) for i in (1, 2))
    d, gates, _ = w.shape
    b = np.zeros((d, 2 * gates), dtype.compute.np) if given[3] is None else given[3].const.astype(dtype.compute.np)
    parts = [w.transpose(0, 2, 1), r.transpose(0, 2, 1), b.reshape(d, 2, gates)]
    return np.ascontiguousarray(np.concatenate(parts, axis=1))
