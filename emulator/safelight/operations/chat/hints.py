"""What a message mentions that could fill an argument: names, numbers, quotes, dates, addresses.

What must not enter: schemas, tools.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace


def listed(text: str) -> frozenset[str]:
    """Return the words of a list that is written as one text, for tables of words."""
    return frozenset(text.split())


_STARTERS = listed(
    """a add an and answer any are at book calculate call can check compare compute convert could
    create describe did do does draw email explain fetch find for from generate get give great hello
    hey hi how i i'd i'll i'm if in invoke is it its let list look make may me my no not now of ok
    on or order our output please reply report respond return run say schedule search send set
    should show start summarize tell thanks that the their then there these they this to today
    tomorrow translate turn use using we what what's when where where's which who who's why will
    with would write yes you your api html json png sql xml yaml"""
)
_NOT_PLACES = _STARTERS | listed("all both each every here home least most once us")

_WORD = re.compile(r"[^\W_]+(?:'[^\W_]+)?")
_NAME = re.compile(
    r"\b[A-Z][^\W_]*(?:['\u2019.-][^\W_]+)*(?:[ ](?:(?:of|de|del|la|van|von)[ ])?[A-Z][^\W_]+)*"
    r"(?:,[ ][A-Z]{2}\b)?"
)
_PLACE = re.compile(
    r"\b(?:in|for|at|near|to|from|of|between)[ ]+(?:the[ ]+)?([a-z][\w-]+)"
    r"(?:(?:,[ ]*(?:and[ ]+)?|[ ]+and[ ]+|[ ]+or[ ]+)([a-z][\w-]+))?"
)
_NUMBER = re.compile(r"(?<![\w.])-?\d{1,15}(?:\.\d{1,9})?(?![\w]|\.\d)")
_QUOTED = re.compile(
    r"\"([^\"\n]{1,400})\"|“([^”\n]{1,400})”|`([^`\n]{1,400})`|(?<!\w)'([^'\n]{1,400})'(?!\w)"
)
_EMAIL = re.compile(r"[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63})+")
_URL = re.compile(r"https?://[^\s\"'<>)\]]{1,2000}")
_DATE = re.compile(r"\b\d{4}-\d{2}-\d{2}\b")

_READ = 20_000
"""How many characters of a long message are searched: its ends, where the question stands."""


@dataclass(frozen=True, slots=True)
class Hints:
    """The findings in a text, in order of appearance; `words` are lower-case."""

    text: str = ""
    names: tuple[str, ...] = ()
    numbers: tuple[int | float, ...] = ()
    quoted: tuple[str, ...] = ()
    emails: tuple[str, ...] = ()
    urls: tuple[str, ...] = ()
    dates: tuple[str, ...] = ()
    words: frozenset[str] = frozenset()

    def only(self, name: str) -> Hints:
        """Return the same hints as if that were the only name in the text."""
        return replace(self, names=(name,))

    def mentions(self, value: str) -> bool:
        """Tell whether the text says that word or phrase, whatever its case."""
        return (
            bool(value)
            and re.search(rf"(?<!\w){re.escape(value)}(?!\w)", self.text, re.IGNORECASE) is not None
        )


def read_hints(text: str) -> Hints:
    """Return what a text mentions."""
    if len(text) > 2 * _READ:
        text = f"{text[:_READ]}\n{text[-_READ:]}"
    bare = _URL.sub(" ", _EMAIL.sub(" ", text))
    return Hints(
        text=text,
        names=_names(bare),
        numbers=tuple(_number(found) for found in _NUMBER.findall(_DATE.sub(" ", bare))),
        quoted=tuple("".join(groups) for groups in _QUOTED.findall(text)),
        emails=tuple(_EMAIL.findall(text)),
        urls=tuple(url.rstrip(".,;!?") for url in _URL.findall(text)),
        dates=tuple(_DATE.findall(text)),
        words=words_of(text),
    )


def words_of(text: str) -> frozenset[str]:
    """Return the words of a text: lower case, no plural s, camelCase and snake_case taken apart."""
    apart = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", text)
    return frozenset(_stem(word.lower()) for word in _WORD.findall(apart))


def _stem(word: str) -> str:
    word = word.removesuffix("'s")
    return word[:-1] if len(word) > 3 and word.endswith("s") and not word.endswith("ss") else word


def _number(text: str) -> int | float:
    return float(text) if "." in text else int(text)


def _names(text: str) -> tuple[str, ...]:
    matches = [(m.start(), _without_starters(m[0])) for m in _NAME.finditer(text)]
    found = [name for start, name in matches if name and not _opens(text, start, name)]
    if not found:
        groups = (word for pair in _PLACE.findall(text) for word in pair if word)
        found = [word for word in groups if word not in _NOT_PLACES]
    return tuple(dict.fromkeys(found))


def _opens(text: str, start: int, name: str) -> bool:
    """Tell whether a word is capital only because a longer sentence begins with it."""
    before = text[:start].rstrip()
    begins = not before or before[-1] in ".!?:\n"
    return begins and " " not in name and text[start + len(name) :].lstrip()[:1].isalnum()


def _without_starters(name: str) -> str:
    words = name.split(" ")
    while words and words[0].lower().strip(",.") in _STARTERS:
        words.pop(0)
    return " ".join(words).rstrip(".,")
