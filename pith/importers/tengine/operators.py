"""Names of Tengine's operators by number, and the fields of their parameters."""

from __future__ import annotations

# A number is never used again; those after the last are newer than this list.
NAMES = (  # noqa: SIM905
    "Accuracy BatchNormalization BilinearResize Concat Const Convolution Deconvolution DetectionOutput Dropout Eltwise Flatten "
    "FullyConnected InputOp LRN Normalize Permute Pooling PReLU PriorBox Region ReLU ReLU6 Reorg Reshape ROIPooling RPN Scale Slice "
    "Softmax Split DetectionPostProcess Gemm Generic Logistic LSTM RNN Tanh Sigmoid Squeeze FusedBNScaleReLU Pad StridedSlice ArgMax "
    "ArgMin TopKV2 Reduction Maximum Minimum GRU AddN SwapAxis Upsample SpaceToBatchND BatchToSpaceND Resize ShuffleChannel Crop "
    "ROIAlign PSROIPooling Unary ExpandDims Bias Noop Threshold HardSigmoid Embedding InstanceNorm MVN AbsVal Cast HardSwish Interp "
    "SELU ELU BroadMul Logical Gather Transpose Comparison SpaceToDepth DepthToSpace Reverse SparseToDense Ceil SquaredDifference "
    "Round ZerosLike Clip Unsqueeze ReduceL2 Mean MatMul Expand Scatter Shape Where Tile Mish L2Pool LogSoftmax ReLU1 "
    "L2Normalization Softplus Reciprocal - SpatialTransformer GELU LayerNorm"
).split()

# Operator -> its parameters in order: name:type, the types of `struct` (i int32, I an offset, f float32, ? a byte).
FIELDS: dict[str, str] = {
    "BatchNormalization": "rescale:f eps:f caffe:i",
    "BilinearResize": "scale_x:f scale_y:f type:i",
    "Concat": "axis:i",
    "Convolution": "kernel_h:i kernel_w:i stride_h:i stride_w:i dilation_h:i dilation_w:i in:i out:i group:i activation:i "
    "pad_h0:i pad_w0:i pad_h1:i pad_w1:i",
    "Deconvolution": "out:i kernel_h:i kernel_w:i stride_h:i stride_w:i pad_w0:i pad_h0:i pad_w1:i pad_h1:i dilation_h:i "
    "dilation_w:i group:i activation:i",
    "Eltwise": "type:I",
    "Flatten": "axis:i end_axis:i",
    "FullyConnected": "out:i",
    "LRN": "size:i alpha:f beta:f region:i k:f",
    "Permute": "flag:i order0:i order1:i order2:i order3:i",
    "Pooling": "kind:I kernel_h:i kernel_w:i stride_h:i stride_w:i global:i caffe:i pad_h0:i pad_w0:i pad_h1:i pad_w1:i",
    "ReLU": "slope:f",
    "Reorg": "stride:i",
    "Reshape": "mxnet:i reverse:i shape:I onnx:i",
    "Scale": "axis:i num_axes:i bias:i",
    "Slice": "axis:i points:I begins:I sizes:I caffe:i mxnet:i onnx:i begin:i end:i step:i",
    "Softmax": "axis:i",
    "LogSoftmax": "axis:i",
    "Split": "axis:i parts:i caffe:? onnx:? _:? __:? sizes:I",
    "Pad": "n0:i n1:i c0:i c1:i h0:i h1:i w0:i w1:i mode:i value:f",
    "SwapAxis": "a:i b:i",
    "Upsample": "scale:f",
    "ShuffleChannel": "group:i",
    "ExpandDims": "axis:i",
    "Threshold": "threshold:f",
    "HardSigmoid": "alpha:f beta:f",
    "HardSwish": "alpha:f beta:f",
    "InstanceNorm": "eps:f",
    "Interp": "type:i width_scale:f height_scale:f width:i height:i",
    "SELU": "alpha:f lambda:f",
    "ELU": "alpha:f",
    "Transpose": "order:I",
    "DepthToSpace": "block:i",
    "SpaceToDepth": "block:i",
    "Clip": "max:f min:f",
    "Unsqueeze": "axes:I",
    "LayerNorm": "eps:f",
}


def name_of(op: int) -> str:
    """The name of operator number `op`."""
    return NAMES[op] if 0 <= op < len(NAMES) else f"operator {op}"
