"""What the rules know of an episode after each reading, kept as the readings pass by."""

from datetime import datetime

from recovery_api.domain.readings import EpisodeFacts, Reading
from recovery_api.domain.rules import RulePack
from recovery_api.domain.tiers import Tier
from recovery_api.domain.trajectory import Reference, Trend

_ALARMING = frozenset({Tier.EMERGENCY, Tier.URGENT})
FIRST_DAY = 1  # pain on the day of the procedure and before says nothing of the recovery


class Course:
    """One episode's readings up to the last one taken.

    Readings without pain, gaps and several readings a day are all welcome.
    """

    __slots__ = (
        "_first_alarm_day",
        "_scored_at",
        "_usual_before",
        "above_at_walks",
        "best_means",
        "facts",
        "jumped_at",
        "jumped_from",
        "means",
        "pain_days",
        "pains",
        "pill_days",
        "pills",
        "prescribed",
        "prescribed_days",
        "reading",
        "red_flag_at",
        "reference",
        "rules",
        "taken_at",
        "trend",
        "usual",
        "walk_days",
        "walks",
    )  # fmt: skip

    def __init__(self, facts: EpisodeFacts, rules: RulePack) -> None:
        self.facts, self.rules = facts, rules
        self.reference = Reference(rules.detector)
        self._first_alarm_day = rules.detector.first_day
        self.pains: list[int] = []  # every score since the procedure
        self.pain_days: list[int] = []
        self.means: list[float] = []  # of the last few scores, see RulePack.rebound_answers
        self.best_means: list[float] = []  # the lowest of them up to each
        self.walks: list[int] = []  # minutes
        self.walk_days: list[int] = []
        self.above_at_walks: list[float] = []  # points of pain above the usual, at each of these answers
        self.pills: list[int] = []
        self.pill_days: list[int] = []
        self.prescribed: list[int] = []
        self.prescribed_days: list[int] = []
        self.reading: Reading | None = None
        self.taken_at: datetime | None = None
        self.red_flag_at: datetime | None = None
        self.usual: float | None = None  # the reference as it stood before the last reading
        self.jumped_from: float | None = None  # the reference as it stood before the last score but one
        self.jumped_at: datetime | None = None  # when that score was given
        self.trend: Trend | None = None
        self._scored_at: datetime | None = None
        self._usual_before: float | None = None  # before the last score

    def take(self, reading: Reading, now: datetime) -> None:
        """Adds the next reading, in constant time."""
        self.reading = reading
        recorded_at = reading.recorded_at
        self.taken_at = recorded_at if recorded_at < now else now  # a phone's clock may run ahead
        if reading.symptoms or reading.words_tier in _ALARMING:
            self.red_flag_at = self.taken_at
        self.trend = None
        usual = self.usual = self.reference.usual if self.pains else None
        day, pain = reading.day, reading.pain
        if day < FIRST_DAY:
            return
        if pain is not None:
            self.jumped_from, self._usual_before = self._usual_before, usual
            self.jumped_at, self._scored_at = self._scored_at, recorded_at
            self.pains.append(pain)
            self.pain_days.append(day)
            self._take_mean(self.rules.rebound_answers)
            armed = day >= self._first_alarm_day
            self.reference, self.trend = self.reference.advance(pain, day, armed=armed)
        if reading.minutes_walked is not None:
            self.walks.append(reading.minutes_walked)
            self.walk_days.append(day)
            self.above_at_walks.append(self.reference.quick - self.reference.usual)
        if reading.pills is not None:
            self._take_pills(reading.pills, reading)

    def _take_mean(self, answers: int) -> None:
        if not answers or len(self.pains) < answers:
            return
        mean, best = sum(self.pains[-answers:]) / answers, self.best_means
        self.means.append(mean)
        best.append(best[-1] if best and best[-1] < mean else mean)

    def _take_pills(self, pills: int, reading: Reading) -> None:
        self.pills.append(pills)
        self.pill_days.append(reading.day)
        if reading.pills_prescribed is not None:
            self.prescribed.append(reading.pills_prescribed)
            self.prescribed_days.append(reading.day)
