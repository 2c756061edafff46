"""Read the two numbers that stand on every page, and a mark by which a page that updates itself sees a change."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, func, select

from recovery_api.db import AnyRow, ClinicScope
from recovery_api.models import tables
from recovery_api.services.read_flags import synthetic_patients


@dataclass(frozen=True, slots=True)
class Counts:
    """How many patients and unknown senders need somebody, and how many texts wait for a person."""

    open_count: int
    inbox: int


def read_counts(scope: ClinicScope) -> Counts:
    """Both numbers, in one statement."""
    return counts_told(scope.connection.execute(counts_asked(scope)))


def counts_asked(scope: ClinicScope) -> Select[Any]:
    """The question for both numbers, for a statement that asks more than one."""
    flag = tables.flag
    subjects = select(func.count(func.distinct(func.coalesce(flag.c.patient_id, flag.c.id)))).where(*_shown(scope))
    return select(subjects.scalar_subquery().label("open_count"), waiting_texts(scope).label("inbox"))


def counts_told(rows: Iterable[AnyRow]) -> Counts:
    """Both numbers, out of the row that `counts_asked` found."""
    row = next(iter(rows))
    return Counts(row.open_count, row.inbox)


def worklist_mark(scope: ClinicScope, midnight: datetime) -> str:
    """Another one as soon as any flag of the list changes, one is resolved, or a text begins or ceases to wait.

    One statement over the flags that are open, whatever lies behind them; new answers alone do not change it.
    """
    flag = tables.flag
    live = select(
        func.concat_ws("-", func.count(), func.sum(flag.c.version + flag.c.repeats), func.max(flag.c.last_at))
    ).where(*_shown(scope))
    done = select(func.concat_ws("-", func.count(), func.sum(flag.c.version))).where(
        flag.c.clinic_id == scope.clinic_id, flag.c.status == "resolved", flag.c.resolved_at >= midnight
    )
    row = scope.connection.execute(select(live.scalar_subquery(), done.scalar_subquery(), waiting_texts(scope))).one()
    return " ".join(map(str, row))


def waiting_texts(scope: ClinicScope) -> Any:
    """How many texts wait for a person, as a part of a larger statement."""
    message = tables.message
    return (
        select(func.count())
        .where(message.c.clinic_id == scope.clinic_id, message.c.needs_person, message.c.handled_at.is_(None))
        .scalar_subquery()
    )


def _shown(scope: ClinicScope) -> tuple[Any, ...]:
    flag = tables.flag
    return (
        flag.c.clinic_id == scope.clinic_id,
        flag.c.status != "resolved",
        ~flag.c.patient_id.in_(synthetic_patients(scope)) | flag.c.patient_id.is_(None),
    )
