"""Report how soon patients were spoken to after a flag, and how many flags there were in 100 patient-days."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Select, func, select

from recovery_api.db import AnyRow, ClinicScope
from recovery_api.domain.alert_load import ACTED_ON
from recovery_api.domain.tiers import Tier
from recovery_api.domain.waits import Waits, summarize_waits
from recovery_api.models import tables
from recovery_api.services.read_flags import synthetic_patients


@dataclass(frozen=True, slots=True)
class AlertRate:
    """The flags of one tier; `patient_days` is the same for all of them."""

    tier: Tier
    flags: int
    patient_days: int

    @property
    def per_100_days(self) -> float | None:
        """Flags in 100 patient-days; None without any."""
        return 100 * self.flags / self.patient_days if self.patient_days else None


def contact_asked(scope: ClinicScope, since: datetime, until: datetime) -> Select[Any]:
    """The question for when the patients of a stretch's flags were reached, for a statement that asks more than one."""
    flag, event = tables.flag, tables.audit_event
    called = (
        select(func.min(event.c.at))
        .where(
            event.c.clinic_id == flag.c.clinic_id,
            event.c.patient_id == flag.c.patient_id,
            event.c.action == "patient.called",
            event.c.detail["result"].astext == "reached",
            event.c.at >= flag.c.opened_at,
        )
        .scalar_subquery()
    )
    return select(flag.c.tier, flag.c.opened_at, flag.c.resolved_at, flag.c.outcome, called.label("called_at")).where(
        flag.c.clinic_id == scope.clinic_id,
        flag.c.opened_at >= since,
        flag.c.opened_at < until,
        flag.c.patient_id.is_not(None),
        ~flag.c.patient_id.in_(synthetic_patients(scope.clinic_id)),
    )


def contact_told(rows: Iterable[AnyRow]) -> Mapping[Tier, Waits]:
    """Minutes from the opening of a flag until the patient was reached, by tier, out of rows of `contact_asked`.

    Reached is a call that was logged as such, or a flag that was closed with advice, a visit, imaging, an emergency
    department or a new fracture: whichever came first.
    """
    waits: dict[Tier, list[float | None]] = {tier: [] for tier in Tier}
    for row in rows:
        closed = row.resolved_at if row.outcome in ACTED_ON else None
        reached = [at for at in (row.called_at, closed) if at is not None]
        wait = (min(reached) - row.opened_at).total_seconds() / 60 if reached else None
        waits[Tier(row.tier)].append(None if wait is None else max(wait, 0.0))
    return {tier: summarize_waits(found) for tier, found in waits.items()}


def alerts_asked(
    scope: ClinicScope, days: tuple[date, date], since: datetime, until: datetime
) -> dict[str, Select[Any]]:
    """The questions for flags and patient-days, for one statement; `days` are the local ones of the stretch."""
    flag = tables.flag
    flags = (
        select(flag.c.tier, func.count().label("flags"))
        .where(
            flag.c.clinic_id == scope.clinic_id,
            flag.c.opened_at >= since,
            flag.c.opened_at < until,
            flag.c.patient_id.is_not(None),
            ~flag.c.patient_id.in_(synthetic_patients(scope.clinic_id)),
        )
        .group_by(flag.c.tier)
    )
    return {"alerts": flags, "patient_days": _patient_days(scope, *days)}


def alerts_told(found: Mapping[str, Sequence[AnyRow]]) -> Sequence[AlertRate]:
    """Flags in 100 patient-days by tier, out of rows that `alerts_asked` found."""
    counted = {row.tier: row.flags for row in found["alerts"]}
    days = int(found["patient_days"][0].days or 0)
    return [AlertRate(tier, counted.get(tier.value, 0), days) for tier in Tier]


def _patient_days(scope: ClinicScope, since: date, until: date) -> Select[Any]:
    """Days on which somebody was in a recovery, from the procedure on."""
    episode, procedure = tables.episode, tables.procedure
    first, last = func.greatest(procedure.c.performed_on, since), func.least(episode.c.ends_on, until)
    return (
        select(func.sum(func.greatest(last - first + 1, 0)).label("days"))
        .select_from(episode)
        .join(procedure, (procedure.c.clinic_id == episode.c.clinic_id) & (procedure.c.id == episode.c.procedure_id))
        .where(episode.c.clinic_id == scope.clinic_id, ~episode.c.patient_id.in_(synthetic_patients(scope.clinic_id)))
    )
