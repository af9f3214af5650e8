"""The rules by which one mapping is laid over another."""

from __future__ import annotations

import re
from typing import Any

from pith.config.values import plain
from pith.graph.errors import ConfigError

DELETE = "_delete_"
_INDEX = re.compile(r"-?\d{1,6}")


def merge(child: dict[str, Any], base: Any, where: str = "") -> Any:
    """`child` over `base`, as a new value.

    Mappings are merged key by key; lists and scalars replace. `_delete_: true` in a mapping discards what the base has in its place.
    A mapping whose keys are all whole numbers changes elements of a list. Raises ConfigError for a mapping over anything else, and
    for an index that the list has not.
    """
    if child.get(DELETE) is True:
        return without_flags(child, where)
    if isinstance(base, list) and child and all(_INDEX.fullmatch(k) for k in child if k != DELETE):
        return _into_list(child, base, where)
    if not isinstance(base, dict):
        raise ConfigError(
            f"a mapping cannot be merged into {_kind(base)}", where=where or "the configuration",
            try_="_delete_: true in the mapping, to replace what the base has",
        )  # fmt: skip
    result = dict(base)
    for key, value in child.items():
        at = f"{where}.{key}" if where else key
        if key == DELETE:
            _check_flag(value, at)
        elif isinstance(value, dict) and key in base:
            result[key] = merge(value, base[key], at)
        else:
            result[key] = without_flags(value, at)
    return result


def without_flags(value: Any, where: str = "") -> Any:
    """A copy with no `_delete_` in it: there is nothing to discard."""
    if isinstance(value, dict):
        if DELETE in value:
            _check_flag(value[DELETE], f"{where}.{DELETE}")
        return {k: without_flags(v, f"{where}.{k}") for k, v in value.items() if k != DELETE}
    return [without_flags(v, f"{where}.{i}") for i, v in enumerate(value)] if isinstance(value, list) else plain(value)


def _into_list(child: dict[str, Any], base: list[Any], where: str) -> list[Any]:
    result = list(base)
    for key, value in child.items():
        if key == DELETE:
            _check_flag(value, where)
            continue
        index = int(key)
        if not -len(base) <= index < len(base):
            raise ConfigError(f"the list has no element {index}", where=where, why=f"it has {len(base)}, counted from 0")
        at = f"{where}.{key}"
        result[index] = merge(value, base[index], at) if isinstance(value, dict) else without_flags(value, at)
    return result


def _check_flag(value: Any, where: str) -> None:
    if not isinstance(value, bool):
        raise ConfigError(f"{DELETE} is true or false, not {value!r}", where=where)


def _kind(value: Any) -> str:
    return "a list" if isinstance(value, list) else "null" if value is None else f"the {type(value).__name__} {value!r}"
