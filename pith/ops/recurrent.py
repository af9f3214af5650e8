"""What lstm, gru and rnn share: shapes, activations, and the walk over directions, batch and time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from pith.graph import ShapeError, TensorType
from pith.ops.base import Arrays, Attrs, Op, Types
from pith.ops.windows import present

# name -> default alpha and beta; None where the function takes none
ACTIVATIONS: dict[str, tuple[float | None, float | None]] = {
    "relu": (None, None), "tanh": (None, None), "sigmoid": (None, None), "softsign": (None, None), "softplus": (None, None),
    "affine": (1.0, 0.0), "leakyrelu": (0.01, None), "thresholdedrelu": (1.0, None), "scaledtanh": (1.0, 1.0),
    "hardsigmoid": (0.2, 0.5), "elu": (1.0, None),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Activation:
    """An activation function with its parameters (0 where it takes none)."""

    name: str
    alpha: float = 0.0
    beta: float = 0.0

    def __call__(self, x: np.ndarray) -> np.ndarray:
        a, b = self.alpha, self.beta
        functions: dict[str, Callable[[], np.ndarray]] = {
            "relu": lambda: np.maximum(x, 0), "tanh": lambda: np.tanh(x), "softsign": lambda: x / (1 + np.abs(x)),
            "sigmoid": lambda: np.exp(-np.logaddexp(0, -x)), "softplus": lambda: np.logaddexp(0, x),
            "affine": lambda: a * x + b, "leakyrelu": lambda: np.where(x < 0, a * x, x),
            "thresholdedrelu": lambda: np.where(x > a, x, 0), "scaledtanh": lambda: a * np.tanh(b * x),
            "hardsigmoid": lambda: np.clip(a * x + b, 0, 1), "elu": lambda: np.where(x < 0, a * np.expm1(np.minimum(x, 0)), x),
        }  # fmt: skip
        return functions[self.name]()


def directions(attrs: Attrs) -> list[bool]:
    """For each direction whether it runs backwards in time."""
    kind = attrs.get("direction", "forward")
    if kind not in ("forward", "reverse", "bidirectional"):
        raise ShapeError(f"direction {kind!r} is not known")
    return {"forward": [False], "reverse": [True]}.get(kind, [False, True])


def activations(attrs: Attrs, default: Sequence[str]) -> list[list[Activation]]:
    """The activation functions of every direction. The lists of alpha and beta are consumed by those that take one."""
    count = len(directions(attrs))
    names = [str(n).lower() for n in attrs.get("activations") or list(default) * count]
    if len(names) != len(default) * count or any(n not in ACTIVATIONS for n in names):
        raise ShapeError(f"activations {names} are not {len(default)} known functions for each direction")
    alpha, beta = list(attrs.get("activation_alpha") or ()), list(attrs.get("activation_beta") or ())
    made = []
    for n in names:
        a, b = ACTIVATIONS[n]
        a = float(alpha.pop(0)) if a is not None and alpha else a
        b = float(beta.pop(0)) if b is not None and beta else b
        made.append(Activation(n, a or 0.0, b or 0.0))
    return [made[d * len(default) : (d + 1) * len(default)] for d in range(count)]


class Recurrent(Op):
    """Base of the recurrent operators. Inputs x [T, B, I], w [D, G*H, I], r [D, G*H, H], b [D, 2*G*H] or absent,
    sequence_lens [B] or absent, initial_h [D, B, H] or absent (lstm: also initial_c, and peepholes [D, 3*H]).

    Outputs y [T, D, B, H], y_h [D, B, H] (lstm: also y_c). Steps at and beyond a sequence's length leave the state as it is
    and give 0 in y. attrs: direction, activations, activation_alpha, activation_beta, clip (0: none).
    """

    gates = 1
    default: tuple[str, ...] = ("tanh",)
    states = 1

    def hidden(self, inputs: Types) -> int:
        """H, from the recurrent weights."""
        return present(inputs[2]).shape[-1]

    def infer(self, inputs: Types, attrs: Attrs) -> list[TensorType]:
        x, r = present(inputs[0]), present(inputs[2])
        present(inputs[1])
        d = len(directions(attrs))
        activations(attrs, self.default)
        if len(x.shape) != 3 or len(r.shape) != 3:
            raise ShapeError(f"input {x.shape} or recurrent weights {r.shape} do not have three axes")
        (t, b, i), h = x.shape, self.hidden(inputs)
        wanted = [(t, b, i), (d, self.gates * h, i), (d, self.gates * h, h), (d, 2 * self.gates * h), (b,)]
        wanted += [(d, b, h), (d, b, h), (d, 3 * h)]
        for k, given in enumerate(inputs):
            if given is not None and given.shape != wanted[k]:
                raise ShapeError(f"input {k} has shape {given.shape}, not {wanted[k]}")
        state = TensorType(x.dtype, (d, b, h))
        return [TensorType(x.dtype, (t, d, b, h))] + [state] * self.states

    def macs(self, inputs: Types, outputs: Sequence[TensorType], attrs: Attrs) -> int:
        x, h = present(inputs[0]), self.hidden(inputs)
        return len(directions(attrs)) * x.shape[0] * x.shape[1] * self.gates * h * (x.shape[2] + h)

    def flops(self, inputs: Types, outputs: Sequence[TensorType], attrs: Attrs) -> int:
        return 20 * outputs[0].size * self.gates

    def step(
        self, state: tuple[np.ndarray, ...], x: np.ndarray, r: np.ndarray, b: np.ndarray, p: np.ndarray, f: list[Activation],
        attrs: Attrs,
    ) -> tuple[np.ndarray, ...]:  # fmt: skip
        """The next state. x: the input's part of the gates [G*H], r: recurrent weights, b: both biases, p: peepholes."""
        raise NotImplementedError

    def reference(self, inputs: Arrays, attrs: Attrs) -> list[np.ndarray]:
        dtype = present(inputs[0]).dtype
        given = [None if i is None else i.astype(np.float64) for i in inputs] + [None] * (8 - len(inputs))
        x, w, r = (present(v) for v in given[:3])
        (steps, batch, _), d, h = x.shape, w.shape[0], r.shape[-1]
        bias = given[3] if given[3] is not None else np.zeros((d, 2 * self.gates * h))
        lens = np.full(batch, steps) if given[4] is None else given[4]
        start = [v if v is not None else np.zeros((d, batch, h)) for v in given[5 : 5 + self.states]]
        peep = given[7] if given[7] is not None else np.zeros((d, 3 * h))
        functions = activations(attrs, self.default)
        y = np.zeros((steps, d, batch, h))
        finals = [np.zeros((d, batch, h)) for _ in range(self.states)]
        with np.errstate(all="ignore"):
            for k, backwards in enumerate(directions(attrs)):
                for n in range(batch):
                    state = tuple(s[k, n] for s in start)
                    length = min(max(int(lens[n]), 0), steps)
                    for t in range(length)[:: -1 if backwards else 1]:
                        state = self.step(state, w[k] @ x[t, n], r[k], bias[k], peep[k], functions[k], attrs)
                        y[t, k, n] = state[0]
                    for final, s in zip(finals, state, strict=True):
                        final[k, n] = s
        return [v.astype(dtype) for v in (y, *finals)]


def clipped(x: np.ndarray, attrs: Attrs) -> np.ndarray:
    """The input of an activation within [-clip, clip]."""
    clip = float(attrs.get("clip") or 0.0)
    return np.clip(x, -clip, clip) if clip > 0 else x
