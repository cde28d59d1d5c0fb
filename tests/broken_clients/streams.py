"""Mistakes with event streams: framing, ends, errors, previews."""

from __future__ import annotations

import base64
import json
from typing import Any

from broken_clients.wire import CHAT, PICTURE, Client, ClientError, events, packets

PATH = "/chat/completions"
PREVIEWS = {**PICTURE, "stream": True, "partial_images": 2}


def _text(chunk: Any) -> str:
    return "".join(choice["delta"].get("content") or "" for choice in chunk["choices"])


def _ended(chunk: Any) -> bool:
    if "error" in chunk:
        raise ClientError("an error within the stream")
    return any(choice["finish_reason"] for choice in chunk["choices"])


def _whole(chunks: list[Any]) -> str:
    ended = [_ended(chunk) for chunk in chunks]  # all are looked at: any may be an error
    if not any(ended):
        raise ClientError("the stream ended too early")
    return "".join(map(_text, chunks))


def takes_packets_for_events(client: Client) -> str:
    chunks = []
    for packet in packets(client.stream(PATH, CHAT)):
        for part in packet.decode(errors="ignore").split("\n\n"):
            chunks += [json.loads(part[6:])] if part.startswith("data: {") else []
    return _whole(chunks)


def decodes_each_packet(client: Client) -> str:
    text = ""
    for packet in packets(client.stream(PATH, CHAT)):
        text += packet.decode()
    text = text.replace("\r\n", "\n")
    parts = [part for part in text.split("\n\n") if part.startswith("data: {")]
    return _whole([json.loads(part[6:]) for part in parts])


def knows_one_line_end(client: Client) -> str:
    data = b"".join(packets(client.stream(PATH, CHAT))).decode()
    parts = [part for part in data.split("\n\n") if part.startswith("data: {")]
    return _whole([json.loads(part[6:]) for part in parts])


def knows_no_comments(client: Client) -> str:
    chunks = []
    with client.stream(PATH, CHAT) as reply:
        for raw in reply:
            _, colon, data = raw.decode().rstrip("\r\n").partition(": ")
            if colon and data != "[DONE]":
                chunks.append(json.loads(data))
    return _whole(chunks)


def shows_comments(client: Client) -> str:
    chunks, text = [], ""
    with client.stream(PATH, CHAT) as reply:
        for raw in reply:
            _, _, data = raw.decode().rstrip("\r\n").partition(": ")
            if data.startswith("{"):
                chunks.append(json.loads(data))
            elif data != "[DONE]":
                text += data
    return _whole(chunks) + text


def parses_done(client: Client) -> str:
    return _whole([json.loads(data) for data in events(client.stream(PATH, CHAT))])


def waits_for_done(client: Client) -> str:
    text = ""
    with client.stream(PATH, CHAT) as reply:
        while True:
            line = reply.readline().decode().strip()
            if line == "data: [DONE]":
                return text
            if line.startswith("data: "):
                chunk = json.loads(line[6:])
                _ended(chunk)
                text += _text(chunk)


def _chunks(client: Client, body: Any = None) -> list[Any]:
    found = [data for data in events(client.stream(PATH, body or CHAT)) if data != "[DONE]"]
    return [json.loads(data) for data in found]


def ignores_error_events(client: Client) -> str:
    return "".join(_text(chunk) for chunk in _chunks(client) if "choices" in chunk)


def takes_what_came(client: Client) -> str:
    chunks = _chunks(client)
    if any("error" in chunk for chunk in chunks):
        raise ClientError("an error within the stream")
    return "".join(map(_text, chunks))


def indexes_choices(client: Client) -> str:
    chunks = _chunks(client, {**CHAT, "stream_options": {"include_usage": True}})
    _whole(chunks)
    return "".join(chunk["choices"][0]["delta"].get("content") or "" for chunk in chunks)


def saves_a_preview(client: Client) -> bytes:
    last = b""
    for data in events(client.stream("/images/generations", PREVIEWS)):
        event = json.loads(data)
        if "error" in event:
            raise ClientError("an error within the stream")
        last = base64.b64decode(event.get("b64_json", "")) or last
    if not last:
        raise ClientError("no picture at all")
    return last


def knows_two_events(client: Client) -> bytes:
    for data in events(client.stream("/images/generations", PREVIEWS)):
        event = json.loads(data)
        if event["type"] == "image_generation.completed":
            return base64.b64decode(event["b64_json"])
        if event["type"] != "image_generation.partial_image":
            raise ClientError(f"unknown event {event['type']}")
    raise ClientError("the stream ended without a picture")
