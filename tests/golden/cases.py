"""For every kernel a small network that uses it: a case of the ONNX suite, or a graph built here."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from pith.api import Compilation, generate, stages
from pith.graph import DType, Expr, Graph, TensorType
from pith.graph.expr import arg, call, cast, clamp, const, select
from pith.importers.onnx import shape_inputs
from pith.kernels.base import DEFAULTS, Options
from pith.ops.base import add_node, load_all
from pith.ops.requantize import ACC, Requantize, clamped, fixed, limits, scaled
from pith.ops.requantize import build as requantize
from pith.targets.base import get_target
from tests.conformance.cases import load_cases
from tests.kernels.products import only

SUITE = {
    "arg_reduce/loops": "node/test_argmax_default_axis_example",
    "average_pool/unrolled": "node/test_averagepool_1d_default",
    "average_pool/window": "node/test_averagepool_2d_precomputed_pads",
    "batch_norm/channels": "node/test_batchnorm_epsilon",
    "bit_cast/bytes": "node/test_bitcast_2d_float32_to_int32",
    "conv/generic": "node/test_basic_conv_with_padding",
    "conv_transpose/generic": "node/test_col2im_5d",
    "cumulative/loops": "node/test_cumprod_1d",
    "deform_conv/columns": "node/test_basic_deform_conv_with_padding",
    "det/lu": "node/test_det_2d",
    "fused/map": "node/test_hardsigmoid",
    "fused/transpose": "node/test_transpose_all_permutations_1",
    "gather/loops": "node/test_gather_0",
    "gather_elements/loops": "node/test_gather_elements_0",
    "gather_nd/loops": "node/test_gathernd_example_float32",
    "grid_sample/points": "node/test_gridsample",
    "gru/steps": "node/test_gru_batchwise",
    "instance_norm/channels": "node/test_group_normalization_epsilon",
    "layer_norm/vector": "node/test_layer_normalization_2d_axis0",
    "log_softmax/rows": "node/test_logsoftmax_axis_2",
    "lp_normalization/loops": "node/test_l1normalization_axis_0",
    "lp_pool/window": "node/test_lppool_1d_default",
    "lrn/channels": "node/test_lrn",
    "lstm/steps": "node/test_lstm_batchwise",
    "matmul/batched": "node/test_matmul_3d",
    "matmul/generic": "node/test_matmulinteger",
    "max_pool/indices": "node/test_maxpool_with_argmax_2d_precomputed_pads",
    "max_pool/separable": "node/test_maxpool_2d_precomputed_pads",
    "max_pool/unrolled": "node/test_maxpool_1d_default",
    "max_pool/window": "node/test_maxpool_3d_default",
    "pad/border": "node/test_reflect_pad",
    "reduce/loops": "node/test_reduce_mean_keepdims_example",
    "resize/axes": "node/test_resize_downsample_scales_cubic",
    "resize/planes": "node/test_resize_downsample_scales_linear",
    "rms_norm/vector": "node/test_rms_normalization_2d_axis0",
    "rnn/steps": "node/test_rnn_seq_length",
    "roi_align/cells": "node/test_roialign_aligned_false",
    "scatter_elements/loops": "node/test_scatter_elements_with_axis",
    "scatter_nd/loops": "node/test_scatternd",
    "softmax/rows": "node/test_softmax_axis_0",
    "softmax/vector": "node/test_softmax_axis_2",
    "top_k/heap": "node/test_top_k",
}


def _graph(shape: tuple[int, ...], op: str, weights: tuple[int, ...], **attrs: object) -> Callable[[], Graph]:
    """One operator with constant weights and bias, clipped to [0, 6]."""

    def build() -> Graph:
        load_all()
        g = Graph("golden", inputs=["x"], types={"x": TensorType(DType.F32, shape)})
        outputs = weights[0] if op == "conv" else weights[1]
        w, b = g.add_constant(np.full(weights, 2, np.float32)), g.add_constant(np.zeros(outputs, np.float32))
        g.outputs = [add_node(g, op, ["x", w, b], {**attrs, "epilogue": clamp(arg(0, DType.F32), 0.0, 6.0)})]
        return g

    return build


def _max_roi_pool() -> Graph:
    load_all()
    g = Graph(
        "golden",
        inputs=["x", "rois"],
        types={"x": TensorType(DType.F32, (1, 2, 8, 8)), "rois": TensorType(DType.F32, (3, 5))},
    )
    g.outputs = [add_node(g, "max_roi_pool", ["x", "rois"], {"pooled_shape": (2, 2), "spatial_scale": 1.0})]
    return g


def _inverted_residual() -> Graph:
    """1x1, depthwise 3x3, 1x1 and the sum with the input; what lies between is too wide for the cache."""
    load_all()
    shape, clip = (1, 56, 56, 16), {"epilogue": clamp(arg(0, DType.F32), 0.0, 6.0)}
    g = Graph("golden", inputs=["x"], types={"x": TensorType(DType.F32, shape)})
    weights = [g.add_constant(np.ones(s, np.float32)) for s in ((48, 16, 1, 1), (48, 1, 3, 3), (16, 48, 1, 1))]
    plain: dict[str, object] = {**_CONV, "pads": (0, 0, 0, 0), "group": 1}
    stages = ({**plain, **clip}, {**_CONV, **clip, "group": 48}, {**plain, "epilogue": arg(0, DType.F32) + arg(1, DType.F32)})
    inputs = ["x", weights[0], "", weights[1], "", weights[2], "", "x"]
    g.outputs = [add_node(g, "conv_chain", inputs, {"stages": stages, "counts": (2, 2, 3)})]
    return g


def _norm(op: str) -> Callable[[], Graph]:
    """Three rows of four, with a scale, and a bias where the operator has one."""

    def build() -> Graph:
        load_all()
        g = Graph("golden", inputs=["x"], types={"x": TensorType(DType.F32, (3, 4))})
        more = [g.add_constant(np.ones(4, np.float32)) for _ in range(2 if op == "layer_norm" else 1)]
        g.outputs = [add_node(g, op, ["x", *more], {"axis": 1, "epsilon": 0.5})]
        g.nodes[-1].outputs = g.outputs
        return g

    return build


def _recurrent(op: str, gates: int) -> Callable[[], Graph]:
    """Four steps of a batch of three, 20 hidden units in both directions."""

    def build() -> Graph:
        load_all()
        g = Graph("golden", inputs=["x"], types={"x": TensorType(DType.F32, (4, 3, 5))})
        weights = [g.add_constant(np.ones((2, gates * 20, *more), np.float32)) for more in ((5,), (20,))]
        attrs = {"direction": "bidirectional", "linear_before_reset": True, "clip": 3.0}
        g.outputs = [add_node(g, op, ["x", *weights, g.add_constant(np.ones((2, 2 * gates * 20), np.float32))], attrs)]
        return g

    return build


def _attention() -> Graph:
    """20 queries over 13 keys, two heads of 7, a mask of the keys."""
    load_all()
    shapes = {"q": (2, 20, 7), "k": (2, 13, 7), "v": (2, 13, 7), "m": (1, 13)}
    g = Graph("golden", inputs=[*shapes], types={n: TensorType(DType.F32, s) for n, s in shapes.items()})
    g.outputs = [add_node(g, "attention", [*shapes], {"scale": 0.5, "perm": (1, 0, 2)})]
    return g


def _integers(
    op: str, shape: tuple[int, ...], right: tuple[int, ...], *, fixed: bool = True, limit: int = 127, dtype: DType = DType.U8, **attrs: Any
) -> Callable[[], Graph]:
    """A product of integers [shape] and int8 [right], requantised to uint8 by one number."""

    def build() -> Graph:
        g = Graph("golden", inputs=["x"], types={"x": TensorType(dtype, shape)})
        if fixed:
            g.set_constant("w", np.random.default_rng(0).integers(-limit, limit + 1, right).astype(np.int8))
        else:
            g.inputs.append("w")
            g.types["w"] = TensorType(DType.I8, right)
        end = requantize(Requantize(const(0.01, DType.F32), limits(DType.U8, 3), acc=attrs.get("acc", DType.I32)))
        g.outputs = [add_node(g, op, ["x", "w"], {**attrs, "epilogue": end})]
        return g

    return build


def _ones() -> Graph:
    """The sums of windows of 2x3."""
    g = Graph("golden", inputs=["x"], types={"x": TensorType(DType.U8, (1, 6, 6, 40))})
    g.set_constant("w", np.ones((40, 1, 2, 3), np.int8))
    attrs = {**_CONV, "pads": (0,) * 4, "strides": (2, 3), "group": 40, "zero": 7}
    g.outputs = [add_node(g, "conv_integer", ["x", "w"], attrs)]
    return g


def _mean() -> Graph:
    """The means of windows of 2x3, halves away from zero."""
    g = Graph("golden", inputs=["x"], types={"x": TensorType(DType.I8, (1, 6, 6, 20))})
    g.set_constant("w", np.ones((20, 1, 2, 3), np.int8))
    mean = call("div", select(call("gt", ACC, 0), ACC + 3, ACC - 3), 6)
    attrs = {**_CONV, "pads": (0,) * 4, "strides": (2, 3), "group": 20, "zero": 0, "epilogue": cast(call("min", call("max", mean, -128), 127), DType.I8)}
    g.outputs = [add_node(g, "conv_integer", ["x", "w"], attrs)]
    return g


def _largest_bytes() -> Graph:
    """Windows of 3x3 with a border."""
    g = Graph("golden", inputs=["x"], types={"x": TensorType(DType.I8, (1, 7, 7, 20))})
    attrs = {"kernel_shape": (3, 3), "strides": (2, 2), "pads": (1,) * 4, "dilations": (1, 1), "layout": "channels_last"}
    g.outputs = [add_node(g, "max_pool", ["x"], attrs, outputs=["y"])]
    return g


def _bytes() -> Graph:
    """A gate for each channel, and a sum with another picture, both rounded to 8 bits."""
    types = {"x": TensorType(DType.U8, (1, 3, 5, 24)), "gate": TensorType(DType.F32, (1, 1, 1, 24)), "other": TensorType(DType.I8, (1, 3, 5, 24))}
    g = Graph("golden", inputs=[*types], types=types)
    gated = clamped(scaled(arg(0, DType.U8), 7, arg(1, DType.F32)), limits(DType.U8, 9))
    expr = clamped(scaled(gated, 9, 0.5) + scaled(arg(2, DType.I8), 0, 0.25), limits(DType.U8, 3))
    g.outputs = [add_node(g, "fused", ["x", "gate", "other"], {"expr": expr, "dtype": DType.U8})]
    return g


def _quantise() -> Graph:
    """Numbers rounded to 8 bits."""
    g = Graph("golden", inputs=["x"], types={"x": TensorType(DType.F32, (1, 3, 5, 24))})
    expr = Expr("sat_cast", DType.U8, (call("rint", arg(0, DType.F32) / 0.25) + Expr("cast", DType.F32, (const(9, DType.U8),)),))
    g.outputs = [add_node(g, "fused", ["x"], {"expr": expr, "dtype": DType.U8})]
    return g


def _fixed(op: str, shape: tuple[int, ...], right: tuple[int, ...], **attrs: object) -> Callable[[], Graph]:
    """A product of int8 [shape] and int8 [right], requantised by one fixed-point number."""

    def build() -> Graph:
        g = Graph("golden", inputs=["x"], types={"x": TensorType(DType.I8, shape)})
        g.set_constant("w", np.random.default_rng(0).integers(-127, 128, right).astype(np.int8))
        g.outputs = [add_node(g, op, ["x", "w"], {**attrs, "epilogue": fixed(ACC, 1500000000, -8, -128, (-128, 127), DType.I8)})]
        return g

    return build


def _softmax_fixed() -> Graph:
    """Rows of ten numbers."""
    g = Graph("golden", inputs=["x"], types={"x": TensorType(DType.I8, (3, 10))})
    g.set_constant("t", np.maximum(2**31 - 1 - np.arange(256) * 2**23, 0).astype(np.int32))
    g.outputs = [add_node(g, "softmax_fixed", ["x", "t"], {})]
    return g


def _lstm_integer() -> Graph:
    """Two sequences of three steps, five numbers to four units."""
    g = Graph("golden", inputs=["x"], types={"x": TensorType(DType.I8, (2, 3, 5))})
    r = np.random.default_rng(0)
    for name, columns in (("w", 5), ("r", 4)):
        g.set_constant(name, r.integers(-127, 128, (16, columns)).astype(np.int8))
    g.set_constant("b", r.integers(-900, 900, (2, 16)).astype(np.int32))
    attrs = {"factors": ((1500000000, 2),) * 8, "hidden": (1100000000, -22, 4), "point": 11, "cell_clip": 0, "time_major": False}
    g.outputs = [add_node(g, "lstm_integer", ["x", "w", "r", "b"], attrs)]
    return g


def _softmax_integer() -> Graph:
    """Rows of ten numbers."""
    g = Graph("golden", inputs=["x"], types={"x": TensorType(DType.U8, (3, 10))})
    g.set_constant("t", np.arange(256, 0, -1).astype(np.int32))
    g.outputs = [add_node(g, "softmax_integer", ["x", "t"], {"multiplier": 255.0, "zero": 0, "dtype": DType.U8})]
    return g


def _layer_norm_integer() -> Graph:
    """Rows of ten numbers."""
    g = Graph("golden", inputs=["x"], types={"x": TensorType(DType.I8, (3, 10))})
    for name in ("scale", "bias"):
        g.set_constant(name, np.full(10, 20, np.float32))
    g.outputs = [add_node(g, "layer_norm_integer", ["x", "scale", "bias"], {"epsilon": 1.0, "zero": 7, "dtype": DType.U8})]
    return g


def _lookup() -> Graph:
    g = Graph("golden", inputs=["x"], types={"x": TensorType(DType.U8, (3, 700))})
    g.set_constant("t", np.random.default_rng(0).permutation(256).astype(np.uint8))
    g.outputs = [add_node(g, "lookup", ["x", "t"], {})]
    return g


_CONV = {"strides": (1, 1), "pads": (1, 1, 1, 1), "dilations": (1, 1), "layout": "channels_last"}
BUILT: dict[str, Callable[[], Graph]] = {
    "attention/lanes": _attention,
    **{f"{op}/lanes": _recurrent(op, gates) for op, gates in (("gru", 3), ("lstm", 4), ("rnn", 1))},
    "layer_norm/rows": _norm("layer_norm"),
    "rms_norm/rows": _norm("rms_norm"),
    "max_roi_pool/cells": _max_roi_pool,
    "matmul/gemm": _graph((5, 24), "matmul", (24, 40)),
    "conv/pointwise": _graph((1, 5, 5, 16), "conv", (24, 16, 1, 1), **{**_CONV, "pads": (0, 0, 0, 0)}, group=1),
    "conv/direct": _graph((1, 5, 5, 16), "conv", (24, 16, 3, 3), **_CONV, group=1),
    **{f"conv/{k}": _graph((1, 5, 5, 16), "conv", (24, 16, 3, 3), **_CONV, group=1) for k in ("amx_bf16", "amx_bf16_window")},
    "matmul/amx_bf16": _graph((70, 36), "matmul", (36, 40)),
    "conv/depthwise": _graph((1, 9, 9, 16), "conv", (16, 1, 3, 3), **_CONV, group=16),
    **{f"conv/winograd{m}": _graph((1, 9, 9, 16), "conv", (24, 16, 3, 3), **_CONV, group=1) for m in (2, 4, 6)},
    "conv_chain/strip": _inverted_residual,
    "lstm_integer/steps": _lstm_integer,
    "softmax_fixed/rows": _softmax_fixed,
    "softmax_integer/rows": _softmax_integer,
    "layer_norm_integer/rows": _layer_norm_integer,
    "lookup/table": _lookup,
    "conv_integer/ones": _ones,
    "conv_integer/ones_mve": _mean,
    "max_pool/mve": _largest_bytes,
    "fused/bytes": _bytes,
    "fused/quantise": _quantise,
    "lookup/vectors": _lookup,
    **{
        f"conv_integer/{k}": _integers("conv_integer", (1, 5, 5, 16), (24, 16, 3, 3), **_CONV, group=1, zero=7)
        for k in ("amx", "amx_window", "chunks", "dot", "generic", "words", "split", "winograd2", "winograd4")
    },
    "conv_integer/pairs": _integers("conv_integer", (1, 5, 5, 16), (24, 16, 3, 3), limit=63, **_CONV, group=1, zero=7, range=(0, 127)),
    "conv_integer/depthwise": _integers("conv_integer", (1, 9, 9, 40), (40, 1, 3, 3), **_CONV, group=40, zero=7),
    "conv_integer/depthwise_flat": _integers("conv_integer", (1, 9, 9, 16), (16, 1, 3, 3), **_CONV, group=16, zero=7),
    "conv_integer/depthwise_words": _integers("conv_integer", (1, 9, 9, 40), (40, 1, 3, 3), **_CONV, group=40, zero=7),
    "conv_integer/depthwise_pairs": _integers(
        "conv_integer", (1, 9, 9, 40), (40, 1, 3, 3), limit=63, **_CONV, group=40, zero=0, range=(0, 127)
    ),
    **{f"matmul_integer/{k}": _integers("matmul_integer", (70, 36), (36, 40), zero_a=7) for k in ("amx", "chunks", "dot", "generic", "words", "split")},
    "matmul_integer/pairs": _integers("matmul_integer", (70, 36), (36, 40), limit=63, zero_a=7, range=(0, 127)),
    "conv_integer/shorts": _integers("conv_integer", (1, 5, 5, 16), (24, 16, 3, 3), **_CONV, group=1, zero=7, dtype=DType.U16),
    "matmul_integer/shorts": _integers("matmul_integer", (70, 36), (36, 40), zero_a=7, dtype=DType.I16, acc=DType.I64),
    "matmul_integer/batched": _integers("matmul_integer", (3, 7, 36), (3, 36, 40), fixed=False, zero_a=7, zero_b=3),
    **{f"conv_integer/{k}": _fixed("conv_integer", (1, 5, 5, 16), (6, 16, 3, 3), **_CONV, group=1, zero=-128) for k in ("dsp", "mve")},
    **{f"matmul_integer/{k}": _fixed("matmul_integer", (2, 36), (36, 12), zero_a=-128) for k in ("dsp", "mve")},
    "conv_integer/depthwise_smull": _fixed("conv_integer", (1, 5, 5, 16), (16, 1, 3, 3), **_CONV, group=16, zero=-128),
    **{f"matmul_integer/{k}": _fixed("matmul_integer", (2, 36), (36, 12), zero_a=-128) for k in ("mmla", "mve_row")},
    "conv_integer/mmla": _fixed("conv_integer", (1, 5, 5, 16), (6, 16, 3, 3), **_CONV, group=1, zero=-128),
    "conv_integer/mve_row": _fixed("conv_integer", (1, 1, 1, 32), (6, 32, 1, 1), **{**_CONV, "pads": (0,) * 4}, group=1, zero=-128),
    "conv_integer/depthwise_mve": _fixed("conv_integer", (1, 5, 5, 8), (8, 1, 3, 3), **_CONV, group=8, zero=-128),
    "conv_integer/depthwise_dsp": _fixed("conv_integer", (1, 5, 5, 8), (8, 1, 3, 3), **_CONV, group=8, zero=-128),
    "conv_transpose/phases": _graph(
        (1, 5, 5, 16),
        "conv_transpose",
        (16, 8, 2, 2),
        **{**_CONV, "pads": (0,) * 4, "strides": (2, 2)},
        output_padding=(0, 0),
        group=1,
    ),
}


# kernels of one target only
ONLY_ON = {"conv/amx_bf16": "x86-64-amx", "conv/amx_bf16_window": "x86-64-amx", "matmul/amx_bf16": "x86-64-amx",
           "conv_integer/amx": "x86-64-amx", "conv_integer/amx_window": "x86-64-amx",
           "matmul_integer/amx": "x86-64-amx", "lookup/vectors": "x86-64-v4-vbmi", "conv_integer/depthwise_flat": "x86-64-v4-vnni",
           "conv_integer/dsp": "cortex-m4", "matmul_integer/dsp": "cortex-m4", "conv_integer/depthwise_dsp": "cortex-m4",
           "conv_integer/chunks": "aarch64", "matmul_integer/chunks": "aarch64",
           "conv_integer/depthwise_smull": "aarch64",
           "conv_integer/mmla": "aarch64-i8mm", "matmul_integer/mmla": "aarch64-i8mm",
           "conv_integer/depthwise_mve": "cortex-m55", "conv_integer/mve_row": "cortex-m55", "matmul_integer/mve_row": "cortex-m55",
           "conv_integer/ones_mve": "cortex-m55", "max_pool/mve": "cortex-m55",
           "conv_integer/mve": "cortex-m55", "matmul_integer/mve": "cortex-m55"}  # fmt: skip

# kernels with code of another kind for one more target
ALSO_ON = {"matmul/gemm": "aarch64", "conv/depthwise": "aarch64", "conv_chain/strip": "aarch64"}


def compiled(name: str, target: str) -> Compilation:
    """The network for kernel `name` lowered for `target`, or for the one target that has it."""
    target = ONLY_ON.get(name, target)
    if name in BUILT:
        with only(*name.split("/")):
            return generate([BUILT[name]()], get_target(target), "golden", options=Options(bf16=True) if "bf16" in name else DEFAULTS)
    case = load_cases()[SUITE[name]]
    inputs, _ = case.data_sets[0]
    given = {i.name: a for i, a in zip(case.model.graph.input, inputs, strict=False) if a is not None}
    fixed = shape_inputs(case.model)
    shapes = {n: a.shape for n, a in given.items() if n not in fixed}
    return stages(case.model, target, shapes, constants={n: a for n, a in given.items() if n in fixed})
