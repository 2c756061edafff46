"""How tiers, times, durations and statuses are said on the clinicians' pages."""

from collections.abc import Mapping
from datetime import date, datetime, tzinfo
from enum import StrEnum

from recovery_api.domain.tiers import Tier


class Group(StrEnum):
    """A group of the worklist, in its order: the tiers, with silence as a group of its own."""

    EMERGENCY = "emergency"
    URGENT = "urgent"
    TODAY = "today"
    SILENT = "silent"
    REVIEW = "review"

    @property
    def word(self) -> str:
        """The word of its badge."""
        return self.value.capitalize()


def group_of(tier: Tier, family: str) -> Group:
    """Silence has its own group, unless it has become as urgent as a symptom."""
    if family == "silence" and tier in (Tier.TODAY, Tier.REVIEW):
        return Group.SILENT
    return Group(tier.value)


ACTIVITY = {
    "in_bed": "In bed",
    "mostly_resting": "Mostly resting",
    "short_walks": "Short walks",
    "light_chores": "Light chores",
    "usual_day": "Usual day",
}
ACTIVITY_RANK = {level: rank for rank, level in enumerate(ACTIVITY)}
LANGUAGES = {"en": "English", "es": "Spanish"}
SEXES = {"F": "Female", "M": "Male", "X": "Other"}

_COUNTED = {
    Group.EMERGENCY: ("emergency", "emergencies"),
    Group.URGENT: ("urgent", "urgent"),
    Group.TODAY: ("for today", "for today"),
    Group.SILENT: ("silent", "silent"),
    Group.REVIEW: ("to review", "to review"),
}


def counted_groups(counts: Mapping[str, int]) -> str:
    """The groups that have somebody in them, most urgent first: "2 urgent, 5 for today"."""
    said = [f"{counts[g]} {_COUNTED[g][counts[g] != 1]}" for g in Group if counts.get(g)]
    return ", ".join(said)


def counted(number: int, one: str, many: str = "") -> str:
    """A number with its noun: "1 patient", "3 patients"."""
    return f"{number} {one if number == 1 else many or one + 's'}"


def duration(minutes: float) -> str:
    """A stretch of time in the two largest units that matter: "39 min", "1 h 28", "1 d 1 h"."""
    whole = max(0, int(minutes))
    hours, rest = divmod(whole, 60)
    days, rest_hours = divmod(hours, 24)
    if days:
        return f"{days} d {rest_hours} h"
    return f"{hours} h {rest:02}" if hours else f"{rest} min"


def day_of(on: date) -> str:
    """A calendar day that cannot be misread across the ocean: "12-Mar-1948"."""
    return f"{on.day:02}-{_MONTHS[on.month - 1]}-{on.year}"


def clock_of(at: datetime, zone: tzinfo) -> str:
    """The wall clock of an instant: "07:42"."""
    return f"{at.astimezone(zone):%H:%M}"


def moment_of(at: datetime, zone: tzinfo, now: datetime) -> str:
    """An instant as short as it stays clear: "07:42" today, "Sat 21 Nov 18:00", or with its year."""
    local, today = at.astimezone(zone), now.astimezone(zone)
    if local.date() == today.date():
        return f"{local:%H:%M}"
    if abs((today.date() - local.date()).days) < 180:
        return f"{_DAYS[local.weekday()]} {local.day} {_MONTHS[local.month - 1]} {local:%H:%M}"
    return f"{day_of(local.date())} {local:%H:%M}"


def phone_of(number: str) -> str:
    """A North American number with room between its parts; any other as it is."""
    if len(number) == 12 and number.startswith("+1") and number[2:].isdigit():
        return f"+1 {number[2:5]} {number[5:8]} {number[8:]}"
    return number


def age_on(born: date, on: date) -> int:
    """Whole years of age on a day."""
    return on.year - born.year - ((on.month, on.day) < (born.month, born.day))


_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
