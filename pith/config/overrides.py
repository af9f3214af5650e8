"""Changes from the command line: `a.b.c=value`."""

from __future__ import annotations

import re
from typing import Any

from pith.config.values import MAX_DEPTH
from pith.graph.errors import ConfigError

_INT = re.compile(r"[-+]?\d{1,400}")
_FLOAT = re.compile(r"[-+]?(\.\d+|\d+(\.\d*)?)([eE][-+]?\d+)?|[-+]?inf|nan")
_CLOSING = {"[": "]", "(": ")", "{": "}"}


def parse_overrides(options: list[str]) -> dict[str, Any]:
    """`a.b.c=value` options as {"a.b.c": value}. Raises ConfigError for what is not of that form, and for a key given twice."""
    found: dict[str, Any] = {}
    for option in options:
        key, equals, text = option.partition("=")
        if not equals or not all(key.split(".")):
            raise ConfigError(f"{option!r} is no change of a configuration", try_="key=value or a.b.c=value")
        if key in found:
            raise ConfigError(f"{key} is given twice")
        found[key] = parse_value(text)
    return found


def nested(options: dict[str, Any]) -> dict[str, Any]:
    """{"a.b": 1, "a.c": 2} as {"a": {"b": 1, "c": 2}}. Raises ConfigError where one option is inside another."""
    tree: dict[str, Any] = {}
    for path, value in options.items():
        *above, last = path.split(".")
        if len(above) >= MAX_DEPTH:
            raise ConfigError(f"more than {MAX_DEPTH} levels in {path[:80]}")
        place = tree
        for part in above:
            place = place.setdefault(part, {})
            if not isinstance(place, dict):
                raise ConfigError(f"{path} changes what another option sets whole")
        if last in place:
            raise ConfigError(f"{path} is set as a whole and in part")
        place[last] = value
    return tree


def parse_value(text: str) -> Any:
    """The value that a word of the command line stands for.

    true/false and none/null (in any case), whole numbers, floats; `1,2` and `[1,2]` are lists, `[[1,2],[3]]` lists of lists, `{a: 1, b: [2]}`
    and `{"a": 1}` mappings, in one another as in YAML and JSON; quotes ('..', "..") make text of anything, as it stands. The rest is text.
    """
    parts = _split(text)
    if len(parts) > 1:
        return [_one(p, 0) for p in parts if p.strip()] if not parts[-1].strip() else [_one(p, 0) for p in parts]
    return _one(text, 0)


def _one(text: str, depth: int) -> Any:
    text = text.strip()
    if depth > MAX_DEPTH:
        raise ConfigError(f"more than {MAX_DEPTH} brackets in one another")
    if len(text) >= 2 and text[0] == text[-1] and text[0] in "'\"":
        return text[1:-1]
    if len(text) >= 2 and _CLOSING.get(text[0]) == text[-1]:
        parts = _split(text[1:-1], text[0] == "{")
        if not parts[-1].strip():  # a comma at the end, as in (1,)
            parts.pop()
        if text[0] == "{":
            return _mapping(parts, text, depth)
        return [_one(part, depth + 1) for part in parts]
    word = text.lower()
    if word in ("true", "false"):
        return word == "true"
    if word in ("none", "null"):
        return None
    if _INT.fullmatch(text):
        return int(text)
    return float(text) if _FLOAT.fullmatch(text) else text


def _mapping(parts: list[str], text: str, depth: int) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for part in parts:
        quoted = re.fullmatch(r"""\s*(?:'([^']*)'|"([^"]*)")\s*:(.*)""", part, re.S)
        key, colon, value = (quoted[1] or quoted[2] or "", ":", quoted[3]) if quoted else part.partition(":")
        if not colon or not key.strip():
            raise ConfigError(f"{part.strip()[:80]!r} is no `key: value` of a mapping", where=text[:80], try_="put the whole in quotes if text is meant")
        if key.strip() in found:
            raise ConfigError(f"the key {key.strip()!r} is there twice", where=text[:80])
        found[key.strip()] = _one(value, depth + 1)
    return found


def _split(text: str, mapping: bool = False) -> list[str]:
    """At the commas outside brackets and quotes. Raises ConfigError for brackets that do not match."""
    parts, opened, quote, start = [], list[str](), "", 0
    last = ""  # sign before, but for spaces
    for i, sign in enumerate(text):
        before, last = last, last if sign.isspace() else sign
        if quote:
            quote = "" if sign == quote else quote
        elif sign in "'\"" and (before in ("", "[", "(", "{", ",") or (before == ":" and (opened[-1:] == ["}"] or (mapping and not opened)))):
            quote = sign
        elif sign in _CLOSING:
            opened.append(_CLOSING[sign])
        elif sign in "])}":
            if not opened or opened.pop() != sign:
                raise ConfigError(f"brackets do not match in {text[:80]!r}", try_="put the text in quotes if no list is meant")
        elif sign == "," and not opened:
            parts.append(text[start:i])
            start = i + 1
    if opened or quote:
        raise ConfigError(f"{'a quote' if quote else 'a bracket'} is not closed in {text[:80]!r}")
    return [*parts, text[start:]]
