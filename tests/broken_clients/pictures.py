"""Mistakes with whole replies: what is read, believed, saved and shown."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from typing import Any

from broken_clients.wire import DRAWING, PICTURE, Client, ClientError, get


def _first(reply: Any) -> bytes:
    return base64.b64decode(reply["data"][0]["b64_json"], validate=True)


def no_timeout(client: Client) -> bytes:
    client.timeout = None
    return _first(client.picture())


def reads_only_base64(client: Client) -> bytes:
    return _first(client.picture(DRAWING))


def saves_what_the_url_answers(client: Client) -> bytes:
    (item,) = client.picture(DRAWING)["data"]
    _, data = get(item["url"])
    return data


def hands_the_url_on(client: Client) -> str:
    (item,) = client.picture(DRAWING)["data"]
    return str(item["url"])


def takes_usage_for_granted(client: Client) -> tuple[bytes, int]:
    reply = client.picture()
    return _first(reply), reply["usage"]["total_tokens"]


def takes_only_known_fields(client: Client) -> bytes:
    @dataclass
    class Item:
        b64_json: str
        revised_prompt: str = ""

    items = [Item(**item) for item in client.picture()["data"]]
    return base64.b64decode(items[0].b64_json)


def takes_only_known_values(client: Client) -> bytes:
    reply = client.picture()
    if reply.get("quality", "low") not in ("low", "medium", "high", "xhigh", "max"):
        raise ClientError("unknown quality")
    return _first(reply)


def assumes_n_pictures(client: Client) -> dict[str, str]:
    reply = client.picture({**PICTURE, "n": 2})
    names = ("first.png", "second.png")
    return {name: item["b64_json"] for name, item in zip(names, reply["data"], strict=False)}


def assumes_png(client: Client) -> bytes:
    (item,) = client.picture({**DRAWING, "response_format": "base64"})["data"]
    data = base64.b64decode(item["b64_json"])
    if not data.startswith(b"\x89PNG"):
        raise ClientError("no PNG")
    return data


def believes_the_extension(client: Client) -> tuple[str, bytes]:
    return "picture.png", _first(client.picture())


def saves_any_bytes(client: Client) -> bytes:
    return _first(client.picture())


def saves_any_page(client: Client) -> bytes:
    status, _, data = client.ask("/images/generations", PICTURE)
    if status != 200:
        raise ClientError(f"status {status}")
    return data


def makes_nothing_of_html(client: Client) -> list[str]:
    try:
        return [item["b64_json"] for item in client.picture()["data"]]
    except json.JSONDecodeError:
        return []


def says_sorry(client: Client) -> str:
    try:
        return str(client.picture()["data"][0]["b64_json"])
    except ClientError:
        return "sorry, no picture today"


def logs_the_key(client: Client) -> bytes:
    print("asking with", client.headers())  # noqa: T201 - the mistake
    return _first(client.picture())


def sends_what_is_refused(client: Client) -> bytes:
    return _first(client.picture({**PICTURE, "quality": "ultra"}))


def forgets_the_key(client: Client) -> bytes:
    client.key = ""
    return _first(client.picture())


def never_asks(client: Client) -> bytes:
    return client.base.encode()
