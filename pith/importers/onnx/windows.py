"""Sliding windows as ONNX describes them (auto_pad, ceil_mode, output_shape), resolved into explicit pads."""

from __future__ import annotations

from dataclasses import dataclass

from pith.importers.onnx.context import Call


@dataclass(frozen=True, slots=True)
class Window:
    """Per spatial axis; `begins` and `ends` are cells of padding, `extra` those of `ends` that ceil_mode adds."""

    kernel: tuple[int, ...]
    strides: tuple[int, ...]
    dilations: tuple[int, ...]
    begins: tuple[int, ...]
    ends: tuple[int, ...]
    extra: tuple[int, ...]

    @property
    def pads(self) -> tuple[int, ...]:
        """All begins, then all ends."""
        return self.begins + self.ends


MAX_EXTENT = 2**24
AUTO_PAD = ("NOTSET", "SAME_UPPER", "SAME_LOWER", "VALID")


def window(n: Call, spatial: tuple[int, ...], kernel: tuple[int, ...], *, ceil: bool = False) -> Window:
    """The window of a convolution or pooling over `spatial` sizes, from the node's attributes."""
    rank = len(spatial)
    strides = _per_axis(n, "strides", rank, 1)
    dilations = _per_axis(n, "dilations", rank, 1)
    if len(kernel) != rank or rank == 0 or min(kernel) < 1:
        raise n.invalid(f"kernel {kernel} does not fit {rank} spatial axes")
    pads = n.attrs.ints("pads") or (0,) * (2 * rank)
    if len(pads) != 2 * rank or min(pads) < 0:
        raise n.invalid(f"pads {pads} do not fit {rank} spatial axes")
    auto = n.attrs.choice("auto_pad", AUTO_PAD, "NOTSET")
    _bounded(n, kernel, strides, dilations, pads)
    begins, ends, extra = list(pads[:rank]), list(pads[rank:]), [0] * rank
    for a in range(rank):
        reach = (kernel[a] - 1) * dilations[a] + 1
        if auto == "VALID":
            begins[a] = ends[a] = 0
        elif auto != "NOTSET":
            total = max((-(-spatial[a] // strides[a]) - 1) * strides[a] + reach - spatial[a], 0)
            begins[a] = total // 2 if auto == "SAME_UPPER" else total - total // 2
            ends[a] = total - begins[a]
        if ceil:
            room = spatial[a] + begins[a] + ends[a] - reach
            steps = -(-room // strides[a])
            if (
                steps * strides[a] >= spatial[a] + begins[a]
            ):  # a window must begin inside the input or its front padding
                steps -= 1
            extra[a] = max(steps * strides[a] - room, 0)
            ends[a] += extra[a]
    return Window(kernel, strides, dilations, tuple(begins), tuple(ends), tuple(extra))


def transposed_window(n: Call, spatial: tuple[int, ...], kernel: tuple[int, ...]) -> tuple[Window, tuple[int, ...]]:
    """The window of a transposed convolution, and its output padding; output_shape and auto_pad become pads."""
    rank = len(spatial)
    strides, dilations = _per_axis(n, "strides", rank, 1), _per_axis(n, "dilations", rank, 1)
    out_pad = _per_axis(n, "output_padding", rank, 0)
    if len(kernel) != rank or rank == 0 or min(kernel) < 1:
        raise n.invalid(f"kernel {kernel} does not fit {rank} spatial axes")
    pads = n.attrs.ints("pads") or (0,) * (2 * rank)
    if len(pads) != 2 * rank:
        raise n.invalid(f"pads {pads} do not fit {rank} spatial axes")
    wanted = n.attrs.ints("output_shape")
    if wanted is not None and len(wanted) == rank + 2:
        wanted = wanted[2:]
    if wanted is not None and len(wanted) != rank:
        raise n.invalid(f"output_shape {wanted} does not fit {rank} spatial axes")
    auto = n.attrs.choice("auto_pad", AUTO_PAD, "NOTSET")
    _bounded(n, kernel, strides, dilations, pads, out_pad, wanted or ())
    begins, ends, extra = list(pads[:rank]), list(pads[rank:]), list(out_pad)
    for a in range(rank):
        full = strides[a] * (spatial[a] - 1) + out_pad[a] + (kernel[a] - 1) * dilations[a] + 1
        if wanted is not None or auto in ("SAME_UPPER", "SAME_LOWER"):
            size = wanted[a] if wanted is not None else spatial[a] * strides[a]
            total = full - size
            if total < 0:  # more than the window reaches: cells of zeros at the end
                extra[a] -= total
                total = 0
            half = total // 2
            begins[a] = half if auto == "SAME_UPPER" else total - half
            ends[a] = total - begins[a]
        elif auto == "VALID":
            begins[a] = ends[a] = 0
    return Window(kernel, strides, dilations, tuple(begins), tuple(ends), (0,) * rank), tuple(extra)


def _bounded(n: Call, *groups: tuple[int, ...]) -> None:
    """Raise ModelError for numbers so large that addresses computed from them would not fit 32 bits."""
    for group in groups:
        if any(abs(v) > MAX_EXTENT for v in group):
            raise n.invalid(f"a window of {group}", f"sizes, strides and pads are at most {MAX_EXTENT:,}")


def _per_axis(n: Call, name: str, rank: int, default: int) -> tuple[int, ...]:
    values = n.attrs.ints(name) or (default,) * rank
    if len(values) != rank or min(values) < default:
        raise n.invalid(f"{name} {values} do not fit {rank} spatial axes")
    return values
