"""What the form that closes a flag shows, and the page after it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from recovery_api.clinic.flags import FlagBox
from recovery_api.clinic.frame import Choice, Frame


@dataclass(frozen=True, slots=True)
class ResolvePage:
    """The form that closes a flag: an outcome and a note, both required."""

    frame: Frame
    patient_id: str
    patient_name: str
    flag: FlagBox
    outcomes: tuple[Choice, ...]
    outcome: str = ""
    note: str = ""
    errors: Mapping[str, str] | None = None
    back: str = "worklist"
    born_on: date | None = None


@dataclass(frozen=True, slots=True)
class NotePage:
    """What was done, as a paragraph for the patient's chart; then the next who waits."""

    frame: Frame
    patient_id: str
    patient_name: str
    paragraph: str
    next_patient_id: str = ""
    next_patient_name: str = ""
