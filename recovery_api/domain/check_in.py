"""What one check-in may say: the facts, their bounds, and when two reports say the same."""

import hashlib
import json
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from recovery_api.domain.errors import Invalid
from recovery_api.domain.symptoms import SYMPTOM_TIERS

ACTIVITY_LEVELS = ("in_bed", "mostly_resting", "short_walks", "light_chores", "usual_day")
LONGEST_NOTE = 2000


@dataclass(frozen=True, slots=True)
class CheckInFacts:
    """What a patient reported. At least one fact is given; everything else stays None or empty."""

    pain: int | None = None
    activity_level: str | None = None
    minutes_walked: int | None = None
    pills_otc: int | None = None
    pills_prescribed: int | None = None
    pills_total: int | None = None
    symptoms: tuple[str, ...] = ()
    answered_symptoms: bool = False
    note: str | None = None

    def __post_init__(self) -> None:
        _within("pain", self.pain, 10)
        _within("activity.minutes_walked", self.minutes_walked, 1440)
        for name in ("pills_otc", "pills_prescribed", "pills_total"):
            _within(name, getattr(self, name), 100)
        if self.activity_level is not None and self.activity_level not in ACTIVITY_LEVELS:
            raise Invalid(f"must be one of {', '.join(ACTIVITY_LEVELS)}", field="activity.level")
        unknown = sorted(set(self.symptoms) - set(SYMPTOM_TIERS))
        if unknown:
            raise Invalid(f"unknown symptom: {unknown[0]}", field="symptoms")
        if self.note is not None and len(self.note) > LONGEST_NOTE:
            raise Invalid(f"must be at most {LONGEST_NOTE} characters", field="note")
        if not self.says_something:
            raise Invalid("give at least one of pain, activity, medication, symptoms, note")

    @property
    def says_something(self) -> bool:
        """Whether any fact is given."""
        numbers = (self.pain, self.minutes_walked, self.pills_otc, self.pills_prescribed, self.pills_total)
        return bool(
            any(number is not None for number in numbers)
            or self.activity_level
            or self.symptoms
            or self.answered_symptoms
            or self.note
        )

    def digest(self, recorded_at: datetime, local_on: date) -> bytes:
        """Equal for two reports of the same facts at the same time."""
        facts = [
            self.pain,
            self.activity_level,
            self.minutes_walked,
            self.pills_otc,
            self.pills_prescribed,
            self.pills_total,
            sorted(set(self.symptoms)),
            self.answered_symptoms,
            self.note,
            recorded_at.timestamp(),
            str(local_on),
        ]
        return hashlib.sha256(json.dumps(facts).encode()).digest()


def local_day(instant: datetime, zone: ZoneInfo) -> date:
    """The calendar day of an instant where the patient lives."""
    return instant.astimezone(zone).date()


def _within(name: str, value: int | None, most: int) -> None:
    if value is not None and not 0 <= value <= most:
        raise Invalid(f"must be from 0 to {most}", field=name)
