"""A configuration as text that reads back as the same values: YAML, JSON, Python."""

from __future__ import annotations

import json
import math
import re
from typing import Any

from pith.config.yaml_reader import scalar_of

_PLAIN = re.compile(r"[A-Za-z_/][\w./+-]*")  # words that YAML reads as they stand


def to_yaml(value: dict[str, Any]) -> str:
    """Mappings as blocks, lists of scalars in one line."""
    return "".join(_block(value, "")) or "{}\n"


def to_json(value: dict[str, Any]) -> str:
    """Raises ValueError for numbers that JSON has not (infinity, NaN)."""
    return json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def to_python(value: dict[str, Any]) -> str:
    """One assignment for each key. Infinity and NaN are written as float("inf"), float("nan")."""
    return "".join(f"{key} = {_python(v)}\n" for key, v in value.items())


def _block(value: Any, indent: str) -> list[str]:
    lines: list[str] = []
    if isinstance(value, dict):
        for key, v in value.items():
            lines += _entry(f"{indent}{_text(key)}:", v, indent + "  ")
    else:
        for v in value:
            lines += _entry(f"{indent}-", v, indent + "  ")
    return lines


def _entry(head: str, value: Any, indent: str) -> list[str]:
    if value and (isinstance(value, dict) or (isinstance(value, list) and any(isinstance(v, dict | list) for v in value))):
        return [head + "\n", *_block(value, indent)]
    return [f"{head} {_flow(value)}\n"]


def _flow(value: Any) -> str:
    if isinstance(value, dict):
        return "{}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_flow, value)) + "]"
    if isinstance(value, float):
        if math.isnan(value):
            return ".nan"
        return repr(value) if math.isfinite(value) else ".inf" if value > 0 else "-.inf"
    return _text(value) if isinstance(value, str) else json.dumps(value)


def _text(text: str) -> str:
    if _PLAIN.fullmatch(text) and text.isascii() and scalar_of(text) == text:
        return text
    # JSON's escapes are YAML's, in double quotes, but for characters that JSON writes as two
    return re.sub(r"\\u(d[89ab]..)\\u(d[c-f]..)|\\.", _pair, json.dumps(text)).replace("\x7f", "\\x7f")


def _pair(found: re.Match[str]) -> str:
    """Two surrogates of JSON as the one character that YAML writes with eight digits; any other escape as it is."""
    if not found[1]:
        return found[0]
    return f"\\U{0x10000 + ((int(found[1], 16) - 0xD800) << 10) + int(found[2], 16) - 0xDC00:08X}"


def _python(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{k!r}: {_python(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_python, value)) + "]"
    return f'float("{value}")' if isinstance(value, float) and not math.isfinite(value) else repr(value)
