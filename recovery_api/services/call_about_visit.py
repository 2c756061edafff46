"""What cannot be texted to a landline, a visit, how to prepare or a form: somebody at the clinic calls."""

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
_FORM = "Takes no texts: call and fill in the form that is due"
_PREPARE = "Takes no texts: call and tell how to prepare: blood thinners, allergies, fasting, ride home"


def call_about_visit(scope: ClinicScope, reminder: AnyRow, now: datetime) -> None:
    """Put the visit of one reminder on the clinic's call list, on the day before it."""
    values = dict(reminder.text_values)
    if "date" in values and date.fromisoformat(values["date"]) - reminder.local_on > _LAST:
        return
    _raise(scope, reminder, ("visit_by_phone", "visits", _VISIT), {"visit": values.get("visit")}, now)


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


def call_about_form(scope: ClinicScope, reminder: AnyRow, now: datetime) -> None:
    """Put a questionnaire that is due on the call list; once more on the day it would be asked for again."""
    _raise(scope, reminder, ("form_by_phone", "forms", _FORM), {"on": reminder.local_on.isoformat()}, now)


def _raise(
    scope: ClinicScope, reminder: AnyRow, task: tuple[str, str, str], inputs: dict[str, Any], now: datetime
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
    raise_flags(scope, FlagSubject(reminder.episode_id, reminder.patient_id), [finding], now)
