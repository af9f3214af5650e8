"""The protobuf messages of Caffe, as far as inference needs them, built from a table.

A field is `name:type:number`; a type with * is repeated, with {A=0,B=1} an enumeration, with a capital letter another message.
Fields that are not here (training, fillers, engines) are passed over when a file is read.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory  # type: ignore[import-untyped]

_PARAMS = (  # field of a layer, its message, its number in LayerParameter and (or 0) in the old V1LayerParameter
    ("argmax_param", "ArgMax", 103, 23), ("concat_param", "Concat", 104, 9), ("convolution_param", "Convolution", 106, 10),
    ("dropout_param", "Dropout", 108, 12), ("eltwise_param", "Eltwise", 110, 24), ("exp_param", "Exp", 111, 41),
    ("inner_product_param", "InnerProduct", 117, 17), ("lrn_param", "LRN", 118, 18), ("mvn_param", "MVN", 120, 34),
    ("pooling_param", "Pooling", 121, 19), ("power_param", "Power", 122, 21), ("relu_param", "ReLU", 123, 30),
    ("softmax_param", "Softmax", 125, 39), ("slice_param", "Slice", 126, 31), ("threshold_param", "Threshold", 128, 25),
    ("prelu_param", "PReLU", 131, 0), ("reshape_param", "Reshape", 133, 0), ("log_param", "Exp", 134, 0),
    ("flatten_param", "Flatten", 135, 0), ("reduction_param", "Reduction", 136, 0), 
    ("tile_param", "Tile", 138, 0), ("batch_norm_param", "BatchNorm", 139, 0), ("elu_param", "ELU", 140, 0),
    ("bias_param", "Scale", 141, 0), ("scale_param", "Scale", 142, 0), ("input_param", "Input", 143, 0), ("crop_param", "Crop", 144, 0),
    ("swish_param", "Swish", 147, 0), ("clip_param", "Clip", 148, 0), ("permute_param", "Permute", 202, 0),
    ("prior_box_param", "PriorBox", 203, 0), ("detection_output_param", "DetectionOutput", 204, 0), ("norm_param", "Normalize", 206, 0),
    ("interp_param", "Interp", 2005, 0), ("shuffle_channel_param", "Shuffle", 2006, 0), ("upsample_param", "Upsample", 2007, 0),
)  # fmt: skip
# The last three have no number that all forks agree on: they are read from text only.

V1_TYPES = {
    "NONE": 0, "ACCURACY": 1, "BNLL": 2, "CONCAT": 3, "CONVOLUTION": 4, "DATA": 5, "DROPOUT": 6, "EUCLIDEAN_LOSS": 7, "FLATTEN": 8,
    "HDF5_DATA": 9, "HDF5_OUTPUT": 10, "IM2COL": 11, "IMAGE_DATA": 12, "INFOGAIN_LOSS": 13, "INNER_PRODUCT": 14, "LRN": 15,
    "MULTINOMIAL_LOGISTIC_LOSS": 16, "POOLING": 17, "RELU": 18, "SIGMOID": 19, "SOFTMAX": 20, "SOFTMAX_LOSS": 21, "SPLIT": 22,
    "TANH": 23, "WINDOW_DATA": 24, "ELTWISE": 25, "POWER": 26, "SIGMOID_CROSS_ENTROPY_LOSS": 27, "HINGE_LOSS": 28, "MEMORY_DATA": 29,
    "ARGMAX": 30, "THRESHOLD": 31, "DUMMY_DATA": 32, "SLICE": 33, "MVN": 34, "ABSVAL": 35, "SILENCE": 36, "CONTRASTIVE_LOSS": 37,
    "EXP": 38, "DECONVOLUTION": 39,
}  # fmt: skip
_PHASE = "{TRAIN=0,TEST=1}"
_MESSAGES = {
    "Shape": "dim:*int64:1",
    "Blob": "num:int32:1 channels:int32:2 height:int32:3 width:int32:4 data:*float:5 shape:Shape:7 double_data:*double:8",
    "Rule": f"phase:{_PHASE}:1 min_level:int32:2 max_level:int32:3 stage:*string:4 not_stage:*string:5",
    "ArgMax": "out_max_val:bool:1 top_k:uint32:2 axis:int32:3",
    "Concat": "concat_dim:uint32:1 axis:int32:2",
    "Convolution": "num_output:uint32:1 bias_term:bool:2 pad:*uint32:3 kernel_size:*uint32:4 group:uint32:5 stride:*uint32:6 pad_h:uint32:9 "
    "pad_w:uint32:10 kernel_h:uint32:11 kernel_w:uint32:12 stride_h:uint32:13 stride_w:uint32:14 axis:int32:16 dilation:*uint32:18",
    "Dropout": "dropout_ratio:float:1",
    "Eltwise": "operation:{PROD=0,SUM=1,MAX=2}:1 coeff:*float:2",
    "Exp": "base:float:1 scale:float:2 shift:float:3",
    "InnerProduct": "num_output:uint32:1 bias_term:bool:2 axis:int32:5 transpose:bool:6",
    "LRN": "local_size:uint32:1 alpha:float:2 beta:float:3 norm_region:{ACROSS_CHANNELS=0,WITHIN_CHANNEL=1}:4 k:float:5",
    "MVN": "normalize_variance:bool:1 across_channels:bool:2 eps:float:3",
    "Pooling": "pool:{MAX=0,AVE=1,STOCHASTIC=2}:1 kernel_size:uint32:2 stride:uint32:3 pad:uint32:4 kernel_h:uint32:5 kernel_w:uint32:6 "
    "stride_h:uint32:7 stride_w:uint32:8 pad_h:uint32:9 pad_w:uint32:10 global_pooling:bool:12 round_mode:{CEIL=0,FLOOR=1}:13 "
    "ceil_mode:bool:1013",
    "Power": "power:float:1 scale:float:2 shift:float:3",
    "ReLU": "negative_slope:float:1",
    "Softmax": "axis:int32:2",
    "Slice": "slice_dim:uint32:1 slice_point:*uint32:2 axis:int32:3",
    "Threshold": "threshold:float:1",
    "PReLU": "channel_shared:bool:2",
    "Reshape": "shape:Shape:1 axis:int32:2 num_axes:int32:3",
    "Flatten": "axis:int32:1 end_axis:int32:2",
    "Reduction": "operation:{SUM=1,ASUM=2,SUMSQ=3,MEAN=4}:1 axis:int32:2 coeff:float:3",
    "Tile": "axis:int32:1 tiles:int32:2",
    "BatchNorm": "use_global_stats:bool:1 eps:float:3",
    "ELU": "alpha:float:1",
    "Scale": "axis:int32:1 num_axes:int32:2 bias_term:bool:4",
    "Input": "shape:*Shape:1",
    "Crop": "axis:int32:1 offset:*uint32:2",
    "Swish": "beta:float:1",
    "Clip": "min:float:1 max:float:2",
    "Permute": "order:*uint32:1",
    "PriorBox": "min_size:*float:1 max_size:*float:2 aspect_ratio:*float:3 flip:bool:4 clip:bool:5 variance:*float:6 img_size:uint32:7 "
    "img_h:uint32:8 img_w:uint32:9 step:float:10 step_h:float:11 step_w:float:12 offset:float:13",
    "Suppression": "nms_threshold:float:1 top_k:int32:2 eta:float:3",
    "DetectionOutput": "num_classes:uint32:1 share_location:bool:2 background_label_id:int32:3 nms_param:Suppression:4 "
    "code_type:{CORNER=1,CENTER_SIZE=2,CORNER_SIZE=3}:6 keep_top_k:int32:7 variance_encoded_in_target:bool:8 confidence_threshold:float:9",
    "Normalize": "across_spatial:bool:1 channel_shared:bool:3 eps:float:4",
    "Interp": "height:int32:1 width:int32:2 zoom_factor:int32:3 shrink_factor:int32:4 pad_beg:int32:5 pad_end:int32:6",
    "Shuffle": "group:uint32:1",
    "Upsample": "scale:int32:1 scale_h:int32:2 scale_w:int32:3",
    "Layer": f"name:string:1 type:string:2 bottom:*string:3 top:*string:4 blobs:*Blob:7 include:*Rule:8 exclude:*Rule:9 phase:{_PHASE}:10 "
    + " ".join(f"{field}:{kind}:{number}" for field, kind, number, _ in _PARAMS),
    "OldLayer": "bottom:*string:2 top:*string:3 name:string:4 type:{" + ",".join(f"{k}={v}" for k, v in V1_TYPES.items())
    + "}:5 blobs:*Blob:6 include:*Rule:32 exclude:*Rule:33 layer:Nothing:1 "
    + " ".join(f"{field}:{kind}:{old}" for field, kind, _, old in _PARAMS if old),
    "Nothing": "",
    "Net": "name:string:1 layers:*OldLayer:2 input:*string:3 input_dim:*int32:4 input_shape:*Shape:8 layer:*Layer:100",
    # what of a file of weights is read: nothing that forks number differently
    "BareLayer": "name:string:1 type:string:2 blobs:*Blob:7",
    "BareOldLayer": "name:string:4 blobs:*Blob:6",
    "Weights": "name:string:1 layers:*BareOldLayer:2 layer:*BareLayer:100",
}  # fmt: skip


@lru_cache(maxsize=1)
def _factory() -> dict[str, Any]:
    """Message classes by name."""
    kind = descriptor_pb2.FieldDescriptorProto
    file = descriptor_pb2.FileDescriptorProto(name="pith_caffe.proto", package="pith_caffe", syntax="proto2")
    for name, fields in _MESSAGES.items():
        message = file.message_type.add(name=name)
        for text in fields.split():
            field_name, type_name, number = text.split(":")
            repeated = type_name.startswith("*")
            type_name = type_name.lstrip("*")
            field = message.field.add(name=field_name, number=int(number), label=kind.LABEL_REPEATED if repeated else kind.LABEL_OPTIONAL)
            if type_name.startswith("{"):
                enum = message.enum_type.add(name=f"{field_name.title().replace('_', '')}Kind")
                for pair in type_name.strip("{}").split(","):
                    value, code = pair.split("=")
                    enum.value.add(name=value, number=int(code))
                field.type, field.type_name = kind.TYPE_ENUM, f".pith_caffe.{name}.{enum.name}"
            elif type_name[0].isupper():
                field.type, field.type_name = kind.TYPE_MESSAGE, f".pith_caffe.{type_name}"
            else:
                field.type = getattr(kind, f"TYPE_{type_name.upper()}")
                if repeated and type_name not in ("string",):
                    field.options.packed = type_name in ("float", "double", "int64")
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return {n: message_factory.GetMessageClass(pool.FindMessageTypeByName(f"pith_caffe.{n}")) for n in ("Net", "Weights")}


def new(name: str) -> Any:
    """An empty message: "Net" or "Weights"."""
    return _factory()[name]()
