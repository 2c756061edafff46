"""Why a ladder or rules of a clinic's own are not fit: the place and the reason, in the words of the page."""

import re

from recovery_api.clinic.languages import chosen_language
from recovery_api.clinic.retold import retold
from recovery_api.clinic.rule_words import number_word
from recovery_api.clinic.tongue import gettext as _
from recovery_api.clinic.words import Group
from recovery_api.domain.symptom_words import SYMPTOM_WORDS
from recovery_api.domain.tiers import Tier

_OWN = ("own rules", "the clinic's own ladder")  # what the services call them where they refuse one
_CODE = re.compile(r"\b[a-z]+(?:_[a-z]+)*\b")


def pack_words(said: str) -> str:
    """What was said of an own ladder or own rules, without the names of their files; anything else as it is retold."""
    file, _colon, rest = said.partition(": ")
    if file not in _OWN:
        return retold(said)
    where, _colon, reason = rest.partition(": ")
    place = ", ".join(filter(None, map(_place, where.split(", "))))
    told = _CODE.sub(_coded, _told(reason))
    return f"{place}: {told}" if place else told


def _told(reason: str) -> str:
    key, space, rest = reason.partition(" ")
    named = f"{number_word(key)}{space}{rest}"
    return next((told for one in (named, reason) if (told := retold(one)) != one), named)


def _place(part: str) -> str:
    kind, _space, name = part.partition(" ")
    if kind == "rung":
        return _("rung %(number)s", number=name)
    if part in set(Tier):
        return Group(part).word
    return name if kind == "rule" else ""


def _coded(found: re.Match[str]) -> str:
    """A tier or a symptom by its word; every other word stays."""
    code = found[0]
    if code in set(Tier):
        return Group(code).word.lower()
    return SYMPTOM_WORDS[code][chosen_language()] if code in SYMPTOM_WORDS else code
