"""A running server's journal on a terminal: exchanges as they happen, a line each.

What must not enter: what a server keeps, flags.
"""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Callable, Iterator
from datetime import datetime
from time import sleep
from urllib.error import HTTPError, URLError
from urllib.parse import quote

import click

from safelight.messages import Json
from safelight.naming import CONTROL
from safelight.refusals import UsageError

_PAUSE = 0.25
"""Seconds between two looks at the journal."""

_COLORS = {2: "green", 3: "cyan", 4: "yellow", 5: "red"}


def pages(url: str, session: str, token: str | None) -> Callable[[int], Json]:
    """Return what asks a server for the journal after a position. Raises UsageError."""

    def ask(after: int) -> Json:
        return page(url, session, token, f"journal?limit=1000&after={after}")

    return ask


def page(url: str, session: str, token: str | None, name: str) -> Json:
    """Return a page of a server's control plane. Raises UsageError."""
    world = f"/s/{quote(session)}" if session else ""
    headers = {"authorization": f"Bearer {token}"} if token else {}
    address = f"{url.rstrip('/')}{world}{CONTROL}/{name}"
    request = urllib.request.Request(address, headers=headers)  # noqa: S310 - their own URL
    try:
        with urllib.request.urlopen(request, timeout=10) as reply:  # noqa: S310 - the same
            return json.load(reply)
    except HTTPError as error:
        told = error.read().decode(errors="replace")[:500]
        raise UsageError(f"{url} answers {error.code}: {told}") from error
    except (URLError, OSError, ValueError) as error:
        reason = getattr(error, "reason", error)
        raise UsageError(f"no Safelight answers at {url} ({reason}); --url names it") from error


def entries(ask: Callable[[int], Json], *, follow: bool) -> Iterator[Json]:
    """Yield exchanges as JSON; with `follow` without an end, through a reset of the session too."""
    after = 0
    while True:
        page = ask(after)
        if page["total"] < after:
            after = 0
            continue
        yield from page["exchanges"]
        after = page["next"]
        if page["more"]:
            continue
        if not follow:
            return
        sleep(_PAUSE)


def line(entry: Json) -> str:
    """Return an exchange in one line, with colours for a terminal."""
    status = entry["status"]
    mark = click.style(str(status or "---"), fg=_COLORS.get(status // 100, "red"), bold=True)
    what = entry["operation"] or f"{entry['method']} {entry['path']}"
    parts = [
        datetime.fromtimestamp(entry["at"]).astimezone().strftime("%H:%M:%S"),
        f"#{entry['number']}",
        mark,
        click.style(entry["provider"], fg="blue"),
        what,
        entry["model"],
        "with mask" if "mask" in entry["params"] else "",
        _made(entry),
        click.style(f"fault={entry['fault']}", fg="magenta") if entry["fault"] else "",
        click.style(entry["fate"], fg="red") if entry["fate"] in ("lost", "abandoned") else "",
        entry["row"] or entry["says"],
        f"retry={entry['retry']}" if entry["retry"] else "",
        repr(entry["prompt"][:60]) if entry["prompt"] else "",
    ]
    return " ".join(part for part in parts if part)


def _made(entry: Json) -> str:
    """Return what came of it, and for how much."""
    if not entry["billed"]:
        return ""
    amount = entry["pictures"]
    pictures = f"{amount} picture{'s' * (amount != 1)} " if amount else ""
    cost = f" {entry['cost']} USD" if entry["cost"] else ""
    return f"{pictures}{entry['tokens']} tokens{cost}"
