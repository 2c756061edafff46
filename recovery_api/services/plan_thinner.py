"""The day on which a stopped blood thinner is to be started again: on the care plan, in its versions."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from sqlalchemy import func, select, update

from recovery_api.db import AnyRow, ClinicScope
from recovery_api.domain.errors import Invalid
from recovery_api.domain.escalation import assess_event
from recovery_api.domain.medication_rules import NOT_RESTARTED, not_restarted
from recovery_api.domain.readings import Finding
from recovery_api.domain.response_time import USUAL_MINUTES
from recovery_api.domain.tiers import Tier
from recovery_api.models import tables
from recovery_api.services.clinic_rules import rules_of
from recovery_api.services.notify_clinicians import page_clinicians
from recovery_api.services.raise_flags import FlagSubject, raise_flags
from recovery_api.services.replace_care_plan import replace_care_plan, running_plan

LONGEST_PAUSE = timedelta(days=90)  # after the procedure; what is stopped for longer is no pause (shipped protocol)

DAY_LOST = Finding(
    "thinner_day_lost", "1", "operations", Tier.TODAY, "The procedure moved: name a new day for the blood thinner",
    USUAL_MINUTES[Tier.TODAY], {},
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class ThinnerPlan:
    """The day that the doctor named; None where no blood thinner was stopped, or its day is not known."""

    restart_on: date | None


NOT_STOPPED = ThinnerPlan(None)


def check_restart(plan: ThinnerPlan, performed_on: date) -> None:
    """Raise Invalid where the day lies before the procedure, or further behind it than a pause lasts."""
    on = plan.restart_on
    if on is not None and not performed_on <= on <= performed_on + LONGEST_PAUSE:
        field = "blood_thinner.restart_on"
        raise Invalid("must be a day from the procedure on, 90 days after it at most", field=field)


def plan_thinner(scope: ClinicScope, patient_id: UUID, plan: ThinnerPlan, performed_on: date, now: datetime) -> None:
    """Put a changed day into a new version of the care plan; what was answered about another day counts no more.

    Raises Invalid. The caller plans the texts anew.
    """
    check_restart(plan, performed_on)
    row = running_plan(scope, patient_id)
    if row is not None and row.thinner_restart_on != plan.restart_on:
        replace_care_plan(scope, row, now, thinner={"thinner_restart_on": plan.restart_on})


def lose_restart(scope: ClinicScope, patient_id: UUID, episode_id: UUID, now: datetime) -> None:
    """The procedure moved: the day is taken off the care plan, so that nobody is asked too early, and a person told."""
    row = running_plan(scope, patient_id)
    if row is None or row.thinner_restart_on is None:
        return
    replace_care_plan(scope, row, now, thinner={"thinner_restart_on": None})
    page_clinicians(scope, raise_flags(scope, FlagSubject(episode_id, patient_id), [DAY_LOST], now), now)


def open_restart(scope: ClinicScope, episode_id: UUID) -> AnyRow | None:
    """The care plan of a recovery that has a day for the blood thinner with what is known of it.

    `named_at` is when that day took the place of another one, or of none; None where it is the first.
    """
    plan, before = tables.care_plan, tables.care_plan.alias()
    named_at = (
        select(func.max(before.c.replaced_at))
        .where(
            before.c.clinic_id == plan.c.clinic_id,
            before.c.episode_id == plan.c.episode_id,
            before.c.thinner_restart_on.is_distinct_from(plan.c.thinner_restart_on),
        )
        .scalar_subquery()
    )
    return scope.connection.execute(
        select(plan.c.id, plan.c.thinner_restart_on, plan.c.thinner_settled_at, named_at.label("named_at")).where(
            plan.c.clinic_id == scope.clinic_id,
            plan.c.episode_id == episode_id,
            plan.c.replaced_at.is_(None),
            plan.c.thinner_restart_on.is_not(None),
        )
    ).one_or_none()


def settle_thinner(scope: ClinicScope, plan_id: UUID, now: datetime, started: bool | None) -> bool:
    """Note the answer, or with None that somebody was told that there is none.

    False where that was noted already, or where another care plan has taken its place.
    """
    plan = tables.care_plan
    changed = scope.connection.execute(
        update(plan)
        .where(
            plan.c.clinic_id == scope.clinic_id,
            plan.c.id == plan_id,
            plan.c.replaced_at.is_(None),
            *((plan.c.thinner_settled_at.is_(None),) if started is None else ()),
        )
        .values(thinner_started=started, thinner_settled_at=now)
        .returning(plan.c.id)
    )
    return changed.first() is not None


def thinner_finding(scope: ClinicScope, restart_on: date, said: str) -> Finding:
    """What the rules make of a blood thinner that was not started again, or of which nobody knows."""
    return assess_event(rules_of(scope), NOT_RESTARTED, not_restarted(restart_on, said))
