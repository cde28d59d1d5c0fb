"""A patch to our schema for moves that are sure: the file's own text, edited where it has to be.

The edit is made in the text and not in the parsed document, so that the rest of the file keeps its
lines. Positions come from PyYAML's nodes (JSON is YAML). What must not enter: deciding what moved.
"""

from __future__ import annotations

import difflib
import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import yaml
from safelight.messages import Json

from safelight_contracts.drift.comparing import Move

Edit = tuple[int, int, str]
"""From, to, and the text to stand there instead."""


@dataclass(frozen=True, slots=True)
class Place:
    """One schema in a file: its node there."""

    file: Path
    node: yaml.Node


class Schemas:
    """Schema files as nodes with positions, read once each."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._texts: dict[Path, str] = {}
        self._nodes: dict[Path, yaml.Node] = {}

    def text(self, file: Path) -> str:
        """Return a file's text."""
        if file not in self._texts:
            self._texts[file] = file.read_text(encoding="utf-8")
        return self._texts[file]

    def root(self, name: str) -> Place:
        """Return the outermost schema of a file by its name without `.json`."""
        return self._root(self._folder / f"{name}.json")

    def _root(self, file: Path) -> Place:
        if file not in self._nodes:
            node = yaml.compose(self.text(file), Loader=yaml.SafeLoader)
            assert node is not None, f"{file}: a schema file is never empty"
            self._nodes[file] = node
        return Place(file, self._nodes[file])

    def follow(self, place: Place) -> Place:
        """Return what a `$ref` leads to; a schema without one is itself."""
        reference = child(place.node, "$ref")
        if reference is None:
            return place
        file, _, pointer = str(reference.value).partition("#")
        found = self._root(place.file.parent / file if file else place.file)
        for step in filter(None, pointer.split("/")):
            inner = child(found.node, step)
            assert inner is not None, f"{reference.value}: the loader proves references"
            found = Place(found.file, inner)
        return self.follow(found)

    def find(self, place: Place, path: str) -> Place | None:
        """Return the schema of a field below one; the first branch of a union that has it."""
        place = self.follow(place)
        if not path:
            return place
        head, rest = _step(path)
        for branch in self.branches(place):
            inner = child(branch.node, "items") if head == "[]" else _property(branch.node, head)
            if inner is not None:
                return self.find(Place(branch.file, inner), rest)
        return None

    def branches(self, place: Place) -> Iterator[Place]:
        """Yield a schema and the branches of its unions."""
        place = self.follow(place)
        yield place
        for keyword in ("anyOf", "allOf"):
            listed = child(place.node, keyword)
            if isinstance(listed, yaml.SequenceNode):
                for item in listed.value:
                    yield from self.branches(Place(place.file, item))

    def tagged(self, place: Place, event: str) -> Place:
        """Return the branch of a union whose constant `type` is that event's."""
        for branch in self.branches(place):
            tag = _property(branch.node, "type")
            constant = None if tag is None else child(tag, "const")
            if constant is not None and constant.value == event:
                return branch
        return place


def child(node: yaml.Node | None, key: str) -> yaml.Node | None:
    """Return the value of a mapping's key, or None."""
    if isinstance(node, yaml.MappingNode):
        for name, value in node.value:
            if name.value == key:
                found: yaml.Node = value
                return found
    return None


def _property(node: yaml.Node, name: str) -> yaml.Node | None:
    return child(child(node, "properties"), name)


def _step(path: str) -> tuple[str, str]:
    """Return a path's first step and the rest: `data[].url` gives `data`, `[].url`."""
    if path.startswith("[]"):
        return "[]", path[2:].lstrip(".")
    ends = [end for end in (path.find("."), path.find("[]")) if end > 0]
    end = min(ends, default=len(path))
    return path[:end], path[end:].lstrip(".")


def propose(folder: Path, schemas: Callable[[Move], str | None], moves: Iterable[Move]) -> str:
    """Return a unified diff that makes the schemas say what was seen; "" where nothing helps.

    `schemas` names the schema file of a move's reply or event, without `.json`.
    """
    known = Schemas(folder)
    edits: dict[Path, list[Edit]] = {}
    for move in moves:
        name = schemas(move)
        if name is None or move.part != "reply" or move.side == "sdk" or not move.sure:
            continue
        start = known.tagged(known.root(name), move.event) if move.event else known.root(name)
        for file, edit in _edits(known, start, move):
            if edit not in edits.setdefault(file, []):
                edits[file].append(edit)
    return "".join(_diff(known, file, found) for file, found in sorted(edits.items()))


def _edits(known: Schemas, start: Place, move: Move) -> Iterator[tuple[Path, Edit]]:
    above, _, name = move.path.rpartition(".")
    if move.change == "new field":
        holder = known.find(start, above)
        listed = None if holder is None else child(holder.node, "properties")
        if holder is not None and isinstance(listed, yaml.MappingNode) and listed.value:
            yield holder.file, _added(known.text(holder.file), listed, name, _schema(move.got))
        return
    if move.change in ("missing field", "optional field"):
        for branch in known.branches(known.find(start, above) or start):
            listed = child(branch.node, "required")
            yield from ((branch.file, edit) for edit in _dropped(known, branch, listed, name))
        return
    place = known.find(start, move.path)
    if place is None:
        return
    types, values = child(place.node, "type"), child(place.node, "enum")
    if move.change in ("null", "type") and types is not None:
        yield place.file, _widened(types, move.got)
    if move.change == "value" and isinstance(values, yaml.SequenceNode):
        yield place.file, _appended(known.text(place.file), values, move.got)
    if move.change == "null" and isinstance(values, yaml.SequenceNode):
        end = values.value[-1].end_mark.index
        yield place.file, (end, end, ", null")


def _schema(types: tuple[str, ...]) -> Json:
    """Return a schema for a field of which only the types are known."""
    if not types:
        return {}
    return {"type": types[0] if len(types) == 1 else list(types)}


def _added(text: str, listed: yaml.MappingNode, name: str, schema: Json) -> Edit:
    """Return the edit that puts a property after the last one, laid out like it."""
    key, value = listed.value[-1]
    line = text.rfind("\n", 0, key.start_mark.index) + 1
    lead = text[line : key.start_mark.index]
    end = value.end_mark.index
    gap = f"\n{lead}" if not lead.strip() else " "
    return end, end, f",{gap}{json.dumps(name)}: {json.dumps(schema)}"


def _dropped(known: Schemas, place: Place, listed: yaml.Node | None, name: str) -> Iterator[Edit]:
    """Yield the edit that takes a name out of `required`."""
    if not isinstance(listed, yaml.SequenceNode):
        return
    nodes = listed.value
    for index, node in enumerate(nodes):
        if node.value != name:
            continue
        if index:
            yield nodes[index - 1].end_mark.index, node.end_mark.index, ""
        elif len(nodes) > 1:
            yield node.start_mark.index, nodes[1].start_mark.index, ""
        else:
            text = known.text(place.file)
            start = text.rfind('"required"', 0, listed.start_mark.index)
            comma = text.index(",", listed.end_mark.index)
            yield start, comma + 1 + len(text[comma + 1 :]) - len(text[comma + 1 :].lstrip()), ""


def _widened(types: yaml.Node, more: tuple[str, ...]) -> Edit:
    """Return the edit that lets a field be of more types."""
    single = not isinstance(types, yaml.SequenceNode)
    said = [types.value] if single else [item.value for item in types.value]
    text = json.dumps([*said, *(name for name in more if name not in said)])
    return types.start_mark.index, types.end_mark.index, text


def _appended(text: str, values: yaml.SequenceNode, more: tuple[str, ...]) -> Edit:
    """Return the edit that adds values to an enumeration, laid out like those before."""
    last = values.value[-1]
    for item in reversed(values.value):  # null, if it is there, stays the last one
        if item.tag.endswith(":str"):
            last = item
            break
    line = text.rfind("\n", 0, last.start_mark.index) + 1
    lead = text[line : last.start_mark.index]
    gap = f"\n{lead}" if not lead.strip() else " "
    end = last.end_mark.index
    return end, end, "".join(f",{gap}{json.dumps(value)}" for value in more)


def _diff(known: Schemas, file: Path, edits: list[Edit]) -> str:
    old = known.text(file)
    new = old
    for start, end, text in sorted(edits, reverse=True):
        new = new[:start] + text + new[end:]
    json.loads(new)  # a proposal that breaks the file would be ours to mend, not the reader's
    name = f"schemas/{file.parent.name}/{file.name}"
    lines = difflib.unified_diff(
        old.splitlines(keepends=True),
        new.splitlines(keepends=True),
        f"a/{name}",
        f"b/{name}",
    )
    return "".join(
        line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in lines
    )
