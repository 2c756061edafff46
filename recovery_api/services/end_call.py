"""End a call: keep how it ended, and see to it that a day without an answer gets another try or a person."""

from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import select, update

from recovery_api.db import AnyRow, ClinicScope, Vaults, clinic_transaction, enter_clinic_of_number, open_transaction
from recovery_api.domain.call_plan import next_try
from recovery_api.domain.call_script import Place, Talk
from recovery_api.domain.errors import NotFound
from recovery_api.domain.readings import Finding
from recovery_api.models import tables
from recovery_api.packs.call_pack import call_plan
from recovery_api.services.act_on_keys import raise_call_flag, tell_person
from recovery_api.services.claim_work import finish
from recovery_api.services.queue_calls import KIND, PlannedCall, queue_call

STATUS_OUTCOMES = {
    "completed": "hung_up",
    "busy": "busy",
    "no-answer": "no_answer",
    "failed": "failed",
    "canceled": "failed",
}
_CALL_AGAIN = ("machine", "busy", "no_answer", "failed", "no_keys", "not_there", "hung_up")


def follow_call(clinic_id: UUID, call_id: UUID, sid: str, status: str, vaults: Vaults, now: datetime) -> bool:
    """Apply one status callback of a call of ours; False where it is another call. Repeats make no difference.

    Raises NotFound where there is no such clinic.
    """
    with clinic_transaction(clinic_id, vaults) as scope:
        table = tables.phone_call
        return _follow(scope, table.c.id == call_id, sid, status, now)


def follow_inbound(number: str, sid: str, status: str, vaults: Vaults, now: datetime) -> bool:
    """The same for a call to one of our numbers. Raises NotFound where the number is no clinic's."""
    with open_transaction() as connection:
        scope = enter_clinic_of_number(connection, number, vaults)
        return _follow(scope, tables.phone_call.c.sid == sid, sid, status, now)


def _follow(scope: ClinicScope, wanted: Any, sid: str, status: str, now: datetime) -> bool:
    table = tables.phone_call
    call = scope.connection.execute(
        select(table).where(table.c.clinic_id == scope.clinic_id, wanted).with_for_update()
    ).one_or_none()
    if call is None or call.sid not in (None, sid):
        return False
    outcome = STATUS_OUTCOMES.get(status)
    if call.sid is None:
        _write(scope, call.id, sid=sid)
    if outcome is not None and call.ended_at is None:
        talk = Talk.from_json(call.talk) if call.talk else None
        missed = "no_answer" if outcome == "hung_up" and talk is None else outcome
        end_call(scope, call, talk, missed, now)
    return True


def end_call(scope: ClinicScope, call: AnyRow, talk: Talk | None, outcome: str, now: datetime) -> None:
    """Write the end of a call once, and what it leads to. The caller holds its row."""
    if call.ended_at is not None:
        return
    _write(scope, call.id, state="ended", ended_at=now, outcome=outcome)
    finish(scope.connection, KIND, call.clinic_id, call.id)
    if outcome == "hung_up" and talk is not None and (talk.pain is not None or talk.place is Place.TRANSFER):
        tell_person(scope, call, talk, talk.pain, now)
    elif outcome in _CALL_AGAIN and call.direction == "out" and not (talk and talk.has_saved):
        try_again(scope, call, now)


def try_again(scope: ClinicScope, call: AnyRow, now: datetime) -> None:
    """Another call at another hour of the same day; where there is none left, a person calls."""
    patient = tables.patient
    zone = scope.connection.execute(
        select(patient.c.zone).where(patient.c.clinic_id == scope.clinic_id, patient.c.id == call.patient_id)
    ).scalar_one()
    plan = call_plan()
    due_at = next_try(plan, call.try_number, now, ZoneInfo(zone), call.expires_at)
    if due_at is None:
        flag_unreached(scope, call, call.try_number, now)
        return
    again = PlannedCall(
        contact_point_id=call.contact_point_id,
        phone_digest=call.phone_digest,
        patient_id=call.patient_id,
        episode_id=call.episode_id,
        language=call.language,
        asked_on=call.asked_on,
        due_at=due_at,
        expires_at=call.expires_at,
        reminder_id=call.reminder_id,
        try_number=call.try_number + 1,
    )
    queue_call(scope, again, now)


def flag_unreached(scope: ClinicScope, call: AnyRow, tries: int, now: datetime) -> None:
    """A day on which nobody answered, after so many calls, becomes an item of the clinic's call list."""
    plan = call_plan()
    reasons = {0: "The check-in call could not be made in its hours: call", 1: "No answer to the check-in call: call"}
    finding = Finding(
        rule="calls_unanswered",
        rule_version=plan.version,
        family="silence",
        tier=plan.unreached_tier,
        reason=reasons.get(tries, f"No answer to {tries} check-in calls on one day: call"),
        respond_minutes=plan.respond_minutes,
        inputs={"tries": tries, "asked_on": call.asked_on.isoformat()},
    )
    raise_call_flag(scope, call, finding, now)


def _write(scope: ClinicScope, call_id: UUID, **values: Any) -> None:
    table = tables.phone_call
    changed = scope.connection.execute(
        update(table).where(table.c.clinic_id == scope.clinic_id, table.c.id == call_id).values(**values)
    )
    if changed.rowcount != 1:
        raise NotFound("There is no such call.")
