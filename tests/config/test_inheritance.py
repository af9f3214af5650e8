"""Configuration files by OpenMMLab's rules: inheritance, merging, templates, options, output; and what is refused."""

from __future__ import annotations

import copy
import json
import os
import pickle
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

yaml = pytest.importorskip("yaml", reason="YAML files need PyYAML")

from pith.config import Config, parse_overrides, parse_value  # noqa: E402
from pith.graph.errors import ConfigError  # noqa: E402


def load(folder: Path, files: dict[str, str], name: str = "child.yaml", **options: Any) -> Config:
    """The last of some files written to a folder."""
    for file, text in files.items():
        (folder / file).parent.mkdir(parents=True, exist_ok=True)
        (folder / file).write_text(text)
    return Config.fromfile(folder / name, **options)


def values(folder: Path, base: str, child: str) -> dict[str, Any]:
    return load(folder, {"base.yaml": base, "child.yaml": "_base_: base.yaml\n" + child}).plain()


RULES = {
    "mappings are merged, all the way down": ("m: {a: {x: 1, y: 2}, b: 3}", "m: {a: {y: 5}}", {"m": {"a": {"x": 1, "y": 5}, "b": 3}}),
    "lists replace": ("a: [1, 2, 3]", "a: [4]", {"a": [4]}),
    "scalars replace": ("a: 1\nb: x", "a: 2", {"a": 2, "b": "x"}),
    "null replaces": ("m: {a: 1}", "m: null", {"m": None}),
    "a scalar replaces a mapping": ("m: {a: 1}", "m: 7", {"m": 7}),
    "_delete_ keeps the child's keys only": ("m: {a: 1, b: {c: 2}}", "m: {_delete_: true, d: 4}", {"m": {"d": 4}}),
    "_delete_ inside": ("m: {a: 1, b: {c: 2}}", "m: {b: {_delete_: true, d: 4}}", {"m": {"a": 1, "b": {"d": 4}}}),
    "_delete_ over a scalar": ("m: 5", "m: {_delete_: true, d: 4}", {"m": {"d": 4}}),
    "_delete_ where there is nothing": ("a: 1", "m: {_delete_: true, d: {_delete_: true, e: 1}}", {"a": 1, "m": {"d": {"e": 1}}}),
    "_delete_: false merges": ("m: {a: 1}", "m: {_delete_: false, b: 2}", {"m": {"a": 1, "b": 2}}),
    "new keys": ("a: 1", "b: {c: 2}", {"a": 1, "b": {"c": 2}}),
    "one element of a list": ("p: [{type: A, x: 1}, {type: B}]", "p: {0: {x: 2}}", {"p": [{"type": "A", "x": 2}, {"type": "B"}]}),
    "the last element": ("p: [1, 2]", "p: {'-1': 9}", {"p": [1, 9]}),
    "references": ("a: {b: [1, {c: 5}]}", "d: '{{_base_.a.b}}'\ne: '{{ _base_.a.b.1.c }}'\nf: n{{_base_.a.b.0}}",
                   {"a": {"b": [1, {"c": 5}]}, "d": [1, {"c": 5}], "e": 5, "f": "n1"}),
    "a reference is to the base, not to the child": ("a: 1", "a: 2\nb: '{{_base_.a}}'", {"a": 2, "b": 1}),
}  # fmt: skip


@pytest.mark.parametrize("rule", RULES)
def test_rule(rule: str, tmp_path: Path) -> None:
    base, child, expected = RULES[rule]
    assert values(tmp_path, base, child) == expected


REFUSED = {
    "mapping over a scalar": ("m: 5", "m: {a: 1}", "_delete_: true"),
    "mapping over a list": ("m: [1, 2]", "m: {a: 1}", "cannot be merged into a list"),
    "index out of range": ("m: [1, 2]", "m: {2: 1}", "no element 2"),
    "flag that is no boolean": ("m: {}", "m: {_delete_: 1}", "true or false"),
    "reference to nothing": ("a: {b: 1}", "c: '{{_base_.a.x}}'", "no 'x' there"),
    "mapping inside text": ("a: {b: 1}", "c: 'x{{_base_.a}}'", "no text"),
    **{f"reserved {key}": ("a: 1", f"{key}: 1", "reserved") for key in ("filename", "text", "pretty_text")},
}


@pytest.mark.parametrize("rule", REFUSED)
def test_refused(rule: str, tmp_path: Path) -> None:
    base, child, message = REFUSED[rule]
    with pytest.raises(ConfigError) as refusal:
        values(tmp_path, base, child)
    assert message in str(refusal.value) and "child.yaml" in refusal.value.where


def test_three_levels_and_several_bases(tmp_path: Path) -> None:
    files = {
        "root/net.yaml": "model: {type: net, width: 1, head: {classes: 10}}",
        "root/data.json": '{"data": {"batch": 32, "dir": "{{ fileDirname }}", "n": {{ _base_.missing }}}}'.replace(', "n": {{ _base_.missing }}', ""),
        "root/run.yml": "_base_: [net.yaml, ./data.json]\nmodel: {width: 2}",
        "child.yaml": "_base_: root/run.yml\nmodel: {head: {classes: 3}}\nname: '{{fileBasenameNoExtension}}{{ fileExtname }} {{fileBasename}}'",
    }
    cfg = load(tmp_path, files)
    assert cfg.model == {"type": "net", "width": 2, "head": {"classes": 3}}
    assert cfg.data.dir == str((tmp_path / "root").resolve()), "of the file the variable is in"
    assert cfg.name == "child.yaml child.yaml"
    assert all(text in cfg.text for text in files.values()) and cfg.filename == str(tmp_path / "child.yaml")


def test_two_bases_share_no_key(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as refusal:
        load(tmp_path, {"a.yaml": "x: 1", "b.yaml": "x: {y: 1}", "child.yaml": "_base_: [a.yaml, b.yaml]"})
    assert "'x'" in refusal.value.what and refusal.value.why == "a.yaml and b.yaml"


def test_circle_is_named_with_its_chain(tmp_path: Path) -> None:
    files = {"a.yaml": "_base_: sub/b.yaml", "sub/b.yaml": "_base_: c.json", "sub/c.json": '{"_base_": "../a.yaml"}', "child.yaml": "_base_: a.yaml"}
    with pytest.raises(ConfigError, match="inherits from itself") as refusal:
        load(tmp_path, files)
    assert refusal.value.why == "a.yaml -> b.yaml -> c.json -> a.yaml"


def test_many_files_are_refused(tmp_path: Path) -> None:
    """A diamond doubles at every level: 2^20 reads without a bound."""
    files = {f"{i}.json": json.dumps({"_base_": [f"{i + 1}.json"] * 2}) for i in range(20)} | {"20.json": "{}"}
    with pytest.raises(ConfigError, match="more than 100 files"):
        load(tmp_path, files, "0.json")


def test_folder_names_cannot_break_the_syntax(tmp_path: Path) -> None:
    folder = tmp_path / 'it"s: a\\{x}, #1'
    cfg = load(folder, {"child.yaml": "a: {{ fileDirname }}/x\nb: '{{ fileDirname }}'"})
    assert cfg.a == f"{folder}/x" and cfg.b == str(folder)
    (folder / "c.json").write_text('{"_base_": "child.yaml", "d": {{ _base_.a }}, "e": "{{ fileExtname }}"}')
    both = Config.fromfile(folder / "c.json")
    assert both.d == cfg.a and both.e == ".json"


def test_python_files_only_where_asked_for(tmp_path: Path) -> None:
    files = {
        "base.py": "import math\nlr = 10 ** -1\ndef f(): pass\nsteps = (1, 2)",
        "child.py": "_base_ = 'base.py'\ndouble = {{ _base_.steps }}\nname = '{{ fileBasename }}'",
        "child.yaml": "_base_: base.py",
    }
    for name in ("child.yaml", "child.py"):
        with pytest.raises(ConfigError, match="which would be run"):
            load(tmp_path, files, name)
    assert load(tmp_path, files, "child.py", python=True).plain() == {"lr": 0.1, "steps": [1, 2], "double": [1, 2], "name": "child.py"}
    with pytest.raises(ConfigError, match="failed"):
        load(tmp_path, {"bad.py": "1 / 0"}, "bad.py", python=True)


def test_scalars_are_those_of_yaml_1_2(tmp_path: Path) -> None:
    text = "a: 1e-3\nb: yes\nc: 2020-01-02\nd: 0x10\ne: 1.5\nf: '5'\ng: ~\nh: -.inf\ni: 12:30\nj: 0o17\nk: .5\nl: true\non: 010"
    expected = {"a": 0.001, "b": "yes", "c": "2020-01-02", "d": 16, "e": 1.5, "f": "5", "g": None, "h": -float("inf"), "i": "12:30",
                "j": 15, "k": 0.5, "l": True, "on": 10}  # fmt: skip
    assert load(tmp_path, {"child.yaml": text}).plain() == expected


HOSTILE = {
    "not YAML": ("a: [1", "line"),
    "object": ("a: !!python/object/apply:os.system ['true']", "tag"),
    "tag": ("a: !!set {x}", "tag"),
    "duplicate key": ("a: 1\na: 2", "twice"),
    "merge key": ("x: &x {a: 1}\ny: {<<: *x}", "merge keys"),
    "alias in itself": ("a: &a [*a]", "not known here"),
    "alias bomb": ("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n" + "\n".join(f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]" for i in range(1, 12)), "values"),
    "very deep lists": ("a: " + "[" * 100_000, "nest"),
    "deep lists": ("a: " + "[" * 70, "levels"),
    "deep mappings": ("\n".join(" " * i + "a:" for i in range(100)), "levels"),
    "two documents": ("a: 1\n---\nb: 1", "more than one document"),
    "a list": ("- 1", "mapping"),
    "key that is no text": ("true: 1", "not text"),
    "list as key": ("? [1]\n: 2", "cannot be a key"),
    "too large": ("a: " + "x" * (1 << 20), "larger"),
    "_base_ that is no path": ("_base_: {a: 1}", "path or a list"),
    "base that is missing": ("_base_: nothing.yaml", "cannot read nothing.yaml"),
    "base of another kind": ("_base_: child.txt", "cannot read"),
    "base with a zero": ('_base_: "a\\0b.yaml"', "cannot read"),
    "no UTF-8": (b"a: \xff", "no text"),
    "long number": ("a: " + "9" * 5000, ""),
}  # fmt: skip


@pytest.mark.parametrize("case", HOSTILE)
def test_hostile(case: str, tmp_path: Path) -> None:
    text, message = HOSTILE[case]
    (tmp_path / "child.yaml").write_bytes(text if isinstance(text, bytes) else text.encode())
    if case == "long number":  # too long for a number: text
        assert Config.fromfile(tmp_path / "child.yaml").a == "9" * 5000
        return
    with pytest.raises(ConfigError) as refusal:
        Config.fromfile(tmp_path / "child.yaml")
    assert message in str(refusal.value)


@pytest.mark.parametrize(("text", "message"), [
    ('{"a": 1, "a": 2}', "twice"), ('{"a": NaN}', "NaN"), ("[" * 100_000, "levels"), ('{"a": ', "not valid"), ("[1]", "mapping"),
    ('{"a": "\\ud800"}', "Unicode"), ('{"a": ' + "9" * 5000 + "}", "not valid"), ('{"a":' * 80 + "1" + "}" * 80, "levels"),
])  # fmt: skip
def test_hostile_json(text: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=message):
        load(tmp_path, {"child.json": text}, "child.json")


@given(st.binary(max_size=60))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    folder = Path(os.environ.get("TMPDIR", "/tmp"))
    for suffix in (".yaml", ".json"):
        path = folder / f"pith_config_{os.getpid()}{suffix}"
        path.write_bytes(data)
        try:
            Config.fromfile(path)
        except ConfigError:
            pass
        finally:
            path.unlink()


TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | TEXT | st.sampled_from(["1e3", "no", "null", "-", "a: b", "{{x}}", " "])
VALUES = st.recursive(SCALARS, lambda v: st.lists(v, max_size=3) | st.dictionaries(TEXT, v, max_size=3), max_leaves=8)
KEYS = TEXT.filter(lambda k: k not in ("_base_", "_delete_", "<<", "filename", "text", "pretty_text"))


@given(st.dictionaries(KEYS, VALUES, max_size=4))
def test_what_is_written_reads_back(made: dict[str, Any]) -> None:
    """By Pith's reader, and by PyYAML's own where YAML 1.1 and 1.2 agree (text is written so that they do, numbers may differ)."""
    made = json.loads(json.dumps(made).replace('"<<"', '"<"').replace('"_delete_"', '"d"'))
    path = Path(os.environ.get("TMPDIR", "/tmp")) / f"pith_config_{os.getpid()}_written"
    for suffix in (".yaml", ".json", ".py"):
        file = path.with_suffix(suffix)
        if (suffix == ".json" and "Infinity" in json.dumps(made)) or (suffix == ".py" and not all(k.isidentifier() and k.isascii() for k in made)):
            continue
        try:
            Config(made).dump(file)
        except SyntaxError:
            continue
        if suffix == ".py":
            import keyword

            if any(keyword.iskeyword(k) or k.startswith("__") for k in made):
                continue
        assert Config.fromfile(file, python=True).plain() == made
        file.unlink()


def test_values_of_options() -> None:
    cases = {
        "1": 1, "-2": -2, "1.5": 1.5, "1e-3": 0.001, "true": True, "False": False, "none": None, "abc": "abc", "1,2": [1, 2],
        "a,b": ["a", "b"], "[1,2]": [1, 2], "[[1,2],[3]]": [[1, 2], [3]], "(1,)": [1], "[]": [], "'1'": "1", '"a,b"': "a,b",
        "[(a,b),(c,1.0)]": [["a", "b"], ["c", 1.0]], "": "", "a=b": "a=b", "1.2.3": "1.2.3", "it's": "it's", "1,": [1], "x:'y": "x:'y",
        "[{type: clip, norm: 1.0}]": [{"type": "clip", "norm": 1.0}], '{"a":"x","b":[1,{"c":null}],"d":true}': {"a": "x", "b": [1, {"c": None}], "d": True},
        "{}": {}, "{a: {b: {c: (1,)}}}": {"a": {"b": {"c": [1]}}}, "{a: 'x, y', \"b:c\": \"it's\", d: C:/x}": {"a": "x, y", "b:c": "it's", "d": "C:/x"},
        "a,{b: 1}": ["a", {"b": 1}], "{a:1,}": {"a": 1}, "[a,'b,c']": ["a", "b,c"], "'{a: 1}'": "{a: 1}",
    }  # fmt: skip
    for text, value in cases.items():
        found = parse_value(text)
        assert found == value and type(found) is type(value), text
    assert parse_overrides(["a.b=1", "c=x=y"]) == {"a.b": 1, "c": "x=y"}
    for bad in (["a"], ["=1"], ["a..b=1"], ["a=1", "a=2"], ["a=[1"], ["a=[1)]"], ["a='x"], ["a=" + "[" * 999 + "]" * 999],
                ["a={b}"], ["a={b: 1"], ["a={b: [1}]"], ["a={b: 1, b: 2}"], ["a={: 1}"], ["a=" + "{b: " * 70 + "1" + "}" * 70]):  # fmt: skip
        with pytest.raises(ConfigError):
            parse_overrides(bad)


def test_options_follow_the_rules() -> None:
    cfg = Config({"a": {"b": 1, "c": [{"type": "x"}, {"type": "y"}]}, "d": 5})
    cfg.merge_from_dict(parse_overrides(["a.b=2", "a.c.1.type=z", "e.f.g=1,2"]))
    assert cfg.plain() == {"a": {"b": 2, "c": [{"type": "x"}, {"type": "z"}]}, "d": 5, "e": {"f": {"g": [1, 2]}}}
    before = copy.deepcopy(cfg)
    for options in (["d.x=1"], ["a.c.7=1"], ["a=1", "a.b=2"], ["a.b=2", "a=1"], ["text=1"]):
        with pytest.raises(ConfigError):
            cfg.merge_from_dict(parse_overrides(options))
        assert cfg == before
    cfg.merge_from_dict({"d._delete_": True, "d.x": 1})
    assert cfg.d == {"x": 1}
    cfg.merge_from_dict(parse_overrides(["a={b: 3, c: [{type: w}]}", "d={_delete_: true, y: 2}"]))
    assert cfg.a == {"b": 3, "c": [{"type": "w"}]} and cfg.d == {"y": 2}


def test_access() -> None:
    cfg = Config({"a": {"b": [{"c": 1}]}})
    assert cfg.a.b[0].c == cfg["a"]["b"][0]["c"] == 1 and cfg.get("z", 3) == 3 and list(cfg) == ["a"] and "a" in cfg and len(cfg) == 1
    cfg.a.d = {"e": 2}
    cfg.new = {"x": {"y": 1}}
    assert cfg.a.d.e == 2 and cfg.new.x.y == 1
    for ask in (lambda: cfg.missing, lambda: cfg.a.missing):
        with pytest.raises(AttributeError, match="has no 'missing'"):
            ask()
    with pytest.raises(KeyError):
        cfg["missing"]
    other = pickle.loads(pickle.dumps(cfg))
    assert other == cfg == copy.deepcopy(cfg) and isinstance(other.a, type(cfg.a))
    copy.deepcopy(cfg).a.b[0].c = 9
    assert cfg.a.b[0].c == 1
    with pytest.raises(ConfigError):
        Config({"f": print})
    with pytest.raises(ConfigError):
        Config({"text": 1})
