"""Files that are not whole yet: written beside their place, and put there in one step.

Nobody ever sees half a file, and what a killed recorder leaves is known by its name. What must not
enter: what files hold, who may write.
"""

from __future__ import annotations

import secrets
from pathlib import Path

SUFFIX = ".part"
"""Ends the name of every file that is not whole yet; such names begin with a dot."""


def beside(folder: Path) -> Path:
    """Return a path in a folder, new and hidden, for what is going to be a file there."""
    return folder / f".{secrets.token_hex(8)}{SUFFIX}"


def write(path: Path, data: bytes) -> None:
    """Write a file in one step, whether it was there or not. Raises OSError."""
    draft = beside(path.parent)
    try:
        draft.write_bytes(data)
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)
