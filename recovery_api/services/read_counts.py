"""Read the two numbers that stand on every page, and a mark by which a page that updates itself sees a change."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BindParameter, DateTime, Select, Uuid, bindparam, func, select

from recovery_api.db import AnyRow, ClinicScope
from recovery_api.models import tables
from recovery_api.prepared import Prepared
from recovery_api.services.read_flags import synthetic_patients

ClinicId = UUID | BindParameter[UUID]


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
    subject = func.coalesce(flag.c.patient_id, flag.c.id)
    subjects = select(func.count(func.distinct(subject))).where(*_shown(scope.clinic_id))
    return select(subjects.scalar_subquery().label("open_count"), waiting_texts(scope.clinic_id).label("inbox"))


def counts_told(rows: Iterable[AnyRow]) -> Counts:
    """Both numbers, out of the row that `counts_asked` found."""
    row = next(iter(rows))
    return Counts(row.open_count, row.inbox)


def worklist_mark(scope: ClinicScope, midnight: datetime) -> str:
    """Another one as soon as any flag of the list changes, one is resolved, or a text begins or ceases to wait.

    One statement over the flags that are open, whatever lies behind them; new answers alone do not change it.
    """
    row = _MARK.first(scope.connection, {"clinic": scope.clinic_id, "midnight": midnight})
    return " ".join(map(str, row))


def waiting_texts(clinic_id: ClinicId) -> Any:
    """How many texts wait for a person, as a part of a larger statement."""
    message = tables.message
    return (
        select(func.count())
        .where(message.c.clinic_id == clinic_id, message.c.needs_person, message.c.handled_at.is_(None))
        .scalar_subquery()
    )


def _shown(clinic_id: ClinicId) -> tuple[Any, ...]:
    flag = tables.flag
    return (
        flag.c.clinic_id == clinic_id,
        flag.c.status != "resolved",
        ~flag.c.patient_id.in_(synthetic_patients(clinic_id)) | flag.c.patient_id.is_(None),
    )


def _mark_asked(clinic_id: ClinicId, midnight: Any) -> Select[Any]:
    flag = tables.flag
    live = select(
        func.concat_ws("-", func.count(), func.sum(flag.c.version + flag.c.repeats), func.max(flag.c.last_at))
    ).where(*_shown(clinic_id))
    done = select(func.concat_ws("-", func.count(), func.sum(flag.c.version))).where(
        flag.c.clinic_id == clinic_id, flag.c.status == "resolved", flag.c.resolved_at >= midnight
    )
    return select(live.scalar_subquery(), done.scalar_subquery(), waiting_texts(clinic_id))


# Thirty open lists ask it every few seconds, and mostly hear that nothing is new.
_MARK = Prepared(_mark_asked(bindparam("clinic", type_=Uuid()), bindparam("midnight", type_=DateTime(timezone=True))))
