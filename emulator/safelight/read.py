"""Bytes of a request body to parameters: JSON, and multipart forms cut at their boundary.

Forms and JSON meet in one value: text parts become numbers, booleans and objects as the schema of
the operation wants them, file parts become `Upload`s. Refusals raised here: `bad_json`, `bad_form`,
`duplicate_part`. What must not enter: providers, sockets.
"""

from __future__ import annotations

import mimetypes
import re
from dataclasses import dataclass

import orjson

from safelight.messages import Json, Upload
from safelight.refusals import Refusal

_NAME = re.compile(rb';\s*(name|filename)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^;\s]*))', re.IGNORECASE)
_BOUNDARY = re.compile(r';\s*boundary\s*=\s*(?:"([^"]+)"|([^;\s]+))', re.IGNORECASE)
_INTEGER = re.compile(r"[+-]?[0-9]{1,18}")
_NUMBER = re.compile(r"[+-]?[0-9]{1,18}(\.[0-9]{1,18})?([eE][+-]?[0-9]{1,2})?")
_STEPS = re.compile(r"\[([^\]]*)\]")
_MAX_PARTS = 1000
_MAX_DEPTH = 8


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a form, as sent: a file where it has a filename, else text."""

    name: str
    data: bytes
    filename: str | None
    content_type: str | None


def media_type(header: str | None) -> str:
    """Return the lower-case media type of a content-type header, without parameters."""
    return (header or "").partition(";")[0].strip().lower()


def read_json(body: bytes) -> dict[str, Json]:
    """Return the object in a JSON body. Raises Refusal("bad_json") for anything else."""
    try:
        value = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise Refusal("bad_json", reason=str(error)) from error
    if not isinstance(value, dict):
        raise Refusal("bad_json", reason="the body is not a JSON object")
    return value


def read_form(body: bytes, content_type: str) -> list[Part]:
    """Return the parts of a multipart body. Raises Refusal("bad_form") saying what is broken."""
    found = _BOUNDARY.search(content_type)
    if not found:
        raise Refusal("bad_form", reason="the content-type header names no boundary")
    mark = b"--" + (found[1] or found[2]).encode("latin-1")
    at = body.find(mark)
    if at < 0 or (at > 0 and body[at - 2 : at] != b"\r\n"):
        raise Refusal("bad_form", reason="the boundary does not occur in the body")
    parts: list[Part] = []
    at += len(mark)
    delimiter = b"\r\n" + mark
    while body[at : at + 2] != b"--":
        start = body.find(b"\r\n", at)
        end = body.find(delimiter, start) if start >= 0 else -1
        if end < 0:
            raise Refusal("bad_form", reason="the body ends before its closing boundary")
        if len(parts) == _MAX_PARTS:
            raise Refusal("bad_form", reason=f"more than {_MAX_PARTS} parts")
        parts.append(_part(body, start + 2, end))
        at = end + len(delimiter)
    return parts


def _part(body: bytes, start: int, end: int) -> Part:
    """Cut one part: header lines, an empty line, data."""
    if body[start : start + 2] == b"\r\n":
        raise Refusal("bad_form", reason="a part has no Content-Disposition")
    head_end = body.find(b"\r\n\r\n", start, end)
    if head_end < 0:
        raise Refusal("bad_form", reason="a part's headers do not end")
    name = filename = content_type = None
    for line in body[start:head_end].split(b"\r\n"):
        key, _, value = line.partition(b":")
        if key.strip().lower() == b"content-disposition":
            for field, quoted, bare in _NAME.findall(value):
                text = _unquote(quoted or bare)
                if field.lower() == b"name":
                    name = text
                else:
                    filename = text
        elif key.strip().lower() == b"content-type":
            content_type = value.strip().decode("latin-1")
    if name is None:
        raise Refusal("bad_form", reason="a part has no name")
    return Part(name, body[head_end + 4 : end], filename, content_type)


def _unquote(raw: bytes) -> str:
    text = raw.decode("utf-8", "replace").replace('\\"', '"')
    return text.replace("%22", '"').replace("%0D%0A", " ")


def form_params(parts: list[Part], schema: Json) -> dict[str, Json]:
    """Return a form as parameters: `a[]` is a list, `a[b]` an object, texts as the schema wants.

    Where `a` can be no object, `a[b]` is a name like any other.

    Raises Refusal("duplicate_part", name) for a plain name that comes twice.
    """
    properties = schema.get("properties", {}) if isinstance(schema, dict) else {}
    out: dict[str, Json] = {}
    for part in parts:
        head = part.name.partition("[")[0]
        path = _STEPS.findall(part.name[len(head) :])
        if path not in ([], [""]) and not _keyed(properties.get(head)):
            head, path = part.name, []  # there is no such parameter
        value = _value(part, _sub(properties.get(head), path))
        if len(path) > _MAX_DEPTH:
            raise Refusal("bad_form", reason=f"the name {part.name[:80]!r} nests too deeply")
        _place(out, head, path, value)
    return out


def _keyed(schema: Json) -> bool:
    """Tell whether `a[b]` can be a part of `a`: of an object that is no file, or of an extra."""
    if not isinstance(schema, dict):
        return True
    if "anyOf" in schema:
        return any(map(_keyed, schema["anyOf"]))
    return not schema.get("x-upload") and "object" in schema.get("type", ("object",))


def _sub(schema: Json, path: list[str]) -> Json:
    for step in path:
        if not isinstance(schema, dict):
            return None
        schema = schema.get("properties", {}).get(step) if step else schema.get("items", schema)
    return schema


def _value(part: Part, schema: Json) -> Json:
    """Return a file as an Upload, a text as the type that the schema wants if it can be read so."""
    if part.filename is not None:
        return Upload(part.filename, part.content_type or guess_type(part.filename), part.data)
    text = part.data.decode("utf-8", "replace")
    kinds = schema.get("type", ()) if isinstance(schema, dict) else ()
    kinds = (kinds,) if isinstance(kinds, str) else kinds
    if "integer" in kinds and _INTEGER.fullmatch(text):
        return int(text)
    if "number" in kinds and _NUMBER.fullmatch(text):
        return float(text)
    if "boolean" in kinds and text in ("true", "false"):
        return text == "true"
    return text


def guess_type(filename: str) -> str | None:
    """Return the media type that a filename's extension stands for, or None."""
    if filename.lower().endswith(".webp"):
        return "image/webp"  # not in every system's table
    return mimetypes.guess_type(filename, strict=False)[0]


def _place(out: dict[str, Json], head: str, path: list[str], value: Json) -> None:
    """Put a value where its name says; a trailing `[]` appends to a list."""
    many = bool(path) and path[-1] == ""
    *way, last = [head, *(path[:-1] if many else path)]
    node = out
    for step in way:
        node = node.setdefault(step, {})
        if not isinstance(node, dict):
            raise Refusal("duplicate_part", head)
    if many:
        values = node.setdefault(last, [])
        if not isinstance(values, list):
            raise Refusal("duplicate_part", head)
        values.append(value)
    elif last in node:
        raise Refusal("duplicate_part", head)
    else:
        node[last] = value


def as_json(value: Json) -> Json:
    """Return a form's parameters as schemas see them: an Upload as its name, type and size."""
    if isinstance(value, Upload):
        seen = {"x-file": True, "filename": value.filename, "size": len(value.data)}
        return seen if value.content_type is None else {**seen, "content_type": value.content_type}
    if isinstance(value, dict):
        return {key: as_json(item) for key, item in value.items()}
    return [as_json(item) for item in value] if isinstance(value, list) else value
