"""Configuration files: reading one, its template variables, and the files it inherits from."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from pith.config.merge import merge, without_flags
from pith.config.values import MAX_BYTES, plain
from pith.config.yaml_reader import read_yaml
from pith.graph.errors import ConfigError

BASE = "_base_"
RESERVED = ("filename", "text", "pretty_text")
MAX_FILES = 100
_TEMPLATE = r"\{\{\s*(fileDirname|fileBasename|fileBasenameNoExtension|fileExtname|_base_(?:\.[\w-]+)+)\s*\}\}"
_JSON_PARTS = re.compile(r'"(?:[^"\\]|\\.)*"|' + _TEMPLATE, re.S)


def load(path: Path, python: bool) -> tuple[dict[str, Any], str]:
    """Values of a file with everything it inherits, and the text of all files read.

    Raises ConfigError for files that cannot be read, circles of `_base_`, keys that two bases share, and broken merge rules.
    """
    reader = _Files(python)
    values = reader.read(path, [])
    return values, "\n".join(reader.texts)


class _Files:
    """One load: what was read so far bounds what is read further."""

    def __init__(self, python: bool) -> None:
        self.python = python
        self.texts: list[str] = []

    def read(self, path: Path, above: list[Path]) -> dict[str, Any]:
        """above: the files that asked for this one, resolved."""
        try:
            real = path.resolve()
        except (OSError, ValueError, RuntimeError) as error:  # a zero in the name, a circle of links
            raise ConfigError(f"cannot read {path.name!r}", where=str(above[-1]) if above else "", why=str(error)) from error
        if real in above:
            chain = " -> ".join(p.name for p in [*above[above.index(real) :], real])
            raise ConfigError("a configuration inherits from itself", where=str(path), why=chain, try_="remove one of these _base_")
        if len(self.texts) >= MAX_FILES:
            raise ConfigError(f"more than {MAX_FILES} files in one configuration", where=str(path))
        text = read_text(path)
        self.texts.append(f"# {path}\n{text}")
        marked, names = _mark(text, path.suffix)
        values = _parse(marked, names, path, self.python)
        bases = values.pop(BASE, [])
        if isinstance(bases, str):
            bases = [bases]
        if not isinstance(bases, list) or not all(isinstance(b, str) for b in bases):
            raise ConfigError(f"{BASE} is a path or a list of paths, not {bases!r}", where=str(path))
        base: dict[str, Any] = {}
        origin: dict[str, str] = {}
        for name in bases:
            found = self.read(path.parent / _fill(name, names, path, {}), [*above, real])
            for key in found:
                if key in origin:
                    raise ConfigError(
                        f"two bases have the key {key!r}", where=str(path), why=f"{origin[key]} and {name}",
                        try_="keep it in one of them, or let one inherit from the other",
                    )  # fmt: skip
                origin[key] = name
            base.update(found)
        values = _fill(values, names, path, base)
        for key in RESERVED:
            if key in values:
                raise ConfigError(f"the key {key!r} is reserved", where=str(path), try_="another name")
        try:
            result = merge(values, base) if bases else without_flags(values)
        except ConfigError as error:
            raise ConfigError(error.what, where=f"{path}: {error.where}", why=error.why, try_=error.try_) from error
        assert isinstance(result, dict)
        return result


def read_text(path: Path) -> str:
    """A file's text. Raises ConfigError where there is none, it is no UTF-8, or has more than MAX_BYTES."""
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except (OSError, ValueError) as error:
        raise ConfigError(f"cannot read {path.name}", where=str(path), why=getattr(error, "strerror", None) or str(error)) from error
    if len(data) > MAX_BYTES:
        raise ConfigError(f"{path.name} is larger than {MAX_BYTES:,} bytes", where=str(path))
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path.name} is no text", where=str(path), why=str(error)) from error


def _mark(text: str, suffix: str) -> tuple[str, dict[str, str]]:
    """Template variables as words that survive parsing (paths hold backslashes and quotes), and what each word stands for."""
    prefix = "v"
    while prefix in text:
        prefix += f"{len(prefix)}x"
    names: dict[str, str] = {}

    def word(found: re.Match[str]) -> str:
        mark = f"{prefix}{len(names)}e"
        names[mark] = found[1]
        return mark

    if suffix != ".json":
        return re.sub(_TEMPLATE, word, text), names
    # outside of quotes JSON knows no words
    quoted: Callable[[re.Match[str]], str] = lambda m: f'"{word(m)}"' if m[1] else re.sub(_TEMPLATE, word, m[0])  # noqa: E731
    return _JSON_PARTS.sub(quoted, text), names


def _parse(text: str, names: dict[str, str], path: Path, python: bool) -> dict[str, Any]:
    suffix = path.suffix.lower()
    if suffix in (".yaml", ".yml"):
        value = read_yaml(text, str(path))
    elif suffix == ".json":
        value = _read_json(text, path)
    elif suffix == ".py":
        value = _run_python(text, names, path, python)
    else:
        raise ConfigError(f"{path.name} is no configuration", where=str(path), try_=".yaml, .yml or .json")
    if value is None:
        value = {}
    if not isinstance(value, dict):
        raise ConfigError("a configuration is a mapping", where=str(path), why=f"this is a {type(value).__name__}")
    return {str(k): v for k, v in plain(value, "").items()}


def _read_json(text: str, path: Path) -> Any:
    def pairs(items: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(items)
        if len(found) != len(items):
            twice = next(k for i, (k, _) in enumerate(items) if k in [n for n, _ in items[:i]])
            raise ConfigError(f"the key {twice!r} is there twice", where=str(path))
        return found

    def constant(name: str) -> Any:
        raise ConfigError(f"{name} is no number of JSON", where=str(path))

    try:
        return json.loads(text, object_pairs_hook=pairs, parse_constant=constant)
    except RecursionError:
        raise ConfigError("too many levels in one another", where=str(path)) from None
    except ValueError as error:
        raise ConfigError("not valid JSON", where=str(path), why=str(error)) from error


def _run_python(text: str, names: dict[str, str], path: Path, allowed: bool) -> Any:
    """The public names of a Python file that is run: only where the caller asked for it."""
    if not allowed:
        raise ConfigError(
            f"{path.name} is a Python file, which would be run", where=str(path), try_="write it as YAML; or, if you trust it, python=True (--python)"
        )
    space: dict[str, Any] = {"__file__": str(path), "__name__": "config", **{n: n for n in names}}
    try:
        exec(compile(text, str(path), "exec"), space)
    except Exception as error:
        raise ConfigError(f"{path.name} failed", where=str(path), why=f"{type(error).__name__}: {error}") from error
    kept = {k: v for k, v in space.items() if not k.startswith("__") and k not in names}
    return {k: v for k, v in kept.items() if not isinstance(v, type) and not callable(v) and type(v).__name__ != "module"}


def _fill(value: Any, names: dict[str, str], path: Path, base: dict[str, Any]) -> Any:
    """Words of `_mark` as what they stand for. One that is a whole value takes the type of what it refers to."""
    if not names:
        return value
    if isinstance(value, dict):
        return {_fill(k, names, path, base): _fill(v, names, path, base) for k, v in value.items()}
    if isinstance(value, list):
        return [_fill(v, names, path, base) for v in value]
    if not isinstance(value, str):
        return value
    if value in names:
        return _value_of(names[value], path, base)
    for mark, name in names.items():
        if mark in value:
            found = _value_of(name, path, base)
            if isinstance(found, dict | list):
                raise ConfigError(f"{{{{ {name} }}}} is no text to be put into text", where=str(path), try_="it alone as the value")
            value = value.replace(mark, str(found))
    return value


def _value_of(name: str, path: Path, base: dict[str, Any]) -> Any:
    if not name.startswith(BASE + "."):
        absolute = path.resolve()
        return {
            "fileDirname": str(absolute.parent), "fileBasename": path.name, "fileBasenameNoExtension": path.stem, "fileExtname": path.suffix
        }[name]  # fmt: skip
    place: Any = base
    for part in name.split(".")[1:]:
        if isinstance(place, dict) and part in place:
            place = place[part]
        elif isinstance(place, list) and part.isdecimal() and len(part) < 7 and int(part) < len(place):
            place = place[int(part)]
        else:
            raise ConfigError(f"{{{{ {name} }}}} refers to nothing", where=str(path), why=f"the bases have no {part!r} there")
    return plain(place)
