"""YAML as plain values, from the parser's events: no constructor runs, nothing recurses, aliases are counted.

Scalars are those of YAML 1.2's core schema: `1e-3` is a number, `yes`, `on` and dates are text. Tags, merge keys (`<<`), duplicate
keys, more than one document, and anchors inside themselves are refused.
"""

from __future__ import annotations

import importlib
import re
from typing import Any

from pith.config.values import MAX_DEPTH, MAX_VALUES, key_of, plain
from pith.graph.errors import ConfigError, UnsupportedError

_INT = re.compile(r"[-+]?[0-9]{1,4000}")
_HEX, _OCT = re.compile(r"0x[0-9a-fA-F]{1,4000}"), re.compile(r"0o[0-7]{1,4000}")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_INFINITE = re.compile(r"([-+]?)\.(?:inf|Inf|INF)")
_WORDS: dict[str, Any] = {
    "": None, "~": None, "null": None, "Null": None, "NULL": None, "true": True, "True": True, "TRUE": True,
    "false": False, "False": False, "FALSE": False, ".nan": float("nan"), ".NaN": float("nan"), ".NAN": float("nan"),
}  # fmt: skip
_CORE = "tag:yaml.org,2002:"


def read_yaml(text: str, where: str) -> Any:
    """The one document in `text`. Raises ConfigError with the line; UnsupportedError where PyYAML is missing."""
    try:
        yaml = importlib.import_module("yaml")
    except ImportError as error:
        raise UnsupportedError(
            "YAML files need PyYAML", where=where, why=str(error), try_='pip install pyyaml (the extra "train" has it), or write the file as JSON'
        ) from error
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        return _Reader(where).run(yaml.parse(text, Loader=loader))
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f", line {mark.line + 1}" if mark else ""
        raise ConfigError("not valid YAML", where=f"{where}{line}", why=str(getattr(error, "problem", None) or error)) from error


class _Reader:
    """Builds values from events with a stack of its own."""

    def __init__(self, where: str) -> None:
        self.where, self.count = where, 0
        self.anchors: dict[str, tuple[Any, int]] = {}  # value, and how many values are in it
        self.open: list[tuple[Any, str | None, int]] = []  # container, its anchor, count when it began
        self.key: list[Any] = []  # per open container: the pending key of a mapping
        self.result: Any = None
        self.documents = 0

    def refuse(self, what: str, event: Any, why: str = "", try_: str = "") -> ConfigError:
        return ConfigError(what, where=f"{self.where}, line {event.start_mark.line + 1}", why=why, try_=try_)

    def run(self, events: Any) -> Any:
        for event in events:
            kind = type(event).__name__
            if kind == "DocumentStartEvent":
                self.documents += 1
                if self.documents > 1:
                    raise self.refuse("more than one document in the file", event)
            elif kind == "ScalarEvent":
                value = self.scalar(event)
                if event.anchor:
                    self.anchors[event.anchor] = (value, 1)
                self.add(value, event, 1)
            elif kind == "AliasEvent":
                if event.anchor not in self.anchors:
                    raise self.refuse(f"*{event.anchor} is not known here", event, "an anchor has to be complete before it is used")
                value, size = self.anchors[event.anchor]
                self.grow(size, event)
                self.add(plain(value), event, 0)
            elif kind in ("MappingStartEvent", "SequenceStartEvent"):
                if event.tag not in (None, "!", _CORE + "map", _CORE + "seq"):
                    raise self.refuse(f"the tag {event.tag} is not read", event)
                if len(self.open) >= MAX_DEPTH:
                    raise self.refuse(f"more than {MAX_DEPTH} levels in one another", event)
                self.open.append(({} if kind[0] == "M" else [], event.anchor, self.count))
                self.key.append(_NONE)
            elif kind in ("MappingEndEvent", "SequenceEndEvent"):
                value, anchor, before = self.open.pop()
                self.key.pop()
                if anchor:
                    self.anchors[anchor] = (value, self.count - before + 1)
                self.add(value, event, 1)
        return self.result

    def grow(self, by: int, event: Any) -> None:
        self.count += by
        if self.count > MAX_VALUES:
            raise self.refuse(f"more than {MAX_VALUES:,} values", event, "aliases are counted as often as they are used")

    def add(self, value: Any, event: Any, size: int) -> None:
        self.grow(size, event)
        if not self.open:
            self.result = value
            return
        container = self.open[-1][0]
        if isinstance(container, list):
            container.append(value)
        elif self.key[-1] is _NONE:
            if isinstance(value, dict | list):
                raise self.refuse("a mapping or list cannot be a key", event)
            key = key_of(value, f"{self.where}, line {event.start_mark.line + 1}")
            if key == "<<":
                raise self.refuse("merge keys (<<) are not read", event, try_="_base_")
            if key in container:
                raise self.refuse(f"the key {key!r} is there twice", event)
            self.key[-1] = key
        else:
            container[self.key[-1]] = value
            self.key[-1] = _NONE

    def scalar(self, event: Any) -> Any:
        text: str = event.value
        if event.tag not in (None, "!", _CORE + "str"):
            raise self.refuse(f"the tag {event.tag} is not read", event)
        if event.tag is not None or not event.implicit[0]:
            return text
        return scalar_of(text)


_NONE = object()


def scalar_of(text: str) -> Any:
    """A plain YAML scalar: null, true, false, a number, or the text itself."""
    if text in _WORDS:
        return _WORDS[text]
    if _INT.fullmatch(text):
        return int(text)
    if _HEX.fullmatch(text):
        return int(text, 16)
    if _OCT.fullmatch(text):
        return int(text[2:], 8)
    if _FLOAT.fullmatch(text) and len(text) <= 400:
        return float(text)
    if found := _INFINITE.fullmatch(text):
        return float(found[1] + "inf")
    return text
