"""Real photographs for the demonstration, read from installed packages and never copied.

scikit-image (14 MB) and alibi (0.5 MB) carry a few photographs inside their wheels. They are found without importing
the packages, so what those depend on is not needed, and nothing is downloaded when the demonstration runs:

    pip install --no-deps scikit-image alibi==0.9.4

>>> for photo in photographs():    # doctest: +SKIP
...     print(photo.name, photo.expected)
"""

from __future__ import annotations

import tarfile
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from pith.graph.errors import PithError

INSTALL = "pip install --no-deps scikit-image alibi==0.9.4"
_LARGEST = 16 << 20


class PhotographsMissing(PithError):
    """A package with photographs, or one of its files, is not installed."""


@dataclass(frozen=True)
class Photo:
    """One picture to show: a file, a part of it, and what the network should say.

    Attributes:
        name: a short name for people.
        path: the file inside the installed package.
        member: the name of the picture inside ``path`` where that is a tar archive; None: ``path`` is the picture.
        crop: (left, top, right, bottom) in pixels of the picture, as Pillow's ``Image.crop`` takes it; None: all of it.
        expected: the right one of the ten labels; None where the picture shows none of the ten classes.
        credit: who made it, its licence, and the package it comes in.
    """

    name: str
    path: Path
    member: str | None
    crop: tuple[int, int, int, int] | None
    expected: str | None
    credit: str

    def read(self) -> bytes:
        """The picture's file (PNG or JPEG), whole: ``PIL.Image.open(io.BytesIO(photo.read()))``, then ``crop``."""
        if self.member is None:
            return self.path.read_bytes()
        with tarfile.open(self.path) as archive:
            file = archive.extractfile(self.member)
            assert file is not None, "photographs() has seen that it is a file"
            return file.read(_LARGEST)


_SKIMAGE = "scikit-image"
_CHELSEA = f"Chelsea, by Stefan van der Walt, CC0, in {_SKIMAGE}"
_COFFEE = f"by Rachel Michetti, CC0, in {_SKIMAGE}"
_ROCKET = f"Falcon 9, by SpaceX, public domain, in {_SKIMAGE}"
_ASTRONAUT = f"Eileen Collins, by NASA, public domain, in {_SKIMAGE}"
_FLICKR = "from flickr.com, public domain, in alibi"

_TABLE: tuple[tuple[str, str, str, str | None, tuple[int, int, int, int] | None, str | None, str], ...] = (
    ("cat", "skimage", "chelsea.png", None, None, "cat", _CHELSEA),
    ("cat, closer", "skimage", "chelsea.png", None, (30, 0, 330, 300), "cat", _CHELSEA),
    ("tabby cat", "alibi", "cats.tar.gz", "n02123045_281_tabby_cat.jpg", None, "cat", _FLICKR),
    ("Persian cat", "alibi", "cats.tar.gz", "n02123394_283_Persian_cat.jpg", None, "cat", _FLICKR),
    ("Siamese cat", "alibi", "cats.tar.gz", "n02123597_284_Siamese_cat.jpg", None, "cat", _FLICKR),
    ("Egyptian cat", "alibi", "cats.tar.gz", "n02124075_285_Egyptian_cat.jpg", None, "cat", _FLICKR),
    ("coffee", "skimage", "coffee.png", None, None, None, _COFFEE),
    ("rocket", "skimage", "rocket.jpg", None, None, None, _ROCKET),
    ("astronaut", "skimage", "astronaut.png", None, None, None, _ASTRONAUT),
)


def photographs(folders: Sequence[Path] | None = None) -> list[Photo]:
    """The photographs, in the order to show them.

    Args:
        folders: where to look for the packages instead of Python's import path (folders such as ``site-packages``).

    Raises:
        PhotographsMissing: a package or a file is not there; the message says what to install.
    """
    found = []
    for name, package, file, member, crop, expected, credit in _TABLE:
        path = _package(package, folders) / "data" / file
        if not path.is_file():
            why = f"{path} does not exist: this release of the package carries other pictures"
            raise PhotographsMissing(
                f"the photograph {name!r} is missing", where=package, why=why, try_=INSTALL + " --upgrade"
            )
        if member is not None:
            _require_member(path, member)
        found.append(Photo(name, path, member, crop, expected, credit))
    return found


def _package(package: str, folders: Sequence[Path] | None) -> Path:
    """The folder of an installed package, found without importing it."""
    if folders is None:
        spec = find_spec(package)
        places = [Path(place) for place in (spec.submodule_search_locations or ())] if spec else []
    else:
        places = [Path(folder) / package for folder in folders]
    for place in places:
        if (place / "data").is_dir():
            return place
    why = "the demonstration shows photographs that come inside this package, and it is not installed here"
    raise PhotographsMissing(f"no photographs: {package} is missing", where=package, why=why, try_=INSTALL)


def _require_member(path: Path, member: str) -> None:
    """Refuses an archive without the picture."""
    try:
        with tarfile.open(path) as archive:
            if archive.getmember(member).isfile():
                return
        why = f"{member} is not a file in it"
    except (tarfile.TarError, KeyError, OSError) as error:
        why = str(error)
    raise PhotographsMissing("a photograph is missing", where=str(path), why=why, try_=INSTALL + " --force-reinstall")
