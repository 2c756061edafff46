"""The letters by which people who share a phone say who is speaking, and what may stand behind them."""

import re
import unicodedata
from collections.abc import Collection

LONGEST_LABEL = 8  # characters: every text to a shared phone begins with one
# Words that begin a sentence of their own: as a label they count only with a colon behind them.
WORDS = frozenset(
    {
        "YES", "NO", "SI", "OK", "HI", "MY", "ME", "AM", "IS", "IT", "WE", "HE", "BE", "DO", "GO", "SO", "TO", "OF",
        "ON", "OR", "IN", "IF", "UP", "US", "AN", "AS", "BY", "LA", "EL", "LO", "LE", "LOS", "LAS", "MI", "TU", "SU",
        "YA", "YO", "UN", "AL", "DE", "EN", "ES", "SE", "TE", "HA", "NI", "A", "I", "N", "Y", "O",
    }
)  # fmt: skip
# Words that hardly begin a text about pain, but may: as labels they count alone, before a score, or with a colon.
_DOUBTFUL = frozenset({"AT", "DR", "MR", "ID"})
_SCORE = r"[0-9]{1,2}(?:\s*/\s*10)?[.!]?"
# What our own texts tell people to write, and the carrier's words: clear behind a label, and before one.
_HOUR = r"[0-9]{1,2}(?:[:.][0-9]{2})?\s*(?:[ap]\.?m\.?)?"
_ASKS = (
    r"(?:stop|start|unstop|join|unirme|help|ayuda|call|llamar"
    rf"|(?:fix|pain|dolor|corrijo)\s+[0-9]{{1,2}}|(?:time|hora)\s+{_HOUR})[.!]?"
)
_ONE_LETTER = re.compile(rf"\s*[:.,]?\s*({_SCORE})|\s+({_ASKS})|\s*:\s*(.+)", re.DOTALL | re.IGNORECASE)
_SHORT = re.compile(rf"(?:\s+|\s*[:.,]\s*)({_SCORE}|{_ASKS})|\s*:\s*(.+)|[\s:.,!]*", re.DOTALL | re.IGNORECASE)
_BEFORE = re.compile(rf"({_ASKS})[\s:.,-]+", re.IGNORECASE)
_USUAL = re.compile(r"(?:\s+|\s*[:.,]\s*)(.+)|[\s:.,!]*", re.DOTALL)
_COLON = re.compile(r"\s*:\s*(.*)", re.DOTALL)
_ALONE = re.compile(r"[\s:.,!]*")


def label_rest(label: str, text: str, was_asked: bool) -> str | None:
    """The words behind `label`, empty where there are none; None where the text does not clearly name it.

    `was_asked` says that the phone was just asked who is speaking: then one letter alone is an answer too.
    """
    said = text.strip()
    if not label:
        return None
    if said[: len(label)].casefold() != label.casefold():
        return _asked_before(label, said)
    rest, name = said[len(label) :], label.upper()
    if was_asked and (len(label) == 1 or name not in WORDS) and _ALONE.fullmatch(rest):
        return ""
    shape = _ONE_LETTER if len(label) == 1 else _COLON if name in WORDS else _SHORT if name in _DOUBTFUL else _USUAL
    found = shape.fullmatch(rest)
    return None if found is None else next((part.strip() for part in found.groups() if part), "")


def _asked_before(label: str, said: str) -> str | None:
    """What is asked for in the name of a label that stands at the end, as in "STOP BS"; None where nothing is."""
    last = said.rstrip(" .!")
    if len(label) == 1 or label.upper() in WORDS or last[-len(label) :].casefold() != label.casefold():
        return None
    found = _BEFORE.fullmatch(last[: -len(label)])
    return found[1] if found else None


def default_label(given_name: str, family_name: str, taken: Collection[str]) -> str:
    """Initials, two letters at least, no word of a sentence, and unlike every label in `taken`."""
    given, family = _letters(given_name), _letters(family_name)
    choices = (given[:1] + family[:1], given[:1] + family[:2], given[:2] + family[:1], given[:2], family[:2])
    initials = next((one for one in choices if len(one) >= 2 and one not in WORDS), "PT")
    used = {label.upper() for label in taken}
    numbered = (f"{initials}{number}" for number in range(2, len(used) + 3))
    return initials if initials not in used else next(one for one in numbered if one not in used)


def _letters(name: str) -> str:
    plain = unicodedata.normalize("NFKD", name).upper()
    return "".join(letter for letter in plain if "A" <= letter <= "Z")
