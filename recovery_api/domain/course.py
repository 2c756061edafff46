"""What the rules know of an episode after each reading, kept as the readings pass by."""

from datetime import datetime

from recovery_api.domain.readings import EpisodeFacts, Reading
from recovery_api.domain.rules import RulePack
from recovery_api.domain.tiers import Tier
from recovery_api.domain.trajectory import Reference, Trend

FIRST_DAY = 1  # pain on the day of the procedure and before says nothing of the recovery


class Course:
    """One episode's readings up to the last one taken.

    Readings without pain, gaps and several readings a day are all welcome.
    """

    __slots__ = ("facts", "pains", "reading", "red_flag_at", "reference", "rules", "taken_at", "trend", "usual")

    def __init__(self, facts: EpisodeFacts, rules: RulePack) -> None:
        self.facts, self.rules = facts, rules
        self.reference = Reference(rules.detector)
        self.pains: list[int] = []  # every score since the procedure
        self.reading: Reading | None = None
        self.taken_at: datetime | None = None
        self.red_flag_at: datetime | None = None
        self.usual: float | None = None  # the reference as it stood before the last reading
        self.trend: Trend | None = None

    def take(self, reading: Reading, now: datetime) -> None:
        """Adds the next reading, in constant time."""
        self.reading = reading
        self.taken_at = min(reading.recorded_at, now)  # a phone's clock may run ahead
        if reading.symptoms or reading.words_tier in (Tier.EMERGENCY, Tier.URGENT):
            self.red_flag_at = self.taken_at
        self.usual = self.reference.usual if self.pains else None
        self.trend = None
        if reading.pain is not None and reading.day >= FIRST_DAY:
            self.pains.append(reading.pain)
            armed = reading.day >= self.rules.detector.first_day
            self.reference, self.trend = self.reference.advance(reading.pain, armed=armed)
