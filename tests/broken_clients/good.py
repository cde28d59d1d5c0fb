"""The small clients as they should be. What must not enter: mistakes."""

from __future__ import annotations

import base64
import io
import json

from PIL import Image

from broken_clients.wire import CHAT, DRAWING, PICTURE, Client, ClientError, events, get, pause


def picture(client: Client) -> bytes:
    """Ask for two pictures, and see that they are what they are said to be."""
    reply = client.picture({**PICTURE, "n": 2})
    data = [base64.b64decode(item["b64_json"], validate=True) for item in reply["data"]]
    if len(data) != 2:
        raise ClientError("pictures are missing")
    return b"".join(_checked(one, "PNG") for one in data)


def retrying(client: Client) -> bytes:
    """Retry what may pass, at most twice, no sooner than asked to."""
    for _ in range(3):
        status, headers, data = client.ask("/images/generations", PICTURE)
        if status == 200:
            return _checked(base64.b64decode(json.loads(data)["data"][0]["b64_json"]), "PNG")
        if status not in (408, 429, 500, 502, 503, 504):
            break
        pause(headers)
    raise ClientError(f"status {status}")


def linked(client: Client) -> bytes:
    """Download a picture behind a URL at once."""
    (item,) = client.picture(DRAWING)["data"]
    status, data = get(item["url"])
    if status != 200:
        raise ClientError(f"the picture's URL answers {status}")
    return _checked(data, None)


def chat(client: Client) -> str:
    """Read a chat's stream to its end."""
    text, ended = "", False
    body = {**CHAT, "stream_options": {"include_usage": True}}
    for data in events(client.stream("/chat/completions", body)):
        if data == "[DONE]":
            break
        chunk = json.loads(data)
        if "error" in chunk:
            raise ClientError(str(chunk["error"]))
        for choice in chunk["choices"]:
            text += choice["delta"].get("content") or ""
            ended = ended or choice["finish_reason"] is not None
    if not ended:
        raise ClientError("the stream ended too early")
    return text


def preview(client: Client) -> bytes:
    """Stream a picture; previews are shown and not kept."""
    body = {**PICTURE, "stream": True, "partial_images": 2}
    for data in events(client.stream("/images/generations", body)):
        event = json.loads(data)
        if event["type"] == "image_generation.completed":
            return _checked(base64.b64decode(event["b64_json"], validate=True), "PNG")
        if event["type"] == "error":
            break
    raise ClientError("the stream ended without a picture")


def _checked(data: bytes, form: str | None) -> bytes:
    try:
        image = Image.open(io.BytesIO(data))
        image.load()
    except (OSError, ValueError) as error:
        raise ClientError("no picture") from error
    if form is not None and image.format != form:
        raise ClientError(f"a picture in {image.format}")
    return data
