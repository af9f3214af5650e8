"""A configuration: values with attribute access, read from files that inherit, changed by options, written back."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pith.config import writer
from pith.config.files import RESERVED, load
from pith.config.merge import merge, without_flags
from pith.config.overrides import nested
from pith.config.values import plain
from pith.graph.errors import ConfigError


class ConfigDict(dict[str, Any]):
    """A dict whose keys are attributes too. Mappings inside it are ConfigDicts, those in lists included."""

    def __init__(self, values: dict[str, Any] | None = None) -> None:
        super().__init__()
        for key, value in (values or {}).items():
            self[key] = value

    def __setitem__(self, key: str, value: Any) -> None:
        super().__setitem__(key, _wrap(value))

    def __getattr__(self, name: str) -> Any:
        if name in self:
            return self[name]
        raise AttributeError(f"the configuration has no {name!r}; it has {', '.join(self) or 'nothing'}")

    def __setattr__(self, name: str, value: Any) -> None:
        self[name] = value

    def __delattr__(self, name: str) -> None:
        if name not in self:
            raise AttributeError(name)
        del self[name]

    def __deepcopy__(self, memo: dict[int, Any]) -> ConfigDict:
        return ConfigDict({k: copy.deepcopy(v, memo) for k, v in self.items()})

    def __reduce__(self) -> tuple[Any, ...]:
        return ConfigDict, (dict(self),)


def _wrap(value: Any) -> Any:
    if isinstance(value, ConfigDict):
        return value
    if isinstance(value, dict):
        return ConfigDict(value)
    return [_wrap(v) for v in value] if isinstance(value, list | tuple) else value


class Config:
    """A whole configuration. `cfg.model.type`, `cfg["model"]["type"]`, `cfg.get("model")`.

    Attributes:
        filename: where it was read from, "" if it was not.
        text: of all files read, bases included.
    """

    filename: str
    text: str
    _values: ConfigDict

    def __init__(self, values: dict[str, Any] | None = None, *, filename: str = "", text: str = "") -> None:
        """Raises ConfigError for values that no file could hold, and for keys that are reserved."""
        for key in RESERVED:
            if key in (values or {}):
                raise ConfigError(f"the key {key!r} is reserved", try_="another name")
        object.__setattr__(self, "_values", ConfigDict(plain(values or {})))
        object.__setattr__(self, "filename", filename)
        object.__setattr__(self, "text", text)

    @staticmethod
    def fromfile(path: str | Path, *, python: bool = False) -> Config:
        """Reads .yaml, .yml or .json with everything it inherits from; .py only with python=True, because such files are run.

        Raises ConfigError (see `pith.config.files`), UnsupportedError for YAML without PyYAML.
        """
        values, text = load(Path(path), python)
        return Config(values, filename=str(path), text=text)

    def merge_from_dict(self, options: dict[str, Any]) -> None:
        """Lays {"a.b.c": value} over the configuration, by the rules of inheritance; whole numbers in a path point into lists.

        Nothing is changed if an option is refused (ConfigError).
        """
        changed = merge(nested(plain(options)), self.plain())
        if any(key in changed for key in RESERVED):
            raise ConfigError(f"{', '.join(k for k in RESERVED if k in changed)} is reserved")
        object.__setattr__(self, "_values", ConfigDict(without_flags(changed)))

    def plain(self) -> dict[str, Any]:
        """The values as a dict of dicts and lists, a copy."""
        values: dict[str, Any] = plain(self._values)
        return values

    @property
    def pretty_text(self) -> str:
        """The whole configuration as YAML, without inheritance."""
        return writer.to_yaml(self.plain())

    def dump(self, path: str | Path) -> None:
        """Writes .yaml, .yml, .json or .py, without inheritance; what is read back is equal. Raises ConfigError for other names."""
        path = Path(path)
        forms = {".yaml": writer.to_yaml, ".yml": writer.to_yaml, ".json": writer.to_json, ".py": writer.to_python}
        if path.suffix not in forms:
            raise ConfigError(f"cannot write {path.name}", try_=", ".join(forms))
        if path.suffix == ".py" and not all(k.isidentifier() for k in self._values):
            raise ConfigError(f"cannot write {path.name}", why="a key is no Python name", try_=".yaml")
        try:
            text = forms[path.suffix](self.plain())
        except ValueError as error:
            raise ConfigError(f"cannot write {path.name}", why=str(error), try_=".yaml") from error
        path.write_text(text, encoding="utf-8")

    def get(self, key: str, default: Any = None) -> Any:
        """The value of a top-level key, or `default`."""
        return self._values.get(key, default)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return getattr(self._values, name)

    def __setattr__(self, name: str, value: Any) -> None:
        self._values[name] = value

    def __getitem__(self, key: str) -> Any:
        return self._values[key]

    def __setitem__(self, key: str, value: Any) -> None:
        self._values[key] = value

    def __contains__(self, key: str) -> bool:
        return key in self._values

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Config) and self._values == other._values

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"Config({self.filename!r}): {dict(self._values)!r}"

    def __deepcopy__(self, memo: dict[int, Any]) -> Config:
        return Config(self.plain(), filename=self.filename, text=self.text)

    def __reduce__(self) -> tuple[Any, ...]:
        return _restore, (self.plain(), self.filename, self.text)


def _restore(values: dict[str, Any], filename: str, text: str) -> Config:
    return Config(values, filename=filename, text=text)
