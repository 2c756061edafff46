"""Read flags as the worklist shows them: worst tier first, then longest waiting, each with its story."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, BindParameter, ColumnElement, Select, Uuid, and_, any_, case, literal, or_, select

from recovery_api.db import AnyRow, ClinicScope
from recovery_api.domain.tiers import Tier
from recovery_api.models import tables


@dataclass(frozen=True, slots=True)
class FlagFacts:
    """One flag with the person it is about, in clear."""

    id: UUID
    version: int
    episode_id: UUID | None
    patient_id: UUID | None
    message_id: UUID | None
    check_in_id: UUID | None
    family: str
    tier: Tier
    status: str
    rule: str
    rule_version: str
    reason: str
    inputs: dict[str, Any]
    quote: str | None
    opened_at: datetime
    last_at: datetime
    respond_by: datetime
    waiting_since: datetime
    climb: int
    next_rung_at: datetime | None
    owner_id: UUID | None
    owner: str
    acknowledged_at: datetime | None
    snoozed_until: datetime | None
    resolved_at: datetime | None
    outcome: str | None
    repeats: int


@dataclass(frozen=True, slots=True)
class FlagQuery:
    """Which flags are wanted; None means any. `live_since` means all that are open, and what was resolved since."""

    status: Sequence[str] | None = None
    tier: str | None = None
    owner_id: UUID | None = None
    patient_id: UUID | None = None
    flag_id: UUID | None = None
    flag_ids: Sequence[UUID] | None = None
    after: tuple[int, datetime, UUID] | None = None
    resolved_since: datetime | None = None
    live_since: datetime | None = None
    limit: int = 500


_flag = tables.flag
_waiting = _flag.c.waiting_since
tier_rank: ColumnElement[int] = case({tier.value: tier.rank for tier in Tier}, value=_flag.c.tier)


def read_flags(scope: ClinicScope, query: FlagQuery) -> list[FlagFacts]:
    """The flags of one clinic in the worklist's order."""
    return flags_told(scope, scope.connection.execute(flags_asked(scope, query)).all())


def flags_told(scope: ClinicScope, rows: Iterable[AnyRow]) -> list[FlagFacts]:
    """The same, out of rows that `flags_asked` found."""
    return [_facts(scope, row) for row in rows]


def flags_asked(scope: ClinicScope, query: FlagQuery) -> Select[Any]:
    """The question for flags, for a statement that asks more than one."""
    clinician = tables.clinician
    statement = (
        select(_flag, clinician.c.name_sealed.label("owner_sealed"))
        .outerjoin(clinician, (clinician.c.clinic_id == _flag.c.clinic_id) & (clinician.c.id == _flag.c.owner_id))
        .where(_flag.c.clinic_id == scope.clinic_id)
        .order_by(tier_rank, _waiting, _flag.c.id)
        .limit(query.limit)
    )
    if query.flag_id is None:
        nobody = synthetic_patients(scope.clinic_id)
        statement = statement.where(~_flag.c.patient_id.in_(nobody) | _flag.c.patient_id.is_(None))
    return statement.where(*_named(query), *_in_time(query))


def _named(query: FlagQuery) -> Iterator[ColumnElement[bool]]:
    """What a flag is and whose."""
    wanted = {
        _flag.c.tier: query.tier,
        _flag.c.owner_id: query.owner_id,
        _flag.c.patient_id: query.patient_id,
        _flag.c.id: query.flag_id,
    }
    yield from (column == value for column, value in wanted.items() if value is not None)
    if query.flag_ids is not None:
        yield _flag.c.id == any_(array_of_ids(query.flag_ids))
    if query.status is not None:
        yield _flag.c.status.in_(query.status)


def _in_time(query: FlagQuery) -> Iterator[ColumnElement[bool]]:
    """When it was resolved, if it was, and where the last page of the list ended."""
    if query.resolved_since is not None:
        yield (_flag.c.status == "resolved") & (_flag.c.resolved_at >= query.resolved_since)
    if query.live_since is not None:
        done = (_flag.c.status == "resolved") & (_flag.c.resolved_at >= query.live_since)  # each arm has its index
        yield (_flag.c.status != "resolved") | done
    if query.after is not None:
        rank, since, flag_id = query.after
        later = (_waiting > since) | ((_waiting == since) & (_flag.c.id > flag_id))
        yield or_(tier_rank > rank, and_(tier_rank == rank, later))


def array_of_ids(ids: Iterable[UUID]) -> Any:
    """Many ids as one value, so that a statement reads the same for any number of them."""
    return literal(list(ids), ARRAY(Uuid()))


def synthetic_patients(clinic_id: UUID | BindParameter[UUID]) -> Select[tuple[UUID]]:
    """The clinic's synthetic patient, who stands on no list and counts in no report."""
    patient = tables.patient
    return select(patient.c.id).where(patient.c.clinic_id == clinic_id, patient.c.is_synthetic)


def _facts(scope: ClinicScope, row: AnyRow) -> FlagFacts:
    owner = scope.open("clinician.name", row.owner_id, row.owner_sealed) if row.owner_id else None
    return FlagFacts(
        id=row.id,
        version=row.version,
        episode_id=row.episode_id,
        patient_id=row.patient_id,
        message_id=row.message_id,
        check_in_id=row.check_in_id,
        family=row.family,
        tier=Tier(row.tier),
        status=row.status,
        rule=row.rule,
        rule_version=row.rule_version,
        reason=row.reason,
        inputs=row.inputs,
        quote=scope.open("flag.quote", row.id, row.quote_sealed),
        opened_at=row.opened_at,
        last_at=row.last_at,
        respond_by=row.respond_by,
        waiting_since=row.waiting_since or row.opened_at,
        climb=row.climb,
        next_rung_at=row.next_rung_at,
        owner_id=row.owner_id,
        owner=owner or "",
        acknowledged_at=row.acknowledged_at,
        snoozed_until=row.snoozed_until,
        resolved_at=row.resolved_at,
        outcome=row.outcome,
        repeats=row.repeats,
    )


@dataclass(frozen=True, slots=True)
class FlagEventFacts:
    """One thing that happened to a flag, with the name of the clinician who did it."""

    flag_id: UUID
    kind: str
    at: datetime
    by: str
    detail: dict[str, Any]
    note: str | None


def read_flag_events(scope: ClinicScope, flag_ids: Sequence[UUID]) -> list[FlagEventFacts]:
    """The stories of some flags, oldest first."""
    if not flag_ids:
        return []
    scope.flush()
    return flag_events_told(scope, scope.connection.execute(flag_events_asked(scope, flag_ids)).all())


def flag_events_asked(scope: ClinicScope, flag_ids: Sequence[UUID] | Select[tuple[UUID]]) -> Select[Any]:
    """The question for the stories of some flags."""
    event, clinician = tables.flag_event, tables.clinician
    return (
        select(event, clinician.c.name_sealed)
        .outerjoin(clinician, (clinician.c.clinic_id == event.c.clinic_id) & (clinician.c.id == event.c.clinician_id))
        .where(event.c.clinic_id == scope.clinic_id, event.c.flag_id.in_(flag_ids))
        .order_by(event.c.at, event.c.id)
    )


def flag_events_told(scope: ClinicScope, rows: Iterable[AnyRow]) -> list[FlagEventFacts]:
    """The stories, out of rows that `flag_events_asked` found."""
    return [
        FlagEventFacts(
            flag_id=row.flag_id,
            kind=row.kind,
            at=row.at,
            by=(scope.open("clinician.name", row.clinician_id, row.name_sealed) or "") if row.clinician_id else "",
            detail=row.detail,
            note=scope.open("flag_event.note", row.id, row.note_sealed),
        )
        for row in rows
    ]
