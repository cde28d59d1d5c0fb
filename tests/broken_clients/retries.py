"""Mistakes with retries: what is asked again, how soon, how often."""

from __future__ import annotations

import base64
import json

from broken_clients.wire import PICTURE, Client, ClientError, pause

MAY_PASS = (408, 429, 500, 502, 503, 504)


def _picture(data: bytes) -> bytes:
    return base64.b64decode(json.loads(data)["data"][0]["b64_json"], validate=True)


def retries_whatever_came(client: Client) -> bytes:
    for _ in range(2):
        status, _, data = client.ask("/images/generations", PICTURE)
        if status != 200:
            raise ClientError(f"status {status}")
        try:
            return _picture(data)
        except json.JSONDecodeError:
            continue  # what was paid for is asked for again
    raise ClientError("no JSON")


def retries_lost_answers(client: Client) -> bytes:
    for attempt in range(2):
        try:
            return _picture(json.dumps(client.picture()).encode())
        except OSError:
            if attempt:
                raise
    raise ClientError("unreachable")


def retries_a_400(client: Client) -> bytes:
    for _ in range(2):
        status, headers, data = client.ask("/images/generations", PICTURE)
        if status == 200:
            return _picture(data)
        pause(headers)
    raise ClientError(f"status {status}")


def ignores_retry_after(client: Client) -> bytes:
    for _ in range(3):
        status, _, data = client.ask("/images/generations", PICTURE)
        if status == 200:
            return _picture(data)
        if status not in MAY_PASS:
            break
    raise ClientError(f"status {status}")


def never_gives_up(client: Client) -> bytes:
    for _ in range(12):
        status, headers, data = client.ask("/images/generations", PICTURE)
        if status == 200:
            return _picture(data)
        if status not in MAY_PASS:
            break
        pause(headers)
    raise ClientError(f"status {status}")
