"""Turns a raw reply into plain lower-case pieces: words, numbers and marks."""

import re
import unicodedata
from collections.abc import Callable
from functools import lru_cache

_HEAD, _TAIL = 3000, 1000
_DROPPED = frozenset({"Mn", "Me", "Cf", "Cs", "Cc"})
_LOOKALIKES = {"⁄": "/", "’": "'", "‘": "'", "´": "'", "′": "'", "≈": "~", "∼": "~", "−": "-", "🔟": " 10 "}
_VULGAR_FRACTION = re.compile("([\u00bc-\u00be\u2150-\u215f\u2189])")
_SHORTHAND = (("a.m", "am"), ("p.m", "pm"), ("p.s", "ps"), ("<3", " "), ("\\", "/"))
_APOSTROPHES = str.maketrans("", "", "'`")
_PIECE = re.compile(r"[^\W_]+(?:(?<=\d)[.,:](?=\d)[^\W_]+)*|[.!?;\n]+|[,/\-+~=:()%$*<>&#]")
_PARTS = re.compile(r"\d+(?:[.,:]\d+)*|[^\W\d_]+")
_SLIP = re.compile(r"[0-9olis]{2,3}")
_VERTEBRA = re.compile(r"[lcts]\d{1,2}")
_GLUED = re.compile(r"(an?|una?)(\d{1,2})")
_MANY_DIGITS = re.compile(r"\d[\d\-./() ]{4,}\d")
_PHONE = re.compile(r"(?:\+?\d{1,2}[-. ]?)?\(?\d{3}\)?[-. ]{0,2}\d{3}[-. ]?\d{4}|\b\d{3}[-.]\d{4}\b")
_DATE = re.compile(r"\b(?:\d{1,2}([/-])\d{1,2}\1\d{2,4}|\d{4}[/-]\d{1,2}[/-]\d{1,2})\b")
_LETTER_LIKE = str.maketrans("01345", "oieas")
_DIGIT_LIKE = str.maketrans("olis", "0115")
_TEMPERATURE_MARKS = frozenset("cf")

_REACTIONS = (
    r"liked|loved|laughed at|disliked|emphasi[sz]ed|questioned|(?:reacted|removed) .{1,40}?|"
    r"(?:no )?(?:me|le|te) (?:gust|encant)(?:a|o|o\u0301|\u00f3)|"
    r"(?:me|le) (?:dio|da) risa|se ri(?:e|o|o\u0301|\u00f3) de|"
    r"(?:enfatiz|exclam|cuestion|pregunt|destac|subray)(?:o|o\u0301|\u00f3)|puso en duda|"
    r"(?:reaccion|quit|elimin)(?:o|o\u0301|\u00f3) .{1,40}?|[^\w\"]{1,12}\s(?:to|a)"
)
_OPENED, _CLOSED = "[\"\u201c\u00ab\u2018']", "[\"\u201d\u00bb\u2019']"
_TAPBACK = re.compile(rf"\s*(?:[^\W\d_]+ ){{0,3}}?(?:{_REACTIONS}) \s?{_OPENED}", re.IGNORECASE)
_TO_THE_END = re.compile(rf"(.*){_CLOSED}[\s.]*$", re.DOTALL)
# What our texts have, and what a patient's own words have, which somebody may have liked too.
_OURS = re.compile(
    r"\?|\b(?:0 ?(?:-|to|a) ?10|reply|responda|conteste|stop|alto|help|ayuda|n none|n nada|a\b.+\bb)\b", re.IGNORECASE
)
_THEIRS = re.compile(r"\b(?:i|im|my|me|mi|mis|yo|tengo|siento|puedo|estoy)\b", re.IGNORECASE)

STOP, QUESTION = ".", "?"
_STOPS = ".!?;\n"
VERTEBRA = "l4"
_SAME_MARK = {"(": ",", ")": ",", ":": "="}


def is_tapback(text: str) -> bool:
    """Whether a text only says that a text of ours was liked, laughed at and so on, with our own words in quotes."""
    return _TAPBACK.match(text) is not None


def without_quotation(text: str) -> str:
    """`text` without the words of ours that a telephone quotes to say that they were liked and so on."""
    opening = _TAPBACK.match(text)
    quoted = _TO_THE_END.match(text, opening.end()) if opening else None
    if not opening or not quoted or (_THEIRS.search(quoted[1]) and not _OURS.search(quoted[1])):
        return text
    return text[: opening.end()]


def plain(text: str) -> str:
    """`text` in lower case without accents, emoji or look-alike digits, cut to a bounded length."""
    if len(text) > _HEAD + _TAIL:
        text = f"{text[:_HEAD]}\n{text[-_TAIL:]}"
    if not text.isascii():
        spaced = _VULGAR_FRACTION.sub(r" \1 ", text)
        text = "".join([_folded(c) for c in unicodedata.normalize("NFKD", spaced)])
    text = text.lower().translate(_APOSTROPHES)
    for written, meant in _SHORTHAND:
        if written in text:
            text = text.replace(written, meant)
    return text


@lru_cache(maxsize=8192)
def _folded(character: str) -> str:
    if character.isascii():
        return character
    if character in _LOOKALIKES:
        return _LOOKALIKES[character]
    category = unicodedata.category(character)
    if category in _DROPPED:
        return ""
    if category == "Nd":
        return str(unicodedata.decimal(character))
    if category == "Pd":
        return "-"
    return character if category.startswith(("L", "N")) else " "


def pieces(text: str, known: Callable[[str], bool]) -> list[str]:
    """The words, numbers and marks of a plain text; `known` tells a word of the field from a chance run of letters."""
    if _MANY_DIGITS.search(text):
        text = _DATE.sub(" datenumber ", _PHONE.sub(" phonenumber ", text))
    found: list[str] = []
    for piece in _PIECE.findall(text):
        if piece.isalpha() or piece.isdecimal():
            found.append(piece)
        elif piece[0].isalnum():
            found.extend(_split(piece, known))
        else:
            found.append(_stop(piece) if piece[0] in _STOPS else _SAME_MARK.get(piece, piece))
    return found


def _stop(piece: str) -> str:
    return QUESTION if QUESTION in piece else STOP


def _split(piece: str, known: Callable[[str], bool]) -> list[str]:
    """A run such as "7ish", "8:30", "L2", "1O" or "gr8", taken apart only where its parts are words."""
    if piece.replace(".", "").replace(",", "").replace(":", "").isdecimal():
        return [piece]
    if _VERTEBRA.fullmatch(piece) and piece not in ("l0", "l00"):
        return [VERTEBRA]
    if _SLIP.fullmatch(piece) and piece[-1] in "0ols":
        return [piece]
    if glued := _GLUED.fullmatch(piece):
        return [glued[1], glued[2]]
    parts: list[str] = _PARTS.findall(piece)
    words = [part for part in parts if not part[0].isdecimal()]
    if all((len(word) > 1 and known(word)) or word in _TEMPERATURE_MARKS or word == "x" for word in words):
        return parts
    repaired = piece.translate(_LETTER_LIKE)
    return [repaired if known(repaired) else piece]


def number(piece: str) -> float | None:
    """The value of a piece that is written in digits (or with O for 0), None for anything else."""
    if piece.isdecimal():
        return float(piece) if len(piece) <= 9 else float(10**9)
    if not any(c.isdecimal() for c in piece):
        return None
    if _SLIP.fullmatch(piece):
        return float(piece.translate(_DIGIT_LIKE))
    head, mark, tail = piece.replace(",", ".").partition(".")
    if not (mark and head.isdecimal() and tail.isdecimal()) or len(head) > 9:
        return None
    if len(tail) == 3 and (head != "0" or "," in piece):
        return float(head + tail)
    return float(f"{head}.{tail[:6]}")
