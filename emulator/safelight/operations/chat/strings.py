"""Strings for an argument or a field: by format, by pattern, by name, and from what was asked.

What must not enter: other JSON types.
"""

from __future__ import annotations

import datetime
import uuid
from collections.abc import Callable, Iterator, Mapping
from random import Random

from safelight.messages import Json
from safelight.operations.chat.hints import Hints, listed, words_of
from safelight.operations.chat.judging import judge_of
from safelight.operations.chat.patterns import UnsampledPattern, sample

PLACE_WORDS = listed(
    "address area city cities country countrie destination location locale origin place places "
    "region state town where"
)
_TEXT_WORDS = listed(
    "answer body caption code comment content description explanation input message note prompt "
    "query question reason request search sentence summary text thought topic"
)
_NAME_WORDS = listed("author artist company name organization owner person recipient user who")

_DULL = listed("a an and are be by for from in is it of on or the this to what with you")
_ID_WORDS = frozenset({"id", "uuid", "key"})


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
    """Return a string of that length for the pattern, or None when none was found."""
    lengths = {"minLength": least} | ({} if most is None else {"maxLength": most})
    judge = judge_of({"pattern": pattern, **lengths})
    for more in (0, 0, 0, 1, 2, 4, 8, 16, least):
        for ahead in (False, True):
            try:
                found = sample(pattern, rng, more=more, ahead=ahead)
            except UnsampledPattern:
                return None
            if judge(found) is None:
                return found
    return None


def _fit(text: str, least: int, most: int | None) -> str:
    if most is not None and len(text) > most:
        text = text[:most].rstrip() if len(text[:most].rstrip()) >= least else text[:most]
    if len(text) < least:
        filler = (text or "offline") + " "
        text = (text + " " + filler * (least // len(filler) + 1))[:least]
    return text


def _by_name(schema: Mapping[str, Json], name: str, hints: Hints, rng: Random, now: float) -> str:
    """Return the first thing that the property's name, the message or the schema offers."""
    words = words_of(name)
    for known, maker in _KNOWN_NAMES:
        if words & known:
            return maker(hints, rng, now)
    if words & _ID_WORDS and not hints.quoted:
        return f"{name}_{rng.randrange(16**8):08x}"
    return next(filter(None, _offers(schema, words, hints, rng)))


def _offers(
    schema: Mapping[str, Json], words: frozenset[str], hints: Hints, rng: Random
) -> Iterator[str]:
    named = words & (PLACE_WORDS | _NAME_WORDS)
    if named and hints.names:
        yield hints.names[0] if words & PLACE_WORDS else rng.choice(hints.names)
    yield from hints.quoted[:1]
    if words & _TEXT_WORDS:
        yield hints.text.strip()[:400]
    yield str(schema.get("default") or "")
    if named:
        yield "Paris" if words & PLACE_WORDS else "Ada"
    yield rng.choice(hints.names) if hints.names else ""
    telling = [word for word in sorted(hints.words - _DULL) if len(word) > 2]
    yield rng.choice(telling) if telling else ""
    yield " ".join(sorted(words)) or "offline"


def _day(rng: Random, now: float) -> datetime.datetime:
    base = datetime.datetime.fromtimestamp(now, datetime.UTC).replace(microsecond=0)
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

_KNOWN_NAMES = (
    (frozenset({"email"}), _email),
    (frozenset({"url", "uri", "link", "website"}), _url),
    (frozenset({"date"}), _date),
)
