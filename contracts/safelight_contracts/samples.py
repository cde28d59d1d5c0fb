"""The sample pictures that ship with Safelight, and what each of them is.

Read from `fixtures/pictures/pictures.toml`. What must not enter: drawing; judging.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from safelight.datafiles import data_dir, known_keys, read_toml
from safelight.messages import Upload
from safelight.refusals import DataError, UsageError

_KEYS = frozenset(
    {"file", "says", "format", "size", "shown", "mode", "alpha", "frames", "readable"}
)

_TYPES = {"PNG": "image/png", "JPEG": "image/jpeg", "WEBP": "image/webp", "GIF": "image/gif"}


@dataclass(frozen=True, slots=True)
class Sample:
    """One picture: `size` is stored width and height, `shown` after the EXIF turn, in pixels.

    `format` and `mode` are Pillow's words; "" and (0, 0) for a file that is no picture at all.
    `readable` tells whether a decoder may take it.
    """

    path: Path
    says: str
    format: str
    size: tuple[int, int]
    shown: tuple[int, int]
    mode: str
    alpha: bool
    frames: int
    readable: bool

    @property
    def data(self) -> bytes:
        """Return the file's bytes."""
        return self.path.read_bytes()

    def upload(self) -> Upload:
        """Return the picture as a form's file."""
        return Upload(self.path.name, _TYPES.get(self.format, "image/png"), self.data)


@lru_cache(maxsize=1)
def samples() -> dict[str, Sample]:
    """Return every sample by file name. Raises DataError for a row that cannot be right."""
    path = data_dir("fixtures") / "pictures" / "pictures.toml"
    found: dict[str, Sample] = {}
    for row in read_toml(path).get("picture", []):
        name = str(row.get("file", "?"))
        known_keys(row, _KEYS, path, name)
        if not (path.parent / name).is_file():
            raise DataError(path, name, "no such file")
        width, height = row.get("size", (0, 0))
        across, down = row.get("shown", (width, height))
        found[name] = Sample(
            path=path.parent / name,
            says=row.get("says", ""),
            format=row.get("format", ""),
            size=(width, height),
            shown=(across, down),
            mode=row.get("mode", ""),
            alpha=row.get("alpha", False),
            frames=row.get("frames", 1),
            readable=row.get("readable", True),
        )
    return found


def sample(name: str) -> Sample:
    """Return a sample by its file name. Raises UsageError naming the known ones."""
    found = samples().get(name)
    if found is None:
        raise UsageError(f"unknown sample {name!r}; known are {', '.join(samples())}")
    return found
