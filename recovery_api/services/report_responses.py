"""Report how soon people answered: the time to acknowledge by tier, over the flags that opened in a stretch of time."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any
from uuid import UUID

from sqlalchemy import Select, select

from recovery_api.db import AnyRow, ClinicScope
from recovery_api.domain.errors import Invalid
from recovery_api.domain.response_clock import Response, Summary, Told, responses, summarize
from recovery_api.domain.tiers import Tier
from recovery_api.models import tables
from recovery_api.services.read_flags import synthetic_patients
from recovery_api.services.read_on_copy import on_reading_copy
from recovery_api.services.record_audit import Actor, record_audit
from recovery_api.services.say_how_soon import response_times

ACKNOWLEDGE_MINUTES = {Tier.EMERGENCY: 15}  # the other tiers count by their time to act (shipped protocol)


@dataclass(frozen=True, slots=True)
class ResponseReport:
    """The responses of a clinic, by tier, over flags opened from `since` up to `until`; `targets` in its hours."""

    since: datetime
    until: datetime
    tiers: tuple[Summary, ...]
    targets: dict[Tier, int]


def report_responses(
    scope: ClinicScope, since: datetime, until: datetime, viewer: Actor, now: datetime
) -> ResponseReport:
    """The time to acknowledge by tier; the look is audited. The synthetic patient is left out. Raises Invalid."""
    if since >= until:
        raise Invalid("must lie before until", field="since")
    with on_reading_copy(scope) as copy:
        copy.flush()
        rows = copy.connection.execute(responses_asked(copy, since, until)).all()
    return responses_told(scope, rows, (since, until), viewer, now)


def responses_asked(scope: ClinicScope, since: datetime, until: datetime) -> Select[Any]:
    """The question for what happened to the flags of a stretch, for a statement that asks more than one."""
    flag, event = tables.flag, tables.flag_event
    return (
        select(event.c.flag_id, flag.c.tier, event.c.kind, event.c.at, event.c.detail)
        .join(flag, (flag.c.clinic_id == event.c.clinic_id) & (flag.c.id == event.c.flag_id))
        .where(
            flag.c.clinic_id == scope.clinic_id,
            flag.c.opened_at >= since,
            flag.c.opened_at < until,
            ~flag.c.patient_id.in_(synthetic_patients(scope.clinic_id)) | flag.c.patient_id.is_(None),
        )
        .order_by(event.c.flag_id, event.c.at, event.c.id)
    )


def responses_told(
    scope: ClinicScope, rows: Iterable[AnyRow], stretch: tuple[datetime, datetime], viewer: Actor, now: datetime
) -> ResponseReport:
    """The report, out of rows that `responses_asked` found; the look is audited."""
    found = _responses(rows)
    times = response_times(scope)
    targets = {tier: ACKNOWLEDGE_MINUTES.get(tier, times.minutes[tier]) for tier in Tier}
    record_audit(scope, viewer, "flags.reported", ("clinic", scope.clinic_id), now, None, {"found": len(found)})

    def due(one: Response) -> datetime:
        return times.respond_by(one.tier, targets[one.tier], one.called_at)

    tiers = tuple(summarize(tier, found, due, now) for tier in Tier)
    return ResponseReport(*stretch, tiers, targets)


def _responses(rows: Iterable[AnyRow]) -> list[Response]:
    found: list[Response] = []
    for _, mine in groupby(rows, key=_flag_id):
        story = list(mine)
        found += responses([_told(row) for row in story], Tier(story[0].tier))
    return found


def _flag_id(row: AnyRow) -> UUID:
    return UUID(str(row.flag_id))


def _told(row: AnyRow) -> Told:
    named = row.detail.get("tier")
    return Told(row.kind, row.at, Tier(named) if named else None, bool(row.detail.get("called")))
