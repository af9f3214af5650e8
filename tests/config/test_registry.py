"""Registries: registration, scopes, and building by `type`."""

from __future__ import annotations

import collections
from typing import Any

import pytest

from pith.config import Config, Registry
from pith.graph.errors import ConfigError


class Thing:
    def __init__(self, a: int, b: int = 2) -> None:
        self.a, self.b = a, b


def test_registration() -> None:
    r = Registry("thing")
    assert r.register_module()(Thing) is Thing and r.register_module("other")(Thing) is Thing
    r.register_module("counter", module="collections:Counter")
    assert r.names() == ["Thing", "counter", "other"] and "other" in r and "nothing" not in r and len(r) == 3
    assert r.get("counter") is collections.Counter
    with pytest.raises(KeyError, match="already"):
        r.register_module()(Thing)
    r.register_module("other", force=True, module=dict)
    assert r.get("other") is dict
    for bad in (5, "no_colon"):
        with pytest.raises(TypeError):
            r.register_module("x", module=bad)  # type: ignore[arg-type]


def test_build() -> None:
    r = Registry("thing")
    r.register_module("Thing", module=Thing)
    cfg = {"type": "Thing", "a": 1}
    for _ in range(2):  # the description is left as it is, so it can be built again
        thing = r.build(cfg, default_args={"a": 5, "b": 7})
        assert (thing.a, thing.b) == (1, 7)
    assert cfg == {"type": "Thing", "a": 1}
    assert r.build(Config({"t": {"type": "Thing", "a": [1]}}).t).a == [1]
    assert r.build({"type": Thing, "a": 3}).b == 2
    assert r.build({"type": "Thing"}, 4).a == 4

    inner: dict[str, Any] = {"type": "Thing", "a": {"k": []}}
    r.build(inner).a["k"].append(1)
    assert inner["a"] == {"k": []}, "nothing is shared with the description"


@pytest.mark.parametrize(("cfg", "message"), [
    ({"type": "Thinh", "a": 1}, r"no thing 'Thinh'\n.*Thing"), ({"a": 1}, "with `type`"), ("Thing", "with `type`"), ({"type": 5}, "is a name"),
    ({"type": "Thing", "a": 1, "z": 2}, "unexpected keyword argument 'z'\n.*a, b"), ({"type": "Thing"}, "missing a required argument: 'a'"),
])  # fmt: skip
def test_refused(cfg: Any, message: str) -> None:
    r = Registry("thing")
    r.register_module("Thing", module=Thing)
    with pytest.raises(ConfigError) as refusal:
        r.build(cfg)
    import re

    assert re.search(message, str(refusal.value))


def test_an_error_inside_is_not_hidden() -> None:
    def broken() -> None:
        raise TypeError("inside")

    r = Registry("thing")
    r.register_module("broken", module=broken)
    with pytest.raises(TypeError, match="inside"):
        r.build({"type": "broken"})


def test_scopes() -> None:
    root = Registry("thing")
    mine, others = Registry("thing", parent=root, scope="mine"), Registry("thing", parent=root, scope="others")
    below = Registry("thing", parent=mine, scope="below")
    for r, value in ((root, "root"), (mine, "mine"), (others, "others"), (below, "below")):
        r.register_module("name", module=lambda value=value: value)
    root.register_module("rare", module=lambda: "rare")
    asked = {root: {"name": "root", "mine.name": "mine", "mine.below.name": "below", "pith.name": "root"},
             mine: {"name": "mine", "rare": "rare", "others.name": "others", "pith.name": "root", "mine.name": "mine", "below.name": "below"},
             below: {"name": "below", "rare": "rare", "others.name": "others", "mine.name": "mine"}}  # fmt: skip
    for registry, names in asked.items():
        for name, value in names.items():
            assert registry.build({"type": name}) == value, name
    with pytest.raises(ConfigError, match=r"others\.names"):
        mine.get("others.names")
    with pytest.raises(ValueError, match="taken"):
        Registry("thing", parent=root, scope="mine")
    assert root.names() == ["name", "rare", "mine.below.name", "mine.name", "others.name"]
