"""The texts and calls of a made-up recovery: the questions, the answers, and what the clinic said to each."""

from datetime import date, datetime, timedelta
from random import Random
from typing import Any
from uuid import UUID

from sqlalchemy import insert

from recovery_api.db import ClinicScope
from recovery_api.domain.symptoms import SYMPTOM_TIERS
from recovery_api.domain.tiers import worst
from recovery_api.ids import new_id
from recovery_api.models import tables
from recovery_api.packs.texts import message_pack
from recovery_api.services.enrol_patient import Enrolled
from recovery_api.services.queue_texts import standing_values
from recovery_api.services.say_how_soon import hours_until_call
from recovery_api.services.turn import SAFETY_TEXTS
from recovery_api.simulator.made_up import MadeUpAnswer, MadeUpPatient
from recovery_api.simulator.seed_questions import answered_at, asked_days, seed_questions, settle_today

KEPT_TEXTS = timedelta(days=14)
_TRIES = ((0, "no_answer"), (2, "machine"))  # hours after the question, and how the call ended


def seed_texts(
    scope: ClinicScope, one: MadeUpPatient, enrolled: Enrolled, rng: Random, now: datetime
) -> dict[int, UUID]:
    """The questions of a month, answers and what was said to them of a fortnight; the answer's message by day."""
    asked = {day: answered_at(scope, one, day, now) - timedelta(minutes=rng.randint(2, 30)) for day in asked_days(one)}
    reminders = seed_questions(
        scope, enrolled.episode_id, {at.astimezone(scope.zone).date(): at for at in asked.values()}
    )
    if one.fate == "landline":
        _seed_calls(scope, one, enrolled, {at: reminders[at.astimezone(scope.zone).date()] for at in asked.values()})
        return {}
    question = message_pack().render("check_in_pain", one.language, standing_values(scope))
    rows = [
        _text(scope, one, enrolled, question, at) | {"reminder_id": reminders[at.astimezone(scope.zone).date()]}
        for at in asked.values()
    ]
    answered: dict[int, UUID] = {}
    for answer in one.answers:
        at = answered_at(scope, one, answer.day, now)
        if now - at > KEPT_TEXTS:
            continue
        if answer.day not in asked:
            asked_at = at - timedelta(minutes=rng.randint(2, 30))
            settled = settle_today(scope, enrolled.episode_id, _local(scope, at), asked_at)
            rows.append(_text(scope, one, enrolled, question, asked_at) | {"reminder_id": settled})
        reply = _text(scope, one, enrolled, answer.words, at) | _RECEIVED
        answered[answer.day] = reply["id"]
        rows += [reply, _said(scope, one, enrolled, answer, at + timedelta(seconds=4))]
    if rows:
        scope.connection.execute(insert(tables.message), rows)
    return answered


def _said(
    scope: ClinicScope, one: MadeUpPatient, enrolled: Enrolled, answer: MadeUpAnswer, at: datetime
) -> dict[str, Any]:
    """What the clinic answered at once: thanks, or what to do where a symptom calls for it."""
    tier = worst(*(SYMPTOM_TIERS[code] for code in answer.symptoms))
    values = standing_values(scope) | {"n": str(answer.pain)}
    if tier not in SAFETY_TEXTS:
        return _text(scope, one, enrolled, message_pack().render("saved", one.language, values), at)
    values["h"] = hours_until_call(scope, tier, (), at)
    body = message_pack().render(SAFETY_TEXTS[tier], one.language, values)
    return _text(scope, one, enrolled, body, at) | {"lane": "alert", "purpose": "safety"}


_RECEIVED = {"direction": "in", "state": "received", "disposition": "recorded", "lane": None, "purpose": None}


def _text(scope: ClinicScope, one: MadeUpPatient, enrolled: Enrolled, body: str, at: datetime) -> dict[str, Any]:
    """A text of the clinic's that arrived."""
    message_id = new_id()
    return {
        "clinic_id": scope.clinic_id,
        "id": message_id,
        "direction": "out",
        "state": "delivered",
        "sid": f"SM{new_id().hex}",
        "phone_sealed": scope.seal("message.phone", message_id, one.phone),
        "phone_digest": scope.phone_digest(one.phone),
        "sender_number": scope.number,
        "body_sealed": scope.seal("message.body", message_id, body),
        "created_at": at,
        "contact_point_id": enrolled.contact_point_id,
        "reminder_id": None,
        "patient_id": enrolled.patient_id,
        "episode_id": enrolled.episode_id,
        "disposition": None,
        "lane": "bulk",
        "purpose": "conversation",
    }


def _seed_calls(scope: ClinicScope, one: MadeUpPatient, enrolled: Enrolled, asked: dict[datetime, UUID]) -> None:
    """A landline is called in place of each question, twice where nobody picked up."""
    rows = [
        {
            "clinic_id": scope.clinic_id,
            "id": new_id(),
            "direction": "out",
            "state": "ended",
            "sid": f"CA{new_id().hex}",
            "phone_digest": scope.phone_digest(one.phone),
            "our_number": scope.number,
            "contact_point_id": enrolled.contact_point_id,
            "patient_id": enrolled.patient_id,
            "episode_id": enrolled.episode_id,
            "language": one.language,
            "asked_on": _local(scope, at),
            "created_at": at,
            "reminder_id": reminder_id,
            "try_number": number,
            "due_at": at + timedelta(hours=later),
            "expires_at": at + timedelta(hours=10),
            "ended_at": at + timedelta(hours=later, minutes=1),
            "outcome": outcome,
            "talk": {},
        }
        for at, reminder_id in asked.items()
        for number, (later, outcome) in enumerate(_TRIES, start=1)
    ]
    if rows:
        scope.connection.execute(insert(tables.phone_call), rows)


def _local(scope: ClinicScope, at: datetime) -> date:
    return at.astimezone(scope.zone).date()
