"""From PyTorch: a module, compiled, gives what the module gives; what cannot be taken over is refused in words."""

from __future__ import annotations

import contextlib
import copy
import logging
import subprocess
import sys
import threading
from collections import namedtuple
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import ml_dtypes
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

torch = pytest.importorskip("torch", reason="from_torch takes PyTorch modules; install torch to test it")
pytest.importorskip("onnxscript", reason="PyTorch exports ONNX by onnxscript; install it to test from_torch")

from torch import Tensor, nn  # noqa: E402

import pith  # noqa: E402
from pith.bridge import to_onnx  # noqa: E402


class Net(nn.Module):
    """Two inputs, two outputs, batch normalisation, dropout, an activation in place."""

    def __init__(self, channels: int, kernel: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(channels, 5, kernel, padding=kernel // 2)
        self.norm = nn.BatchNorm2d(5)
        self.drop = nn.Dropout(0.5)
        self.slope = nn.PReLU(5)

    def forward(self, image: Tensor, shift: Tensor) -> tuple[Tensor, Tensor]:
        x = self.slope(self.norm(self.conv(image)))
        return self.drop(torch.relu_(x + shift)), x.mean((2, 3))


@settings(max_examples=3)
@given(st.integers(1, 4), st.sampled_from([1, 3, 5]), st.integers(5, 12), st.integers(5, 12))
def test_same_as_the_module(channels: int, kernel: int, height: int, width: int) -> None:
    torch.manual_seed(0)
    net = Net(channels, kernel)
    net(torch.randn(8, channels, height, width), torch.zeros(1))  # statistics that are not trivial
    example = (torch.randn(1, channels, height, width), torch.randn(1, 5, 1, 1))
    session = pith.from_torch(net, example, "c99", opt="-O1")
    assert net.training and [i.name for i in session.inputs] == ["image", "shift"] and len(session.outputs) == 2
    with torch.no_grad():
        expected = net.eval().double()(*(x.double() for x in example))
    for got, y in zip(session(*(x.numpy() for x in example)), expected, strict=True):
        assert np.abs(got - y.numpy()).max() <= 1e-5 * max(1.0, float(y.abs().max()))


def test_options_reach_compile(tmp_path: Path) -> None:
    session = pith.from_torch(nn.Linear(3, 2), torch.zeros(4, 3), "c99", out=tmp_path / "net", name="tiny", opt="-O1")
    assert (tmp_path / "net" / "tiny.c").exists() and session(np.ones((4, 3), np.float32)).shape == (4, 2)


def test_open_dimensions() -> None:
    net = nn.Conv2d(1, 2, 3)
    model = to_onnx(net, torch.zeros(1, 1, 8, 8), dynamic={"input": {2: "height", 3: "width"}})
    x = np.random.default_rng(0).standard_normal((1, 1, 5, 11)).astype(np.float32)
    session = pith.compile(model, "c99", {"height": 5, "width": 11}, opt="-O1")
    with torch.no_grad():
        assert np.allclose(session(x), net(torch.from_numpy(x)).numpy(), atol=1e-5)
    with pytest.raises(pith.PithError, match="no input 'x'"):
        to_onnx(net, torch.zeros(1, 1, 8, 8), dynamic={"x": {2: "height"}})


def test_integers_and_one_input_of_many() -> None:
    net = nn.Embedding(7, 3)
    tokens = torch.tensor([[1, 6, 0]])
    assert np.array_equal(pith.from_torch(net, tokens, "c99", opt="-O1")(tokens.numpy()), net(tokens).detach().numpy())


def test_no_paths_of_this_machine() -> None:
    data = to_onnx(Net(3, 3), (torch.zeros(1, 3, 8, 8), torch.zeros(1, 5, 1, 1))).SerializeToString()
    assert b"site-packages" not in data and b".py" not in data


class Of(nn.Module):
    """A module that is one function of its inputs."""

    def __init__(self, function: Callable[..., Any]) -> None:
        super().__init__()
        self.function = function

    def forward(self, x: Any, y: Any = None) -> Any:
        return self.function(x) if y is None else self.function(x, y)


class Branches(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        if x.sum() > 0:
            return x + 1
        return x - 1


class Holds(nn.Module):
    """Parameters of any names, one behind the other."""

    def __init__(self, *names: str) -> None:
        super().__init__()
        for name in names:
            self.register_parameter(name, nn.Parameter(torch.randn(3, 3)))

    def forward(self, x: Tensor) -> Tensor:
        for p in self.parameters():
            x = x @ p
        return x


class OutputTwice(Holds):
    def forward(self, output: Tensor) -> tuple[Tensor, Tensor]:  # type: ignore[override]
        return output @ self.output, output


class Words(nn.Module):
    def forward(self, int: Tensor, *static: Tensor, register: Tensor, scale: float = 2.0, **void: Tensor) -> Tensor:
        return int * scale - register + sum(static) + void.get("auto", 0)


class Counts(nn.Module):
    """All that a call can leave behind: a buffer, numbers, a list, the example itself."""

    def __init__(self) -> None:
        super().__init__()
        self.inner = nn.Sequential(nn.BatchNorm1d(3), nn.Dropout(), nn.BatchNorm1d(3).eval())
        self.register_buffer("calls", torch.zeros(()))
        self.seen: list[int] = []
        self.interrupt = False

    def forward(self, x: Tensor) -> Tensor:
        self.calls += 1
        self.seen.append(len(self.seen))
        if self.interrupt and torch.compiler.is_exporting():
            raise KeyboardInterrupt
        self.last = x.mul_(2)
        return self.inner(x) + self.calls


class Locked(nn.Module):
    """What copy.deepcopy refuses."""

    def __init__(self) -> None:
        super().__init__()
        self.lock, self.part = threading.Lock(), nn.Linear(3, 3)
        self.twice = self.part.weight * 2

    def forward(self, x: Tensor) -> Tensor:
        return self.part(x) @ self.twice


Pair = namedtuple("Pair", "logits mask")


def flat(y: Any) -> list[Tensor]:
    """Tensors of a result, in order."""
    if isinstance(y, Tensor):
        return [y]
    return [t for v in (y.values() if isinstance(y, dict) else y if isinstance(y, (tuple, list)) else ()) for t in flat(v)]


def agrees(net: nn.Module, example: Any, outputs: list[str] | None = None, tolerance: float = 1e-6) -> pith.Session:
    """Compiled, `net` gives what it gives in evaluation mode, under these names."""
    session = pith.from_torch(net, example, "c99", opt="-O1")
    kwargs = example if isinstance(example, dict) else {}
    args = () if kwargs else example if isinstance(example, tuple) else (example,)
    if kwargs:
        got = tuple(session.run({k: array(t) for k, t in kwargs.items() if isinstance(t, Tensor)}).values())
    else:
        got = session(*(array(t.detach()) for t in flat(args)))
    with torch.no_grad():
        want = [array(t) for t in flat(copy.deepcopy(net).eval()(*args, **kwargs))]
    for g, w in zip(got if isinstance(got, tuple) else (got,), want, strict=True):
        assert g.dtype == w.dtype and g.shape == w.shape
        np.testing.assert_allclose(g.astype(np.float64), w.astype(np.float64), rtol=tolerance, atol=tolerance)
    assert outputs is None or [o.name for o in session.outputs] == outputs
    return session


def array(x: Tensor) -> np.ndarray:
    return x.float().numpy().astype(ml_dtypes.bfloat16) if x.dtype is torch.bfloat16 else x.numpy()


def state(*things: Any) -> list[Any]:
    """Every bit of modules and tensors, and of PyTorch's own state."""
    facts: list[Any] = [torch.get_rng_state().tolist(), torch.is_grad_enabled(), logging.root.manager.disable, sys.stdout, sys.stderr]
    for thing in things:
        parts = thing.modules() if isinstance(thing, nn.Module) else []
        facts += [(id(m), m.training, repr(sorted((k, v) for k, v in vars(m).items() if k in ("seen", "interrupt"))), "last" in vars(m)) for m in parts]
        for t in thing.state_dict(keep_vars=True).values() if isinstance(thing, nn.Module) else [thing]:
            facts.append((id(t), t.requires_grad, t.grad is None, t._version, t.detach().numpy().tobytes()))
    return facts


@pytest.mark.parametrize(
    ("net", "error"),
    [
        (nn.Sequential(nn.BatchNorm1d(3), nn.Dropout(), nn.BatchNorm1d(3).eval()), None),
        (Of(lambda x: x.mul_(2)), None),
        (Of(lambda x: nn.functional.dropout(x).add_(1)), None),
        (Branches(), pith.PithError),
        (Counts(), pith.PithError),
        (Counts(), KeyboardInterrupt),
    ],
)
def test_nothing_changes(net: nn.Module, error: type[BaseException] | None) -> None:
    example = torch.randn(4, 3)
    net.interrupt = error is KeyboardInterrupt
    for p in list(net.parameters())[:1]:
        p.requires_grad_(False)
    before = state(net, example)
    with pytest.raises(error) if error else contextlib.nullcontext():
        to_onnx(net, example)
    assert state(net, example) == before


def test_threads_take_turns() -> None:
    before = state(net := nn.Sequential(nn.Linear(3, 2), nn.Dropout()), x := torch.randn(1, 3))
    with ThreadPoolExecutor(3) as pool:
        models = list(pool.map(lambda _: to_onnx(net, x), range(3)))
    assert state(net, x) == before and len({m.SerializeToString() for m in models}) == 1


def test_a_module_that_changes_itself() -> None:
    with pytest.raises(pith.PithError, match="changes itself") as caught:
        to_onnx(Counts(), torch.randn(4, 3))
    assert caught.value.where == "calls"


@pytest.mark.parametrize("names", [("output",), ("output", "output_inner", "x"), ("input", "0", "int", "pith", "val_0")])
def test_parameters_may_be_called_anything(names: tuple[str, ...]) -> None:
    agrees(Holds(*names), torch.randn(2, 3), ["output"])


def test_inputs_may_be_called_anything() -> None:
    session = agrees(OutputTwice("output", "output_0"), torch.randn(2, 3), ["output_0", "output_1"])
    assert [i.name for i in session.inputs] == ["output"]
    agrees(Of(lambda x: {"x": x + 1}), torch.randn(2, 3), ["x_out"])


def test_arguments() -> None:
    x, y, z = (torch.randn(2, 3) for _ in range(3))
    session = agrees(Words(), {"register": y, "int": x, "auto": z, "scale": 3.0})
    assert [i.name for i in session.inputs] == ["int", "register", "auto"]
    session = agrees(Of(lambda x, y: x["b"] - x["a"] * y[1]), ({"b": x, "a": y}, [x, z]))
    assert [i.name for i in session.inputs] == ["x_b", "x_a", "y_0", "y_1"]
    session = agrees(nn.LSTM(3, 4), (torch.randn(5, 1, 3), (torch.randn(1, 1, 4), torch.randn(1, 1, 4))), ["output_0", "output_1_0", "output_1_1"])
    assert [i.name for i in session.inputs] == ["input", "hx_0", "hx_1"]
    with pytest.raises(pith.PithError, match="does not take such an example") as caught:
        to_onnx(Words(), (x, y, z))
    assert "'register'" in caught.value.why


@pytest.mark.parametrize(
    ("function", "names"),
    [
        (lambda x: {"b": x + 1, "a": x * 2}, ["b", "a"]),
        (lambda x: Pair(x + 1, None), ["logits"]),
        (lambda x: {"p": (x + 1, x), "q": [x * 2], 3: x - 1, "größe /": x, "größe_": -x}, ["p_0", "p_1", "q_0", "output_3", "größe /", "größe_"]),
        (lambda x: [{"a": x}, Pair(x * 2, x * 3)], ["output_0_a", "output_1_logits", "output_1_mask"]),
    ],
)
def test_results(function: Callable[[Tensor], Any], names: list[str]) -> None:
    agrees(Of(function), torch.randn(2, 3), names)


def test_constants_that_the_exporter_forgets() -> None:
    """Two equal clamps of one ReLU: its optimiser gives both pairs of bounds the same names, and keeps one."""
    agrees(Of(lambda x: torch.clamp(y := torch.relu(x), 0, 1) * 2 + torch.clamp(y, 0, 1).round()), torch.randn(1, 3, 4, 4))


def test_nothing_is_said() -> None:
    """Of what PyTorch notes the first time that it exports."""
    code = "import torch; from pith.bridge import to_onnx; to_onnx(torch.nn.Linear(3, 3), torch.zeros(2, 3))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False,
                          cwd=Path(pith.__file__).parents[1])  # fmt: skip
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_other_threads_go_on(caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]) -> None:
    """They train the module, print, and write to the log meanwhile."""
    net, started, done, modes = nn.Sequential(nn.Linear(3, 3), nn.Dropout()), threading.Event(), threading.Event(), set[bool]()

    def look() -> None:
        while not done.wait(0.005):
            modes.add(net.training)
            logging.getLogger("torch.mine").warning("here")
            print("there", flush=True)
            started.set()

    thread = threading.Thread(target=look)
    thread.start()
    started.wait()
    before = len(caplog.records)
    capsys.readouterr()
    try:
        pith.bridge.to_onnx(net, torch.zeros(2, 3))
    finally:
        done.set()
        thread.join()
    printed = capsys.readouterr().out
    assert modes == {True} and len(caplog.records) > before + 10 and printed.count("there") > 10


def test_a_package_of_ones_own_may_be_called_quantized() -> None:
    mine = type("Mine", (nn.Linear,), {"__module__": "mine.quantized.layers"})
    agrees(nn.Sequential(mine(3, 3)), torch.ones(2, 3))


def test_why_it_failed(capfd: pytest.CaptureFixture[str]) -> None:
    for net, x, where, why in (
        (Branches(), torch.zeros(3), "in forward: if x.sum() > 0:", "Could not guard on data-dependent expression"),
        (Of(lambda x: torch.linalg.svd(x)[1]), torch.eye(3), "in forward: return self.function(x)", "aten._linalg_svd"),
        (Of(lambda x: x @ torch.ones(7, 7)), torch.eye(3), "in <lambda>", "mat1 and mat2 shapes cannot be multiplied (3x3 and 7x7)"),
    ):
        with pytest.raises(pith.PithError) as caught:
            to_onnx(net, x)
        assert __file__ in caught.value.where and where in caught.value.where, caught.value
        assert why in caught.value.why and len(str(caught.value).splitlines()) <= 4 and "step 1/3" not in str(caught.value)
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("dtype", [torch.float64, torch.float16, torch.bfloat16])
def test_floats(dtype: torch.dtype) -> None:
    agrees(nn.Linear(3, 2).to(dtype), torch.randn(2, 3).to(dtype), tolerance={torch.float64: 1e-14, torch.float16: 1e-3}.get(dtype, 1e-2))


def test_other_examples() -> None:
    agrees(Of(lambda x, y: torch.where(y, x * 3, -x)), (torch.arange(6), torch.arange(6) > 2))
    agrees(nn.Linear(3, 2), torch.zeros(0, 3))
    agrees(Of(lambda x: x * 2), torch.tensor(3.0))
    agrees(nn.Linear(3, 2), torch.randn(3, 5).t().requires_grad_())
    agrees(nn.Conv2d(3, 4, 3).to(memory_format=torch.channels_last), torch.randn(1, 3, 6, 6).to(memory_format=torch.channels_last))
    x = torch.randn(1, 3)
    agrees(Of(lambda x, y: x.add_(1) * y), (x.expand(4, 3).clone(), x))


MODULES = {
    "weight_norm": lambda: nn.utils.parametrizations.weight_norm(nn.Linear(3, 3)),
    "spectral_norm": lambda: nn.utils.parametrizations.spectral_norm(nn.Linear(3, 3)),
    "weight_norm of old": lambda: nn.utils.weight_norm(nn.Linear(3, 3)),
    "parallel": lambda: nn.DataParallel(nn.Linear(3, 3)),
    "compiled": lambda: torch.compile(nn.Sequential(torch.compile(nn.Linear(3, 3), backend="eager"), nn.ReLU()), backend="eager"),
    "exported": lambda: torch.export.export(nn.Linear(3, 3), (torch.randn(2, 3),)).module(),
}


@pytest.mark.filterwarnings("ignore:.*weight_norm:FutureWarning")
@pytest.mark.parametrize("kind", MODULES)
def test_kinds_of_modules(kind: str) -> None:
    net, x = MODULES[kind](), torch.randn(2, 3)
    session = pith.from_torch(net, x, "c99", opt="-O1")
    assert [i.name for i in session.inputs] == ["input"]
    with torch.no_grad():
        want = (net if kind == "exported" else net.eval())(x).numpy()
    np.testing.assert_allclose(session(x.numpy()), want, rtol=1e-6, atol=1e-6)


def test_what_cannot_be_copied() -> None:
    net, x = Locked(), torch.randn(2, 3)
    with torch.no_grad():
        want = net(x).numpy()
    np.testing.assert_allclose(pith.from_torch(net, x, "c99", opt="-O1")(x.numpy()), want, rtol=1e-6, atol=1e-6)


def test_hooks_and_replaced_methods() -> None:
    net = nn.Sequential(nn.Linear(3, 3), nn.BatchNorm1d(3), nn.Dropout())
    net[0].register_forward_hook(lambda module, inputs, y: y * 3)
    forward, before = net.forward, copy.deepcopy(net.state_dict())
    net.forward = lambda x: forward(x) + 1  # holds the module itself, not its copy
    session = pith.from_torch(net, x := torch.randn(2, 3), "c99", opt="-O1")
    assert net.training and all(torch.equal(v, before[k]) for k, v in net.state_dict().items())
    with torch.no_grad():
        np.testing.assert_allclose(session(x.numpy()), net.eval()(x).numpy(), rtol=1e-6, atol=1e-6)


def test_dimensions_that_cannot_stay_open() -> None:
    x = torch.zeros(1, 1, 8, 8)
    to_onnx(nn.ReLU(), x, dynamic={"input": {}})
    model = to_onnx(Of(lambda x, y: x * y), (x, 3.0), dynamic={"x": {2: "height"}})
    assert model.graph.output[0].type.tensor_type.shape.dim[2].dim_param == "height"
    for net, dynamic, words in (
        (nn.Sequential(nn.Flatten(), nn.Linear(64, 2)), {"input": {2: "height"}}, "cannot be left open as 'height'"),
        (nn.ReLU(), {"input": {7: "height"}}, "no dimension can be left open as 7"),
        (nn.ReLU(), {"input": {2: "a b"}}, "no dimension can be left open as 2: 'a b'"),
        (nn.ReLU(), {"input": ["height"]}, "not of the form"),
    ):
        with pytest.raises(pith.PithError, match=words):
            to_onnx(net, x, dynamic=dynamic)


@pytest.mark.filterwarnings("ignore")
def test_modules_that_are_not_of_python() -> None:
    net, x = nn.Sequential(nn.Linear(3, 2)), torch.zeros(1, 3)
    with pytest.raises(pith.PithError, match="is TorchScript"):
        to_onnx(torch.jit.trace(net, x), x)
    with pytest.raises(pith.PithError, match="layers in integers"):
        to_onnx(torch.ao.quantization.quantize_dynamic(net, {nn.Linear}, dtype=torch.qint8), x)


@pytest.mark.parametrize(
    ("net", "example", "words"),
    [
        (Branches(), torch.zeros(3), "cannot export Branches"),
        (Of(lambda x: (x, 3)), torch.zeros(3), "result 'output_1' of Of is a int"),
        (Of(lambda x: None), torch.zeros(3), "returns no tensor"),
        (Of(lambda x: torch.complex(x, x)), torch.zeros(3), "result 'output' of Of is of torch.complex64"),
        (Of(lambda x: x), torch.zeros(3, dtype=torch.complex64), "input 'x' of the example is of torch.complex64"),
        (Of(lambda x: x), torch.eye(3).to_sparse(), "is of torch.float32, torch.sparse_coo"),
        (Of(lambda x: x), torch.zeros(3, device="meta"), "on meta"),
        (nn.Linear(3, 2, device="meta"), torch.zeros(1, 3), "weights without values"),
        (nn.LazyLinear(2), torch.zeros(1, 3), "weights without a shape"),
        (nn.Linear(3, 2), torch.zeros(4), "cannot run on the example"),
        (nn.Linear(3, 2), np.zeros((1, 3)), "input 'input' of the example is a ndarray"),
        (nn.Linear(3, 2), [[1.0, 2.0, 3.0]], "holds no tensor"),
        (nn.Linear(3, 2), (), "does not take such an example"),
        (lambda x: x, torch.zeros(3), "no torch.nn.Module"),
    ],
)
def test_refusals(net: object, example: object, words: str) -> None:
    with pytest.raises(pith.PithError, match=words):
        pith.from_torch(net, example, "c99")
