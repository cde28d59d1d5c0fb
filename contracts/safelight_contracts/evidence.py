"""A question written down so that anybody can ask it again: a `curl` line and a Python script.

Keys are never in it: both read them from an environment variable. What must not enter: sending,
judging, choosing what to show.
"""

from __future__ import annotations

import base64
import shlex
from collections.abc import Iterator
from pprint import pformat

from safelight.messages import Json, Upload

from safelight_contracts.cases import Case
from safelight_contracts.sending import WRONG_KEY, as_json, form_fields, written

_LONG = 6_000
"""Characters from which a body is made by a script instead of standing in the line."""
_RUN = 200
"""Characters from which a text is looked at for a piece that repeats."""

_EXTENSIONS = {"image/png": "png", "image/jpeg": "jpg", "image/webp": "webp", "image/gif": "gif"}


def as_curl(case: Case, base_url: str, key_env: str) -> str:
    """Return one shell line that asks the question; `key_env` names the variable of the key."""
    line = ["curl -sS -i", f"-X {case.method}"] if case.method != "GET" else ["curl -sS -i"]
    line.append(shlex.quote(base_url + case.path))
    line += [f"-H {_quoted(name, value)}" for name, value in _headers(case, key_env)]
    if case.body == "form":
        return _form(case, line)
    if case.body == "none":
        return " ".join(line)
    body, _ = written(case)
    text = (body or b"").decode("utf-8", "backslashreplace")
    if case.body == "json" and len(text) > _LONG:
        maker = f"import json; print(json.dumps({literal(case.params)}))"
        return f"python3 -c {shlex.quote(maker)} | {' '.join([*line, '--data-binary @-'])}"
    if case.body == "raw" and b"\\x" in text.encode():
        packed = base64.b64encode(case.raw).decode()
        return f"printf %s {packed} | base64 -d | {' '.join([*line, '--data-binary @-'])}"
    return " ".join([*line, f"--data-binary {shlex.quote(text)}"])


def as_python(case: Case, base_url: str, key_env: str) -> str:
    """Return a script that asks the question with httpx and prints the answer."""
    lines = ["import base64", "import os", "", "import httpx", "", "headers = {"]
    for name, value in _headers(case, key_env):
        shown = (
            f"f\"Bearer {{os.environ['{key_env}']}}\""
            if value.startswith("Bearer $")
            else repr(value)
        )
        lines.append(f"    {name!r}: {shown},")
    lines += [
        "}",
        "reply = httpx.request(",
        f"    {case.method!r},",
        f"    {base_url + case.path!r},",
    ]
    lines += ["    headers=headers,", *_python_body(case), "    timeout=300,", ")"]
    lines += ["print(reply.status_code, dict(reply.headers))", "print(reply.text[:2000])"]
    unused = "base64." not in "\n".join(lines[2:])
    if "os.environ" not in "\n".join(lines):
        lines.remove("import os")
    return "\n".join(lines[unused:])


def _headers(case: Case, key_env: str) -> Iterator[tuple[str, str]]:
    given = {name.lower() for name, _ in case.headers}
    if "authorization" not in given and case.key == "good" and key_env:
        yield "authorization", f"Bearer ${key_env}"
    elif "authorization" not in given and case.key == "wrong":
        yield "authorization", f"Bearer {WRONG_KEY}"
    if case.body in {"json", "raw"} and "content-type" not in given:
        kind = case.content_type or ("application/json" if case.body == "json" else "")
        if kind:
            yield "content-type", kind
    yield from case.headers


def _quoted(name: str, value: str) -> str:
    """Return a header as a shell word; the key's variable is left for the shell to fill in."""
    return f'"{name}: {value}"' if value.startswith("Bearer $") else shlex.quote(f"{name}: {value}")


def _form(case: Case, line: list[str]) -> str:
    files: list[str] = []
    fields = [pair for name, value in case.params.items() for pair in form_fields(name, value)]
    for name, value in fields:
        if not isinstance(value, Upload):
            text = value if isinstance(value, str) else as_json(value).decode()
            line.append(f"--form-string {shlex.quote(f'{name}={text}')}")
            continue
        kind = value.content_type or "application/octet-stream"
        file = f"input-{len(files)}.{_EXTENSIONS.get(kind, 'bin')}"
        files.append(f"printf %s {base64.b64encode(value.data).decode()} | base64 -d > {file}")
        shown = f";filename={value.filename}" if value.filename else ""
        line.append(f"-F {shlex.quote(f'{name}=@{file};type={kind}{shown}')}")
    return " && ".join([*files, " ".join(line)])


def _python_body(case: Case) -> Iterator[str]:
    if case.body == "json":
        yield f"    json={_indented(literal(case.params))},"
    elif case.body == "raw":
        yield f"    content={case.raw!r},"
    elif case.body == "form":
        pairs = [pair for name, value in case.params.items() for pair in form_fields(name, value)]
        yield "    files=["
        for name, value in pairs:
            if isinstance(value, Upload):
                packed = base64.b64encode(value.data).decode()
                data = f"base64.b64decode({packed!r})"
                yield f"        ({name!r}, ({value.filename!r}, {data}, {value.content_type!r})),"
            else:
                text = value if isinstance(value, str) else as_json(value).decode()
                yield f"        ({name!r}, (None, {literal(text)})),"
        yield "    ],"


def literal(value: Json) -> str:
    """Return a value as a Python expression; a long text that repeats a piece is a product."""
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key!r}: {literal(item)}" for key, item in value.items()) + "}"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(literal(item) for item in value) + "]"
    return pformat(value)


def _text(text: str) -> str:
    if len(text) < _RUN:
        return repr(text)
    for width in range(1, 65):
        piece = text[:width]
        times = len(text) // width
        if piece * times == text[: width * times]:
            rest = text[width * times :]
            return f"{piece!r} * {times}" + (f" + {rest!r}" if rest else "")
    return repr(text)


def _indented(text: str) -> str:
    return text.replace("\n", "\n    ")
