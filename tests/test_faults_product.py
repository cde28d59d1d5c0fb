"""Every fault meets every operation of every provider, on the wire of a real server."""

from __future__ import annotations

import asyncio
import base64
import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import kit
import pytest
from asks import ASKS, PHOTO, Ask
from PIL import ImageChops
from rawclient import Seen, ask, events
from safelight.dialects import load_dialects
from safelight.errors import Row
from safelight.faults import FAULTS
from safelight.provider import load_provider

QUICK = {
    "stall_before_headers": "; seconds=0.05",
    "stall_mid_body": "; seconds=0.05",
    "stall_mid_stream": "; seconds=0.05",
    "drip": "; seconds=0.0001",
    "gateway_timeout": "; seconds=0.05",
    "sse_split": "; bytes=4999",
}
"""Options that make the slow ones quick; how long is the only thing they change."""

BASE64 = re.compile(rb'[",]([A-Za-z0-9+/]{150,}={0,2})"')
LINK = re.compile(rb"http://[^\"]+/_safelight/files/[^\"]+")
VARIABLE = re.compile(rb'"(?:obfuscation|id)":"[^"]*"|[\w+/=-]*\d[\w+/=-]*')


def test_there_is_a_request_for_every_operation_of_every_dialect() -> None:
    dialects = load_dialects().values()
    every = [d for dialect in dialects for d in (dialect, *dialect.annexes().values())]
    served = {(d.provider.name, route.operation) for d in every for route in d.routes}
    assert {(a.provider, a.operation) for a in ASKS} == served
    assert len({a.id for a in ASKS}) == len(ASKS)


@pytest.fixture(scope="module")
def port(serve: Callable[..., Any]) -> int:
    return int(serve("--as-of", "2026-11-20").port)


class World:
    """One request's session on the server."""

    def __init__(self, port: int, asked: Ask) -> None:
        self.port, self.asked = port, asked
        self.base = f"/s/{asked.id}"

    async def send(self, fault: str = "") -> Seen:
        headers = self.asked.headers
        headers += (("x-safelight-fault", fault + QUICK.get(fault, "")),) if fault else ()
        path = self.base + self.asked.path
        return await ask(self.port, self.asked.method, path, headers, self.asked.body)

    async def control(self, method: str, page: str, body: Any = None) -> Any:
        data = b"" if body is None else json.dumps(body).encode()
        return (await ask(self.port, method, f"{self.base}/_safelight/{page}", (), data)).json()

    async def fetch(self, url: bytes) -> Seen:
        return await ask(self.port, "GET", "/" + url.decode().split("/", 3)[3])

    async def labels(self, body: bytes) -> list[str]:
        """Return what a reply calls its pictures: by links, in links' answers and in `data:`."""
        urls = LINK.findall(body)
        kinds = [(await self.fetch(url)).headers["content-type"] for url in urls]
        kinds += [f"image/{form.decode()}" for form in re.findall(rb"\.(\w+)\?se=", body)]
        kinds += [kind.decode() for kind in re.findall(rb"image/\w+", body)]
        return sorted(set(kinds))

    async def pictures(self, body: bytes) -> list[bytes]:
        """Return the files that a reply shows: of streams the final ones."""
        if self.asked.shown == "url":
            return [(await self.fetch(url)).body for url in LINK.findall(body)]
        found = [base64.b64decode(text) for text in BASE64.findall(body)]
        return found[-1:] if self.asked.stream else found


@dataclass(frozen=True)
class Meeting:
    """A fault and a request: the reply without it, the reply with it, and the journal's entry."""

    world: World
    name: str
    plain: Seen
    seen: Seen
    last: dict[str, Any]

    @property
    def asked(self) -> Ask:
        return self.world.asked

    @property
    def answers(self) -> bool:
        """Tell whether it has the same status, and ends in order."""
        return (self.seen.status, self.seen.end) == (self.plain.status, "close")

    @property
    def same(self) -> bool:
        """Tell whether it says the same, in status and body."""
        return self.answers and same(self.seen.body) == same(self.plain.body)

    @property
    def slow(self) -> bool:
        """Tell whether it says the same, later."""
        return self.same and self.seen.took >= 0.05

    @property
    def untouched(self) -> bool:
        """Tell whether the reply is as it always is, and the journal says why."""
        return self.same and self.seen.whole and len(self.last["notes"]) >= 1

    @property
    def before(self) -> list[tuple[str, str]]:
        """Return the events without the fault."""
        return told(self.plain.body)

    @property
    def after(self) -> list[tuple[str, str]]:
        """Return the events with the fault."""
        return told(self.seen.body)


Check = Callable[[Meeting], bool]


def same(body: bytes) -> bytes:
    """Return a body without what differs from one request to the next."""
    return VARIABLE.sub(b"#", body)


@pytest.mark.parametrize("asked", ASKS, ids=lambda a: a.id)
def test_every_fault_does_what_it_says(port: int, asked: Ask) -> None:
    assert asyncio.run(_all(World(port, asked))) == []


async def _all(world: World) -> list[str]:
    await world.control("POST", "session", {"as_of": world.asked.as_of})
    plain = await world.send()
    assert plain.whole
    few = asyncio.Semaphore(6)

    async def one(name: str) -> str | None:
        async with few:
            return await _wrong(world, name, plain)

    return [found for found in await asyncio.gather(*map(one, FAULTS)) if found]


async def _wrong(world: World, name: str, plain: Seen) -> str | None:
    """Return what is wrong with a fault's reply, its journal entry or the server after it."""
    seen = await world.send(name)
    health = await world.control("GET", "health")
    (last,) = (await world.control("GET", "journal?fault=" + name))["exchanges"]
    meeting = Meeting(world, name, plain, seen, last)
    kind = FAULTS[name].kind
    if kind == "stream" and not world.asked.stream:
        good = meeting.untouched
    elif kind == "picture":
        good = await _lied(meeting)
    else:
        good = CHECKS[kind](meeting)
    if good and health["status"] == "ok":
        return None
    return f"{name}: {seen.status} {seen.end} {seen.body[:200]!r} {last}"


def told(body: bytes) -> list[tuple[str, str]]:
    """Return a stream's events without what differs from one request to the next."""
    return [(name, same(data.encode()).decode()) for name, data in events(body)]


# The provider's own refusals


def _refused(m: Meeting) -> bool:
    row = next(r for r in load_provider(m.asked.provider).errors.rows if r.id == m.last["row"])
    fixed = {key: value for key, value in row.headers.items() if "{" not in value}
    return (
        m.name in row.fault
        and m.seen.whole
        and m.seen.status == row.status == m.last["status"]
        and not m.last["billed"]
        and _says(row, m.seen.body)
        and {**m.seen.headers, **fixed} == m.seen.headers
        and ("retry-after" in m.seen.headers) == ("retry-after" in row.headers)
    )


def _says(row: Row, body: bytes) -> bool:
    """Tell whether a body carries the row's text, up to the first thing that is filled in."""
    if row.text is not None:
        return body.decode().startswith(row.text.partition("{")[0])
    error = row.error or {}
    start = str(error.get("message") or error.get("detail")).partition("{")[0]
    return start in json.dumps(json.loads(body), ensure_ascii=False)


# Connections that end at once


def _cut(m: Meeting) -> bool:
    end = "close" if m.name == "connection_refused" else "reset"
    return (m.seen.status, m.seen.body, m.seen.end) == (0, b"", end) and not m.last["billed"]


# The wire


def _wire(m: Meeting) -> bool:
    if not m.plain.body and m.name in ("truncated_json", "json_as_text"):
        return m.seen.status == m.plain.status
    made = m.plain.status == 200 and m.last["tokens"] + m.last["pictures"] > 0
    return m.last["billed"] == made and WIRE[m.name](m)


def _no_json(body: bytes) -> bool:
    data = body.split(b"data: ", 1)[-1].split(b"\n\n")[0]
    try:
        json.loads(data)
    except ValueError:
        return True
    return False


def _header(m: Meeting, name: str) -> str:
    return m.seen.headers[name]


WIRE: dict[str, Check] = {
    "reset_after_headers": lambda m: (
        (m.seen.status, m.seen.body, m.seen.end) == (m.plain.status, b"", "reset")
    ),
    "reset_mid_body": lambda m: (
        (m.seen.status, m.seen.end) == (m.plain.status, "reset")
        and len(m.seen.body) <= len(m.plain.body) // 2 + 99
    ),
    "stall_before_headers": lambda m: m.slow,
    "stall_mid_body": lambda m: m.slow,
    "drip": lambda m: m.same,
    "wrong_content_length": lambda m: (
        m.same and int(_header(m, "content-length")) == len(m.seen.body) + 1000
    ),
    "truncated_json": lambda m: m.answers and m.seen.whole and len(m.seen.body) < len(m.plain.body),
    "malformed_json": lambda m: m.answers and m.seen.whole and _no_json(m.seen.body),
    "html_200": lambda m: (
        m.seen.status == 200
        and _header(m, "content-type").startswith("text/html")
        and m.seen.body.startswith(b"<html>")
    ),
    "json_as_text": lambda m: m.same and _header(m, "content-type").startswith("text/plain"),
    "empty_body": lambda m: (m.seen.status, m.seen.body, m.seen.whole) == (200, b"", True),
    "accepted_then_lost": lambda m: (m.seen.status, m.seen.end) == (0, "reset"),
}


# Streams


def _stream(m: Meeting) -> bool:
    if m.name == "sse_no_done" and DONE not in m.before:
        return m.untouched
    if m.name == "sse_preview_as_final" and b"partial_image" not in m.plain.body:
        return m.untouched
    return STREAM[m.name](m)


DONE = ("", "[DONE]")


def _equal(*marks: bytes) -> Check:
    """The events are the same, though the bytes carry these marks."""
    return lambda m: (
        m.after == m.before
        and all(mark in m.seen.body and mark not in m.plain.body for mark in marks)
    )


def _tight(found: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """Return events without the spaces behind their JSON's first brace, which mean nothing."""
    return [(name, data[:1] + data[1:].lstrip()) for name, data in found]


def _long(body: bytes) -> bool:
    """Tell whether a stream's longest line is data of 4 MB."""
    line = max(body.split(b"\n"), key=len)
    return line.startswith(b"data: {") and len(line) == 4 * 2**20


STREAM: dict[str, Check] = {
    "reset_mid_stream": lambda m: (
        m.seen.end == "reset"
        and len(m.after) < len(m.before)
        and m.after == m.before[: len(m.after)]
    ),
    "stall_mid_stream": lambda m: m.slow,
    "json_instead_of_stream": lambda m: (
        _header(m, "content-type") == "application/json" and bool(m.seen.json())
    ),
    "sse_split": _equal(),
    "sse_crlf": _equal(b"\r\n\r\n"),
    "sse_cr": _equal(b"\r\r"),
    "sse_comments": _equal(b": keep-alive\n\n"),
    "sse_bom": _equal(b"\xef\xbb\xbf"),
    "sse_joined": _equal(),
    "sse_no_final_blank": lambda m: (
        m.after == m.before[:-1] and told(m.seen.body + b"\n\n") == m.before
    ),
    "sse_no_done": lambda m: m.after == [event for event in m.before if event != DONE],
    "sse_no_completed": lambda m: (
        len(m.after) == len(m.before) - 1 and [e for e in m.before if e in m.after] == m.after
    ),
    "sse_error_mid": lambda m: _failed([event for event in m.after if event != DONE], m.before),
    "sse_preview_as_final": lambda m: (
        BASE64.findall(m.seen.body)[0] == BASE64.findall(m.seen.body)[-1]
    ),
    "sse_long_line": lambda m: _tight(m.after) == m.before and _long(m.seen.body),
}


def _failed(after: list[Any], before: list[Any]) -> bool:
    return '"error"' in after[-1][1] and after[:-1] == before[: len(after) - 1]


CHECKS: dict[str, Check] = {"refusal": _refused, "cut": _cut, "wire": _wire, "stream": _stream}


# Pictures


async def _lied(m: Meeting) -> bool:
    asked, seen = m.asked, m.seen
    edits = b"image" in asked.body and asked.operation in ("images.edit", "images.variation")
    possible = {
        "corrupt_base64": asked.shown == "base64",
        "data_uri_prefix": asked.shown == "base64",
        "expired_url": asked.shown == "url",
        "unchanged_input": edits,
        "mask_ignored": b"mask.png" in asked.body,
    }.get(m.name, True)
    if not (asked.pictures and possible):
        return m.untouched
    if m.name == "expired_url":
        urls = LINK.findall(seen.body)
        return [(await m.world.fetch(url)).status for url in urls] == [403] * asked.pictures
    if m.name in ("corrupt_base64", "data_uri_prefix"):
        mark = b"*~*" if m.name == "corrupt_base64" else b'"data:image/png;base64,'
        return seen.body.count(mark) == asked.pictures and mark not in m.plain.body
    if m.name == "jpeg_labelled_png":
        labels = [await m.world.labels(body) for body in (seen.body, m.plain.body)]
        if labels[0] != labels[1]:
            return False  # the label stays, only the file is another
    files, honest = await m.world.pictures(seen.body), await m.world.pictures(m.plain.body)
    fewer = {"fewer_pictures": asked.pictures - 1, "empty_data": 0}.get(m.name)
    if fewer is not None:
        return len(files) == fewer
    pairs = zip(files, map(kit.opened, honest), strict=True)
    return all(LIES[m.name](data, was) for data, was in pairs)


def _broken(data: bytes, _: Any) -> bool:
    try:
        kit.opened(data)
    except OSError:
        return True
    return False


def _outside_the_mask(data: bytes, was: Any) -> bool:
    """Tell whether something has changed that the mask keeps."""
    changed = ImageChops.difference(kit.opened(data).convert("RGB"), was.convert("RGB"))
    wide, high = changed.size
    changed.paste((0, 0, 0), (wide // 4, high // 4, 3 * wide // 4, 3 * high // 4))
    return changed.getbbox() is not None


LIES: dict[str, Callable[[bytes, Any], bool]] = {
    "jpeg_labelled_png": lambda data, was: kit.opened(data).format != was.format,
    "wrong_size": lambda data, was: kit.opened(data).size != was.size,
    "truncated_picture": _broken,
    "unchanged_input": lambda data, _: data == PHOTO,
    "mask_ignored": _outside_the_mask,
}


def test_no_fault_was_left_out() -> None:
    named = {*WIRE, *STREAM, *LIES}
    named |= {"corrupt_base64", "data_uri_prefix", "expired_url", "fewer_pictures", "empty_data"}
    assert {n for n, f in FAULTS.items() if f.kind not in ("refusal", "cut")} == named
