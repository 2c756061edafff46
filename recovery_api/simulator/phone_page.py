"""What the demo's phone page shows: a phone, the clock, the network, and what came of it."""

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from markupsafe import Markup

from recovery_api.clinic import charts, words
from recovery_api.clinic.courses import Course
from recovery_api.clinic.flags import FlagBox
from recovery_api.clinic.frame import Choice, StoryLine
from recovery_api.simulator.phone_landline import Landline

NETWORKS = (
    Choice("delivers", "Delivers"),
    Choice("blocked", "Carrier blocks (30007)"),
    Choice("landline", "Landline (30006)"),
    Choice("twice", "Delivered twice"),
    Choice("late", "10 minutes late"),
)
STORIES = (
    Choice("normal", "Normal recovery"),
    Choice("climbs", "Pain climbs"),
    Choice("weakness", "Leg weakness"),
    Choice("silent", "Goes silent"),
)
STEPS = (Choice("next", "Next message due"), Choice("hour", "+1 hour"), Choice("day", "+1 day"))
QUICK_REPLIES = ("0", "2", "4", "6", "8", "10", "N", "STOP")


@dataclass(frozen=True, slots=True)
class PhonePatient:
    """A made-up patient whom the demo can play."""

    patient_id: str
    name: str
    given_name: str
    number: str
    day: int
    language: str = "en"
    is_flagged: bool = False


@dataclass(frozen=True, slots=True)
class PhoneBubble:
    """One text on the phone; `direction` is in (to the phone) or out (from it)."""

    direction: str
    body: str
    at: datetime
    state: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PhonePage:
    """The demo's phone page; `flags` and `course` are what the nurse sees of the patient played."""

    clinic_name: str
    clinic_number: str
    now: datetime
    zone: ZoneInfo
    patients: tuple[PhonePatient, ...]
    patient: PhonePatient
    course: Course
    thread: tuple[PhoneBubble, ...] = ()
    network: str = "delivers"
    landline: Landline | None = None
    did: tuple[StoryLine, ...] = ()
    flags: tuple[FlagBox, ...] = ()
    notice: str = ""

    @property
    def clock(self) -> str:
        """The demo's date and wall clock."""
        local = self.now.astimezone(self.zone)
        return f"{local:%a} {local.day} {local:%b %Y, %H:%M}"

    def moment(self, at: datetime) -> str:
        """An instant with its day unless that is today."""
        return words.moment_of(at, self.zone, self.now)

    @property
    def clinic_phone(self) -> str:
        """The clinic's number as a phone shows it."""
        return words.phone_of(self.clinic_number)

    @property
    def patient_phone(self) -> str:
        """The played patient's number as a phone shows it."""
        return words.phone_of(self.patient.number)

    @property
    def networks(self) -> tuple[Choice, ...]:
        """The faults the carrier can be told to have."""
        return NETWORKS

    @property
    def stories(self) -> tuple[Choice, ...]:
        """The courses that can be played."""
        return STORIES

    @property
    def steps(self) -> tuple[Choice, ...]:
        """How the clock can be moved."""
        return STEPS

    @property
    def quick_replies(self) -> tuple[str, ...]:
        """Answers that need no typing."""
        return QUICK_REPLIES

    @property
    def chart(self) -> Markup:
        """The patient's course as the nurse sees it."""
        return charts.recovery_chart(self.course)

    @property
    def chart_narrow(self) -> Markup:
        """The same for a phone."""
        return charts.recovery_chart(self.course, narrow=True)
