"""A Graph as a standard ONNX model.

For graphs as importers and the front half of the passes leave them (channels first, nothing fused), quantised or not. All
nodes that have no ONNX form are named in one error.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from pith.graph import DType, Graph, ModelError, Node, UnsupportedError

OPSET = 21
_IR = 10
_ELEMENT = {
    DType.F32: TensorProto.FLOAT, DType.F64: TensorProto.DOUBLE, DType.F16: TensorProto.FLOAT16, DType.BF16: TensorProto.BFLOAT16,
    DType.I8: TensorProto.INT8, DType.U8: TensorProto.UINT8, DType.I16: TensorProto.INT16, DType.U16: TensorProto.UINT16,
    DType.I32: TensorProto.INT32, DType.U32: TensorProto.UINT32, DType.I64: TensorProto.INT64, DType.U64: TensorProto.UINT64,
    DType.BOOL: TensorProto.BOOL,
}  # fmt: skip
# operators that differ in their name only
_PLAIN = {
    "abs": "Abs", "acos": "Acos", "acosh": "Acosh", "add": "Add", "and": "And", "asin": "Asin", "asinh": "Asinh", "atan": "Atan",
    "atanh": "Atanh", "ceil": "Ceil", "cos": "Cos", "cosh": "Cosh", "div": "Div", "equal": "Equal", "erf": "Erf", "exp": "Exp",
    "floor": "Floor", "greater": "Greater", "greater_or_equal": "GreaterOrEqual", "hard_swish": "HardSwish", "less": "Less",
    "less_or_equal": "LessOrEqual", "log": "Log", "max": "Max", "min": "Min", "mish": "Mish", "mul": "Mul", "neg": "Neg",
    "not": "Not", "or": "Or", "pow": "Pow", "prelu": "PRelu", "reciprocal": "Reciprocal", "relu": "Relu", "sigmoid": "Sigmoid",
    "sign": "Sign", "sin": "Sin", "sinh": "Sinh", "softplus": "Softplus", "softsign": "Softsign", "sqrt": "Sqrt", "sub": "Sub",
    "tan": "Tan", "tanh": "Tanh", "where": "Where", "xor": "Xor", "round": "Round",
}  # fmt: skip
# operators whose attributes have ONNX's names and meaning too
_WITH_ATTRS = {
    "celu": ("Celu", ("alpha",)), "elu": ("Elu", ("alpha",)), "gelu": ("Gelu", ("approximate",)),
    "hard_sigmoid": ("HardSigmoid", ("alpha", "beta")), "leaky_relu": ("LeakyRelu", ("alpha",)),
    "thresholded_relu": ("ThresholdedRelu", ("alpha",)), "softmax": ("Softmax", ("axis",)), "log_softmax": ("LogSoftmax", ("axis",)),
    "concat": ("Concat", ("axis",)), "gather": ("Gather", ("axis",)), "transpose": ("Transpose", ("perm",)),
    "instance_norm": ("InstanceNormalization", ("epsilon",)), "lp_normalization": ("LpNormalization", ("axis", "p")),
}  # fmt: skip
_REDUCE = {
    "sum": "ReduceSum", "mean": "ReduceMean", "max": "ReduceMax", "min": "ReduceMin", "prod": "ReduceProd", "l1": "ReduceL1",
    "l2": "ReduceL2", "log_sum": "ReduceLogSum", "log_sum_exp": "ReduceLogSumExp", "sum_square": "ReduceSumSquare",
}  # fmt: skip
Form = Callable[["_Writer", Node], None]
_FORMS: dict[str, Form] = {}


def form(*ops: str) -> Callable[[Form], Form]:
    """Register how an operator is written."""

    def add(f: Form) -> Form:
        _FORMS.update(dict.fromkeys(ops, f))
        return f

    return add


class _Refused(Exception):
    """The node has no ONNX form; the text says why."""


class _Writer:
    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.nodes: list[onnx.NodeProto] = []
        self.constants: dict[str, onnx.TensorProto] = {}
        self.names = set(graph.types)
        self.labels: set[str] = set()
        self.makers = graph.producers()
        self.apart: dict[str, str] = {}  # values that layers in floats read, as they read them

    def fresh(self, hint: str) -> str:
        name, k = hint, 0
        while name in self.names:
            k += 1
            name = f"{hint}.{k}"
        self.names.add(name)
        return name

    def label(self, node: Node) -> str:
        """A node name that no other node has."""
        name, k = node.name or node.outputs[0], 1
        while name in self.labels:
            k += 1
            name = f"{node.name or node.outputs[0]}#{k}"
        self.labels.add(name)
        return name

    def put(self, op: str, node: Node, inputs: list[str], outputs: list[str] | None = None, **attrs: Any) -> str:
        """Append an ONNX node; returns its first output (a fresh one for outputs=[])."""
        made = node.outputs if outputs is None else outputs or [self.fresh(f"{node.outputs[0]}.part")]
        while inputs and not inputs[-1]:
            inputs = inputs[:-1]
        self.nodes.append(helper.make_node(op, inputs, made, name=self.label(node), **attrs))
        return made[0]

    def ints(self, values: Any, hint: str) -> str:
        return self.array(np.asarray(tuple(values), np.int64), hint)

    def array(self, a: np.ndarray, hint: str) -> str:
        name = self.fresh(hint)
        self.constants[name] = numpy_helper.from_array(np.ascontiguousarray(a).reshape(a.shape), name)
        return name

    def rank(self, v: str) -> int:
        return len(self.graph.types[v].shape)

    def kept_in_floats(self, node: Node) -> list[str]:
        """The inputs of a layer as it reads them.

        A layer that has weights in floats and its input on a grid was left in floats on purpose. ONNX Runtime would round such weights,
        with one scale for all channels (its WeightBiasQuantization), but for a layer whose input has a vector of scales: so the scale is
        written once a channel, which changes no number.
        """
        x, made = node.inputs[0], self.makers.get(node.inputs[0])
        weights = self.graph.constants.get(node.inputs[1])
        if made is None or made.op != "dequantize_linear" or weights is None or not np.issubdtype(weights.dtype, np.floating):
            return node.inputs
        if any(v not in self.graph.constants or self.graph.constants[v].size != 1 for v in made.inputs[1:]) or self.graph.types[x].shape[1] < 2:
            return node.inputs
        if x not in self.apart:
            self.apart[x] = self.fresh(f"{x}.apart")
            scale, *zero = (np.full(self.graph.types[x].shape[1], self.graph.constants[v].reshape(())) for v in made.inputs[1:])
            zero = zero or [np.zeros(scale.size, self.graph.types[made.inputs[0]].dtype.np)]
            parts = [self.array(a, f"{self.apart[x]}.{what}") for a, what in ((scale, "scale"), (zero[0], "zero"))]
            self.put("DequantizeLinear", made, [made.inputs[0], *parts], [self.apart[x]], axis=1)
        return [self.apart[x], *node.inputs[1:]]

    def write(self, node: Node) -> None:
        if node.attrs.get("epilogue") is not None or node.attrs.get("layout") == "channels_last":
            raise _Refused("it is of a later stage of the compiler (a fused operator, or channels last)")
        if node.op in _PLAIN:
            self.put(_PLAIN[node.op], node, node.inputs)
        elif node.op in _WITH_ATTRS:
            op, keys = _WITH_ATTRS[node.op]
            self.put(op, node, node.inputs, **{k: node.attrs[k] for k in keys})
        elif node.op in _FORMS:
            _FORMS[node.op](self, node)
        else:
            raise _Refused("it has no ONNX form here")


@form("conv")
def _conv(w: _Writer, n: Node) -> None:
    w.put("Conv", n, w.kept_in_floats(n), strides=n.attrs["strides"], pads=n.attrs["pads"], dilations=n.attrs["dilations"], group=n.attrs["group"])


@form("conv_transpose")
def _conv_transpose(w: _Writer, n: Node) -> None:
    a = n.attrs
    w.put("ConvTranspose", n, w.kept_in_floats(n), strides=a["strides"], pads=a["pads"], dilations=a["dilations"], group=a["group"],
          output_padding=a["output_padding"])  # fmt: skip


@form("matmul")
def _matmul(w: _Writer, n: Node) -> None:
    a, b, bias = (*n.inputs, "")[:3]
    trans_a, trans_b = bool(n.attrs.get("trans_a")), bool(n.attrs.get("trans_b"))
    if w.rank(a) == w.rank(b) == 2 and (bias or trans_a or trans_b):
        w.put("Gemm", n, [*w.kept_in_floats(n)[:2], bias], transA=int(trans_a), transB=int(trans_b))
        return
    for flag, k in ((trans_a, 0), (trans_b, 1)):
        if flag:
            v = (a, b)[k]
            r = w.rank(v)
            turned = w.put("Transpose", n, [v], [], perm=[*range(r - 2), r - 1, r - 2])
            a, b = (turned, b) if k == 0 else (a, turned)
    if bias:
        w.put("Add", n, [w.put("MatMul", n, [a, b], []), bias])
    else:
        w.put("MatMul", n, [a, b])


@form("clip")
def _clip(w: _Writer, n: Node) -> None:
    dtype = w.graph.types[n.inputs[0]].dtype.np
    ends = ["" if n.attrs[k] is None else w.array(np.array(n.attrs[k], dtype), f"{n.outputs[0]}.{k}") for k in ("min", "max")]
    w.put("Clip", n, [n.inputs[0], *ends])


@form("selu")
def _selu(w: _Writer, n: Node) -> None:
    w.put("Selu", n, n.inputs, **{k: n.attrs[k] for k in ("alpha", "gamma") if k in n.attrs})


@form("swish")
def _swish(w: _Writer, n: Node) -> None:
    x, alpha = n.inputs[0], n.attrs["alpha"]
    inner = x
    if alpha != 1:
        inner = w.put("Mul", n, [x, w.array(np.array(alpha, w.graph.types[x].dtype.np), "alpha")], [])
    w.put("Mul", n, [x, w.put("Sigmoid", n, [inner], [])])


@form("max_pool", "average_pool")
def _pool(w: _Writer, n: Node) -> None:
    a = n.attrs
    kernel, half = a["kernel_shape"], len(a["kernel_shape"])
    pads = a.get("pads") or (0,) * (2 * half)
    extra: dict[str, Any] = {}
    if n.op == "average_pool":
        ceil = a.get("ceil_pads") or (0,) * half
        pads = (*pads[:half], *(p - c for p, c in zip(pads[half:], ceil, strict=True)))
        extra = {"count_include_pad": int(bool(a.get("count_include_pad", False))), "ceil_mode": int(any(ceil))}
    elif a.get("storage_order"):
        extra = {"storage_order": a["storage_order"]}
    dilations = a.get("dilations") or (1,) * half
    if any(d != 1 for d in dilations):  # else left out: the integer pool that ONNX Runtime makes of this one does not know the attribute
        extra["dilations"] = dilations
    w.put("MaxPool" if n.op == "max_pool" else "AveragePool", n, n.inputs, kernel_shape=kernel, pads=pads, strides=a.get("strides") or (1,) * half, **extra)


@form("reduce")
def _reduce(w: _Writer, n: Node) -> None:
    if not n.attrs["axes"]:  # none means all in ONNX, unless told otherwise
        raise _Refused("it reduces over no axis")
    axes = w.ints(n.attrs["axes"], f"{n.outputs[0]}.axes")
    w.put(_REDUCE[n.attrs["kind"]], n, [n.inputs[0], axes], keepdims=int(n.attrs["keepdims"]))


@form("arg_reduce")
def _arg_reduce(w: _Writer, n: Node) -> None:
    a = n.attrs
    w.put("ArgMax" if a["kind"] == "max" else "ArgMin", n, n.inputs, axis=a["axis"], keepdims=int(a["keepdims"]),
          select_last_index=int(a.get("select_last_index", False)))  # fmt: skip


@form("reshape")
def _reshape(w: _Writer, n: Node) -> None:
    w.put("Reshape", n, [n.inputs[0], w.ints(n.attrs["shape"], f"{n.outputs[0]}.shape")], allowzero=int(0 in n.attrs["shape"]))


@form("expand")
def _expand(w: _Writer, n: Node) -> None:
    w.put("Expand", n, [n.inputs[0], w.ints(n.attrs["shape"], f"{n.outputs[0]}.shape")])


@form("slice")
def _slice(w: _Writer, n: Node) -> None:
    a = n.attrs
    ends = [s + step * c for s, step, c in zip(a["starts"], a["steps"], a["shape"], strict=True)]
    ends = [e if e >= 0 else np.iinfo(np.int64).min for e in ends]  # backwards to the first element
    parts = [w.ints(v, f"{n.outputs[0]}.{k}") for k, v in (("starts", a["starts"]), ("ends", ends), ("axes", range(len(ends))), ("steps", a["steps"]))]
    w.put("Slice", n, [n.inputs[0], *parts])


@form("pad")
def _pad(w: _Writer, n: Node) -> None:
    value = w.array(np.array(n.attrs["value"] or 0, w.graph.types[n.inputs[0]].dtype.np), f"{n.outputs[0]}.value")
    constant = n.attrs["mode"] == "constant"
    w.put("Pad", n, [n.inputs[0], w.ints(n.attrs["pads"], f"{n.outputs[0]}.pads"), value if constant else ""], mode=n.attrs["mode"])


@form("resize")
def _resize(w: _Writer, n: Node) -> None:
    a = n.attrs
    if a.get("antialias") or a["coordinate_mode"] == "tf_crop_and_resize":
        raise _Refused("a resize with antialiasing or a region of interest")
    x = w.graph.types[n.inputs[0]].shape
    by_scale = tuple(int(np.floor(d * s)) for d, s in zip(x, a["scales"], strict=True)) == tuple(a["sizes"])
    scales = w.array(np.asarray(a["scales"], np.float32), f"{n.outputs[0]}.scales") if by_scale else ""
    sizes = "" if by_scale else w.ints(a["sizes"], f"{n.outputs[0]}.sizes")
    extra = {"nearest_mode": a["nearest_mode"]} if a["mode"] == "nearest" else {}
    if a["mode"] == "cubic":
        extra = {"cubic_coeff_a": a["cubic_coeff_a"], "exclude_outside": int(a["exclude_outside"])}
    w.put("Resize", n, [n.inputs[0], "", scales, sizes], mode=a["mode"], coordinate_transformation_mode=a["coordinate_mode"], **extra)


@form("layer_norm")
def _layer_norm(w: _Writer, n: Node) -> None:
    w.put("LayerNormalization", n, n.inputs, axis=n.attrs["axis"], epsilon=n.attrs["epsilon"])


@form("cast")
def _cast(w: _Writer, n: Node) -> None:
    if n.attrs["to"] not in _ELEMENT:
        raise _Refused(f"a cast to {n.attrs['to'].value}")
    w.put("Cast", n, n.inputs, to=_ELEMENT[n.attrs["to"]])


@form("quantize_linear", "dequantize_linear")
def _quantisation(w: _Writer, n: Node) -> None:
    """Scales and zero points that broadcast become a scalar, or a vector along an axis."""
    x = w.graph.types[n.inputs[0]].shape
    parts, axis = [], None
    for v in n.inputs[1:]:
        array = w.graph.constants.get(v)
        if array is None:
            raise _Refused("its scale or zero point is computed at run time")
        wide = array.reshape((1,) * (len(x) - array.ndim) + array.shape)
        long = [a for a, d in enumerate(wide.shape) if d != 1]
        if len(long) > 1:
            raise _Refused("its scales lie along several axes")
        axis = long[0] if long else axis
        parts.append(v if array.ndim == len(long) else w.array(array.reshape(-1) if long else array.reshape(()), v))
    extra: dict[str, Any] = {} if axis is None else {"axis": axis}
    if len(parts) < 2:  # for its type, which says what is made; and some passes of ONNX Runtime want one behind each vector of scales
        shape = w.graph.types[n.inputs[1]].size if axis is not None else ()
        made = n.attrs["dtype"] if n.op == "quantize_linear" else w.graph.types[n.inputs[0]].dtype
        parts.append(w.array(np.zeros(shape, made.np), f"{n.outputs[0]}.zero"))
    w.put("QuantizeLinear" if n.op == "quantize_linear" else "DequantizeLinear", n, [n.inputs[0], *parts], **extra)


def _value_info(graph: Graph, v: str) -> onnx.ValueInfoProto:
    t = graph.types[v]
    if t.dtype not in _ELEMENT:
        raise ModelError(f"a value of type {t.dtype.value} cannot be exported", where=v)
    return helper.make_tensor_value_info(v, _ELEMENT[t.dtype], t.shape)


def to_onnx(graph: Graph) -> onnx.ModelProto:
    """`graph` as an ONNX model (opset 21), with its metadata.

    Raises UnsupportedError, naming every node that has no ONNX form.
    """
    writer = _Writer(graph)
    refused = []
    for node in graph.nodes:
        try:
            writer.write(node)
        except _Refused as e:
            refused.append(f"{node.name or node.outputs[0]} ({node.op}): {e}")
    if refused:
        raise UnsupportedError(f"{len(refused)} nodes cannot be written as ONNX", where="; ".join(refused[:10]),
                               try_="export before the layout and fusion passes")  # fmt: skip
    used = {i for n in writer.nodes for i in n.input} | set(graph.outputs)
    writer.nodes = [n for n in writer.nodes if used & set(n.output)]  # a value that only `kept_in_floats` read
    used = {i for n in writer.nodes for i in n.input} | set(graph.outputs)
    constants = [numpy_helper.from_array(a, name) for name, a in graph.constants.items() if name in used]
    constants += [t for name, t in writer.constants.items() if name in used]
    inputs, outputs = ([_value_info(graph, v) for v in vs] for vs in (graph.inputs, graph.outputs))
    proto = helper.make_graph(writer.nodes, graph.name or "model", inputs, outputs, constants)
    model = helper.make_model(proto, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=_IR, producer_name="pith")
    helper.set_model_props(model, graph.metadata)
    return model
