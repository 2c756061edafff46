"""What the page of one patient shows."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from markupsafe import Markup

from recovery_api.clinic import charts, words
from recovery_api.clinic.courses import Course
from recovery_api.clinic.flags import FlagBox
from recovery_api.clinic.frame import Choice, Frame, StoryLine


@dataclass(frozen=True, slots=True)
class ThreadMessage:
    """One text; `author` is a name, `state` its delivery in words, `is_evidence` marks what raised a flag."""

    direction: str
    body: str
    at: datetime
    author: str
    state: str = ""
    has_failed: bool = False
    is_evidence: bool = False
    language: str = ""


@dataclass(frozen=True, slots=True)
class Visit:
    """An appointment; `local` is its time as a form's field wants it."""

    at: datetime
    kind: str
    state: str = ""
    visit_id: str = ""
    local: str = ""
    is_ahead: bool = False
    is_unsettled: bool = False  # it is over, and nobody said whether it was kept


@dataclass(frozen=True, slots=True)
class PlanItem:
    """The next thing the care plan will do."""

    due_at: datetime
    what: str


@dataclass(frozen=True, slots=True)
class ContactLine:
    """A contact point with the consents that stand on it."""

    label: str
    address: str
    consents: str = ""
    is_stopped: bool = False
    agreed: tuple[str, ...] = ()

    @property
    def shown(self) -> str:
        """The number as it is read aloud, or the address."""
        return words.phone_of(self.address)


@dataclass(frozen=True, slots=True)
class Held:
    """A hold that stands: why, until when, and who answers for it."""

    reason: str
    until: datetime
    owner: str


@dataclass(frozen=True, slots=True)
class PastEpisode:
    """A recovery, told in a line."""

    performed_on: date
    levels: str
    state: str


@dataclass(frozen=True, slots=True)
class LookLine:
    """A colleague who looked at this patient."""

    name: str
    times: int
    last_at: datetime


@dataclass(frozen=True, slots=True)
class Template:
    """A draft that may be put into the composer."""

    key: str
    title: str
    body: str
    language: str


@dataclass(frozen=True, slots=True)
class Composer:
    """The form of a message: why nothing can be sent, what was written so far, what that costs, and the drafts."""

    blocked: str = ""
    draft: str = ""
    cost: str = ""
    templates: Sequence[Template] = ()
    is_shared: bool = False


@dataclass(frozen=True, slots=True)
class Care:
    """The care plan beside what comes next: which protocol, at what hour, held or not, and what may be moved."""

    episode_id: str = ""
    protocol: str = ""
    asked_at: str = ""
    held: Held | None = None
    is_over: bool = False
    earliest: str = ""
    latest: str = ""
    thinner_on: str = ""  # the day to start a blood thinner again, as a form has it, and what is known of it
    thinner: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PatientPage:
    """One patient's whole story; the open flags come worst first."""

    frame: Frame
    patient_id: str
    given_name: str
    family_name: str
    born_on: date
    sex: str
    record_number: str
    phone: str
    language: str
    procedure: str
    procedure_on: date
    course: Course
    flags: tuple[FlagBox, ...] = ()
    story: tuple[StoryLine, ...] = ()
    thread: tuple[ThreadMessage, ...] = ()
    visits: tuple[Visit, ...] = ()
    contacts: tuple[ContactLine, ...] = ()
    plan: tuple[PlanItem, ...] = ()
    colleagues: tuple[Choice, ...] = ()
    past: tuple[PastEpisode, ...] = ()
    looks: tuple[LookLine, ...] = ()
    position: int | None = None
    position_of: int = 0
    next_patient_id: str = ""
    next_patient_name: str = ""
    composer: Composer = Composer()
    care: Care = Care()

    @property
    def banner_name(self) -> str:
        """The name as on a wristband: "WHITFIELD, Margaret"."""
        return f"{self.family_name.upper()}, {self.given_name}"

    @property
    def age(self) -> int:
        """Whole years on the clinic's day."""
        return words.age_on(self.born_on, self.frame.local_day)

    @property
    def sex_word(self) -> str:
        """The sex in full."""
        return words.sex_word(self.sex)

    @property
    def language_word(self) -> str:
        """The language in full."""
        return words.language_word(self.language)

    @property
    def phone_spaced(self) -> str:
        """The phone as it is read aloud."""
        return words.phone_of(self.phone)

    @property
    def chart(self) -> Markup:
        """The chart for a wide page."""
        return charts.recovery_chart(self.course)

    @property
    def chart_narrow(self) -> Markup:
        """The chart for a phone."""
        return charts.recovery_chart(self.course, narrow=True)
