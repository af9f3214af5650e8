"""Settings of a recipe: held against what they are for, so that what is wrong is named before a step is made."""

from __future__ import annotations

import inspect
import math
import types
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import BrokenExecutor
from typing import Any, Literal, Union, get_args, get_origin

from pith import models
from pith.config import Registry
from pith.graph.errors import ConfigError, InputError
from pith.train.data.files import data_path
from pith.train.files import first_line

_WORDS: dict[Any, str] = {int: "a whole number", float: "a number", bool: "true or false", str: "text", type(None): "null"}
_REFUSALS = (TypeError, ValueError, RuntimeError, ArithmeticError)
"""What PyTorch and NumPy raise for values that they do not take."""


class Misfit(ConfigError):
    """A setting is out of its range. Who takes the setting knows its name (`where`), not its place in a recipe, which `built` adds."""


def within(key: str, value: Any, low: float, high: float = math.inf, *, above: bool = False, at: str = "") -> None:
    """Raises Misfit for what is no number of low to high. above: `low` itself is none either. at: the section of the key, if it is known."""
    number = isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 1e300
    if not number or not low <= value <= high or (above and value == low):
        wanted = f"above {low:g}" if above else f"at least {low:g}"
        where = f"{at}.{key}" if at else key
        raise Misfit(f"{key} is {wanted}{f', at most {high:g}' if high < math.inf else ''}, not {value!r}"[:200], where=where)


def fits(value: Any, kind: Any) -> bool:
    """Whether a value of a configuration is what an annotation says. Annotations that no configuration could fill take anything."""
    origin, inner = get_origin(kind) or kind, get_args(kind)
    if origin in (Union, types.UnionType):
        return any(fits(value, k) for k in inner)
    if origin is Literal:
        return value in inner
    if origin in (bool, str, type(None)):
        return isinstance(value, origin)
    if origin in (int, float):
        return isinstance(value, int if origin is int else int | float) and not isinstance(value, bool)
    if origin in (list, tuple, Sequence):
        kinds = [k for k in inner if k is not ...]
        if origin is tuple and kinds and ... not in inner:  # of so many
            return isinstance(value, list | tuple) and len(value) == len(kinds) and all(map(fits, value, kinds))
        return isinstance(value, list | tuple) and all(fits(v, k) for v in value for k in kinds)
    return isinstance(value, dict) if origin in (dict, Mapping) else True


def _said(kind: Any) -> str:
    origin, inner = get_origin(kind) or kind, get_args(kind)
    if origin in (Union, types.UnionType):
        return " or ".join(dict.fromkeys(_said(k) for k in inner))
    if origin is Literal:
        return " or ".join(map(str, inner))
    if origin is tuple and inner and ... not in inner:
        return f"a list of {len(inner)}: {', '.join(map(_said, inner))}"
    if origin in (list, tuple, Sequence):
        return f"a list, each {_said(inner[0])}" if inner and inner[0] is not Any else "a list"
    return _WORDS.get(origin, "a mapping" if origin in (dict, Mapping) else getattr(origin, "__name__", str(origin)))


def check_types(make: Callable[..., Any], described: Mapping[str, Any], where: str) -> None:
    """Raises ConfigError for a value that is not what `make` says it takes, and for numbers that are none."""
    try:
        kinds = {p.name: p.annotation for p in inspect.signature(make, eval_str=True).parameters.values()}
    except (NameError, TypeError, ValueError):  # names that are imported for type checkers only; what is not written in Python
        kinds = {}
    for key, value in described.items():
        if isinstance(value, float) and not math.isfinite(value):
            raise ConfigError(f"{key} is {value}", where=f"{where}.{key}", try_="a finite number")
        if key != "type" and not fits(value, kinds.get(key, Any)):
            raise ConfigError(f"{key} is {_said(kinds[key])}, not {value!r}"[:200], where=f"{where}.{key}")


def built(registry: Registry, described: Any, *given: Any, where: str) -> Any:
    """What a recipe describes. Raises ConfigError for settings that do not fit, whoever refuses them."""
    if isinstance(described, dict) and isinstance(described.get("type"), str):
        check_types(registry.get(described["type"], where), described, where)
    try:
        return registry.build(described, *given, where=where)
    except Misfit as error:
        error.where = f"{where}.{error.where}"
        raise
    except ConfigError as error:
        if where.startswith(f"{error.where}."):  # a data set does not know which one it is
            error.where = where
        raise
    except BrokenExecutor:  # worker processes that died, whatever was asked of them
        raise
    except _REFUSALS as error:
        raise _unmade(described, where, error) from error


def _unmade(described: Any, where: str, error: BaseException) -> ConfigError:
    return ConfigError(f"{described['type']} cannot be made with these settings", where=where, why=first_line(error))


def network(described: Any, where: str) -> Any:
    """The network of `type` with the other settings; `pretrained` lies below `$PITH_DATA`, unless it exists as it is. Raises ConfigError,
    and ModelError for weights that do not fit."""
    if not isinstance(described, dict) or not isinstance(described.get("type"), str):
        raise ConfigError("a network is described by a mapping with `type`", where=where, why=f"this is {described!r}"[:200], try_="pith list models")
    settings = {k: v for k, v in described.items() if k != "type"}
    if isinstance(settings.get("pretrained"), str):
        settings["pretrained"] = data_path(settings["pretrained"])
    try:
        check_types(models.registry.maker(described["type"]), {k: v for k, v in settings.items() if k != "pretrained"}, where)
        return models.create(described["type"], **settings)
    except InputError as error:
        mend = error.try_ or ("PITH_DATA for its weights" if "pretrained" in settings else "")
        raise ConfigError(error.what, where=where, why=error.why, try_=mend) from error
    except _REFUSALS as error:
        raise _unmade(described, where, error) from error
