"""Files that commands leave behind: whole or not at all, links followed, and what cannot be written refused at once."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from pith.graph.errors import InputError
from pith.report.files import check_place, whole, write_whole


def _fail(path: Path) -> None:
    with whole(path) as f:
        f.write(b"half")
        raise KeyboardInterrupt


@pytest.mark.parametrize("name", ["file", "link", "dangling"])
def test_what_was_there_stays_when_writing_fails(tmp_path: Path, name: str) -> None:
    (tmp_path / "file").write_text("precious")
    (tmp_path / "link").symlink_to("file")
    (tmp_path / "dangling").symlink_to("none")
    before = sorted(os.listdir(tmp_path))
    with pytest.raises(KeyboardInterrupt):
        _fail(tmp_path / name)
    assert (tmp_path / "file").read_text() == "precious" and sorted(os.listdir(tmp_path)) == before


@pytest.mark.parametrize(("name", "target"), [("link", "file"), ("dangling", "none")])
def test_a_link_stays_a_link(tmp_path: Path, name: str, target: str) -> None:
    (tmp_path / "file").write_text("old")
    (tmp_path / name).symlink_to(target)
    check_place(tmp_path / name)
    write_whole(tmp_path / name, b"new")
    assert (tmp_path / name).is_symlink() and (tmp_path / target).read_text() == "new"


def test_a_device_is_written_where_it_is() -> None:
    check_place(Path(os.devnull))
    write_whole(Path(os.devnull), b"gone")
    assert not Path(os.devnull).is_file()


def test_a_link_to_what_may_not_be_written_is_refused_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    locked = tmp_path / "locked"
    locked.mkdir()
    (locked / "file").write_text("theirs")
    (tmp_path / "link").symlink_to(locked / "file")
    monkeypatch.setattr(os, "access", lambda path, mode: Path(path) != locked)  # root may write anywhere
    with pytest.raises(InputError, match="may not be written"):
        check_place(tmp_path / "link")


def test_a_link_into_a_folder_that_is_not_there(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "none" / "file")
    with pytest.raises(InputError, match="no folder"):
        check_place(tmp_path / "link")
