"""Bad values: for a schema, every way in which a value can break exactly one of its keywords.

What comes from here are attempts: `breaking` keeps those that break one promise and no other. What
must not enter: Hypothesis, whole requests.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from safelight.messages import Json, Upload

from safelight_contracts.breaking_rules import against_rules
from safelight_contracts.strategies import Unmakable, fits, plainest
from safelight_contracts.strategies.merging import impossible, merged, split_rules, types
from safelight_contracts.strategies.pictures import picture, upload

UNKNOWN = "no_such_field"
"""The name of a field that nobody has, as it is put where no more fields are allowed."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """A value that should break one keyword. `site` says which, `how` what was done."""

    value: Json
    site: str
    how: str


def attempts(schema: Json, base: Json, *, form: bool, site: str = "") -> Iterator[Attempt]:
    """Yield bad values for a schema, one keyword after the other, inner fields included.

    `base` is a good value to start from, None for the plainest. In a form everything is text or a
    file, so that a wrong type is a text that reads as none of the right ones.
    """
    if impossible(schema):
        yield Attempt("text" if form else "a", f"{site}:forbidden", "given though forbidden")
        return
    if not isinstance(schema, dict):
        return
    rest, rules = split_rules(schema)
    yield from _types(rest, site, form=form)
    if "anyOf" in rest:
        yield from _union(rest, rules, base, site, form=form)
    elif rest.get("x-upload"):
        yield from _files(rest, site)
    else:
        yield from _plain(rest, site)
        if "items" in rest or "maxItems" in rest or "minItems" in rest:
            yield from _arrays(rest, base, site, form=form)
        if any(word in rest for word in _OBJECTS):
            yield from _objects(schema, rest, base, site, form=form)
            for value, title in against_rules(rest, rules, base):
                yield Attempt(value, f"{site}:rule:{title}", f"against the rule {title!r}")


_OBJECTS = ("properties", "required", "additionalProperties", "propertyNames", "maxProperties")
_WRONG: tuple[tuple[str, Json], ...] = (
    ("string", "text"),
    ("integer", 7),
    ("number", 7.5),
    ("object", {}),
    ("array", []),
    ("boolean", True),
)


def _types(rest: dict[str, Json], site: str, *, form: bool) -> Iterator[Attempt]:
    kinds = _all_kinds(rest)
    if form and not site:
        return  # a form is always a form
    if form and rest.get("x-upload"):
        yield Attempt("no file", f"{site}:type", "a text for a file")
        return
    if form and "string" in kinds:
        yield Attempt(upload(), f"{site}:type", "a file for a text")
        return
    for kind, value in _WRONG:
        if kind in kinds or (kind == "integer" and "number" in kinds):
            continue
        if form and kind != "string":
            continue
        yield Attempt(value, f"{site}:type", f"{kind} for {' or '.join(kinds)}")


def _all_kinds(rest: dict[str, Json]) -> list[str]:
    if "anyOf" not in rest:
        return types(rest)
    found = [kind for branch in rest["anyOf"] for kind in _all_kinds(merged(branch, {}))]
    return [kind for kind in types(rest) if kind in found]


def _plain(rest: dict[str, Json], site: str) -> Iterator[Attempt]:
    """Yield what breaks a keyword of a text or a number, or a list of choices."""
    for word in ("enum", "const"):
        if word in rest:
            for value in ("no-such-value", 77):
                yield Attempt(value, f"{site}:{word}", "none of the choices")
    for word, sign in (("minimum", -1), ("maximum", 1)):
        if word in rest:
            far = (
                abs(rest[word]) >= 2**53
            )  # where a parser's floats no longer tell neighbours apart
            for step in (4096,) if far else (1, 0.5):
                yield Attempt(rest[word] + sign * step, f"{site}:{word}", f"beyond the {word}")
    yield from _texts(rest, site)


def _texts(rest: dict[str, Json], site: str) -> Iterator[Attempt]:
    if rest.get("minLength"):
        yield Attempt("a" * (rest["minLength"] - 1), f"{site}:minLength", "a letter too short")
    if "maxLength" in rest:
        text = _fitting(rest)
        long = text + "a" * (rest["maxLength"] + 1 - len(text))
        yield Attempt(long, f"{site}:maxLength", "a letter too long")
    if "pattern" in rest:
        for text in ("?", "no match", ""):
            yield Attempt(text, f"{site}:pattern", "not of the form")


def _fitting(rest: dict[str, Json]) -> str:
    try:
        text = plainest(
            {"type": "string", **({"pattern": rest["pattern"]} if "pattern" in rest else {})}
        )
    except Unmakable:
        return ""
    return str(text)


def _arrays(rest: dict[str, Json], base: Json, site: str, *, form: bool) -> Iterator[Attempt]:
    item = rest.get("items", True)
    try:
        good = base if isinstance(base, list) and base else [plainest(item)]
    except Unmakable:
        return
    if rest.get("minItems", 0) > (1 if form else 0):  # a form cannot say an empty list
        yield Attempt(good[: rest["minItems"] - 1], f"{site}:minItems", "an item too few")
    if "maxItems" in rest:
        many = [good[0]] * (rest["maxItems"] + 1)
        yield Attempt(many, f"{site}:maxItems", "an item too many")
    if "contains" in rest:
        yield Attempt([plainest(item)], f"{site}:contains", "without the item that has to be")
    for inner in attempts(item, good[0], form=form, site=f"{site}[]"):
        yield Attempt([inner.value, *good[1:]], inner.site, inner.how)


def _objects(
    schema: dict[str, Json], rest: dict[str, Json], base: Json, site: str, *, form: bool
) -> Iterator[Attempt]:
    start = seated(schema, base, ())
    base = base if isinstance(base, dict) else start
    if start is None:
        return
    for name in rest.get("required", []):
        without = {key: value for key, value in start.items() if key != name}
        if form and site and not without:
            continue  # nor an empty object
        yield Attempt(without, f"{_under(site, name)}:required", "left out")
    more = rest.get("additionalProperties", True)
    if more is False:
        yield Attempt({**start, UNKNOWN: "a"}, f"{site}:additionalProperties", "an unknown field")
    elif isinstance(more, dict):
        for inner in attempts(more, None, form=form, site=f"{site}.*"):
            yield Attempt({**start, "1": inner.value}, inner.site, inner.how)
    yield from _names(rest, more, start, site)
    for name, part in rest.get("properties", {}).items():
        given = seated(schema, base, (name,))
        given = start if given is None else given
        for inner in attempts(part, given.get(name), form=form, site=_under(site, name)):
            yield Attempt({**given, name: inner.value}, inner.site, inner.how)


def _names(
    rest: dict[str, Json], more: Json, start: dict[str, Json], site: str
) -> Iterator[Attempt]:
    try:
        value = plainest(more)
    except Unmakable:
        return
    if (most := rest.get("propertyNames", {}).get("maxLength")) is not None:
        long = {**start, "k" * (most + 1): value}
        yield Attempt(long, f"{site}:propertyNames/maxLength", "a name too long")
    if "maxProperties" in rest:
        many = {**start, **{f"k{number}": value for number in range(rest["maxProperties"] + 1)}}
        many = dict(list(many.items())[: rest["maxProperties"] + 1])
        yield Attempt(many, f"{site}:maxProperties", "an entry too many")


def seated(schema: dict[str, Json], base: Json, names: tuple[str, ...]) -> dict[str, Json] | None:
    """Return a good object that has those fields, as near to `base` as may be; None without one."""
    judge = fits(schema)
    try:
        if isinstance(base, dict):
            parts = schema.get("properties", {})
            missing = {name: plainest(parts[name]) for name in names if name not in base}
            if judge({**base, **missing}):
                return {**base, **missing}
        plain = plainest(merged(schema, {"required": list(names)}) if names else schema)
    except (Unmakable, KeyError):
        return None
    if not isinstance(plain, dict):
        return None
    if isinstance(base, dict):
        for mixed in ({**plain, **base}, {**base, **plain}):
            if judge(mixed):
                return mixed
    return plain


def _under(site: str, name: str) -> str:
    return f"{site}.{name}" if site else name


def _union(
    rest: dict[str, Json], rules: list[dict[str, Json]], base: Json, site: str, *, form: bool
) -> Iterator[Attempt]:
    beside = {key: value for key, value in rest.items() if key != "anyOf"}
    beside = merged(beside, {"allOf": rules}) if rules else beside
    for number, branch in enumerate(rest["anyOf"]):
        whole = merged(branch, beside)
        kinds = whole.get("type")
        if kinds == "null":
            continue
        tags = [
            f"{key}={part['const']}"
            for key, part in whole.get("properties", {}).items()
            if isinstance(part, dict) and "const" in part
        ]
        name = tags[0] if tags else str(kinds if isinstance(kinds, str) else number)
        good = base if base is not None and fits(whole)(base) else None
        for inner in attempts(whole, good, form=form, site=f"{site}<{name}>"):
            if inner.site != f"{site}<{name}>:type":
                yield inner


def _files(rest: dict[str, Json], site: str) -> Iterator[Attempt]:
    parts = rest.get("properties", {})
    kinds = parts.get("content_type", {}).get("enum")
    good = upload(kinds[0]) if kinds else upload()
    if kinds:
        wrong = Upload("notes.txt", "text/plain", b"no picture")
        yield Attempt(wrong, f"{site}.content_type:enum", "a file of another type")
    if "content_type" in rest.get("required", []):
        yield Attempt(
            Upload("picture", None, good.data), f"{site}.content_type:required", "a file of no type"
        )
    if "maximum" in parts.get("size", {}):
        most = parts["size"]["maximum"]
        data = picture(good.content_type or "image/png")
        big = Upload(good.filename, good.content_type, data + bytes(most + 1 - len(data)))
        yield Attempt(big, f"{site}.size:maximum", "a byte too large")
