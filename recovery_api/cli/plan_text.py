"""A dated plan, and the difference of two, as lines on a terminal."""

import textwrap
from collections.abc import Iterator, Sequence
from datetime import date, time, timedelta
from itertools import groupby
from zoneinfo import ZoneInfo

from recovery_api.domain.protocol import Protocol
from recovery_api.domain.protocol_diff import Difference
from recovery_api.domain.schedule import Circumstances, PlannedReminder, Visit, local_instant, plan_reminders
from recovery_api.packs.texts import message_pack
from recovery_api.services.read_plan import PlanLine, plan_line

_EXAMPLE = {
    "clinic": "Harbour Clinic", "phone": "(555) 555-0100", "emergency": "911", "about": "https://harbour.example/about",
}  # fmt: skip
_VISIT_DAYS, _VISIT_AT, _ASKED_AT = (9, 30, 88), time(10, 30), time(9, 30)
_BEFORE = timedelta(days=14)
_WIDE = 118


def year_of(protocol: Protocol, procedure_on: date, zone: ZoneInfo) -> tuple[PlannedReminder, ...]:
    """The whole plan of a made-up patient with three visits, seen for the first time two weeks before."""
    visits = [
        Visit(f"visit {day}", local_instant(zone, procedure_on + timedelta(days=day), _VISIT_AT)) for day in _VISIT_DAYS
    ]
    facts = Circumstances(procedure_on, zone, _ASKED_AT, visits, consulted_on=procedure_on - _BEFORE)
    return plan_reminders(protocol, facts, procedure_on - timedelta(days=30), procedure_on + timedelta(days=365))


def example_lines(planned: Sequence[PlannedReminder], language: str) -> list[PlanLine]:
    """The plan in the shipped words of one language."""
    return [plan_line(one, message_pack(), language, dict(_EXAMPLE)) for one in planned]


def plan_text(lines: Sequence[PlanLine], protocol: Protocol, procedure_on: date, zone: ZoneInfo) -> Iterator[str]:
    """One line a text under its day, with the phase where it begins."""
    phase = None
    for on, of_day in groupby(lines, key=lambda line: line.due_at.astimezone(zone).date()):
        day = (on - procedure_on).days
        now_in = protocol.phase_of(day)
        if now_in is not None and now_in != phase:
            yield f"\n{now_in.id.replace('-', ' ')}, day {now_in.first} to {now_in.last}"
            phase = now_in
        yield f"day {day:>3}  {on:%a %Y-%m-%d}"
        for line in of_day:
            yield from _line(line, zone)


def _line(line: PlanLine, zone: ZoneInfo) -> Iterator[str]:
    aside = " ".join(f"[{part}]" for part in (line.note, line.state) if part)
    head = f"    {line.due_at.astimezone(zone):%H:%M}  {line.kind.replace('_', ' '):<15} "
    yield from textwrap.wrap(
        f"{line.text} {aside}".strip(), _WIDE, initial_indent=head, subsequent_indent=" " * len(head)
    )


def difference_text(found: Sequence[Difference], zone: ZoneInfo, procedure_on: date) -> Iterator[str]:
    """One line a text that is new (+), gone (-) or changed (~)."""
    for one in found:
        day = (one.local_on - procedure_on).days
        sign = "+" if one.before is None else "-" if one.after is None else "~"
        yield f"{sign} day {day:>3}  {one.local_on:%Y-%m-%d}  {_said(one.before, one.after, zone)}"
    yield f"{len(found)} texts differ." if len(found) > 1 else f"{len(found) or 'No'} text differs."


def _said(before: PlannedReminder | None, after: PlannedReminder | None, zone: ZoneInfo) -> str:
    sides = [_side(one, zone) for one in (before, after) if one is not None]
    return " -> ".join(sides)


def _side(one: PlannedReminder, zone: ZoneInfo) -> str:
    values = "".join(f", {name} {value}" for name, value in sorted(one.values.items()) if name != "visit")
    return f"{one.due_at.astimezone(zone):%H:%M} {one.kind} {one.text_key}{values}"
