"""The reminders that a hand-over has in hand, each with every phone that it may go to."""

from collections import defaultdict
from collections.abc import Collection
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, select

from recovery_api.db import AnyRow, ClinicScope
from recovery_api.models import tables
from recovery_api.services.invite_phone import shares_phone


def phones_of(scope: ClinicScope, reminder_ids: Collection[UUID]) -> dict[UUID, list[AnyRow]]:
    """Those that are still planned, by id: a row for each phone, the first to be preferred."""
    phones: dict[UUID, list[AnyRow]] = defaultdict(list)
    for row in scope.connection.execute(_reminders(scope, reminder_ids)):
        phones[row.id].append(row)
    return phones


_r, _e, _person, _point = tables.reminder, tables.episode, tables.patient, tables.contact_point
_plan, _protocol = tables.care_plan, tables.protocol
_ABOUT = (
    _e.c.status.label("episode_status"),
    _e.c.baseline_pain,
    _plan.c.protocol_id,
    _protocol.c.version.label("protocol_version"),
    _person.c.id.label("patient_id"),
    _person.c.status.label("patient_status"),
    _person.c.language,
    _person.c.zone,
)
_PHONE = (
    _point.c.id.label("contact_point_id"),
    _point.c.phone_sealed,
    _point.c.phone_digest,
    _point.c.channel,
    _point.c.takes_link,
    _point.c.label,
    _point.c.whose,
    _point.c.question.label("open_question"),
    _point.c.question_asked_at,
    shares_phone(_point).label("is_shared"),
)


def _reminders(scope: ClinicScope, reminder_ids: Collection[UUID]) -> Any:
    """Each planned reminder with the phone it goes to; a patient's own before a caregiver's, a mobile first."""
    return (
        select(_r, *_ABOUT, *_PHONE)
        .join(_e, (_e.c.clinic_id == _r.c.clinic_id) & (_e.c.id == _r.c.episode_id))
        .join(_person, (_person.c.clinic_id == _e.c.clinic_id) & (_person.c.id == _e.c.patient_id))
        .join(_plan, (_plan.c.clinic_id == _r.c.clinic_id) & (_plan.c.id == _r.c.care_plan_id))
        .join(_protocol, (_protocol.c.clinic_id == _plan.c.clinic_id) & (_protocol.c.id == _plan.c.protocol_id))
        .outerjoin(_point, _may_be_used())
        .where(_r.c.clinic_id == scope.clinic_id, _r.c.id.in_(list(reminder_ids)), _r.c.state == "planned")
        .order_by(_r.c.due_at, _point.c.whose.desc(), _point.c.channel, _point.c.created_at)
    )


def _may_be_used() -> ColumnElement[bool]:
    """A phone of the patient's that is in use, or a landline that no invitation by text could reach: it is called."""
    of_patient = (_point.c.clinic_id == _person.c.clinic_id) & (_point.c.patient_id == _person.c.id)
    is_landline = (_point.c.channel == "voice") & (_point.c.state == "invited")
    return of_patient & ((_point.c.state == "active") | is_landline)
