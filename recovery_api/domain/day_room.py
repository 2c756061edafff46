"""Room in a patient's day: texts of the plan leave an hour apart, three a day at most, the most important first.

Nothing lesser costs a patient the question of the day, their medicine, a visit or how to prepare: where no later hour
is left for one of these, it leaves beside what left before it, and what clinicians wrote takes the room of lessons.
"""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from recovery_api.domain.protocol import KINDS, TEXTS_A_DAY
from recovery_api.domain.protocol_steps import NOT_TOLD_YET
from recovery_api.domain.schedule import APART, LATEST

ENOUGH_TODAY, NO_TIME_LEFT = "enough_today", "no_time_left"
NEAR = APART - timedelta(minutes=5)  # texts that are planned an hour apart may leave some minutes late
_MAYBE = ("baseline_missing", "form_due", "no_visit_ahead", NOT_TOLD_YET)  # conditions that often do not hold
# A question that is asked again gives way to questions, visits and preparation, and lessons give way to it.
_LESSONS = ("rest", "posture", "activity")
_ORDER = {
    kind: place for place, kind in enumerate([kind for kind in KINDS if kind not in _LESSONS] + ["nudge", *_LESSONS])
}


@dataclass(frozen=True, slots=True)
class DueText:
    """One text of the plan on its day; times are UTC."""

    id: Hashable
    kind: str
    due_at: datetime
    expires_at: datetime
    condition: str | None = None


@dataclass(frozen=True, slots=True)
class Left:
    """A text that we started, when it left or will (UTC): ours, a clinician's own words, or the invitation to join."""

    at: datetime
    is_own_words: bool = False
    is_invitation: bool = False


@dataclass(frozen=True, slots=True)
class DaySoFar:
    """A patient's day: the texts that we started, and what else is planned for it.

    `planned` may hold texts that are due already, and that somebody else hands over in a moment.
    """

    left: Sequence[Left]
    planned: Sequence[DueText]


@dataclass(frozen=True, slots=True)
class Place:
    """What becomes of a text that is due: it leaves now, or waits until an instant, or `why` it does not leave."""

    leaves: bool = False
    until: datetime | None = None
    why: str | None = None


def give_places(due: Sequence[DueText], day: DaySoFar, zone: ZoneInfo, now: datetime) -> dict[Hashable, Place]:
    """A place for each text that is due by `now` (UTC) to one patient: one of them leaves, the others wait their turn.

    The most important goes first, of two alike the fresher. What finds neither room nor time on its day never leaves.
    """
    left, places = list(day.left), {}
    waiting: list[DueText] = []
    for one in sorted(due, key=lambda one: (_weight(one), -one.due_at.timestamp())):
        before = waiting + [other for other in day.planned if _goes_before(other, one, now)]
        place = places[one.id] = _place(one, left, before, zone, now)
        if place.leaves:
            left.append(Left(now))
        elif place.until is not None:
            waiting.append(one)
    return places


def _place(one: DueText, left: Sequence[Left], before: Sequence[DueText], zone: ZoneInfo, now: datetime) -> Place:
    lesser = _is_lesser(one)
    if sum(lesser or not (text.is_own_words or text.is_invitation) for text in left) + len(before) >= TEXTS_A_DAY:
        return Place(why=ENOUGH_TODAY)
    soon = now + NEAR if one.kind in _LESSONS else now
    near = [text.at for text in left if text.at > now - NEAR and not text.is_invitation]
    near += [max(other.due_at, now) for other in before if other.due_at <= now or other.due_at < soon]
    if not near:
        return Place(leaves=True)
    until = max(near) + APART
    local, today = until.astimezone(zone), now.astimezone(zone).date()
    if until < one.expires_at and local.date() == today and local.time() <= LATEST:
        return Place(until=until)
    return Place(why=NO_TIME_LEFT) if lesser else Place(leaves=True)


def _is_lesser(one: DueText) -> bool:
    """Whether a text may stay here for want of an hour of its own: a lesson, or what is asked or told again."""
    return one.kind in _LESSONS or one.kind == "nudge" or one.condition == NOT_TOLD_YET


def _goes_before(other: DueText, one: DueText, now: datetime) -> bool:
    """Whether room is kept for a planned text: not for what depends on a condition, or on nobody answering."""
    is_sure = other.condition not in _MAYBE and (other.kind != "nudge" or other.due_at <= now)
    return is_sure and _weight(other) < _weight(one)


def _weight(one: DueText) -> tuple[bool, int]:
    """What is only told where it was not told before comes last; the rest by kind."""
    return one.condition == NOT_TOLD_YET, _ORDER[one.kind]
