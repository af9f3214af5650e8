"""Sequences and optionals: followed at import as lists of values, gone in the graph."""

from __future__ import annotations

from pith.graph import DType
from pith.importers.onnx.context import Call, Maybe, TensorList, Value
from pith.importers.onnx.control_flow import MAX_ITERATIONS, stack
from pith.importers.onnx.maps_shape import split_at
from pith.importers.onnx.registry import onnx_op
from pith.ops.base import normalize_axis


@onnx_op("SequenceConstruct")
def sequence_construct(n: Call) -> Value:
    return TensorList([n.value(i) for i in range(len(n.inputs))])


@onnx_op("SequenceEmpty")
def sequence_empty(n: Call) -> Value:
    return TensorList([])


def _position(n: Call, i: int, size: int) -> int:
    """Input `i` as a position in a sequence."""
    position = int(n.static_scalar(i, "position"))
    if not -size <= position < size:
        raise n.invalid(f"position {position} is outside a sequence of {size}")
    return position % size


@onnx_op("SequenceAt", static=(1,))
def sequence_at(n: Call) -> Value:
    items = n.items(0)
    return items[_position(n, 1, len(items))]


@onnx_op("SequenceInsert", static=(2,))
def sequence_insert(n: Call) -> Value:
    items = list(n.items(0))
    position = int(n.static_scalar(2, "position")) if n.has(2) else len(items)
    if not -len(items) <= position <= len(items):
        raise n.invalid(f"position {position} is outside a sequence of {len(items)}")
    items.insert(position, n.x(1))
    return TensorList(items)


@onnx_op("SequenceErase", static=(1,))
def sequence_erase(n: Call) -> Value:
    items = list(n.items(0))
    del items[_position(n, 1, len(items)) if n.has(1) else -1]
    return TensorList(items)


@onnx_op("SequenceLength")
def sequence_length(n: Call) -> Value:
    return n.const(len(n.items(0)), DType.I64)


@onnx_op("SplitToSequence", static=(1,))
def split_to_sequence(n: Call) -> Value:
    x = n.x(0)
    axis = n.axis("axis", 0, n.rank(x))
    total = n.shape(x)[axis]
    if n.has(1):
        given = n.static(1, "split")
        each = int(given) if given.ndim == 0 else 0
        if given.ndim == 0 and each < 1:
            raise n.invalid(f"parts of {each} elements")
        sizes = (
            [int(v) for v in given]
            if given.ndim
            else [min(each, total - s) for s in range(0, total, each)[: MAX_ITERATIONS + 1]]
        )
    else:
        sizes = [1] * min(total, MAX_ITERATIONS + 1)
    if len(sizes) > MAX_ITERATIONS:
        raise n.unsupported(f"a sequence of {len(sizes):,} parts is too long")
    if sum(sizes) != total or min(sizes, default=0) < 0:
        raise n.invalid(f"cannot split {total} into {sizes}")
    parts = split_at(n, x, axis, sizes)
    if not n.has(1) and not n.attrs.flag("keepdims", True):
        shape = n.shape(x)
        parts = [n.reshape(p, shape[:axis] + shape[axis + 1 :]) for p in parts]
    return TensorList(list(parts))


@onnx_op("ConcatFromSequence")
def concat_from_sequence(n: Call) -> Value:
    items = n.items(0)
    if not items:
        raise n.invalid("the sequence is empty")
    if n.attrs.flag("new_axis", False):
        return stack(n, items, n.attrs.int("axis"))
    tensors = [v for v in items if isinstance(v, str)]
    if len(tensors) != len(items):
        raise n.invalid("only tensors can be joined")
    return n.concat(tensors, normalize_axis(n.attrs.int("axis"), n.rank(tensors[0])))


@onnx_op("Optional")
def optional(n: Call) -> Value:
    return Maybe(n.value(0) if n.has(0) else None)


@onnx_op("OptionalHasElement")
def optional_has_element(n: Call) -> Value:
    value = n.value(0) if n.has(0) else None
    return n.const(value.item is not None if isinstance(value, Maybe) else value is not None)


@onnx_op("OptionalGetElement")
def optional_get_element(n: Call) -> Value:
    value = n.value(0)
    if not isinstance(value, Maybe):
        return value
    if value.item is None:
        raise n.invalid("the optional is empty")
    return value.item
