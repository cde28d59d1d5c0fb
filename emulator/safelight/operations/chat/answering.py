"""Words the answers: short texts that show what was asked, and JSON where JSON was asked for.

What must not enter: tools, tokens, wire shapes.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from random import Random

from safelight.messages import Json
from safelight.operations.chat.conversation import Conversation
from safelight.operations.chat.hints import listed, words_of
from safelight.operations.chat.making import Source, make
from safelight.operations.chat.pictures import described

REFUSAL_MARK = "[[safelight:refusal]]"
"""A prompt that carries this, with a schema for the answer, is refused as a model would refuse."""

_REFUSE = re.compile(r"\W{0,9}(?:please\s{1,3})?refuse\b", re.IGNORECASE)

REFUSAL_TEXT = "I'm sorry, but I can't help with that request."

_QUOTE = 240
_COMMAND = 2000
"""How long, in characters, a message may be that is read as an order to say something."""

_ECHO = re.compile(
    r"\W{0,9}(?:please\s{1,3})?(?:(?:just|only|simply)\s{1,3})?(?:say|reply|respond|repeat|echo)\b"
    r"(?:\s{1,3}(?:back|with|exactly|only|just|simply|after me|(?:the|this|one|a single|the single)"
    r"\s{1,3}(?:exact\s{1,3})?(?:words?|text|phrase|sentence|message))){0,4}\s{0,3}:?\s{1,3}"
    r"(?P<what>\S.*)",
    re.IGNORECASE | re.DOTALL,
)
_OPENINGS = (
    "You asked: {quote}",
    "Your question was {quote}",
    "About {quote}",
    "I read your message, {quote}",
    "Here is my answer to {quote}",
    "You wrote {quote}",
)
_CLOSINGS = (
    "This is an offline answer: no model was consulted.",
    "I am an offline stand-in, so take this as a sample answer.",
    "No model stands behind this answer; it was made offline.",
    "An offline emulator wrote this, the same way every time.",
)
_KEYS = re.compile(
    r"\b(?:keys?|fields?|properties)\b[:\s]{0,9}(?:named|called)?\s{0,9}(?P<list>[^.;\n{}]{1,200})",
    re.IGNORECASE,
)
_KEY = re.compile(r"[A-Za-z_]\w{0,40}")


def answer(talk: Conversation, rng: Random, index: int, count: int) -> str:
    """Return a short text about what was asked; of `count` answers no two are the same."""
    numbered = f" (Answer {index + 1} of {count}.)" if index else ""
    short = talk.asked if len(talk.asked) <= _COMMAND else ""
    if not talk.results and (echo := _ECHO.match(short)) and not _shown(talk):
        return _unquoted(echo["what"]) + numbered
    opening = _OPENINGS[(rng.randrange(len(_OPENINGS)) + index) % len(_OPENINGS)]
    sentences = [
        *_shown(talk),
        *(f"{name} returned: {_short(text)}" for name, text in talk.results),
    ]
    sentences.append(_asked(talk, opening))
    sentences.append(rng.choice(_CLOSINGS))
    return " ".join(sentences) + numbered


def wants_refusal(text: str) -> bool:
    """Tell whether a message plainly asks to be refused: by the mark, or in so many words."""
    return REFUSAL_MARK in text or _REFUSE.match(text) is not None


def _unquoted(text: str) -> str:
    text = text.strip()
    pairs = {'"': '"', "“": "”", "'": "'", "`": "`"}
    quoted = len(text) > 2 and pairs.get(text[0]) == text[-1]
    return text[1:-1] if quoted else text


def _asked(talk: Conversation, opening: str) -> str:
    if not talk.asked.strip():
        return "You sent no text."
    sentence = opening.format(quote=f"“{_short(talk.asked)}”")
    return sentence if sentence[-1] in ".!?" else f"{sentence}."


def _short(text: str) -> str:
    """Return the text in one line, cut at a word when it is long."""
    line = " ".join(text[: _QUOTE * 8].split())
    if len(line) <= _QUOTE:
        return line
    return line[:_QUOTE].rsplit(" ", 1)[0] + "…"


def _shown(talk: Conversation) -> list[str]:
    """Return sentences about what came beside the text."""
    sentences = []
    if talk.pictures:
        what = "; ".join(described(picture) for picture in talk.pictures)
        noun = "picture" if len(talk.pictures) == 1 else "pictures"
        sentences.append(f"I see {len(talk.pictures)} {noun}: {what}.")
    if talk.sounds:
        noun = "recording" if talk.sounds == 1 else "recordings"
        sentences.append(f"I received {talk.sounds} {noun} but hear nothing offline.")
    if talk.files:
        sentences.append(f"I received {', '.join(talk.files)} but read no files offline.")
    return sentences


def json_answer(response_format: Mapping[str, Json], text: str, source: Source) -> str:
    """Return the answer as JSON text: by the user's schema, or any object. Raises Unmakeable."""
    about = response_format.get("json_schema")
    schema = about.get("schema") if isinstance(about, dict) else None
    if response_format.get("type") == "json_schema" and isinstance(schema, dict):
        value = make(schema, source)
    else:
        value = _free_object(text, source)
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _free_object(text: str, source: Source) -> Json:
    """Return an object with the keys that the message names, else with the answer in it."""
    found = _KEYS.search(source.hints.text)
    names = [n for n in _KEY.findall(found["list"]) if n.lower() not in _NO_KEYS] if found else []
    if not names:
        return {"answer": text}
    properties = {name: {"type": _free_type(name)} for name in names[:12]}
    return make({"type": "object", "properties": properties, "required": [*properties]}, source)


def _free_type(name: str) -> str:
    return "integer" if words_of(name) & _NUMBERS else "string"


_NUMBERS = listed("age amount count number price quantity rating score size total year")
_NO_KEYS = listed("a an and are as be for in is like of or such the to with")
