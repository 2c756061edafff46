"""What the pages of enrolment show, as plain frozen values that a view fills."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from recovery_api.clinic import words
from recovery_api.clinic.frame import Choice, Frame
from recovery_api.clinic.spine import Part, spine
from recovery_api.clinic.tongue import gettext as _
from recovery_api.clinic.tongue import ngettext
from recovery_api.clinic.words import N_
from recovery_api.domain.errors import Invalid
from recovery_api.domain.vertebrae import VERTEBRAE, read_levels
from recovery_api.services.import_patients import Sheet

LABELS = {
    "given_name": N_("Given name"),
    "family_name": N_("Family name"),
    "born_on": N_("Birth date"),
    "sex": N_("Sex"),
    "phone": N_("Phone"),
    "line": N_("What the phone takes"),
    "shares_phone": N_("Shared phone"),
    "label": N_("Letters for a shared phone"),
    "language": N_("Language"),
    "zone": N_("Time zone"),
    "record_number": N_("Record number"),
    "when": N_("Day of the procedure"),
    "procedure_on": N_("Day of the procedure"),
    "levels": N_("Levels"),
    "baseline_pain": N_("Pain before the procedure"),
    "check_in_time": N_("Hour of the check-in"),
    "protocol": N_("Protocol"),
    "consent": N_("Consent"),
}
FOLDED = ("record_number", "zone", "check_in_time", "label", "protocol")


@dataclass(frozen=True, slots=True)
class Wrong:
    """What is wrong with a field: a sentence, and somebody who was enrolled before."""

    field: str
    said: str
    patient_id: str = ""

    @property
    def place(self) -> str:
        """The control that mends it."""
        return {"line": "line-sms", "when": "procedure_on"}.get(self.field, self.field)


@dataclass(frozen=True, slots=True)
class FormFacts:
    """What the form knows of the clinic: its zones, its protocol, and the words of consent by language."""

    zones: tuple[str, ...]
    protocol: Choice
    asked: Mapping[str, str]
    called: Mapping[str, str]


class Filled:
    """What stands in the form, as it was typed: nothing of it is lost on an error."""

    def __init__(self, given: Mapping[str, str], wrong: Sequence[Wrong] = ()) -> None:
        self._given = given
        self.wrong = tuple(wrong)

    def __getitem__(self, name: str) -> str:
        return self._given.get(name, "")

    def error(self, name: str) -> Wrong | None:
        """What is wrong with one field."""
        return next((one for one in self.wrong if one.field == name), None)

    @property
    def may_share(self) -> bool:
        """Whether the question of a shared phone came up."""
        asked = self.error("phone")
        return bool(self["shares_phone"]) or (asked is not None and not asked.patient_id and "share" in asked.said)

    @property
    def typed_levels(self) -> str:
        """The levels that were typed and could not be read; the others are ticked in the drawing."""
        return self["levels"] if self._read() is None else ""

    @property
    def spine(self) -> tuple[Part, ...]:
        """The drawing, with what was typed or ticked."""
        ticked = {level for level in VERTEBRAE if self[f"level-{level}"]}
        return spine(frozenset(ticked.union(self._read() or ())))

    def _read(self) -> tuple[str, ...] | None:
        try:
            return read_levels(self["levels"])
        except Invalid:
            return None


@dataclass(frozen=True, slots=True)
class WaitingLine:
    """Somebody whose procedure has no day yet."""

    patient_id: str
    name: str
    about: str


@dataclass(frozen=True, slots=True)
class EnrolPage:
    """The form that enrols a patient, and who waits for a day."""

    frame: Frame
    facts: FormFacts
    filled: Filled
    waiting: tuple[WaitingLine, ...] = ()
    labels: Mapping[str, str] = field(default_factory=lambda: LABELS)

    @property
    def is_unfolded(self) -> bool:
        """Whether something in the folded part was changed or is wrong."""
        usual = {"zone": self.facts.zones[0], "check_in_time": "09:30", "protocol": self.facts.protocol.value}
        return any(self.filled.error(name) or self.filled[name] not in ("", usual.get(name, "")) for name in FOLDED)


@dataclass(frozen=True, slots=True)
class DayPage:
    """The form that gives a planned procedure its day."""

    frame: Frame
    patient_id: str
    name: str
    born_on: date
    filled: Filled
    labels: Mapping[str, str] = field(default_factory=lambda: LABELS)


@dataclass(frozen=True, slots=True)
class EnrolledPage:
    """What was done for a new patient, and what to do next."""

    frame: Frame
    patient_id: str
    name: str
    phone: str
    is_called: bool
    waits_for_day: bool
    next_text: str

    @property
    def shown_phone(self) -> str:
        """The number as it is read aloud."""
        return words.phone_of(self.phone)


@dataclass(frozen=True, slots=True)
class ImportPage:
    """The page that reads a spreadsheet: what was read, every bad row, and the text that is carried on."""

    frame: Frame
    columns: tuple[Choice, ...]
    needed: tuple[str, ...]
    most_rows: int
    sheet: Sheet | None = None
    refused: str = ""
    content: str = ""
    labels: Mapping[str, str] = field(default_factory=lambda: LABELS)

    @property
    def heading(self) -> str:
        """What the file holds, in one line."""
        if self.sheet is None:
            return _("Enrol from a spreadsheet")
        bad, good = len(self.sheet.bad), len(self.sheet.good)
        if bad:
            return ngettext(
                "1 row to be mended, nobody is enrolled", "%(num)s rows to be mended, nobody is enrolled", bad
            )
        if not good:
            return _("No row in this file")
        return ngettext("1 patient can be enrolled", "%(num)s patients can be enrolled", good)


@dataclass(frozen=True, slots=True)
class ExportPage:
    """What a lead may take away."""

    frame: Frame
    error: str = ""
