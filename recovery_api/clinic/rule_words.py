"""Rules and their numbers as the pages name them, and what became of a change of them."""

import re

from recovery_api.clinic.retold import retold
from recovery_api.clinic.tongue import gettext as _
from recovery_api.clinic.words import N_

_NUMBERS = (
    # of the detector
    N_("slack"), N_("limit"), N_("gap"), N_("step floor"), N_("step cap"), N_("rise rate"), N_("fall rate"),
    N_("early fall rate"), N_("early answers"), N_("quick rate"), N_("own noise"), N_("prior variance"),
    N_("noise memory"), N_("noise cap"), N_("room share"), N_("rest weight"), N_("rest days"), N_("first answer"),
    N_("first day"),
    # of the conditions, and from when on a rule is armed
    N_("above"), N_("above usual"), N_("answer minutes"), N_("answers"), N_("daily missed"), N_("daily until day"),
    N_("days after"),
    N_("fall percent"), N_("from answer"), N_("from day"), N_("last pain"), N_("later missed"), N_("mg a day"),
    N_("mg a pill"), N_("minutes"), N_("missed"), N_("more"), N_("noise"), N_("of last"), N_("pain"), N_("percent"),
    N_("pills"), N_("quiet days"), N_("red flag hours"), N_("score"), N_("stays above"), N_("times"), N_("until day"),
    N_("usual at most"), N_("usual from"), N_("walk percent"), N_("within days"), N_("within minutes"), N_("tier"),
)  # fmt: skip
_STATES = {
    "waiting": N_("waits for a second signature"),
    "in_force": N_("in force, signed by"),
    "replaced": N_("was in force, signed by"),
    "refused": N_("turned down by"),
}

_VALUE = re.compile(r"\{\w+\}")


def rule_word(sentence: str, means: str) -> str:
    """What a rule says, each value of a patient as a blank; what it means, where it begins with a value."""
    said = _VALUE.sub("…", retold(sentence))
    told = said if re.match(r"\w", said) else retold(means)
    return told[:1].upper() + told[1:]


def number_word(name: str) -> str:
    """One number of a rule or of the detector; its plain name where no word is known."""
    plain = name.replace("_", " ")
    return _(plain) if plain in _NUMBERS else plain


def state_word(state: str) -> str:
    """What became of a proposed change."""
    return _(_STATES[state]) if state in _STATES else state.replace("_", " ")
