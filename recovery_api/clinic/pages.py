"""What the clinicians' pages and the demo's phone page show, as plain frozen values that a view fills."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from recovery_api.clinic import words
from recovery_api.clinic.courses import BandDay, Course, CourseFlag, CoursePoint
from recovery_api.clinic.flags import FlagBox, WorklistRow
from recovery_api.clinic.frame import Choice, Frame, StoryLine, Waiting
from recovery_api.clinic.patient_page import ContactLine, PatientPage, PlanItem, ThreadMessage, Visit
from recovery_api.clinic.tongue import gettext as _
from recovery_api.clinic.tongue import ngettext
from recovery_api.clinic.words import N_

__all__ = [
    "BandDay",
    "Choice",
    "ContactLine",
    "Course",
    "CourseFlag",
    "CoursePoint",
    "DemoStaff",
    "FlagBox",
    "Frame",
    "HandoverPage",
    "InboxItem",
    "InboxPage",
    "PatientPage",
    "PlanItem",
    "ProblemPage",
    "ResolvePage",
    "RowGroup",
    "SetUpPage",
    "SignInPage",
    "StoryLine",
    "ThreadMessage",
    "Visit",
    "Waiting",
    "WorklistPage",
    "WorklistRow",
]

FILTERS = {
    "all": N_("All open"),
    "mine": N_("Mine"),
    "unassigned": N_("Unassigned"),
    "silent": N_("Silent"),
    "resolved": N_("Resolved today"),
}


class MadeRow(Protocol):
    """A row that was made before: it goes into the page as it is."""

    @property
    def group(self) -> words.Group:
        """Its group of the worklist."""

    @property
    def is_made(self) -> bool:
        """True."""

    def __html__(self) -> str:
        """Its part of the page."""


@dataclass(frozen=True, slots=True)
class RowGroup:
    """The rows of one group; `name` is a tier, silent or resolved."""

    name: str
    word: str
    rows: Sequence[WorklistRow | MadeRow]


@dataclass(frozen=True, slots=True)
class WorklistPage:
    """The worklist: rows come sorted, `counts` has a number for each filter and `group_counts` one for each group."""

    frame: Frame
    show: str
    counts: Mapping[str, int]
    group_counts: Mapping[str, int]
    rows: Sequence[WorklistRow | MadeRow]
    total_patients: int
    last_reply_at: datetime | None = None

    @property
    def filters(self) -> tuple[Choice, ...]:
        """The filters in their order."""
        return tuple(Choice(value, label) for value, label in FILTERS.items())

    @property
    def on_track(self) -> int:
        """Patients whom nobody needs to see."""
        return max(0, self.total_patients - self.counts["all"])

    @property
    def heading(self) -> str:
        """The state of the clinic in one line."""
        waiting = self.counts["all"]
        if not waiting:
            return _("Nobody needs you now") if self.total_patients else _("No patients yet")
        return ngettext("1 patient needs someone", "%(num)s patients need someone", waiting)

    @property
    def summary(self) -> str:
        """Who waits by group, and how many are on track."""
        said = words.counted_groups(self.group_counts)
        left, everybody = self.on_track, self.total_patients
        if said:
            return f"{said[:1].upper()}{said[1:]}. " + ngettext(
                "The other %(num)s of %(all)s is on track.",
                "The other %(num)s of %(all)s are on track.",
                left,
                all=everybody,
            )
        if not everybody:
            return ""
        return ngettext("%(num)s of %(all)s is on track.", "%(num)s of %(all)s are on track.", left, all=everybody)

    @property
    def groups(self) -> tuple[RowGroup, ...]:
        """The rows in their groups, most urgent first, in the order given within each."""
        if self.show == "resolved":
            return (RowGroup("resolved", _("Resolved today"), self.rows),) if self.rows else ()
        found = ((group, tuple(row for row in self.rows if row.group == group)) for group in words.Group)
        return tuple(RowGroup(group.value, group.word, rows) for group, rows in found if rows)


@dataclass(frozen=True, slots=True)
class HandoverPage:
    """The sheet that a shift prints for the next one."""

    frame: Frame
    rows: tuple[WorklistRow, ...]
    summary: str


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


@dataclass(frozen=True, slots=True)
class NotePage:
    """What was done, as a paragraph for the patient's chart; then the next who waits."""

    frame: Frame
    patient_id: str
    patient_name: str
    paragraph: str
    next_patient_id: str = ""
    next_patient_name: str = ""


MOST_KEYS = 9
_KINDS = {
    "unknown_sender": N_("A number we do not know"),
    "shared_phone": N_("A phone that patients share"),
    "unreadable": N_("A text we did not understand"),
    "opt_out": N_("Asked us to stop texting"),
    "help": N_("Asked for help"),
    "call": N_("Asks for a call"),
    "wrong_person": N_("Says that we have the wrong person"),
    "deceased": N_("Says that the patient has died"),
    "visit": N_("Asks to change a visit"),
}


@dataclass(frozen=True, slots=True)
class InboxItem:
    """A message that needs a person; `kind` is unknown_sender, shared_phone, unreadable or opt_out."""

    message_id: str
    kind: str
    at: datetime
    sender: str
    body: str
    because: str = ""
    candidates: tuple[Choice, ...] = ()
    dispositions: tuple[Choice, ...] = ()
    patient_id: str = ""
    patient_name: str = ""

    @property
    def shown_sender(self) -> str:
        """The number as it is read aloud."""
        return words.phone_of(self.sender)

    @property
    def title(self) -> str:
        """The kind in words."""
        return _(_KINDS.get(self.kind, "A message for a person"))

    @property
    def is_few(self) -> bool:
        """Whether each candidate has a key of their own."""
        return 0 < len(self.candidates) <= MOST_KEYS - len(self.dispositions)


@dataclass(frozen=True, slots=True)
class InboxPage:
    """The messages that need a person, longest waiting first."""

    frame: Frame
    messages: tuple[InboxItem, ...]


@dataclass(frozen=True, slots=True)
class DemoStaff:
    """A made-up clinician's log-in, shown by the demo alone."""

    email: str
    password: str
    code: str


@dataclass(frozen=True, slots=True)
class SignInPage:
    """The sign-in form; `next_path` is a path of ours or empty."""

    email: str = ""
    error: str = ""
    next_path: str = ""
    demo_staff: tuple[DemoStaff, ...] = ()


@dataclass(frozen=True, slots=True)
class SetUpPage:
    """The one-time page on which a clinician chooses a password and adds the second factor."""

    token: str
    clinic_name: str
    clinician_name: str
    email: str
    totp_secret: str
    totp_uri: str
    errors: Mapping[str, str] | None = None
    least_length: int = 15

    @property
    def secret_in_fours(self) -> str:
        """The secret as it is easiest to type."""
        return " ".join(self.totp_secret[at : at + 4] for at in range(0, len(self.totp_secret), 4))


@dataclass(frozen=True, slots=True)
class ProblemPage:
    """Something that could not be done, and what to do instead; `frame` is None before sign-in."""

    status: int
    title: str
    detail: str = ""
    frame: Frame | None = None
    back_path: str = "/worklist"
    back_label: str = "Back to the worklist"
    request_id: str = ""
