"""What a configuration may hold: mappings with text for keys, lists, text, numbers, booleans and null; bounded in depth and size."""

from __future__ import annotations

from typing import Any

from pith.graph.errors import ConfigError

MAX_DEPTH = 64  # of mappings and lists in one another
MAX_VALUES = 100_000  # in one file, aliases counted as often as they are used
MAX_BYTES = 1 << 20  # of one file


def plain(value: Any, where: str = "", depth: int = 0) -> Any:
    """A copy of `value` that shares nothing with it: dict, list, str, int, float, bool, None. Tuples become lists.

    Raises ConfigError for anything else (functions, dates, keys that are not text), and for more than MAX_DEPTH levels.
    """
    if depth > MAX_DEPTH:
        raise ConfigError(f"more than {MAX_DEPTH} levels in one another", where=where)
    if isinstance(value, dict):
        return {key_of(k, where): plain(v, f"{where}.{k}" if where else str(k), depth + 1) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [plain(v, f"{where}.{i}" if where else str(i), depth + 1) for i, v in enumerate(value)]
    if isinstance(value, str):
        return text_of(value, where)
    if value is None or isinstance(value, bool | int | float):
        return value
    raise ConfigError(
        f"a {type(value).__name__} is no value of a configuration", where=where, try_="text, numbers, true/false, null, lists, mappings"
    )


def key_of(key: Any, where: str) -> str:
    """A key as text; whole numbers are allowed, since they point into lists."""
    if isinstance(key, bool) or not isinstance(key, str | int):
        raise ConfigError(f"the key {key!r} is not text", where=where, why="keys are names", try_="put it in quotes")
    return text_of(str(key), where)


def text_of(text: str, where: str) -> str:
    """The text itself. Raises ConfigError for halves of characters (lone surrogates), which no file can hold."""
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise ConfigError("text that is not Unicode", where=where, why=error.reason) from error
    return text
