"""A run written down: on the terminal, and as Markdown, JUnit XML, JSON and one HTML file.

What must not enter: judging; anything that a run does not hold.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from pathlib import Path

from safelight.refusals import UsageError

from safelight_contracts.results import Run

KINDS = {
    "json": "safelight_contracts.reports.document:as_json",
    "junit": "safelight_contracts.reports.junit:as_junit",
    "markdown": "safelight_contracts.reports.markdown:as_markdown",
    "html": "safelight_contracts.reports.html:as_html",
}
"""Kinds of report files, and what makes the text of each."""


def writable(option: str, path: Path) -> None:
    """Raise UsageError where a file cannot be written: to be told before money is spent."""
    fresh = not path.exists()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.open("ab").close()
        if fresh:
            path.unlink()
    except OSError as error:
        raise UsageError(f"--{option} {path}: cannot be written: {error.strerror}") from error


def write_report(run: Run, kind: str, path: Path) -> None:
    """Write one report. A Markdown summary is added to a file that exists, as CI wants it.

    Raises UsageError where the file cannot be written.
    """
    module, _, name = KINDS[kind].partition(":")
    make: Callable[[Run], str] = getattr(import_module(module), name)
    text = run.mask(make(run))
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("ab" if kind == "markdown" else "wb") as file:
            file.write(text.encode("utf-8", "replace"))  # an answer may hold half a character
    except OSError as error:
        raise UsageError(f"--{kind} {path}: cannot be written: {error.strerror}") from error
