"""The dated plan: which texts one patient gets, when each falls due and when it is no longer of use."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from recovery_api.domain.local_time import OPENS, allowed_until, local_instant, within_quiet_hours
from recovery_api.domain.protocol import KINDS, TEXTS_A_DAY, Protocol, Step

__all__ = [
    "PlannedReminder",
    "Visit",
    "allowed_until",
    "local_instant",
    "plan_reminders",
    "scheduled_days",
    "within_quiet_hours",
]

_APART = timedelta(hours=1)
_LATEST = time(19, 30)  # a text due later would have too little time left to be sent
_DAY = timedelta(days=1)
_PRIORITY = {kind: place for place, kind in enumerate(KINDS)}


@dataclass(frozen=True, slots=True)
class Visit:
    """An appointment: its id and its instant in UTC."""

    id: str
    starts_at: datetime


@dataclass(frozen=True, slots=True)
class PlannedReminder:
    """One text that falls due; unique by kind, local day and slot."""

    kind: str
    local_on: date
    slot: str
    due_at: datetime
    expires_at: datetime
    text_key: str
    question: str | None
    values: dict[str, str] = field(default_factory=dict)


def plan_reminders(
    protocol: Protocol,
    procedure_on: date,
    zone: ZoneInfo,
    preferred: time,
    visits: Sequence[Visit],
    start: date,
    end: date,
) -> tuple[PlannedReminder, ...]:
    """The reminders of the local days `start` to `end`, both included, in the order in which they fall due.

    Times are UTC. None falls due in quiet hours, and no day has more than three: the least important give way.
    A step on a day that the zone skipped moves to the next day, unless that day has the same step of its own.
    """
    planned: dict[tuple[str, date, str], PlannedReminder] = {}
    wanted = [
        (moved, reminder)
        for occurrence in _occurrences(protocol, procedure_on, zone, visits)
        if start - _DAY <= occurrence.on <= end + _DAY
        for moved, reminder in _placed(occurrence, zone, preferred)
        if start <= reminder.local_on <= end
    ]
    for _, reminder in sorted(wanted, key=lambda item: item[0]):
        planned.setdefault((reminder.kind, reminder.local_on, reminder.slot), reminder)
    days: dict[date, list[PlannedReminder]] = defaultdict(list)
    for reminder in planned.values():
        days[reminder.local_on].append(reminder)
    return tuple(reminder for on in sorted(days) for reminder in _fit(days[on], zone))


def scheduled_days(protocol: Protocol) -> frozenset[int]:
    """The days since the procedure on which the protocol asks for a check-in."""
    return frozenset(day for step in protocol.steps if step.kind == "check_in" for day in step.days)


@dataclass(frozen=True, slots=True)
class _Occurrence:
    """A step on one day, before it is known whether the zone has that day."""

    step: Step
    on: date
    slot: str
    towards: timedelta  # where to look for another day
    values: dict[str, str]


def _occurrences(
    protocol: Protocol, procedure_on: date, zone: ZoneInfo, visits: Sequence[Visit]
) -> Iterator[_Occurrence]:
    for step in protocol.steps:
        for day in step.days:
            yield _Occurrence(step, procedure_on + timedelta(days=day), step.slot, _DAY, {})
        if step.days_before_visit is None:
            continue
        for visit in visits:
            local = visit.starts_at.astimezone(zone)
            values = {"visit": visit.id, "date": local.date().isoformat(), "time": f"{local:%H:%M}"}
            yield _Occurrence(step, local.date() - timedelta(days=step.days_before_visit), visit.id, -_DAY, values)


def _placed(occurrence: _Occurrence, zone: ZoneInfo, preferred: time) -> Iterator[tuple[bool, PlannedReminder]]:
    """The reminder of an occurrence, and whether it had to move to another day; nothing where no day will do."""
    step = occurrence.step
    for moved, on in enumerate((occurrence.on, occurrence.on + occurrence.towards)):
        due_at = _due(zone, on, step.at or preferred)
        if due_at is not None:
            until = allowed_until(due_at, zone)
            yield (
                bool(moved),
                PlannedReminder(
                    step.kind, on, occurrence.slot, due_at, until, step.text_key, step.question, occurrence.values
                ),
            )
            return


def _due(zone: ZoneInfo, on: date, at: time) -> datetime | None:
    """The instant for a text on a local day, as near to the time wanted as may be; None where the day has none."""
    wanted = min(max(at.replace(tzinfo=None), OPENS), _LATEST)
    for candidate in (wanted, OPENS, time(14)):
        due_at = local_instant(zone, on, candidate)
        if due_at.astimezone(zone).date() == on and not within_quiet_hours(due_at, zone):
            return due_at
    return None


def _fit(reminders: list[PlannedReminder], zone: ZoneInfo) -> list[PlannedReminder]:
    """The texts of one day: the most important three, an hour apart at least, the more important at its own time."""
    kept: list[PlannedReminder] = []
    for reminder in sorted(reminders, key=lambda reminder: (_PRIORITY[reminder.kind], reminder.due_at))[:TEXTS_A_DAY]:
        kept.append(replace(reminder, due_at=_free_instant(reminder, kept, zone)))
    return sorted(kept, key=lambda reminder: reminder.due_at)


def _free_instant(reminder: PlannedReminder, kept: list[PlannedReminder], zone: ZoneInfo) -> datetime:
    """The first free instant from the wanted one on, then before it, in steps of two hours."""
    for hours in (0, 2, 4, -2, -4, -6, 6):
        due_at = reminder.due_at + timedelta(hours=hours)
        local = due_at.astimezone(zone)
        in_hours = local.date() == reminder.local_on and OPENS <= local.time() <= _LATEST
        if in_hours and all(abs(due_at - other.due_at) >= _APART for other in kept):
            return due_at
    return reminder.due_at
