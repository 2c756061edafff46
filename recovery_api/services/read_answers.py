"""Read the answers of some recoveries by local day: the last score, every symptom, and the days that found none."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Select, select

from recovery_api.db import AnyRow, ClinicScope
from recovery_api.models import tables


@dataclass(frozen=True, slots=True)
class Answer:
    """One local day of an episode: its answer, or None where a question found none."""

    day: int
    on: date
    pain: int | None
    activity: str | None = None
    note: str = ""
    pills: int | None = None
    check_in_id: UUID | None = None


def with_gaps(
    answers: Sequence[Answer], days: frozenset[int], performed_on: date, today: int, asked_since: int | None = None
) -> tuple[Answer, ...]:
    """The answers, and an empty one for each of the `days` since the first on which a question found none.

    `asked_since` is the first day on which one who never answered was asked, where that is known.
    """
    by_day = {answer.day: answer for answer in answers}
    first = min(by_day, default=asked_since)
    if first is None:
        return ()
    unanswered = (day for day in days if first <= day < today and day not in by_day)
    gaps = [Answer(day, performed_on + timedelta(days=day), None) for day in unanswered]
    return tuple(sorted([*by_day.values(), *gaps], key=lambda answer: answer.day))


def answers_asked(
    scope: ClinicScope, episode_ids: Sequence[UUID] | Select[tuple[UUID]], since: date | None = None
) -> Select[Any]:
    """The question for the check-ins of some recoveries, oldest first."""
    check_in = tables.check_in
    statement = (
        select(
            check_in.c.episode_id,
            check_in.c.id,
            check_in.c.local_on,
            check_in.c.day,
            check_in.c.pain,
            check_in.c.activity_level,
            check_in.c.symptoms,
            check_in.c.pills_otc,
            check_in.c.pills_prescribed,
            check_in.c.pills_total,
        )
        .where(check_in.c.clinic_id == scope.clinic_id, check_in.c.episode_id.in_(episode_ids))
        .order_by(check_in.c.recorded_at, check_in.c.version)
    )
    if since is not None:
        statement = statement.where(check_in.c.local_on >= since)
    return statement


def answers_told(rows: Iterable[AnyRow]) -> dict[UUID, list[Answer]]:
    """The scores by episode, out of rows that `answers_asked` found."""
    latest = {(row.episode_id, row.id): row for row in rows}
    days: dict[UUID, dict[int, Answer]] = defaultdict(dict)
    for row in latest.values():
        days[row.episode_id][row.day] = _with(days[row.episode_id].get(row.day), row)
    return {episode_id: list(by_day.values()) for episode_id, by_day in days.items()}


def _with(before: Answer | None, row: AnyRow) -> Answer:
    """A day's answer once one more check-in of the same day is added: the last score, every symptom."""
    said = [before.note] if before and before.note else []
    said += [
        code.replace("_", " ") for code in row.symptoms if before is None or code.replace("_", " ") not in before.note
    ]
    return Answer(
        day=row.day,
        on=row.local_on,
        pain=row.pain if row.pain is not None else (before.pain if before else None),
        activity=row.activity_level or (before.activity if before else None),
        note=", ".join(said),
        pills=_first_known(_pills(row), before.pills if before else None),
        check_in_id=row.id if before is None or row.pain is not None else before.check_in_id,
    )


def _pills(row: AnyRow) -> int | None:
    """Every pill of a report, as one number; None where it told of none."""
    kinds = [number for number in (row.pills_otc, row.pills_prescribed) if number is not None]
    total: int | None = sum(kinds) if kinds else row.pills_total
    return total


def _first_known(*numbers: int | None) -> int | None:
    return next((number for number in numbers if number is not None), None)
