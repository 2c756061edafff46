"""Report how soon people answered: the time to acknowledge by tier, over the flags that opened in a stretch of time."""

from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from uuid import UUID

from sqlalchemy import select

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
        found = _responses(copy, since, until)
    times = response_times(scope)
    targets = {tier: ACKNOWLEDGE_MINUTES.get(tier, times.minutes[tier]) for tier in Tier}
    record_audit(scope, viewer, "flags.reported", ("clinic", scope.clinic_id), now, None, {"found": len(found)})

    def due(one: Response) -> datetime:
        return times.respond_by(one.tier, targets[one.tier], one.called_at)

    tiers = tuple(summarize(tier, found, due, now) for tier in Tier)
    return ResponseReport(since, until, tiers, targets)


def _responses(scope: ClinicScope, since: datetime, until: datetime) -> list[Response]:
    scope.flush()
    flag, event = tables.flag, tables.flag_event
    rows = scope.connection.execute(
        select(event.c.flag_id, flag.c.tier, event.c.kind, event.c.at, event.c.detail)
        .join(flag, (flag.c.clinic_id == event.c.clinic_id) & (flag.c.id == event.c.flag_id))
        .where(
            flag.c.clinic_id == scope.clinic_id,
            flag.c.opened_at >= since,
            flag.c.opened_at < until,
            ~flag.c.patient_id.in_(synthetic_patients(scope)) | flag.c.patient_id.is_(None),
        )
        .order_by(event.c.flag_id, event.c.at, event.c.id)
    ).all()
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
