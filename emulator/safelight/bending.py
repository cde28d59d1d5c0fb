"""How a reply is bent by a fault on its way out: the bytes, their framing, their timing, their end.

Works on finished replies, so every operation of every provider bends alike. What must not enter:
sockets (a shell carries out `Reply.wire` and `Reply.end`), pictures (`lies.py`), providers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from http import HTTPStatus

from safelight.faults import Ask
from safelight.messages import Chunk, Reply

Bend = Callable[[Reply, Ask], Reply]
_HTML = b"<html><head><title>200 OK</title></head><body><center>nginx</center></body></html>\r\n"
_LONG = 4 * 1024 * 1024
PHRASES = {status.value: status.phrase for status in HTTPStatus} | {
    413: "Request Entity Too Large",
    414: "Request-URI Too Long",
    416: "Requested Range Not Satisfiable",
    422: "Unprocessable Entity",
}
"""What a status is called; one that has no name in the standard (529) goes without.

Four have other names since Python 3.13, and the same request has to get the same bytes everywhere.
"""


def applies(ask: Ask, reply: Reply) -> bool:
    """Tell whether the fault can happen to this reply at all."""
    if ask.fault.needs == "stream":
        return reply.chunks is not None
    return True


def bend(reply: Reply, ask: Ask) -> Reply:
    """Return the reply as the fault leaves it."""
    return BENDS[ask.fault.name](reply, ask)


def head(reply: Reply, length: int | None = None) -> bytes:
    """Return status line and headers as bytes; without a length the body ends with a close."""
    lines = [f"HTTP/1.1 {reply.status} {PHRASES.get(reply.status, '')}"]
    lines += [f"{key}: {value}" for key, value in reply.headers if key != "content-length"]
    if length is not None:
        lines.append(f"content-length: {length}")
    return ("\r\n".join([*lines, "connection: close"]) + "\r\n\r\n").encode("latin-1")


def whole(reply: Reply) -> bytes:
    """Return a reply's body as one piece, streamed or not."""
    if reply.chunks is None:
        return reply.body
    return b"".join(chunk.data for chunk in reply.chunks)


def _length(reply: Reply) -> int | None:
    return None if reply.chunks is not None else len(reply.body)


def _cut(amount: float) -> Bend:
    """Send headers and that share of the body, then reset."""

    def cut(reply: Reply, ask: Ask) -> Reply:
        body = whole(reply)
        part = body[: int(len(body) * amount)]
        sent = (Chunk(head(reply, _length(reply)) + part),)
        return replace(reply, wire=sent, end="reset")

    return cut


def _nothing(reply: Reply, ask: Ask) -> Reply:
    return replace(reply, wire=(), end="reset")


def _stall_first(reply: Reply, ask: Ask) -> Reply:
    data = head(reply, _length(reply)) + whole(reply)
    return replace(reply, wire=(Chunk(data, ask.number("seconds", 60)),))


def _stall_body(reply: Reply, ask: Ask) -> Reply:
    body = whole(reply)
    half = len(body) // 2
    first = Chunk(head(reply, _length(reply)) + body[:half])
    return replace(reply, wire=(first, Chunk(body[half:], ask.number("seconds", 60))))


def _drip(reply: Reply, ask: Ask) -> Reply:
    """Send 256 bytes one by one, the rest in at most 64 pieces: a long body still ends."""
    body, gap = whole(reply), ask.number("seconds", 0.01)
    start, rest = body[:256], body[256:]
    step = max(1, -(-len(rest) // 64))
    pieces = [start[i : i + 1] for i in range(len(start))]
    pieces += [rest[i : i + step] for i in range(0, len(rest), step)]
    first = Chunk(head(reply, _length(reply)))
    return replace(reply, wire=(first, *(Chunk(piece, gap) for piece in pieces)))


def _wrong_length(reply: Reply, ask: Ask) -> Reply:
    body = whole(reply)
    return replace(reply, wire=(Chunk(head(reply, len(body) + 1000) + body),))


def _body(make: Callable[[bytes], bytes], kind: str | None = None) -> Bend:
    """Replace the body, well framed, and its content type if `kind` is given."""

    def change(reply: Reply, ask: Ask) -> Reply:
        body = make(whole(reply))
        headers = tuple(h for h in reply.headers if h[0] != "content-length")
        if kind is not None:
            headers = (("content-type", kind), *(h for h in headers if h[0] != "content-type"))
        return Reply(reply.status, (*headers, ("content-length", str(len(body)))), body)

    return change


def _ok(change: Bend) -> Bend:
    return lambda reply, ask: replace(change(reply, ask), status=200)


def _stray(body: bytes) -> bytes:
    """Put a byte that JSON knows nowhere behind the first key, of a stream's first event too."""
    at = body.find(b'":') + 1
    return body[: at + 1] + b"\x00" + body[at + 1 :] if at else b"{" + body


# Streams


def _events(reply: Reply) -> list[bytes]:
    """Return the events of a stream, each with its blank line."""
    return [part + b"\n\n" for part in whole(reply).split(b"\n\n") if part]


def _stream(make: Callable[[list[bytes], Ask], Iterable[bytes]], *, apart: bool = False) -> Bend:
    """Replace the events, if there are any; `apart` sends each piece in a packet of its own."""

    def change(reply: Reply, ask: Ask) -> Reply:
        events = _events(reply)
        if not events:
            return reply
        pieces = make(events, ask)
        gap = 0.001 if apart else 0.0  # a wait, however short, keeps pieces from being joined
        return replace(reply, chunks=tuple(Chunk(piece, gap) for piece in pieces))

    return change


def _split(events: list[bytes], ask: Ask) -> Iterable[bytes]:
    """Cut every `bytes` bytes, in at most 4000 pieces: a picture's base64 has millions of bytes."""
    data = b"".join(events)
    step = max(1, int(ask.number("bytes", 7)), -(-len(data) // 4000))
    return (data[i : i + step] for i in range(0, len(data), step))


def _reset_half(reply: Reply, ask: Ask) -> Reply:
    events = _events(reply)
    sent = head(reply) + b"".join(events[: len(events) // 2])
    return replace(reply, wire=(Chunk(sent),), end="reset")


def _stall_half(reply: Reply, ask: Ask) -> Reply:
    events = _events(reply)
    half = len(events) // 2
    rest = Chunk(b"".join(events[half:]), ask.number("seconds", 60))
    return replace(reply, chunks=(Chunk(b"".join(events[:half])), rest))


def _long_line(events: list[bytes], ask: Ask) -> Iterable[bytes]:
    """Make the first event's JSON a line so long, by spaces where JSON allows them."""
    mark = b"data: {"
    number = next((i for i, event in enumerate(events) if mark in event), None)
    if number is None:
        return events
    before, _, after = events[number].partition(mark)
    missing = int(ask.number("bytes", _LONG)) - len(mark) - len(after.partition(b"\n")[0])
    longer = before + mark + b" " * missing + after
    return [*events[:number], longer, *events[number + 1 :]]


def _is_done(event: bytes) -> bool:
    return event.startswith(b"data: [DONE]")


def _without_last(events: list[bytes], ask: Ask) -> Iterable[bytes]:
    last = max((i for i, event in enumerate(events) if not _is_done(event)), default=-1)
    return [event for i, event in enumerate(events) if i != last]


def _error_mid(events: list[bytes], ask: Ask) -> Iterable[bytes]:
    """Put the provider's error event after half of the events; a closing [DONE] may still come."""
    if ask.event is None:
        return events
    done = [last for last in events[-1:] if ask.event.done and _is_done(last)]
    return [*events[: len(events) // 2], ask.event.frame(), *done]


def _preview_final(events: list[bytes], ask: Ask) -> Iterable[bytes]:
    """Put the first preview's base64 into the completed event."""
    mark = b'"b64_json":"'
    with_picture = [i for i, event in enumerate(events) if mark in event]
    if len(with_picture) < 2:
        return events
    first, last = with_picture[0], with_picture[-1]
    preview = events[first].split(mark)[1].split(b'"')[0]
    before, _, after = events[last].partition(mark)
    events[last] = before + mark + preview + after[after.index(b'"') :]
    return events


def _json_instead(reply: Reply, ask: Ask) -> Reply:
    """Answer with the data of the last event of substance as one JSON body."""
    events = [event for event in _events(reply) if not _is_done(event)]
    data = events[-1].split(b"data: ", 1)[-1].strip() if events else b"{}"
    return _body(lambda _: data, "application/json")(reply, ask)


BENDS: dict[str, Bend] = {
    "connection_refused": lambda reply, _: replace(reply, wire=(), end="close"),
    "reset_before_headers": _nothing,
    "accepted_then_lost": _nothing,
    "reset_after_headers": _cut(0),
    "reset_mid_body": _cut(0.5),
    "stall_before_headers": _stall_first,
    "stall_mid_body": _stall_body,
    "drip": _drip,
    "wrong_content_length": _wrong_length,
    "truncated_json": _body(lambda body: body[: len(body) // 2]),
    "malformed_json": _body(_stray),
    "html_200": _ok(_body(lambda _: _HTML, "text/html; charset=utf-8")),
    "json_as_text": _body(lambda body: body, "text/plain; charset=utf-8"),
    "empty_body": _ok(_body(lambda _: b"")),
    "reset_mid_stream": _reset_half,
    "stall_mid_stream": _stall_half,
    "json_instead_of_stream": _json_instead,
    "sse_split": _stream(_split, apart=True),
    "sse_crlf": _stream(lambda events, _: [e.replace(b"\n", b"\r\n") for e in events]),
    "sse_cr": _stream(lambda events, _: [e.replace(b"\n", b"\r") for e in events]),
    "sse_comments": _stream(lambda events, _: [b": keep-alive\n\n" + e for e in events]),
    "sse_bom": _stream(lambda events, _: [b"\xef\xbb\xbf", *events]),
    "sse_joined": _stream(lambda events, _: [b"".join(events)]),
    "sse_no_final_blank": _stream(lambda events, _: [*events[:-1], events[-1].rstrip(b"\n")]),
    "sse_no_done": _stream(lambda events, _: [e for e in events if not _is_done(e)]),
    "sse_no_completed": _stream(_without_last),
    "sse_error_mid": _stream(_error_mid),
    "sse_preview_as_final": _stream(_preview_final),
    "sse_long_line": _stream(_long_line),
}
"""How each fault of the kinds `wire` and `stream` is done; a test holds it against FAULTS."""
