"""Registries: what a `type` in a configuration means, and how it is built."""

from __future__ import annotations

import difflib
import importlib
import inspect
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from pith.config.values import plain
from pith.graph.errors import ConfigError

T = TypeVar("T", bound=Callable[..., Any])


class Registry:
    """Names and what they build: classes or functions, or "module:name" which is imported when it is first built.

    name: what is in it ("optimizer"), for messages.  parent: asked for names that this one has not.  scope: the name by which a
    registry is reached from the others of its family, as in `type: mine.Thing`.
    """

    def __init__(self, name: str, *, parent: Registry | None = None, scope: str = "pith") -> None:
        """Raises ValueError for a scope that a sibling has."""
        if not scope or "." in scope:
            raise ValueError(f"{scope!r} is no scope")
        self.name, self.parent, self.scope = name, parent, scope
        self.children: dict[str, Registry] = {}
        self._entries: dict[str, Callable[..., Any] | str] = {}
        if parent is not None:
            if scope in parent.children or scope == parent.scope:
                raise ValueError(f"{name}: the scope {scope!r} is taken")
            parent.children[scope] = self

    def register_module(self, name: str | None = None, *, force: bool = False, module: Callable[..., Any] | str | None = None) -> Any:
        """As a decorator (`@r.register_module()`, `@r.register_module("name")`) or a call (`module=`).

        Raises KeyError for a name that is taken, unless `force`; TypeError for what cannot be called.
        """
        if module is not None:
            return self._add(name, module, force)

        def decorate(thing: T) -> T:
            self._add(name, thing, force)
            return thing

        return decorate

    def _add(self, name: str | None, module: Callable[..., Any] | str, force: bool) -> Any:
        if not callable(module) and not (isinstance(module, str) and name and ":" in module):
            raise TypeError(f"{self.name}: {module!r} is no class or function")
        name = name or getattr(module, "__name__", "")
        if not name or "." in name:
            raise KeyError(f"{self.name}: {name!r} is no name")
        if name in self._entries and not force:
            raise KeyError(f"{self.name} has a {name!r} already")
        self._entries[name] = module
        return module

    def names(self) -> list[str]:
        """Sorted; those of other scopes with their scope."""
        below = [f"{scope}.{n}" for scope, child in self.children.items() for n in child.names()]
        return sorted(self._entries) + sorted(below)

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and self._find(name) is not None

    def __len__(self) -> int:
        return len(self._entries)

    def get(self, name: str, where: str = "") -> Callable[..., Any]:
        """What `name` builds. Raises ConfigError, with names like it.  where: who asks."""
        found = self._find(name)
        if found is None:
            known = self._root().names() if self.parent else self.names()
            near = difflib.get_close_matches(name, known, 3, 0.4) or known[:12]
            raise ConfigError(f"there is no {self.name} {name!r}", where=where, try_=", ".join(near))
        registry, key = found
        entry = registry._entries[key]
        if isinstance(entry, str):
            module, _, attribute = entry.partition(":")
            entry = getattr(importlib.import_module(module), attribute)
            registry._entries[key] = entry
        assert callable(entry)
        return entry

    def _root(self) -> Registry:
        return self.parent._root() if self.parent else self

    def _find(self, name: str) -> tuple[Registry, str] | None:
        scope, dot, rest = name.partition(".")
        if not dot:
            registry: Registry | None = self
            while registry is not None:
                if name in registry._entries:
                    return registry, name
                registry = registry.parent
            return None
        for place in (self, self._root()):
            if scope == place.scope and rest in place._entries:
                return place, rest
            if scope in place.children and (found := place.children[scope]._find_below(rest)):
                return found
        return None

    def _find_below(self, name: str) -> tuple[Registry, str] | None:
        if name in self._entries:
            return self, name
        scope, _, rest = name.partition(".")
        return self.children[scope]._find_below(rest) if scope in self.children else None

    def build(self, cfg: Mapping[str, Any], *given: Any, default_args: Mapping[str, Any] | None = None, where: str = "") -> Any:
        """The object that `cfg` describes: its `type` called with its other keys, and with `default_args` where those are missing.

        `type` is a name, or, from Python, a class or function. given: positional arguments, which no configuration can hold.
        `cfg` is left as it is. Raises ConfigError for a missing or unknown `type` and for arguments that do not fit.
        """
        if not isinstance(cfg, Mapping) or "type" not in cfg:
            raise ConfigError(f"a {self.name} is described by a mapping with `type`", where=where, why=f"this is {cfg!r}"[:200])
        kind = cfg["type"]
        arguments = {k: plain(v) if isinstance(v, dict | list | tuple) else v for k, v in cfg.items() if k != "type"}
        for key, value in (default_args or {}).items():
            arguments.setdefault(key, value)
        if isinstance(kind, str):
            make = self.get(kind, where)
        elif callable(kind):
            make = kind
        else:
            raise ConfigError(f"`type` is a name, not {kind!r}"[:200], where=where)
        name = kind if isinstance(kind, str) else getattr(kind, "__name__", str(kind))
        try:
            signature = inspect.signature(make)
        except (TypeError, ValueError):  # of built-in functions it is not known
            return make(*given, **arguments)
        try:
            signature.bind(*given, **arguments)
        except TypeError as error:
            takes = [p.name for p in list(signature.parameters.values())[len(given) :]]
            raise ConfigError(
                f"{self.name} {name} cannot be made", where=where, why=str(error),
                try_=f"it takes {', '.join(takes) or 'nothing'}; `_delete_: true` beside `type` drops what a base had in its place",
            ) from error
        return make(*given, **arguments)
