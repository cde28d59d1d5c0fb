"""Reads a message for wishes about pictures: is one asked for, how many, a new one or a change.

English only, and only what is plain: in doubt a message is talk.

What must not enter: drawing, models, wire fields.
"""

from __future__ import annotations

import re

_READ = 2000
"""How many characters of a message are read: wishes stand at its head."""

MOST = 8
"""Pictures that one answer holds at most."""

_THING = (
    r"(?:images?|pictures?|pics?|photos?|photographs?|illustrations?|drawings?|paintings?|sketch(?:es)?"
    r"|portraits?|logos?|icons?|posters?|artworks?|wallpapers?|cartoons?|comics?|stickers?|renderings?"
    r"|renders?|banners?|avatars?|watercolou?rs?|diagrams?|infographics?|thumbnails?|mascots?"
    r"|postcards?|collages?|storyboards?|gifs?|emojis?)"
)
_START = (
    r"(?:^|[.!?;:,\n]\s*"
    r"|\b(?:please|now|then|and|also|you|just|me|to|let's|lets|kindly|first|next)\s+)"
)
_DRAW = re.compile(
    _START + r"(?:re-?draw|draw|paint|sketch|illustrate|render|depict|doodle|picture|visuali[sz]e"
    r"|photograph)\b(?!\s+(?:a\s+)?(?:conclusions?|attention|lots?|comparisons?))",
    re.IGNORECASE,
)
_MAKE = re.compile(
    _START
    + r"(?:re-?generate|generate|re-?create|create|make|produce|show|give|design|compose|craft"
    r"|imagine|build|output|return|send)\b[^.!?\n]{0,80}?\b" + _THING + r"\b"
    r"|\bi(?:'d| would)?\s+(?:want|need|like)\b[^.!?\n]{0,60}?\b" + _THING + r"\b",
    re.IGNORECASE,
)
_NOUN = re.compile(
    r"^\W{0,20}(?!(?:i|we|you|he|she|they|my|your|here|this|that|it|is|are|does|can|look|see|in)\b)"
    r"(?:\w[\w-]{0,30}\s{1,5}){0,5}?" + _THING + r"\s+(?:of|showing|with|that|in|for|where)\b",
    re.IGNORECASE,
)
_EDIT = re.compile(
    _START
    + r"(?:make|add|change|remove|replace|turn|edit|put|crop|zoom|rotate|flip|recolou?r|colou?r"
    r"|erase|brighten|darken|convert|transform|move|enlarge|extend|blur|sharpen|swap|set|use|give"
    r"|restyle|combine|merge|blend|delete|place|wear|dress|adjust|increase|decrease|modify|keep)\b",
    re.IGNORECASE,
)
_AGAIN = re.compile(
    r"^\W*(?:(?:another|one more|again|try again|once more|more like (?:this|that))\b"
    r"|(?:now |but |and |same )?(?:with|without|in|at|as)\b(?!.*\?))",
    re.IGNORECASE,
)
_TALK = re.compile(
    r"\b(?:how (?:do|does|did|can|could|to|would|should|is|are)|why|explain|summari[sz]e"
    r"|translate|write (?:me )?(?:an? |some |the )?(?:\w+ )?"
    r"(?:code|function|program|script|story|poem|essay|prompt)"
    r"|(?:what|which|who|where|when) (?:is|are|was|were|does|do|did|can|colou?r))\b",
    re.IGNORECASE,
)
_NOT = re.compile(
    r"\b(?:don't|do not|never|without|no need to|instead of|rather than)\s+(?:\w+\s+){0,3}?"
    r"(?:draw|paint|generat\w+|creat\w+|mak\w+|show\w*|render\w*|images?|pictures?|photos?)\b"
    r"|\b(?:list|table|summary|recipe|number) of\b"
    r"|\b(?:text only|only text|no (?:images?|pictures?))\b",
    re.IGNORECASE,
)
_FRESH = re.compile(
    r"\b(?:new|different|separate|fresh|unrelated)\s+(?:\w+\s+)?(?:image|picture|photo|drawing|illustration"
    r"|one)\b|\bfrom scratch\b|\bstart over\b",
    re.IGNORECASE,
)
_NUMBERS = {
    "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8,
    "a couple of": 2, "a pair of": 2, "both": 2, "a few": 3, "several": 3,
}  # fmt: skip
_MANY = (
    r"(?:versions|variations|variants|alternatives|options|takes|images|pictures|pics|photos|photographs"
    r"|illustrations|drawings|paintings|sketches|portraits|logos|icons|posters|renderings|renders"
    r"|designs|stickers|avatars|wallpapers|ideas|frames|panels)"
)
_COUNT = re.compile(
    r"(?:(?<!\bof )|(?<=set of )|(?<=series of ))\b(\d{1,2}|" + "|".join(_NUMBERS) + r")\s+"
    r"(?:[\w-]+\s+){0,3}?" + _MANY + r"\b",
    re.IGNORECASE,
)


def asks_for_picture(text: str, *, shown: bool) -> bool:
    """Tell whether a message plainly asks for a picture; `shown`: one lies before us to change."""
    head = text[:_READ].strip()
    if not head or _NOT.search(head):
        return False
    drawn = _DRAW.search(head) or _MAKE.search(head) or _NOUN.search(head)
    if not drawn and shown:
        drawn = _EDIT.search(head) or _AGAIN.search(head)
    if not drawn:
        return False
    talk = _TALK.search(head)
    return talk is None or drawn.start() < talk.start()


def wants_fresh(text: str) -> bool:
    """Tell whether a message asks for a picture that has nothing to do with those before it."""
    return bool(_FRESH.search(text[:_READ]))


def amount(text: str) -> int:
    """Return how many pictures a message asks for: 1 unless it says a number, 8 at most."""
    found = _COUNT.search(text[:_READ])
    if not found:
        return 1
    word = found[1].lower()
    return min(MOST, max(1, _NUMBERS.get(word) or int(word)))
