"""What must hold in every simulated clinic: no text at night, twice, too often, or after somebody asked for the end."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from zoneinfo import ZoneInfo

from recovery_api.domain.day_room import NEAR
from recovery_api.domain.local_time import within_quiet_hours
from recovery_api.domain.protocol import TEXTS_A_DAY
from recovery_api.domain.wording import is_invitation

STARTED = ("reminder", "service")


@dataclass(frozen=True, slots=True)
class Sent:
    """One text that reached the carrier, with what the product keeps of it; a clinician's own words have no key."""

    phone: str
    patient: str
    purpose: str
    text_key: str
    is_answer: bool
    reminder: str
    at: datetime
    zone: str

    @property
    def is_started(self) -> bool:
        """Whether we began, and were not answering."""
        return self.purpose in STARTED and not self.is_answer


@dataclass
class Checks:
    """Collects what broke, each once, in words."""

    broken: list[str] = field(default_factory=list)
    minutes: int = 0  # at which the coverage invariant was looked at
    _stopped: dict[str, datetime] = field(default_factory=dict)
    _held: dict[str, tuple[datetime, datetime]] = field(default_factory=dict)
    _last: dict[str, datetime] = field(default_factory=dict)
    _of_day: Counter[tuple[str, date]] = field(default_factory=Counter)
    _reminders: set[str] = field(default_factory=set)

    def note_stop(self, phone: str, at: datetime) -> None:
        """The holder of a phone asked for the end of texts."""
        self._stopped.setdefault(phone, at)

    def note_start(self, phone: str, at: datetime) -> None:
        """They asked for texts again; what was begun in that minute counts as after it."""
        self._stopped.pop(phone, None)

    def note_hold(self, patient: str, begins: datetime, ends: datetime) -> None:
        """A patient's texts are on hold from one instant to another; a new hold takes the place of the last."""
        self._held[patient] = (begins, ends)

    def look_at(self, sent: Sent) -> None:
        """Judge one text that the carrier took."""
        zone = ZoneInfo(sent.zone)
        if sent.is_started and within_quiet_hours(sent.at, zone):
            self._say(f"night text: {sent.text_key} at {sent.at.astimezone(zone):%Y-%m-%d %H:%M} {sent.zone}")
        stopped, last_words = self._stopped.get(sent.phone), sent.text_key in ("stopped", "enrol_ask")
        if stopped is not None and sent.at > stopped and sent.is_started and not last_words:
            self._say(f"text after opt-out: {sent.text_key} on {sent.at:%Y-%m-%d}")
        if sent.reminder:
            if sent.reminder in self._reminders:
                self._say(f"double text: {sent.text_key} on {sent.at:%Y-%m-%d}")
            self._reminders.add(sent.reminder)
        if sent.is_started and sent.text_key and not is_invitation(sent.text_key):
            day = (sent.patient, sent.at.astimezone(zone).date())
            self._of_day[day] += 1
            if self._of_day[day] > TEXTS_A_DAY:
                self._say(f"more than {TEXTS_A_DAY} texts to one patient on {day[1]}")
        if sent.purpose == "reminder":
            self._look_at_reminder(sent)

    def _look_at_reminder(self, sent: Sent) -> None:
        """One that the plan sends: not during a hold, and not at the heels of another."""
        begins, ends = self._held.get(sent.patient, (sent.at, sent.at))
        if begins < sent.at < ends:
            self._say(f"text in a hold: {sent.text_key} on {sent.at:%Y-%m-%d}")
        last = self._last.get(sent.patient)
        if last is not None and sent.at - last < NEAR:
            self._say(f"texts {(sent.at - last).seconds // 60} minutes apart: {sent.text_key} on {sent.at:%Y-%m-%d}")
        self._last[sent.patient] = sent.at

    def coverage(self, alone: int, at: datetime) -> None:
        """What the coverage watch found without anybody or anything that looks at it."""
        if alone:
            self._say(f"coverage: {alone} left alone at {at:%Y-%m-%d %H:%M}")

    def alone(self, found: Sequence[str], at: datetime) -> None:
        """What the eye found alone once everything that was due at a minute was done."""
        self.minutes += 1
        if found:
            self._say(f"coverage: {', '.join(found)} left alone at {at:%Y-%m-%d %H:%M}")

    def lost(self, found: Sequence[str], at: datetime) -> None:
        """What the eye found undone at the end of a day."""
        for one in found:
            self._say(f"lost: {one} by {at:%Y-%m-%d %H:%M}")

    def danger(self, words: str, was_flagged: bool) -> None:
        """A fall was told of: somebody must have been flagged."""
        if not was_flagged:
            self._say(f"no flag after: {words}")

    def _say(self, what: str) -> None:
        if what not in self.broken:
            self.broken.append(what)
