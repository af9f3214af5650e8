"""Convolution and pooling with explicit windows, as the mapping functions of all layer formats use them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from pith.importers.layers.layer import MAX_EXTENT, Layer

MAX_CELLS = 512  # output rows or columns of an adaptive pooling that no regular window gives


def checked(n: Layer, rank: int, kernel: Sequence[int], strides: Sequence[int], dilations: Sequence[int], pads: Sequence[int]) -> None:
    """Raise ModelError for a window that makes no sense over `rank` spatial axes."""
    if not len(kernel) == len(strides) == len(dilations) == rank or len(pads) != 2 * rank or rank < 1:
        raise n.invalid(f"a window of {tuple(kernel)} does not fit {rank} spatial axes")
    if min(*kernel, *strides, *dilations) < 1 or min(pads) < 0:
        raise n.invalid(
            f"kernel {tuple(kernel)}, stride {tuple(strides)}, dilation {tuple(dilations)} or padding {tuple(pads)} is out of range",
            "the first three are at least 1, padding is not negative",
        )
    if max(*kernel, *strides, *dilations, *pads) > MAX_EXTENT:
        raise n.invalid(f"a window of {tuple(kernel)} with padding {tuple(pads)} is too large", f"at most {MAX_EXTENT:,}")


def same_pads(spatial: Sequence[int], kernel: Sequence[int], strides: Sequence[int], dilations: Sequence[int], upper: bool) -> tuple[int, ...]:
    """Padding that makes ceil(size / stride) outputs; what is odd goes to the end (`upper`) or to the beginning."""
    begins, ends = [], []
    for d, k, s, q in zip(spatial, kernel, strides, dilations, strict=True):
        total = max((k - 1) * q + 1 + (d - 1) // s * s - d, 0)
        begins.append(total // 2 if upper else total - total // 2)
        ends.append(total - begins[-1])
    return (*begins, *ends)


def convolution(
    n: Layer, x: str, w: np.ndarray, bias: np.ndarray | None, *, strides: Sequence[int], pads: Sequence[int],
    dilations: Sequence[int], group: int = 1,
) -> str:  # fmt: skip
    """conv of x [N, C, *spatial] by w [O, C / group, *kernel] with bias [O]; pads are all begins, then all ends."""
    weights = n.const(w)
    return n.emit(
        "conv", [x, weights, "" if bias is None else n.const(bias)], layout="channels_first",
        **_window(n, x, w.shape, w.shape[1] * group, strides, pads, dilations, group),
    )  # fmt: skip


def deconvolution(
    n: Layer, x: str, w: np.ndarray, bias: np.ndarray | None, *, strides: Sequence[int], pads: Sequence[int],
    dilations: Sequence[int], group: int = 1, output_padding: Sequence[int] = (),
) -> str:  # fmt: skip
    """conv_transpose of x [N, C, *spatial] by w [C, O / group, *kernel] with bias [O]."""
    extra = tuple(output_padding) or (0,) * (w.ndim - 2)
    if min(extra) < 0 or max(extra) > MAX_EXTENT:
        raise n.invalid(f"an output padding of {extra}")
    return n.emit(
        "conv_transpose", [x, n.const(w), "" if bias is None else n.const(bias)], layout="channels_first",
        output_padding=extra, **_window(n, x, w.shape, w.shape[0], strides, pads, dilations, group),
    )  # fmt: skip


def _window(
    n: Layer, x: str, shape: tuple[int, ...], channels: int, strides: Sequence[int], pads: Sequence[int], dilations: Sequence[int],
    group: int,
) -> dict[str, object]:  # fmt: skip
    """Attributes of a convolution by weights of `shape` that takes `channels`. Raises ModelError when x does not fit."""
    xs = n.shape(x)
    if len(xs) != len(shape) or xs[1] != channels:
        raise n.invalid(f"weights {shape} in {group} groups do not fit an input of shape {xs}")
    checked(n, len(shape) - 2, shape[2:], strides, dilations, pads)
    return {"strides": tuple(strides), "pads": tuple(pads), "dilations": tuple(dilations), "group": group}


def pool(
    n: Layer, x: str, kind: str, *, kernel: Sequence[int], strides: Sequence[int], pads: Sequence[int], include_pad: bool = False,
    uncounted: Sequence[int] = (),
) -> str:  # fmt: skip
    """max_pool or average_pool ("max", "average") of x [N, C, *spatial].

    include_pad: padding counts in an average, but for the last `uncounted` cells of each axis.
    """
    rank = n.rank(x) - 2
    one = (1,) * rank
    checked(n, rank, kernel, strides, one, pads)
    attrs = {"kernel_shape": tuple(kernel), "strides": tuple(strides), "pads": tuple(pads), "dilations": one, "layout": "channels_first"}
    if kind == "max":
        return n.emit("max_pool", [x], storage_order=0, **attrs)
    return n.emit("average_pool", [x], count_include_pad=include_pad, ceil_pads=tuple(uncounted) or (0,) * rank, **attrs)


def caffe_pool(
    n: Layer, x: str, kind: str, *, kernel: Sequence[int], strides: Sequence[int], pads: Sequence[int], ceil: bool = True
) -> str:  # fmt: skip
    """Pooling as Caffe defines it, with as much padding at the end as at the beginning (`pads`, one an axis).

    The last window may hang over (`ceil`) but begins within the input or the padding in front; padding counts in an average,
    what hangs over does not.
    """
    spatial = n.shape(x)[2:]
    if not len(kernel) == len(strides) == len(pads) == len(spatial) or min(*kernel, *strides) < 1 or min(pads) < 0:
        raise n.invalid(f"kernel {tuple(kernel)}, stride {tuple(strides)}, padding {tuple(pads)} over {spatial}")
    ends = []
    for d, k, s, p in zip(spatial, kernel, strides, pads, strict=True):
        room = d + 2 * p - k
        count = (-(-room // s) if ceil else room // s) + 1
        if p and (count - 1) * s >= d + p:
            count -= 1
        ends.append(max((count - 1) * s + k - d - p, 0))
    over = [max(e - p, 0) for e, p in zip(ends, pads, strict=True)]
    return pool(n, x, kind, kernel=kernel, strides=strides, pads=(*pads, *ends), include_pad=True, uncounted=over)


def global_pool(n: Layer, x: str, kind: str) -> str:
    """The largest element or the mean ("max", "average") of each channel, spatial axes kept as 1."""
    return n.reduce("max" if kind == "max" else "mean", x, range(2, n.rank(x)))


def adaptive_pool(n: Layer, x: str, kind: str, sizes: Sequence[int]) -> str:
    """Pooling to `sizes` outputs: cell i of an axis of d elements covers floor(d * i / size) .. ceil(d * (i + 1) / size)."""
    spatial = n.shape(x)[2:]
    if len(sizes) != len(spatial) or min(sizes) < 1:
        raise n.invalid(f"pooling of {spatial} to {tuple(sizes)}")
    if all(d % s == 0 for d, s in zip(spatial, sizes, strict=True)):
        kernel = [d // s for d, s in zip(spatial, sizes, strict=True)]
        return pool(n, x, kind, kernel=kernel, strides=kernel, pads=(0,) * (2 * len(sizes)))
    for a, (d, s) in enumerate(zip(spatial, sizes, strict=True), 2):
        if s == d:
            continue
        if s > MAX_CELLS:
            raise n.unsupported(f"an adaptive pooling to {s} cells that are not of one size")
        cells = [(d * i // s, -(-d * (i + 1) // s)) for i in range(s)]
        x = n.concat([n.reduce("max" if kind == "max" else "mean", n.slice(x, a, b, e - b), [a]) for b, e in cells], a)
    return x
