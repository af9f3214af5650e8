"""What of TFLite's schema (version 3) is needed: names of operators and types, and the fields of each operator's options."""

from __future__ import annotations

from pith.graph import DType

# Numbers of the enum TensorType; the others (strings, complex numbers, resources, 2 bits) have no place in a Graph.
TYPES: dict[int, DType] = {
    0: DType.F32, 1: DType.F16, 2: DType.I32, 3: DType.U8, 4: DType.I64, 6: DType.BOOL, 7: DType.I16, 9: DType.I8, 10: DType.F64,
    12: DType.U64, 15: DType.U32, 16: DType.U16, 17: DType.I4, 18: DType.BF16, 20: DType.U4,
}  # fmt: skip
TYPE_NAMES = {5: "strings", 8: "complex64", 11: "complex128", 13: "resources", 14: "variants", 19: "int2"}

# Names of the enum BuiltinOperator, in its order from 0.
_NAMES = (
    "ADD AVERAGE_POOL_2D CONCATENATION CONV_2D DEPTHWISE_CONV_2D DEPTH_TO_SPACE DEQUANTIZE EMBEDDING_LOOKUP FLOOR FULLY_CONNECTED "
    "HASHTABLE_LOOKUP L2_NORMALIZATION L2_POOL_2D LOCAL_RESPONSE_NORMALIZATION LOGISTIC LSH_PROJECTION LSTM MAX_POOL_2D MUL RELU "
    "RELU_N1_TO_1 RELU6 RESHAPE RESIZE_BILINEAR RNN SOFTMAX SPACE_TO_DEPTH SVDF TANH CONCAT_EMBEDDINGS SKIP_GRAM CALL CUSTOM "
    "EMBEDDING_LOOKUP_SPARSE PAD UNIDIRECTIONAL_SEQUENCE_RNN GATHER BATCH_TO_SPACE_ND SPACE_TO_BATCH_ND TRANSPOSE MEAN SUB DIV SQUEEZE "
    "UNIDIRECTIONAL_SEQUENCE_LSTM STRIDED_SLICE BIDIRECTIONAL_SEQUENCE_RNN EXP TOPK_V2 SPLIT LOG_SOFTMAX DELEGATE "
    "BIDIRECTIONAL_SEQUENCE_LSTM CAST PRELU MAXIMUM ARG_MAX MINIMUM LESS NEG PADV2 GREATER GREATER_EQUAL LESS_EQUAL SELECT SLICE SIN "
    "TRANSPOSE_CONV SPARSE_TO_DENSE TILE EXPAND_DIMS EQUAL NOT_EQUAL LOG SUM SQRT RSQRT SHAPE POW ARG_MIN FAKE_QUANT REDUCE_PROD "
    "REDUCE_MAX PACK LOGICAL_OR ONE_HOT LOGICAL_AND LOGICAL_NOT UNPACK REDUCE_MIN FLOOR_DIV REDUCE_ANY SQUARE ZEROS_LIKE FILL FLOOR_MOD "
    "RANGE RESIZE_NEAREST_NEIGHBOR LEAKY_RELU SQUARED_DIFFERENCE MIRROR_PAD ABS SPLIT_V UNIQUE CEIL REVERSE_V2 ADD_N GATHER_ND COS WHERE "
    "RANK ELU REVERSE_SEQUENCE MATRIX_DIAG QUANTIZE MATRIX_SET_DIAG ROUND HARD_SWISH IF WHILE NON_MAX_SUPPRESSION_V4 "
    "NON_MAX_SUPPRESSION_V5 SCATTER_ND SELECT_V2 DENSIFY SEGMENT_SUM BATCH_MATMUL PLACEHOLDER_FOR_GREATER_OP_CODES CUMSUM CALL_ONCE "
    "BROADCAST_TO RFFT2D CONV_3D IMAG REAL COMPLEX_ABS HASHTABLE HASHTABLE_FIND HASHTABLE_IMPORT HASHTABLE_SIZE REDUCE_ALL "
    "CONV_3D_TRANSPOSE VAR_HANDLE READ_VARIABLE ASSIGN_VARIABLE BROADCAST_ARGS RANDOM_STANDARD_NORMAL BUCKETIZE RANDOM_UNIFORM "
    "MULTINOMIAL GELU DYNAMIC_UPDATE_SLICE RELU_0_TO_1 UNSORTED_SEGMENT_PROD UNSORTED_SEGMENT_MAX UNSORTED_SEGMENT_SUM ATAN2 "
    "UNSORTED_SEGMENT_MIN SIGN BITCAST BITWISE_XOR RIGHT_SHIFT"
)
OPERATORS = tuple(_NAMES.split())

ACTIVATIONS = ("NONE", "RELU", "RELU_N1_TO_1", "RELU6", "TANH", "SIGN_BIT")
SAME, VALID = 0, 1

# Options of each operator: field names in order, each with struct's type of it and a default where that is not 0; [i] is a vector.
_BY_NAMES: dict[str, str] = {
    "CONV_2D": "padding:b stride_w:i stride_h:i activation:b dilation_w:i=1 dilation_h:i=1",
    "DEPTHWISE_CONV_2D": "padding:b stride_w:i stride_h:i multiplier:i activation:b dilation_w:i=1 dilation_h:i=1",
    "TRANSPOSE_CONV": "padding:b stride_w:i stride_h:i activation:b",
    "AVERAGE_POOL_2D MAX_POOL_2D L2_POOL_2D": "padding:b stride_w:i stride_h:i filter_w:i filter_h:i activation:b",
    "FULLY_CONNECTED": "activation:b weights_format:b keep_num_dims:? asymmetric:?",
    "SOFTMAX": "beta:f",
    "CONCATENATION": "axis:i activation:b",
    "ADD SUB MUL DIV L2_NORMALIZATION": "activation:b",
    "RESIZE_BILINEAR": "new_height:i new_width:i align_corners:? half_pixel_centers:?",
    "RESIZE_NEAREST_NEIGHBOR": "align_corners:? half_pixel_centers:?",
    "RESHAPE": "new_shape:[i]",
    "SPACE_TO_DEPTH DEPTH_TO_SPACE": "block_size:i",
    "GATHER": "axis:i batch_dims:i",
    "CAST": "in_type:b out_type:b",
    "MEAN SUM REDUCE_MAX REDUCE_MIN REDUCE_PROD REDUCE_ANY REDUCE_ALL": "keep_dims:?",
    "SQUEEZE": "squeeze_dims:[i]",
    "SPLIT SPLIT_V": "num_splits:i",
    "STRIDED_SLICE": "begin_mask:i end_mask:i ellipsis_mask:i new_axis_mask:i shrink_axis_mask:i offset:?",
    "ARG_MAX ARG_MIN": "output_type:b",
    "SHAPE": "out_type:b",
    "PACK": "count:i axis:i",
    "UNPACK": "count:i axis:i",
    "LEAKY_RELU": "alpha:f",
    "MIRROR_PAD": "mode:b",
    "BATCH_MATMUL": "adj_x:? adj_y:? asymmetric:?",
    "GELU": "approximate:?",
    "CUMSUM": "exclusive:? reverse:?",
    "ONE_HOT": "axis:i",
    "LOCAL_RESPONSE_NORMALIZATION": "radius:i bias:f alpha:f beta:f",
    "UNIDIRECTIONAL_SEQUENCE_LSTM": "activation:b cell_clip:f proj_clip:f time_major:? asymmetric:? diagonal:?",
}


def _fields(text: str) -> dict[str, tuple[int, str, float]]:
    found = {}
    for number, part in enumerate(text.split()):
        name, kind = part.split(":")
        kind, _, default = kind.partition("=")
        found[name] = number, kind, float(default or 0)
    return found


# operator -> field name -> (its number in the table, struct's type, default)
OPTIONS: dict[str, dict[str, tuple[int, str, float]]] = {op: _fields(text) for names, text in _BY_NAMES.items() for op in names.split()}
