"""Recipes: configurations that say what is trained, on what, and how. Checked whole before anything is built."""

from __future__ import annotations

import difflib
import re
from pathlib import Path
from typing import Any

from pith.config import Config
from pith.graph.errors import ConfigError
from pith.train.settings import within

FOLDER = Path(__file__).with_name("recipes")

DEFAULTS: dict[str, Any] = {
    "name": "", "seed": 0, "model": None, "data": None, "task": {"type": "classification"}, "optimizer": {"type": "SGD", "lr": 0.1},
    "schedule": {"type": "constant"}, "train": None, "precision": "32-true", "channels_last": False, "hooks": [], "checkpoint": {}, "threads": 0,
}  # fmt: skip
_DATA = {"train": None, "val": None, "batch": 64, "augment": None}
_TRAIN = {"epochs": 0, "iterations": 0}
_CHECKPOINT = {"every": 0, "keep": 2}
PRECISIONS = ("32-true", "bf16-mixed", "bf16-if-fast", "16-mixed", "64-true")


def recipes() -> dict[str, Path]:
    """Those that come with Pith: name -> file."""
    return {p.stem: p for p in sorted(FOLDER.glob("*.yaml")) if not p.stem.startswith("_")}


def load(name: str | Path, options: dict[str, Any] | None = None, *, python: bool = False) -> Config:
    """A recipe by file or by the name of one that comes with Pith, `options` laid over it, checked. Raises ConfigError."""
    path = Path(name)
    if not path.exists() and str(name) in recipes():
        path = recipes()[str(name)]
    elif not path.exists() and path.parent == Path():
        near = difflib.get_close_matches(path.stem, recipes(), 3, 0.4)
        raise ConfigError(f"there is no recipe {str(name)!r}", try_=", ".join(near) or "pith list recipes, or the path of a file")
    cfg = Config.fromfile(path, python=python)
    cfg.merge_from_dict(options or {})
    return check(cfg)


def check(cfg: Config) -> Config:
    """The recipe with every default filled in. Raises ConfigError for unknown or missing keys and values out of range."""
    values = _section("", cfg.plain(), DEFAULTS)
    for key in ("model", "data", "train"):
        if values[key] is None:
            raise ConfigError(f"the recipe has no section {key!r}", where=cfg.filename)
    for key in ("model", "task", "optimizer", "schedule"):
        if isinstance(values[key], dict) and "type" not in values[key] and DEFAULTS[key]:  # task.smoothing=0.1 is of the task that is there anyway
            values[key] = {"type": DEFAULTS[key]["type"], **values[key]}
        _described(key, values[key])
    values["data"] = _section("data", values["data"], _DATA)
    values["train"] = _section("train", values["train"], _TRAIN)
    values["checkpoint"] = _section("checkpoint", values["checkpoint"], _CHECKPOINT)
    if not values["data"]["train"]:
        raise ConfigError("the recipe has no data.train", where=cfg.filename)
    for key in ("train", "val", "augment"):
        if values["data"][key]:  # {} is none, too: what _delete_ leaves
            _described(f"data.{key}", values["data"][key])
    for place, key, least in (("data", "batch", 1), ("train", "epochs", 0), ("train", "iterations", 0), ("checkpoint", "every", 0),
                              ("checkpoint", "keep", 1)):  # fmt: skip
        _whole(f"{place}.{key}", values[place][key], least)
    _whole("seed", values["seed"], 0)
    _whole("threads", values["threads"], 0, 1024)
    if not isinstance(values["name"], str) or not re.fullmatch(r"[\w.+-]*", values["name"]) or values["name"].startswith("."):
        raise ConfigError("name is text that can be a folder's: letters, digits, _ - + .", where="name", why=f"this is {values['name']!r}"[:200])
    if bool(values["train"]["epochs"]) == bool(values["train"]["iterations"]):
        raise ConfigError("a recipe says how long to train: train.epochs or train.iterations, one of them", where=cfg.filename)
    if values["precision"] not in PRECISIONS:
        raise ConfigError(f"there is no precision {values['precision']!r}", try_=", ".join(PRECISIONS))
    if not isinstance(values["channels_last"], bool):
        raise ConfigError("channels_last is true or false", why=f"this is {values['channels_last']!r}"[:200])
    if not isinstance(values["hooks"], list):
        raise ConfigError("hooks are a list of mappings with `type`", where="hooks", why=f"this is {values['hooks']!r}"[:200], try_="'hooks=[{type: clip}]'")
    for k, hook in enumerate(values["hooks"]):
        _described(f"hooks.{k}", hook)
    within("lr", values["optimizer"].get("lr", 0.0), 0, at="optimizer")
    return Config(values, filename=cfg.filename, text=cfg.text)


def _described(where: str, value: Any) -> None:
    if not isinstance(value, dict):
        name = value if isinstance(value, str) else "NAME"
        raise ConfigError(f"{where} is a mapping with `type`, not {value!r}"[:200], where=where, try_=_typed(where, name))
    if not isinstance(value.get("type"), str):
        raise ConfigError(f"{where} has no `type` that is a name", where=where, why=f"this is {value!r}"[:200], try_=_typed(where, "NAME"))


def _typed(where: str, name: str) -> str:
    """How to give it in a shell: hooks are a list, which is given as a whole."""
    return f"'hooks=[{{type: {name}}}]'" if where.startswith("hooks.") else f"{where}.type={name}, or '{where}={{type: {name}}}'"


def _section(where: str, given: Any, known: dict[str, Any]) -> dict[str, Any]:
    if not isinstance(given, dict):
        raise ConfigError("a mapping is expected", where=where, why=f"this is {given!r}"[:200])
    for key in given:
        if key not in known:
            near = difflib.get_close_matches(key, known, 2, 0.5)
            raise ConfigError(f"a recipe has no key {key!r}", where=where or "the recipe", try_=", ".join(near or known))
    return {**known, **given}


def _whole(where: str, value: Any, least: int, most: int = (1 << 31) - 1) -> None:
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
        raise ConfigError(f"{where} is a whole number, at least {least}, at most {most}", where=where, why=f"this is {value!r}"[:200])
