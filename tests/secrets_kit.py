"""Exchanges with a secret, in any place and spelling: drawn, recorded, and searched for it."""

from __future__ import annotations

import base64
import datetime
import json
import string
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

from hypothesis import strategies as st
from kit import encode_form, png
from recording_kit import files, whole_body
from safelight.fixtures.reading import read_file
from safelight.fixtures.serving import replayed
from safelight.messages import Reply, Request
from safelight.recording.keeping import Keeper, Manner
from safelight.recording.secrets import Secrets
from safelight.recording.understanding import Understanding
from safelight.recording.upstream import Head, Origin

READS = Understanding("openai")
DAY = datetime.date(2026, 11, 20)
PATH = "/v1/chat/completions"
LETTERS = string.ascii_letters + string.digits


# How a secret is written


def escaped(text: str) -> str:
    """Return a text with every other letter as JSON may have it."""
    return "".join(f"\\u{ord(c):04x}" if n % 2 else c for n, c in enumerate(text))


def percent(text: str) -> str:
    return "".join(f"%{ord(c):02x}" if n % 2 else c for n, c in enumerate(text))


def entities(text: str) -> str:
    return "".join(f"&#x{ord(c):x};" if n % 2 else f"&#{ord(c)};" for n, c in enumerate(text))


def coded(text: str) -> str:
    return base64.b64encode(f"user:{text}".encode()).decode()


def coded_for_links(text: str) -> str:
    return base64.urlsafe_b64encode(f"a:{text}?".encode()).decode().rstrip("=")


SPELLINGS = {
    "plain": str,
    "quoted": lambda text: quote(text, safe=""),
    "percent": percent,
    "escaped": escaped,
    "twice": lambda text: json.dumps(escaped(text))[1:-1],
    "entities": entities,
    "base64": coded,
    "base64url": coded_for_links,
    "hex": lambda text: text.encode().hex(),
    "HEX": lambda text: text.encode().hex().upper(),
    "loud": str.upper,
    "nested": lambda text: json.dumps(json.dumps({"note": text}))[1:-1],
}
TEXT_ONLY = frozenset({"percent", "escaped", "twice", "entities"})
"""Spellings that are undone in texts, and not looked for in pictures."""


def forms(secret: str) -> set[bytes]:
    """Return every spelling that no file may hold."""
    told = {spell(secret) for spell in SPELLINGS.values()}
    raw = secret.encode()
    for before in range(3):  # base64, wherever the secret begins in it
        first, end = -(-before * 8 // 6), (len(raw) + before) * 8 // 6
        told.add(base64.b64encode(bytes(before) + raw)[first:end].decode())
    whole = {secret, secret.lower(), quote(secret, safe=""), secret.encode().hex()}
    return {form.encode() for form in told | whole if len(form) >= 6}


# Where it is said to be a secret, and where else it stands


WORDS = st.text(LETTERS + "-_.+/=~:", min_size=8, max_size=24).filter(
    lambda text: any(c.isdigit() for c in text) and any(c.isalpha() for c in text)
)
NUMBERS = st.integers(10**7, 10**12).map(str).filter(lambda text: set(text) != {"1"})
ASKED = ["bearer", "x-api-key", "cookie", "basic", "query", "form", "json", "inner"]
TOLD = ["given", "set-cookie", "reply", "reply-inner", "reply-list", "events", "location"]
NAMED = st.sampled_from([*ASKED, *TOLD])
PLACES = ["prompt", "user", "text", "key", "header", "picture", "number", "event", "html"]


@st.composite
def exchanges(draw: st.DrawFn) -> dict[str, Any]:
    """Return an exchange by its parts: a secret, its name's place, where it stands, and how."""
    named = draw(NAMED)
    spells = st.sampled_from(sorted(SPELLINGS))
    return {
        "secret": draw(WORDS | NUMBERS),
        "named": named,
        "places": draw(st.dictionaries(st.sampled_from(PLACES), spells, min_size=1, max_size=4)),
        "form": draw(st.booleans()),
        "chunked": draw(st.booleans()),
        "step": draw(st.integers(1, 60)),
        "inside": draw(st.sampled_from(["json", "stream", "html"])),
    }


def request_of(ex: dict[str, Any]) -> Request:
    secret, named, places = ex["secret"], ex["named"], ex["places"]
    heads = {
        "bearer": [("authorization", f"Bearer {secret}")],
        "x-api-key": [("x-api-key", secret)],
        "cookie": [("cookie", f"theme=dark; sid={secret}")],
        "basic": [("authorization", "Basic " + base64.b64encode(f"me:{secret}".encode()).decode())],
    }.get(named, [])
    query = urlencode({"api_key": secret}) if named == "query" else ""
    fields: dict[str, Any] = {"model": "gpt-6-astra", "user": "somebody"}
    prompt = "a fox"
    if named in ("form", "json"):
        fields["account_id"] = secret
    if named == "inner":
        prompt += json.dumps({"account_id": secret})
    if "prompt" in places:
        prompt += " " + SPELLINGS[places["prompt"]](secret)
    if "user" in places:
        fields["user"] = SPELLINGS[places["user"]](secret)
    if "number" in places and secret.isdigit() and secret[0] != "0":
        fields["seed"] = int(secret)
    if ex["form"] or named == "form":
        pairs = [(key, str(value)) for key, value in fields.items()] + [("prompt", prompt)]
        body, kind = encode_form([*pairs, ("image", (f"{secret}.png", png(), "image/png"))])
        return Request("POST", "/v1/images/edits", query, (*heads, ("content-type", kind)), body)
    fields["messages"] = [{"role": "user", "content": prompt}]
    headers = (*heads, ("content-type", "application/json"))
    return Request("POST", PATH, query, headers, json.dumps(fields).encode())


def reply_of(ex: dict[str, Any]) -> tuple[Head, bytes]:
    secret, named, places = ex["secret"], ex["named"], ex["places"]
    said: dict[str, Any] = {"id": "chatcmpl-1", "ok": True, "n": 12}
    raw = {place: SPELLINGS[how](secret) for place, how in places.items()}
    if places.get("picture") in TEXT_ONLY:
        raw["picture"] = secret
    if named == "reply":
        said["account_id"] = int(secret) if secret.isdigit() and secret[0] != "0" else secret
    if named == "reply-inner":
        said["tool"] = json.dumps({"args": json.dumps({"api_key": secret})})
    if named == "reply-list":
        said["api_keys"] = ["other-k3y", secret]
    picture = png() + raw["picture"].encode() + bytes(900) if "picture" in raw else png()
    said["b64_json"] = base64.b64encode(picture + bytes(3)).decode()
    text = json.dumps(said)
    extra = f', "text": "{raw["text"]}"' if "text" in raw else ""
    extra += f', "{raw["key"]}": 1' if "key" in raw else ""
    if "number" in raw and secret.isdigit() and secret[0] != "0":
        extra += f', "float": 7.{secret}, "whole": {secret}, "in": "{{\\"a\\": -{secret}}}"'
    text = text[:-1] + extra + "}"
    heads = [("x-told", raw["header"])] if "header" in raw else []
    heads += [("openai-organization", secret)] if named == "given" else []
    heads += [("set-cookie", f"sid={secret}; Path=/")] if named == "set-cookie" else []
    if named == "location":
        heads.append(("location", f"/x?api_key={quote(secret, safe='')}"))
    kind = {"json": "application/json", "stream": "text/event-stream", "html": "text/html"}
    if ex["inside"] == "html":
        text = f"<html><p>{raw.get('html', '')}</p><pre>{text}</pre></html>"
    if ex["inside"] == "stream" or named == "events" or "event" in raw:
        text = "data: " + text + "\n\n" + events(ex, raw)
    return Head(200, (("content-type", kind[ex["inside"]]), *heads), ex["chunked"]), text.encode()


def events(ex: dict[str, Any], raw: dict[str, str]) -> str:
    """Return events that say the secret piece by piece, and its name if that is how it is known."""
    told = raw.get("event", "")
    if ex["named"] == "events":
        told = json.dumps({"api_key": ex["secret"]}) + " " + told
    pieces = [told[at : at + 5] for at in range(0, len(told), 5)]
    lines = [{"index": 0, "delta": {"content": piece}} for piece in pieces]
    return "".join(f"data: {json.dumps(line)}\n\n" for line in lines)


def record(out: Path, ex: dict[str, Any]) -> tuple[Request, bytes]:
    """Keep an exchange as the recorder does; return its request and its body."""
    secrets = Secrets()
    manner = Manner(today=lambda: DAY, mends=False)
    keeper = Keeper("openai", Origin("https://api.openai.com/v1"), out, secrets, manner)
    request, (head, body) = request_of(ex), reply_of(ex)
    asked = READS.read(request, request.path.removeprefix("/v1"), 1.8e9)
    keeper.learn(request, head.headers)
    taking = keeper.begin(head, "POST")
    for at in range(0, len(body), ex["step"] * 7):
        taking.part(body[at : at + ex["step"] * 7], 0.1, ends=True)
    keeper.keep(request, asked, keeper.digest(request, asked), taking, 0.1)
    return request, body


def found(out: Path, secret: str) -> list[tuple[str, bytes]]:
    """Return which files hold the secret, by their bytes, their name, or event by event."""
    told = {path: path.read_bytes() + str(path.relative_to(out)).encode() for path in files(out)}
    for path in out.glob("*.yaml"):
        told[path] += b"\n" + pieced(b"".join(whole_body(replay(path))))
    return [(path.name, way) for path, data in told.items() for way in forms(secret) if way in data]


def pieced(body: bytes) -> bytes:
    """Return what the events of a stream say together."""
    lines = [line[6:] for line in body.split(b"\n\n") if line.startswith(b'data: {"index"')]
    return "".join(json.loads(line)["delta"]["content"] for line in lines).encode()


def replay(path: Path) -> Reply:
    fixture, problems = read_file(path.parent, path.name)
    assert problems == []
    assert fixture is not None
    return replayed(fixture, str)
