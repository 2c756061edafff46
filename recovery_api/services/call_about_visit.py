"""What cannot be texted to a landline, a visit or how to prepare: somebody at the clinic calls."""

from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import select

from recovery_api.db import AnyRow, ClinicScope
from recovery_api.domain.readings import Finding
from recovery_api.domain.tiers import Tier
from recovery_api.models import tables
from recovery_api.services.raise_flags import FlagSubject, raise_flags
from recovery_api.services.turn import MINUTES

_LAST = timedelta(days=1)
_VISIT = "Takes no texts: call to remind of the visit tomorrow"
_NEWS = "The visit was moved or called off, and no text could say so in time: call"
_PREPARE = "Takes no texts: call and tell how to prepare: blood thinners, allergies, fasting, ride home"


def call_about_visit(scope: ClinicScope, reminder: AnyRow, now: datetime) -> None:
    """Put the visit of one reminder on the clinic's call list, on the day before it."""
    values = dict(reminder.text_values)
    if "date" in values and date.fromisoformat(values["date"]) - reminder.local_on > _LAST:
        return
    _raise(scope, reminder, ("visit_by_phone", "visits", _VISIT), {"visit": values.get("visit")}, now)


def call_with_news(scope: ClinicScope, recovery: FlagSubject, visit_id: str, now: datetime) -> None:
    """Put the news of a visit on the clinic's call list: it could not be texted in time."""
    _raise_for(scope, recovery, ("visit_news_by_phone", "visits", _NEWS), {"visit": visit_id}, now)


def call_to_prepare(scope: ClinicScope, reminder: AnyRow, now: datetime) -> None:
    """Put the preparation of a recovery on the call list, once."""
    scope.flush()
    flag = tables.flag
    told = select(flag.c.id).where(
        flag.c.clinic_id == scope.clinic_id,
        flag.c.episode_id == reminder.episode_id,
        flag.c.rule == "prepare_by_phone",
    )
    if scope.connection.execute(told.limit(1)).first() is None:
        inputs = {"procedure": reminder.text_values.get("date")}
        _raise(scope, reminder, ("prepare_by_phone", "preparation", _PREPARE), inputs, now)


def _raise(
    scope: ClinicScope, reminder: AnyRow, task: tuple[str, str, str], inputs: dict[str, Any], now: datetime
) -> None:
    _raise_for(scope, FlagSubject(reminder.episode_id, reminder.patient_id), task, inputs, now)


def _raise_for(
    scope: ClinicScope, recovery: FlagSubject, task: tuple[str, str, str], inputs: dict[str, Any], now: datetime
) -> None:
    """A task of its own family, with its own clock: joined to another flag, nobody would read of it."""
    rule, family, reason = task
    finding = Finding(
        rule=rule,
        rule_version="1",
        family=family,
        tier=Tier.TODAY,
        reason=reason,
        respond_minutes=MINUTES[Tier.TODAY],
        inputs=inputs,
    )
    raise_flags(scope, recovery, [finding], now)
