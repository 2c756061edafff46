"""A clinic's name as its texts say it: short, and of plain letters, so that every text stays one segment."""

import unicodedata

from recovery_api.domain.private_words import named_conditions
from recovery_api.domain.segments import measure, not_gsm
from recovery_api.domain.text_lint import LONGEST_VALUES

LONGEST_NAME = measure(LONGEST_VALUES["clinic"]).characters


def name_problem(name: str) -> str | None:
    """What is wrong with a clinic's name as it leaves in a text, in words; None where it fits."""
    if not name.strip() or not name.isprintable():
        return "must be a name in one line"
    foreign = dict.fromkeys(character for _, character in not_gsm(name))
    if foreign:
        plain = "".join(map(_plain, name))
        advice = "" if not_gsm(plain) else f": write {plain}"
        return f"{', '.join(foreign)} would make every text cost two segments or three{advice}"
    named = named_conditions(name)
    if named:
        return f"names {', '.join(named)}, which no text may: use a short form of the name without it"
    length = measure(name).characters
    if length > LONGEST_NAME:
        return f"takes {length} characters in a text, and {LONGEST_NAME} are the most: use a short form of the name"
    return None


def _plain(character: str) -> str:
    """A letter that plain texts know as it is, any other without its accents."""
    if not not_gsm(character):
        return character
    return "".join(part for part in unicodedata.normalize("NFKD", character) if not unicodedata.combining(part))
