"""Strings for an argument or a field: by format, by pattern, by name, and from what was asked.

What must not enter: other JSON types.
"""

from __future__ import annotations

import datetime
import uuid
from collections.abc import Callable, Mapping
from random import Random

from safelight.messages import Json
from safelight.operations.chat.hints import Hints, words_of
from safelight.operations.chat.patterns import UnsampledPattern, sample

PLACE_WORDS = frozenset(
    "address area city cities country countrie destination location locale origin place places "
    "region state town where".split()
)
_TEXT_WORDS = frozenset(
    "answer body caption code comment content description explanation input message note prompt "
    "query question reason request search sentence summary text thought topic".split()
)
_NAME_WORDS = frozenset(
    "author artist company name organization owner person recipient user who".split()
)

_STOP = frozenset("a an and are be by for from in is it of on or the this to what with you".split())


def string_for(schema: Mapping[str, Json], name: str, hints: Hints, rng: Random, now: float) -> str:
    """Return a string that fits the schema where this room can; `name` is the property's."""
    pattern, form = schema.get("pattern"), schema.get("format")
    least, most = _length(schema, "minLength", 0), _length(schema, "maxLength", None)
    if isinstance(pattern, str):
        found = _by_pattern(pattern, least or 0, most, rng)
        if found is not None:
            return found
    if isinstance(form, str) and form in _FORMATS:
        return _FORMATS[form](hints, rng, now)
    return _fit(_by_name(schema, name, hints, rng, now), least or 0, most)


def _length(schema: Mapping[str, Json], key: str, default: int | None) -> int | None:
    value = schema.get(key)
    return (
        int(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else default
    )


def _by_pattern(pattern: str, least: int, most: int | None, rng: Random) -> str | None:
    """Return a sample of the right length, or None when the pattern cannot be sampled."""
    found = None
    for more in (0, 0, 1, 2, 4, 8, 16, least):
        try:
            found = sample(pattern, rng, more=more)
        except UnsampledPattern:
            return found
        if len(found) >= least and (most is None or len(found) <= most):
            return found
    return found


def _fit(text: str, least: int, most: int | None) -> str:
    if most is not None and len(text) > most:
        text = text[:most].rstrip() if len(text[:most].rstrip()) >= least else text[:most]
    if len(text) < min(least, 1_000_000):
        filler = (text or "offline") + " "
        text = (text + " " + filler * (least // len(filler) + 1))[:least]
    return text


def _by_name(schema: Mapping[str, Json], name: str, hints: Hints, rng: Random, now: float) -> str:
    words = words_of(name)
    if "email" in words:
        return _email(hints, rng, now)
    if words & {"url", "uri", "link", "website"}:
        return _url(hints, rng, now)
    if "date" in words:
        return _date(hints, rng, now)
    if words & {"id", "uuid", "key"} and not hints.quoted:
        return f"{name or 'id'}_{rng.randrange(16**8):08x}"
    if words & PLACE_WORDS and hints.names:
        return hints.names[0]
    if hints.quoted:
        return hints.quoted[0]
    if words & _NAME_WORDS and hints.names:
        return rng.choice(hints.names)
    if words & _TEXT_WORDS and hints.text.strip():
        return hints.text.strip()[:400]
    if isinstance(default := schema.get("default"), str):
        return default
    return _from_words(name, hints, rng)


def _from_words(name: str, hints: Hints, rng: Random) -> str:
    """Return a name of the message, else some of its words, else the property's own name."""
    if hints.names:
        return rng.choice(hints.names)
    telling = [word for word in sorted(hints.words) if len(word) > 2 and word not in _STOP]
    return rng.choice(telling) if telling else name.replace("_", " ") or "offline"


def _day(rng: Random, now: float) -> datetime.datetime:
    base = datetime.datetime.fromtimestamp(now, datetime.timezone.utc).replace(microsecond=0)
    return base + datetime.timedelta(days=rng.randrange(1, 15))


def _date(hints: Hints, rng: Random, now: float) -> str:
    return hints.dates[0] if hints.dates else _day(rng, now).date().isoformat()


def _datetime(hints: Hints, rng: Random, now: float) -> str:
    day = _date(hints, rng, now)
    return f"{day}T{rng.randrange(8, 20):02d}:00:00Z"


def _email(hints: Hints, rng: Random, now: float) -> str:
    del rng, now
    return hints.emails[0] if hints.emails else "someone@example.com"


def _url(hints: Hints, rng: Random, now: float) -> str:
    del rng, now
    return hints.urls[0] if hints.urls else "https://example.com/"


_FORMATS: dict[str, Callable[[Hints, Random, float], str]] = {
    "date": _date,
    "date-time": _datetime,
    "time": lambda _h, rng, _n: f"{rng.randrange(8, 20):02d}:00:00Z",
    "duration": lambda _h, rng, _n: f"PT{rng.randrange(1, 60)}M",
    "email": _email,
    "idn-email": _email,
    "hostname": lambda _h, _r, _n: "example.com",
    "ipv4": lambda _h, rng, _n: f"192.0.2.{rng.randrange(1, 255)}",
    "ipv6": lambda _h, rng, _n: f"2001:db8::{rng.randrange(1, 0xFFFF):x}",
    "uri": _url,
    "url": _url,
    "uri-reference": _url,
    "iri": _url,
    "uuid": lambda _h, rng, _n: str(uuid.UUID(int=rng.getrandbits(128), version=4)),
    "json-pointer": lambda _h, _r, _n: "/offline",
    "regex": lambda _h, _r, _n: ".*",
}
