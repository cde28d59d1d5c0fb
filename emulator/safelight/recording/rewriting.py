"""The text of a fixture's file with some values hidden, and all else as a person left it.

Comments, order and quotes stay; a text that changes is written in double quotes. What must not
enter: files, which values are hidden.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import orjson
import pybase64
import yaml

from safelight.fixtures import document
from safelight.messages import Json

Hide = Callable[[bytes], bytes]
"""Hides what is secret in a text, length for length."""

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_REFERENCES = frozenset({"$file", "$url"})
_STAYS = frozenset({"recorded"}) | {
    f"{part}.{key}"
    for part, keys in (
        ("match", ("provider", "digest", "picture", "nth", "turn", "mask")),
        ("reply", ("status", "delay", "layout", "pace", "pictures", "each", "first")),
    )
    for key in keys
}
"""Values that name something, or say nothing that anybody wrote."""

_NUMBER = re.compile(r"[-+]?\d[\d.eE+-]*")


@dataclass(frozen=True, slots=True)
class _Said:
    """A value of a file, or None for a place where a picture stands.

    `coded` is in base64; `inner` is a text of JSON, which is longer on the wire by its escapes.
    """

    node: yaml.ScalarNode | None
    coded: bool = False
    inner: bool = False

    @property
    def data(self) -> bytes:
        """What it says."""
        if self.node is None:
            return b"\0"
        text = str(self.node.value).encode("utf-8", "surrogatepass")
        return pybase64.b64decode(text) if self.coded else text

    def written(self, data: bytes) -> str:
        """Return other bytes as the file has them."""
        assert self.node is not None
        text = pybase64.b64encode(data).decode() if self.coded else data.decode("utf-8", "replace")
        if not self.node.style and _NUMBER.fullmatch(text):
            return text
        return _quoted(_padded(str(self.node.value), text) if self.inner else text)


def rewritten(text: str, hide: Hide) -> str | None:
    """Return a fixture's text without secrets; None where it has none, or is no YAML."""
    try:
        node = yaml.compose(text, Loader=_LOADER)
        new = _replaced(text, node, hide) if node is not None else text
        meant, _ = document.read(new, as_json=False)
        bare = hide(new.encode()).decode("utf-8", "replace")  # comments, too
        if bare != new and _reads_as(bare, meant):
            new = bare
    except (yaml.YAMLError, document.DocumentError, ValueError, RecursionError):
        return None
    return new if new != text else None


def _reads_as(text: str, meant: Json) -> bool:
    try:
        return bool(document.read(text, as_json=False)[0] == meant)
    except document.DocumentError:
        return False


def _replaced(text: str, root: yaml.Node, hide: Hide) -> str:
    """Return a text whose values are hidden."""
    changes: dict[int, tuple[int, str]] = {}
    for said in _texts(root, ()):
        whole = b"".join(one.data for one in said)
        hidden, at = hide(whole), 0
        for one in said:
            size = len(one.data)
            if one.node is not None and hidden[at : at + size] != one.data:
                start, end = one.node.start_mark.index, one.node.end_mark.index
                tail = "\n" if text[start:end].endswith("\n") else ""
                changes[start] = end, one.written(hidden[at : at + size]) + tail
            at += size
    for start in sorted(changes, reverse=True):
        end, new = changes[start]
        text = text[:start] + new + text[end:]
    return text


def _texts(node: yaml.Node, at: tuple[str, ...]) -> Iterator[list[_Said]]:
    """Yield the values that are read as one text: the pieces of a stream, or one by itself."""
    if ".".join(at) in _STAYS:
        return
    if at == ("reply", "chunks") or (at and at[-1] == "$join"):
        yield list(_pieces(node))
    elif isinstance(node, yaml.ScalarNode):
        inner = at[:2] == ("reply", "body") and len(at) > 2
        yield [_Said(node, coded=at[-1:] == ("$base64",), inner=inner)]
    elif isinstance(node, yaml.SequenceNode):
        for item in node.value:
            yield from _texts(item, (*at, "-"))
    elif isinstance(node, yaml.MappingNode):
        names = {key.value for key, _ in node.value}
        for key, value in node.value:
            if len(at) > 1 and not _REFERENCES & names:
                yield [_Said(key, inner=at[:2] == ("reply", "body"))]
            if not _REFERENCES & names or key.value == "before":
                yield from _texts(value, (*at, str(key.value)))


def _pieces(node: yaml.Node) -> Iterator[_Said]:
    """Yield what a stream says piece by piece, with a hole for each file."""
    if isinstance(node, yaml.ScalarNode):
        yield _Said(node)
    elif isinstance(node, yaml.SequenceNode):
        for item in node.value:
            yield from _pieces(item)
    elif isinstance(node, yaml.MappingNode):
        found = {str(key.value): value for key, value in node.value}
        if "data" in found:
            yield from _pieces(found["data"])
        elif "$join" in found:
            yield from _pieces(found["$join"])
        elif isinstance(found.get("$base64"), yaml.ScalarNode):
            yield _Said(found["$base64"], coded=True)
        else:
            yield _Said(None)


def _padded(old: str, new: str) -> str:
    """Return a hidden text that is as long in JSON as the old one was there."""
    lost = len(orjson.dumps(old)) - len(orjson.dumps(new))
    at = next(index for index, pair in enumerate(zip(old, new, strict=False)) if pair[0] != pair[1])
    return new[:at] + new[at] * lost + new[at:]


def _quoted(text: str) -> str:
    """Return a text in YAML's double quotes, on one line."""
    told: str = yaml.dump(
        text, Dumper=yaml.SafeDumper, default_style='"', width=2**30, allow_unicode=True
    )
    return told.rstrip("\n")
