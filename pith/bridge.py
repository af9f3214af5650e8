"""From PyTorch: a module becomes an ONNX model, and that a library. PyTorch is imported here and nowhere else but in `pith.models`."""

from __future__ import annotations

import contextlib
import inspect
import io
import logging
import warnings
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pith.api import compile, stages
from pith.graph import InputError, UnsupportedError
from pith.runtime.session import Session

OPSET = 20


def from_torch(module: Any, example: Any, target: str = "host", *, dynamic: Mapping[str, Mapping[int, str]] | None = None, **options: Any) -> Session:
    """Compile a `torch.nn.Module` for `target`, as it is in evaluation mode: `from_torch(net, torch.zeros(1, 3, 224, 224))`.

    example: one tensor, or a tuple of tensors, with the shapes and types that the network will see; their values do not matter
    unless the module looks at them. Inputs are named as the parameters of `forward`.
    dynamic: dimensions that stay open, {input: {axis: name}}, to be bound by `shapes` of `pith.compile`.
    options: as for `pith.compile`.
    Raises UnsupportedError without PyTorch or for what it cannot export, ModelError, and what `pith.compile` raises.
    """
    return compile(to_onnx(module, example, dynamic=dynamic), target, **options)


def to_onnx(module: Any, example: Any, *, dynamic: Mapping[str, Mapping[int, str]] | None = None) -> Any:
    """The `onnx.ModelProto` of a `torch.nn.Module`: parameters as in `from_torch`. Notes of the exporter, which hold paths of this
    machine, are removed; the module is left as it was."""
    try:
        import onnxscript  # noqa: F401  the exporter needs it
        import torch
    except ImportError as error:
        raise UnsupportedError("PyTorch and onnxscript are not installed", why=str(error), try_='pip install ".[train]" in the clone') from error
    if not isinstance(module, torch.nn.Module):
        raise InputError(f"a {type(module).__name__} is no torch.nn.Module", try_="a model file goes to pith.compile")
    inputs = tuple(example) if isinstance(example, (tuple, list)) else (example,)
    if not inputs or not all(isinstance(x, torch.Tensor) for x in inputs):
        raise InputError("the example is a tensor or a tuple of tensors", try_="torch.zeros of the shape that the network will see")
    names = _names(module, inputs)
    shapes = _dynamic(dynamic, names) if dynamic else None
    outputs = _outputs(module, inputs)
    with _evaluation(module), _quiet():
        try:
            program = torch.onnx.export(
                module, inputs, input_names=names, output_names=outputs, opset_version=OPSET, dynamo=True, verbose=False,
                dynamic_shapes=shapes,
            )  # fmt: skip
        except Exception as error:
            raise UnsupportedError(
                f"PyTorch cannot export {type(module).__name__}", why=_first_line(error),
                try_="a module whose control flow does not depend on values, called with tensors only",
            ) from error  # fmt: skip
    model = program.model_proto
    _strip(model)
    return model


def _names(module: Any, inputs: Sequence[Any]) -> list[str]:
    """Parameters of `forward`, one for each input."""
    parameters = inspect.signature(module.forward).parameters.values()
    named = [p.name for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    if len(named) < len(inputs):  # *args
        named += [f"input_{k}" for k in range(len(named), len(inputs))]
    return named[: len(inputs)]


def _outputs(module: Any, inputs: Sequence[Any]) -> list[str]:
    """`output`, or `output_0`, `output_1`, ...: how many there are is seen by running the module once."""
    import torch

    with _evaluation(module), torch.no_grad():
        try:
            y = module(*inputs)
        except Exception as error:
            raise InputError(f"{type(module).__name__} cannot run on the example", why=_first_line(error)) from error
    if isinstance(y, torch.Tensor):
        return ["output"]
    if isinstance(y, (tuple, list)) and y and all(isinstance(v, torch.Tensor) for v in y):
        return [f"output_{k}" for k in range(len(y))]
    raise UnsupportedError(f"{type(module).__name__} returns a {type(y).__name__}", try_="a tensor or a tuple of tensors")


def _dynamic(dynamic: Mapping[str, Mapping[int, str]], names: list[str]) -> tuple[Any, ...]:
    import torch

    if strange := sorted(set(dynamic) - set(names)):
        raise InputError(f"there is no input {strange[0]!r}", try_=", ".join(names))
    made: dict[str, Any] = {}
    for axes in dynamic.values():
        for name in axes.values():
            made.setdefault(name, torch.export.Dim(name))
    return tuple({axis: made[dim] for axis, dim in dynamic.get(n, {}).items()} or None for n in names)


@contextlib.contextmanager
def _evaluation(module: Any) -> Iterator[None]:
    """Every part of `module` in evaluation mode, and afterwards as it was."""
    modes = [(m, m.training) for m in module.modules()]
    try:
        module.eval()
        yield
    finally:
        for m, mode in modes:
            m.training = mode


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Without what the exporter writes about its own progress."""
    before = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(before)


def _strip(model: Any) -> None:
    graph = model.graph
    for holder in (model, graph, *graph.node, *graph.value_info, *graph.input, *graph.output, *graph.initializer, *model.functions):
        holder.doc_string = ""
        del holder.metadata_props[:]


def _first_line(error: Exception) -> str:
    lines = [line for line in str(error).strip().splitlines() if line.strip()]
    return (lines[0] if lines else type(error).__name__)[:300]




def predicted_cycles(module: Any, example: Any, target: str = "host") -> float:
    """What the compiler's own model says one call of `module` costs on `target`: the time of so many vector multiply-adds.

    Convolutions by the cost of the kernel that was chosen, everything else by its arithmetic and the bytes it moves. Comparable between
    networks on one target, not between targets. Nothing is built or run. Raises what `from_torch` raises.
    """
    result = stages(to_onnx(module, example), target)
    lanes = result.target.isa.lanes(4)
    total = 0.0
    for step in (s for program in result.programs for s in program.steps):
        counted = dict(step.costs).get(step.kernel) if step.op.startswith("conv") else None
        total += step.cost.effort(lanes) if counted is None else counted
    return total
