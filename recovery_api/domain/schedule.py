"""The dated plan: which texts one patient gets, when each falls due and when it is no longer of use."""

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from recovery_api.domain.local_time import OPENS, allowed_until, local_instant, within_quiet_hours
from recovery_api.domain.protocol import KINDS, TEXTS_A_DAY, Protocol, Step
from recovery_api.domain.protocol_steps import NO_THINNER_DAY, NOT_TOLD_YET
from recovery_api.domain.protocol_variables import DRIVING

__all__ = [
    "Circumstances",
    "Hold",
    "PlannedReminder",
    "Visit",
    "allowed_until",
    "due_instant",
    "is_held",
    "local_instant",
    "plan_reminders",
    "scheduled_days",
    "within_quiet_hours",
]

APART = timedelta(hours=1)  # between two texts of a day
LATEST = time(19, 30)  # a text due later would have too little time left to be sent
_DAY = timedelta(days=1)
_PRIORITY = {kind: place for place, kind in enumerate(KINDS)}


@dataclass(frozen=True, slots=True)
class Visit:
    """An appointment: its id and its instant in UTC."""

    id: str
    starts_at: datetime


@dataclass(frozen=True, slots=True)
class Hold:
    """A time (UTC, its end not included) in which nothing is sent, such as a stay in hospital."""

    begins_at: datetime
    ends_at: datetime


@dataclass(frozen=True, slots=True)
class Circumstances:
    """Everything about one recovery that its plan depends on."""

    procedure_on: date
    zone: ZoneInfo
    preferred: time
    visits: Sequence[Visit] = ()
    holds: Sequence[Hold] = ()
    consulted_on: date | None = None
    thinner_on: date | None = None  # when a blood thinner that was stopped is to be started again


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
    audience: str = "patient"
    condition: str | None = None


def plan_reminders(
    protocol: Protocol, facts: Circumstances, start: date, end: date, now: datetime | None = None
) -> tuple[PlannedReminder, ...]:
    """The reminders of the local days `start` to `end`, both included, in the order in which they fall due.

    Times are UTC. None falls due in quiet hours or in a hold, and no day has more than three: the least important
    give way. With `now`, what is of no use any more by then is left out.
    A step on a day that the zone skipped moves to the next day, unless that day has the same step of its own.
    """
    planned: dict[tuple[str, date, str], PlannedReminder] = {}
    wanted = [
        (moved, reminder)
        for occurrence in _occurrences(protocol, facts, start - _DAY, end + _DAY)
        for moved, reminder in _placed(occurrence, facts.zone, facts.preferred)
        if start <= reminder.local_on <= end
    ]
    for _, reminder in sorted(wanted, key=lambda item: item[0]):
        planned.setdefault((reminder.kind, reminder.local_on, reminder.slot), reminder)
    days: dict[date, list[PlannedReminder]] = defaultdict(list)
    for reminder in planned.values():
        days[reminder.local_on].append(reminder)
    fitted = (reminder for on in sorted(days) for reminder in _fit(days[on], facts.zone))
    free = (reminder for reminder in fitted if not is_held(reminder.due_at, facts.holds))
    return tuple(reminder for reminder in free if now is None or reminder.expires_at > now)


def is_held(at: datetime, holds: Sequence[Hold]) -> bool:
    """Whether an instant (UTC) lies in a hold."""
    return any(hold.begins_at <= at < hold.ends_at for hold in holds)


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


def _occurrences(protocol: Protocol, facts: Circumstances, first: date, last: date) -> Iterator[_Occurrence]:
    """The occurrences on the days `first` to `last`, both included."""
    for step in protocol.steps:
        dates = [on for on in _dates(step, facts, first, last) if first <= on <= last]
        if dates:
            values = _values(protocol, step, facts)
            yield from (_Occurrence(step, on, step.slot, _DAY, values) for on in dates)
        if step.days_before_visit is not None:
            before = _before_visits(step, step.days_before_visit, facts)
            yield from (occurrence for occurrence in before if first <= occurrence.on <= last)


def _values(protocol: Protocol, step: Step, facts: Circumstances) -> dict[str, str]:
    """What the text of a step needs of the clinic's variables, as far as they say it, and of the days that it names."""
    values = {name: protocol.variables[name] for name in step.uses}
    if DRIVING in values:
        values["drive_on"] = (facts.procedure_on + timedelta(days=int(values.pop(DRIVING)))).isoformat()
    if step.names_procedure:
        values["date"] = facts.procedure_on.isoformat()
    if step.days_after_thinner is not None and facts.thinner_on is not None:
        values["date"] = facts.thinner_on.isoformat()
    return values


def _dates(step: Step, facts: Circumstances, first: date, last: date) -> Iterator[date]:
    """The days of a step that is not about visits; of those that rise, `first` to `last` alone."""
    if step.condition == NO_THINNER_DAY and facts.thinner_on is not None:
        return
    since, until = (first - facts.procedure_on).days, (last - facts.procedure_on).days
    for day in step.days[bisect_left(step.days, since) : bisect_right(step.days, until)]:
        yield facts.procedure_on + timedelta(days=day)
    if step.days_after_consultation is not None and facts.consulted_on is not None:
        on = facts.consulted_on + timedelta(days=step.days_after_consultation)
        if (on - facts.procedure_on).days <= step.until_day:
            yield on
    if step.days_after_thinner is not None and facts.thinner_on is not None and facts.thinner_on >= facts.procedure_on:
        yield facts.thinner_on + timedelta(days=step.days_after_thinner)


def _before_visits(step: Step, days: int, facts: Circumstances) -> Iterator[_Occurrence]:
    for visit in facts.visits:
        local = visit.starts_at.astimezone(facts.zone)
        values = {"visit": visit.id, "date": local.date().isoformat(), "time": f"{local:%H:%M}"}
        yield _Occurrence(step, local.date() - timedelta(days=days), visit.id, -_DAY, values)


def _placed(occurrence: _Occurrence, zone: ZoneInfo, preferred: time) -> Iterator[tuple[bool, PlannedReminder]]:
    """The reminder of an occurrence, and whether it had to move to another day; nothing where no day will do."""
    step = occurrence.step
    for moved, on in enumerate((occurrence.on, occurrence.on + occurrence.towards)):
        due_at = due_instant(zone, on, step.at or preferred)
        if due_at is not None:
            yield bool(moved), _reminder(occurrence, on, due_at, zone)
            return


def _reminder(occurrence: _Occurrence, on: date, due_at: datetime, zone: ZoneInfo) -> PlannedReminder:
    step = occurrence.step
    return PlannedReminder(
        kind=step.kind,
        local_on=on,
        slot=occurrence.slot,
        due_at=due_at,
        expires_at=_expiry(due_at, step.lasts, zone),
        text_key=step.text_key,
        question=step.question,
        values=occurrence.values,
        audience=step.audience,
        condition=step.condition,
    )


def _expiry(due_at: datetime, lasts: timedelta | None, zone: ZoneInfo) -> datetime:
    until = allowed_until(due_at, zone)
    return until if lasts is None else min(until, due_at + lasts)


def due_instant(zone: ZoneInfo, on: date, at: time) -> datetime | None:
    """The instant for a text on a local day, as near to the time wanted as may be; None where the day has none."""
    wanted = min(max(at.replace(tzinfo=None), OPENS), LATEST)
    for candidate in (wanted, OPENS, time(14)):
        due_at = local_instant(zone, on, candidate)
        if due_at.astimezone(zone).date() == on and not within_quiet_hours(due_at, zone):
            return due_at
    return None


def _fit(reminders: list[PlannedReminder], zone: ZoneInfo) -> list[PlannedReminder]:
    """The texts of one day: the most important three, an hour apart at least, the more important at its own time."""
    kept: list[PlannedReminder] = []
    for reminder in sorted(reminders, key=_rank)[:TEXTS_A_DAY]:
        due_at = _free_instant(reminder, kept, zone)
        later = max(due_at - reminder.due_at, timedelta())
        until = min(reminder.expires_at + later, allowed_until(due_at, zone))
        kept.append(replace(reminder, due_at=due_at, expires_at=until))
    return sorted(kept, key=lambda reminder: reminder.due_at)


def _rank(reminder: PlannedReminder) -> tuple[bool, int, datetime]:
    """What is only told where it was not told before gives way to everything else."""
    return reminder.condition == NOT_TOLD_YET, _PRIORITY[reminder.kind], reminder.due_at


def _free_instant(reminder: PlannedReminder, kept: list[PlannedReminder], zone: ZoneInfo) -> datetime:
    """The first free instant from the wanted one on, then before it, in steps of two hours."""
    for hours in (0, 2, 4, -2, -4, -6, 6):
        due_at = reminder.due_at + timedelta(hours=hours)
        local = due_at.astimezone(zone)
        in_hours = local.date() == reminder.local_on and OPENS <= local.time() <= LATEST
        if in_hours and all(abs(due_at - other.due_at) >= APART for other in kept):
            return due_at
    return reminder.due_at
