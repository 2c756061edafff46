"""The page of a check-in that a clinician writes down, as it is shown: empty, filled in, or with what was wrong."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from recovery_api.clinic import words
from recovery_api.clinic.frame import Choice, Frame
from recovery_api.clinic.languages import chosen_language
from recovery_api.clinic.retold import retold
from recovery_api.clinic.tongue import gettext as _
from recovery_api.clinic.words import N_
from recovery_api.domain.check_in import ACTIVITY_LEVELS
from recovery_api.domain.errors import RecoveryError
from recovery_api.domain.symptom_words import SYMPTOM_WORDS
from recovery_api.services.read_check_ins import CheckInRead

_PLACES = {  # where a fact stands in the form, and how it is called there
    "pain": ("pain-field", N_("Pain now, 0 to 10")),
    "on": ("on", N_("Day that it is about")),
    "activity.minutes_walked": ("minutes_walked", N_("Minutes walked")),
    "minutes_walked": ("minutes_walked", N_("Minutes walked")),
    "pills_otc": ("pills_otc", N_("Pills without a prescription")),
    "pills_prescribed": ("pills_prescribed", N_("Prescribed pills")),
    "pills_total": ("pills_total", N_("Pills in all, if not known apart")),
    "note": ("note", N_("In the patient's own words")),
}


@dataclass(frozen=True, slots=True)
class CheckInPage:
    """The form: whose check-in, which one is corrected or none, what is filled in, and what was wrong with it."""

    frame: Frame
    patient_id: str
    patient_name: str
    check_in_id: str
    on: str
    day: int
    given: Mapping[str, str]
    symptoms: tuple[str, ...] = ()
    error: str = ""
    place: str = "pain-field"
    earliest: str = ""
    born_on: date | None = None
    form_id: str = ""  # by which a new check-in is stored once, however often its form is sent
    levels: tuple[Choice, ...] = field(default_factory=lambda: _levels())
    symptom_choices: tuple[Choice, ...] = field(default_factory=lambda: _symptoms())


def _levels() -> tuple[Choice, ...]:
    return tuple(Choice(level, words.activity_word(level)) for level in ACTIVITY_LEVELS)


def _symptoms() -> tuple[Choice, ...]:
    return tuple(Choice(code, said[chosen_language()]) for code, said in SYMPTOM_WORDS.items())


def told(wrong: RecoveryError | None) -> tuple[str, str]:
    """Where the form has to be mended, and what is wrong there."""
    if wrong is None:
        return "pain-field", ""
    place, name = _PLACES.get(wrong.field or "", ("pain-field", ""))
    return place, f"{_(name)}: {retold(wrong.message)}" if name else retold(wrong.message)


def given_in(known: CheckInRead | None) -> dict[str, str]:
    """The fields as they stand in a check-in."""
    if known is None:
        return {}
    activity, pills = known.activity, known.medication
    values = {
        "pain": known.pain,
        "activity": activity.level if activity else None,
        "minutes_walked": activity.minutes_walked if activity else None,
        "pills_otc": pills.otc if pills else None,
        "pills_prescribed": pills.prescribed if pills else None,
        "pills_total": pills.total if pills else None,
        "note": known.note,
        "answered_by": known.answered_by,
    }
    return {name: str(value) for name, value in values.items() if value is not None}
