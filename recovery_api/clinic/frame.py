"""What every page of the clinicians carries around its content: who, where, when, and whether the system is well."""

from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from recovery_api.clinic import words


@dataclass(frozen=True, slots=True)
class Proof:
    """The last trial of the whole road: when one passed (real time), and whether all is well now."""

    passed_at: datetime | None
    is_well: bool


@dataclass(frozen=True, slots=True)
class Frame:
    """The frame of a page: `now` is when it was made, `notice` what was done, `warning` what was refused.

    `undo` is the flag and its version that was taken a moment ago: "id/version".
    """

    clinic_name: str
    clinician_name: str
    now: datetime
    zone: ZoneInfo
    open_count: int = 0
    inbox_count: int = 0
    degraded: str = ""
    notice: str = ""
    warning: str = ""
    undo: str = ""
    is_demo: bool = False
    proof: Proof | None = None

    def clock(self, at: datetime) -> str:
        """The clinic's wall clock of an instant."""
        return words.clock_of(at, self.zone)

    def moment(self, at: datetime) -> str:
        """An instant in the clinic's zone, with its day unless that is today."""
        return words.moment_of(at, self.zone, self.now)

    def dated(self, at: datetime) -> str:
        """An instant in the clinic's zone with its whole day, for paper."""
        return words.dated_of(at, self.zone)

    def is_today(self, at: datetime) -> bool:
        """Whether an instant lies in the clinic's present day."""
        return at.astimezone(self.zone).date() == self.local_day

    @staticmethod
    def phone(number: str) -> str:
        """A number as it is read aloud."""
        return words.phone_of(number)

    def day(self, on: date) -> str:
        """A calendar day."""
        return words.day_of(on)

    def minutes_since(self, at: datetime) -> float:
        """How long ago an instant was, in minutes."""
        return (self.now - at).total_seconds() / 60

    @property
    def local_day(self) -> date:
        """Today at the clinic."""
        return self.now.astimezone(self.zone).date()


@dataclass(frozen=True, slots=True)
class Choice:
    """One option of a list or a group of radio buttons."""

    value: str
    label: str


@dataclass(frozen=True, slots=True)
class StoryLine:
    """One thing that happened, as a sentence with its time."""

    at: datetime
    sentence: str


@dataclass(frozen=True, slots=True)
class Waiting:
    """How long a flag has waited, against how long it may."""

    minutes: float
    target_minutes: int

    @property
    def said(self) -> str:
        """The wait in words."""
        return words.duration(self.minutes)

    @property
    def target(self) -> str:
        """The target in words."""
        return words.span(self.target_minutes)

    @property
    def is_over(self) -> bool:
        """Whether the target has passed."""
        return self.minutes > self.target_minutes
