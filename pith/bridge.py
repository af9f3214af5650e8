"""From PyTorch: a module becomes an ONNX model, and that a library. PyTorch is imported here, in `pith.models` and `pith.train`, and nowhere else."""

from __future__ import annotations

import contextlib
import copy
import inspect
import io
import linecache
import logging
import os
import re
import sys
import threading
import traceback
import warnings
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pith.api import compile, stages
from pith.graph import InputError, UnsupportedError
from pith.runtime.session import Session

OPSET = 20
_FIXED = (bool, int, float, str, type(None))  # what an example may hold beside tensors: part of the program, not an input
# lines of PyTorch's errors from which on they explain PyTorch
_NOISE = re.compile(r"TORCH_LOGS|TORCHDYNAMO|for more |for extended |caused by|while executing|consider using|this error|https?://|position:|stack trace", re.I)
_ONE = threading.RLock()  # PyTorch exports one module at a time, and what it says is caught for the whole process
_FRAME = re.compile(r'File "([^"]+)", line (\d+), in (\S+)')


def from_torch(module: Any, example: Any, target: str = "host", *, dynamic: Mapping[str, Mapping[int, str]] | None = None, **options: Any) -> Session:
    """Compile a `torch.nn.Module` for `target`, as it is in evaluation mode: `from_torch(net, torch.zeros(1, 3, 224, 224))`.

    example: one tensor, a tuple of arguments or a dictionary of them by name, with the shapes and types that the network will see; their
    values do not matter unless the module looks at them. Arguments may be lists, tuples and dictionaries of tensors; numbers, booleans,
    strings and None become part of the program. Inputs are named as the parameters of `forward`, results as `output`, `output_0` or their keys.
    dynamic: dimensions that stay open, {input: {axis: name}}, to be bound by `shapes` of `pith.compile`.
    options: as for `pith.compile`.
    Module and example are copied: neither changes, whatever happens.
    Raises UnsupportedError without PyTorch or for what it cannot export, InputError for an example that does not fit, ModelError, and what
    `pith.compile` raises.
    """
    return compile(to_onnx(module, example, dynamic=dynamic), target, **options)


def to_onnx(module: Any, example: Any, *, dynamic: Mapping[str, Mapping[int, str]] | None = None) -> Any:
    """The `onnx.ModelProto` of a `torch.nn.Module`: parameters as in `from_torch`. Notes of the exporter, which hold paths of this
    machine, are removed."""
    try:
        import onnxscript  # noqa: F401  the exporter needs it
        import torch
    except ImportError as error:
        raise UnsupportedError("PyTorch and onnxscript are not installed", why=str(error), try_='pip install ".[train]" in the clone') from error
    if not isinstance(module, torch.nn.Module):
        raise InputError(f"a {type(module).__name__} is no torch.nn.Module", try_="a model file goes to pith.compile")
    module = _bare(module)
    kind = type(module).__name__
    _check_module(module, kind)
    with _isolated(module):
        args, kwargs, arguments, spread = _arguments(module, kind, example)
        inputs = _inputs(arguments, spread)
        shapes = _dynamic(dynamic, arguments, inputs) if dynamic else None
        try:
            result = _copy(module)(*_clones(args), **_clones(kwargs))
        except Exception as error:
            raise InputError(f"{kind} cannot run on the example", where=_where(error), why=_why(error)) from error
        outputs = _outputs(result, kind, inputs)
        del result
        try:
            program = torch.onnx.export(
                _copy(module), _clones(args), kwargs=_clones(kwargs), input_names=[f"pith.input.{k}" for k in range(len(inputs))],
                output_names=[f"pith.output.{k}" for k in range(len(outputs))], opset_version=OPSET, dynamo=True, verbose=False,
                dynamic_shapes=shapes,
            )  # fmt: skip
        except Exception as error:
            raise UnsupportedError(
                f"PyTorch cannot export {kind}", where=_where(error), why=_why(error),
                try_="tensors only, control flow that does not depend on their values, and operators that ONNX has",
            ) from error  # fmt: skip
        _check_stateless(program.exported_program, kind)
        _complete(program.model.graph)
        model = program.model_proto
    _strip(model)
    _rename(model.graph, [*inputs, *outputs])
    if dynamic:
        _open(model, dynamic)
    return model


def _bare(module: Any) -> Any:
    """The module inside `torch.compile`, `DataParallel` and `DistributedDataParallel`."""
    from torch.nn.parallel import DataParallel, DistributedDataParallel

    while True:
        if isinstance(module, (DataParallel, DistributedDataParallel)):
            module = module.module
        elif "_orig_mod" in module._modules:
            module = module._orig_mod
        else:
            return module


def _check_module(module: Any, kind: str) -> None:
    import torch
    from torch.nn.parameter import is_lazy

    if isinstance(module, torch.jit.ScriptModule):
        raise UnsupportedError(f"{kind} is TorchScript", why="PyTorch exports modules of Python only", try_="the module that it was made from")
    for name, part in module.named_modules():
        if type(part).__module__.startswith("torch.") and "quantized" in type(part).__module__.split("."):
            raise UnsupportedError(
                f"{kind} has layers in integers", where=f"{name or kind}: {type(part).__module__}.{type(part).__name__}",
                why="PyTorch cannot export them", try_="the module before conversion, and pith.quantize",
            )  # fmt: skip
    for name, tensor in (*module.named_parameters(), *module.named_buffers()):
        if is_lazy(tensor):
            raise InputError(f"{kind} has weights without a shape", where=name, try_="call the module once, which makes them")
        if tensor.is_meta:
            raise InputError(f"{kind} has weights without values", where=name, why="they are on the device meta", try_="load the weights first")


def _arguments(module: Any, kind: str, example: Any) -> tuple[tuple[Any, ...], dict[str, Any], dict[str, Any], str]:
    """What `module` is called with, by place and by name; all of it by the parameters of `forward`; the name of its `**keywords`."""
    args, kwargs = (tuple(example), {}) if type(example) in (tuple, list) else ((), dict(example)) if isinstance(example, Mapping) else ((example,), {})
    try:
        signature = inspect.signature(module.forward)
        bound = signature.bind(*args, **kwargs)
    except (TypeError, ValueError) as error:
        raise InputError(f"{kind} does not take such an example", why=str(error), try_="a tensor, a tuple of arguments or a dictionary by name") from error
    arguments = dict(bound.arguments)
    if args and isinstance(args[-1], dict) and len(args) == len(arguments):  # torch.onnx would take it for keywords
        args, kwargs = args[:-1], {list(arguments)[-1]: args[-1]}
    spread = next((p.name for p in signature.parameters.values() if p.kind is p.VAR_KEYWORD), "")
    return args, {k: kwargs[k] for k in (*arguments, *kwargs) if k in kwargs}, arguments, spread


def _inputs(arguments: dict[str, Any], spread: str) -> list[str]:
    """A name for each tensor of the example."""
    tensors: dict[str, Any] = {}
    for name, value in _leaves(arguments, "", spread):
        if not isinstance(value, _FIXED):
            _check_tensor(value, f"input {name!r} of the example")
            tensors[_free(name, tensors, "_")] = value
    if not tensors:
        raise InputError("the example holds no tensor", try_="a tensor or a tuple of tensors: torch.zeros of the shape that the network will see")
    return list(tensors)


def _outputs(result: Any, kind: str, inputs: list[str]) -> list[str]:
    """A name for each tensor of the result."""
    names: list[str] = []
    for name, value in _leaves(result, "output"):
        if value is not None:
            _check_tensor(value, f"result {name!r} of {kind}")
            names.append(_free(name, (*inputs, *names), "_out"))
    if not names:
        raise UnsupportedError(f"{kind} returns no tensor", why=f"it returns {result!r:.100}", try_="a tensor, or a tuple, list or dictionary of tensors")
    return names


def _leaves(tree: Any, root: str, silent: str = "") -> Iterator[tuple[str, Any]]:
    """What lies in tuples, lists, dictionaries and named tuples, in PyTorch's order, named by its path: keys, fields and places; without
    the key `silent` before them."""
    from torch.utils import _pytree

    for path, value in _pytree.tree_flatten_with_path(tree)[0]:
        steps = [getattr(p, "key", getattr(p, "name", getattr(p, "idx", None))) for p in path]
        del steps[: bool(silent and steps[0] == silent)]
        yield "_".join(([] if steps and isinstance(steps[0], str) else [root]) + [str(s) for s in steps]) or root or "input", value


def _check_tensor(value: Any, what: str) -> None:
    import torch

    if not isinstance(value, torch.Tensor):
        raise UnsupportedError(f"{what} is a {type(value).__name__}", why="only tensors go in and come out", try_="torch.as_tensor(...)")
    if value.is_nested or value.layout is not torch.strided or value.is_quantized or value.is_complex() or value.is_meta:
        how = "nested" if value.is_nested else f"of {value.dtype}, {value.layout}, on {value.device}"
        raise UnsupportedError(f"{what} is {how}", why="Pith takes dense tensors of real numbers",
                               try_="torch.view_as_real for complex numbers, to_dense, dequantize")  # fmt: skip


def _free(name: str, taken: Any, suffix: str) -> str:
    while name in taken:
        name += suffix
    return name


def _dynamic(dynamic: Mapping[str, Mapping[int, str]], arguments: dict[str, Any], names: list[str]) -> dict[str, Any]:
    """As torch.export wants it: the structure of the arguments, with dimensions in the place of tensors."""
    import torch
    from torch.utils import _pytree

    form = "{input: {axis: name}}, axes from 0, names as in Python"
    if not isinstance(dynamic, Mapping) or not all(isinstance(axes, Mapping) for axes in dynamic.values()):
        raise InputError("dynamic is not of the form {input: {axis: name}}", why=f"it is {dynamic!r:.100}", try_=form)
    if strange := sorted(map(str, set(dynamic) - set(names))):
        raise InputError(f"there is no input {strange[0]!r}", try_=", ".join(names))
    leaves, structure = _pytree.tree_flatten(arguments)
    made: dict[str, Any] = {}
    shapes: list[Any] = []
    left = iter(names)
    for value in leaves:
        axes = None if isinstance(value, _FIXED) else dynamic.get(next(left), {})
        for axis, name in (axes or {}).items():
            if not (isinstance(axis, int) and 0 <= axis < value.ndim and isinstance(name, str) and name.isidentifier()):
                raise InputError(f"no dimension can be left open as {axis!r}: {name!r}", why=f"the example is of shape {list(value.shape)}", try_=form)
            made.setdefault(name, torch.export.Dim(name))
        shapes.append(None if axes is None else {axis: made[name] for axis, name in axes.items()})
    result: dict[str, Any] = _pytree.tree_unflatten(shapes, structure)
    return result


def _open(model: Any, dynamic: Mapping[str, Mapping[int, str]]) -> None:
    """Dimensions left open get their names. UnsupportedError where PyTorch found that the module leaves them no choice."""
    found: dict[str, str] = {}
    for port in model.graph.input:
        for axis, name in dynamic.get(port.name, {}).items():
            size = port.type.tensor_type.shape.dim[axis]
            if found.setdefault(size.dim_param or str(size.dim_value), name) != name or not size.dim_param:
                raise UnsupportedError(
                    f"dimension {axis} of input {port.name!r} cannot be left open as {name!r}",
                    why=f"in this module it is always {found[size.dim_param] if size.dim_param else size.dim_value}",
                    try_="one name for dimensions that must be equal, no name for one that is fixed",
                )  # fmt: skip
    for value in (*model.graph.input, *model.graph.output, *model.graph.value_info):
        for size in value.type.tensor_type.shape.dim:
            if size.dim_param:
                size.dim_param = re.sub(r"\w+", lambda m: found.get(m[0], m[0]), size.dim_param)


def _clones(tree: Any) -> Any:
    import torch
    from torch.utils import _pytree

    return _pytree.tree_map_only(torch.Tensor, lambda x: x.detach().clone(), tree)


def _copy(module: Any) -> Any:
    """A copy in evaluation mode. What cannot be copied is shared (a lock, a file); tensors always can, if without their gradients."""
    import torch

    try:
        made = copy.deepcopy(module)
    except Exception:
        memo: dict[int, Any] = {}
        for part in module.modules():
            for name, value in (*part._buffers.items(), *vars(part).items()):
                if isinstance(value, torch.Tensor):
                    memo[id(value)] = value.detach().clone()
                elif name not in ("_parameters", "_buffers", "_modules"):
                    try:
                        copy.deepcopy(value, dict(memo))
                    except Exception:
                        memo[id(value)] = value
        made = copy.deepcopy(module, memo)
    with contextlib.suppress(NotImplementedError):  # what torch.export made has no modes
        made.eval()
    return made


@contextlib.contextmanager
def _isolated(module: Any) -> Iterator[None]:
    """Without gradients, compiled parts, or what PyTorch says to the screen; its random numbers go on afterwards as if nothing had happened.
    A `module` that its copy may call, by a hook or a replaced method, does not train meanwhile."""
    import torch

    with _ONE:
        held = any("forward" in vars(m) or m._forward_hooks or m._forward_pre_hooks for m in module.modules())
        modes = [(m, m.training) for m in module.modules()] if held else []
        quiet, handlers = _Quiet(), _handlers()
        try:
            for handler in handlers:
                handler.addFilter(quiet)
            for m, _ in modes:
                m.training = False
            with (
                torch.inference_mode(False), torch.no_grad(), torch.random.fork_rng(devices=[]), torch.compiler.set_stance("force_eager"),
                warnings.catch_warnings(), contextlib.redirect_stdout(_Mute(sys.stdout)), contextlib.redirect_stderr(_Mute(sys.stderr)),
            ):  # fmt: skip
                warnings.simplefilter("ignore")
                yield
        finally:
            for handler in handlers:
                handler.removeFilter(quiet)
            for m, mode in modes:
                m.training = mode


_SPEAKERS = ("torch", "onnxscript", "onnx_ir")


def _handlers() -> list[logging.Handler]:
    """All that could write what PyTorch and its exporter say, whose loggers may be made yet."""
    known = logging.root.manager.loggerDict
    loggers = [logging.root, *(x for name, x in known.items() if name.split(".")[0] in _SPEAKERS and isinstance(x, logging.Logger))]
    return list(dict.fromkeys([*(h for x in loggers for h in x.handlers), *([logging.lastResort] if logging.lastResort else [])]))


class _Quiet(logging.Filter):
    """Lets nothing through that PyTorch and its exporter say in this thread."""

    def __init__(self) -> None:
        super().__init__()
        self.thread = threading.get_ident()

    def filter(self, record: logging.LogRecord) -> bool:
        return record.thread != self.thread or record.name.split(".")[0] not in _SPEAKERS


class _Mute(io.TextIOBase):
    """A stream that drops what this thread writes; other threads' goes where it would have gone."""

    def __init__(self, stream: Any) -> None:
        self.stream, self.thread = stream, threading.get_ident()

    def write(self, text: str, /) -> int:
        if self.stream is not None and threading.get_ident() != self.thread:
            self.stream.write(text)
        return len(text)

    def flush(self) -> None:
        if self.stream is not None:
            self.stream.flush()


def _check_stateless(program: Any, kind: str) -> None:
    if changed := sorted(set(program.graph_signature.buffers_to_mutate.values())):
        raise UnsupportedError(
            f"{kind} changes itself when it is called in evaluation mode", where=", ".join(changed), why="a compiled network remembers nothing",
            try_="what it remembers as an input and a result; batch normalisation that stays in evaluation mode",
        )  # fmt: skip


def _complete(graph: Any) -> None:
    """The exporter's optimiser forgets constants that it gave a name that was taken: they are with their readers still."""
    for node in graph.all_nodes():
        for value in node.inputs:
            if value is not None and value.producer() is None and value.const_value is not None and value.name not in graph.initializers:
                graph.register_initializer(value)


def _strip(model: Any) -> None:
    graph = model.graph
    for holder in (model, graph, *graph.node, *graph.value_info, *graph.input, *graph.output, *graph.initializer, *model.functions):
        holder.doc_string = ""
        del holder.metadata_props[:]


def _rename(graph: Any, names: Sequence[str]) -> None:
    """Inputs and results get `names`; a value inside that has such a name gives way."""
    ports = [v.name for v in (*graph.input, *graph.output)]
    inside = {v for g in _graphs(graph) for v in (*(t.name for t in g.initializer), *(v for n in g.node for v in n.output))} - set(ports)
    new = dict(zip(ports, names, strict=True))
    for name in sorted(inside & set(names)):
        new[name] = _free(name, inside | set(names), "_inner")
        inside.add(new[name])
    for g in _graphs(graph):
        for holder in (*g.input, *g.output, *g.initializer, *g.value_info):
            holder.name = new.get(holder.name, holder.name)
        for node in g.node:
            node.input[:] = [new.get(v, v) for v in node.input]
            node.output[:] = [new.get(v, v) for v in node.output]


def _graphs(graph: Any) -> Iterator[Any]:
    yield graph
    for node in graph.node:
        for attribute in node.attribute:
            for inner in (*([attribute.g] if attribute.HasField("g") else []), *attribute.graphs):
                yield from _graphs(inner)


def _chain(error: BaseException | None) -> list[BaseException]:
    """The first cause, and what it caused, up to `error`."""
    return [] if error is None else [*_chain(error.__cause__), error]


def _why(error: Exception) -> str:
    """What the first cause says, without what PyTorch says about itself."""
    root = _chain(error)[0]
    lines = [line for part in re.sub(r"\x1b\[\d*m", "", str(root)).splitlines() if (line := part.strip())]
    told = next((k for k, line in enumerate(lines) if k and _NOISE.search(line)), len(lines))
    return " ".join([f"{type(root).__name__}:", *lines[: min(told, 3)]])[:400]


def _where(error: Exception) -> str:
    """The line of the user's code that PyTorch could not follow, if it is known."""
    import onnx_ir
    import onnxscript
    import torch

    foreign = (*(os.path.join(os.path.dirname(inspect.getfile(m)), "") for m in (torch, onnxscript, onnx_ir)), __file__, "<string", "<frozen", "<eval")
    for cause in _chain(error):
        seen = []
        for frame, line in traceback.walk_tb(cause.__traceback__):
            seen.append(f'File "{frame.f_code.co_filename}", line {line}, in {frame.f_code.co_name}')
            seen.append(str(getattr(frame.f_locals.get("node"), "stack_trace", "")))  # of torch.fx: where the operator was called
        for file, line, name in reversed(_FRAME.findall("\n".join([str(cause), *seen]))):
            if not file.startswith(foreign) and os.path.dirname(file) != os.path.dirname(inspect.getfile(contextlib)):
                text = linecache.getline(file, int(line)).strip()
                return f"{file}:{line} in {name}" + (f": {text}" if text else "")
    return ""


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
