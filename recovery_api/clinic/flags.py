"""A flag as the pages show it: on a row of the worklist and in the box of the patient's page."""

from dataclasses import dataclass
from datetime import datetime

from markupsafe import Markup

from recovery_api.clinic import charts, words
from recovery_api.clinic.courses import Course, CoursePoint
from recovery_api.clinic.frame import Waiting
from recovery_api.domain.tiers import Tier


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownFlag:
    """A flag, its reason and its state; `owner` is a name, `waiting` runs from the report that raised it."""

    flag_id: str
    flag_version: int
    tier: Tier
    family: str
    status: str
    why: str
    waiting: Waiting
    quote: str = ""
    quote_language: str = ""
    owner: str = ""
    is_mine: bool = False
    snoozed_until: datetime | None = None
    outcome: str = ""

    @property
    def group(self) -> words.Group:
        """Its group of the worklist."""
        return words.group_of(self.tier, self.family)

    @property
    def is_resolved(self) -> bool:
        """Whether a clinician has closed it."""
        return self.status == "resolved"

    @property
    def awaits_acknowledgement(self) -> bool:
        """Whether nobody has taken it yet."""
        return self.status == "open"

    @property
    def is_late(self) -> bool:
        """Whether nobody took it within its target."""
        return self.awaits_acknowledgement and self.waiting.is_over


@dataclass(frozen=True, slots=True, kw_only=True)
class WorklistRow(ShownFlag):
    """One patient on the worklist with the worst of their flags; `more_count` counts the others."""

    patient_id: str
    patient_name: str
    course: Course
    sex: str = ""
    age: int | None = None
    levels: str = ""
    language: str = "en"
    more_count: int = 0

    @property
    def is_made(self) -> bool:
        """Whether it is a part of the page already; this one is made by its template."""
        return False

    @property
    def about(self) -> str:
        """Sex, age and levels in short: "F 78 · T12, L1"."""
        return " · ".join(part for part in (f"{self.sex} {self.age or ''}".strip(), self.levels) if part)

    @property
    def language_word(self) -> str:
        """The patient's language where it is not English."""
        return "" if self.language == "en" else words.language_word(self.language)

    @property
    def last(self) -> CoursePoint | None:
        """The latest answer."""
        return self.course.last

    @property
    def spark(self) -> Markup:
        """The last fortnight as a small picture."""
        return charts.sparkline(self.course)


@dataclass(frozen=True, slots=True, kw_only=True)
class FlagBox(ShownFlag):
    """A flag on the patient's page with what is known about it; `told` says who was paged."""

    evidence: str = ""
    told: str = ""
    can_snooze: bool = True
    undo_until: datetime | None = None
