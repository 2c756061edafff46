"""Fill the demo's clinic: made-up patients, a year of answers judged by the real rules, a Monday's worklist."""

from collections.abc import Sequence
from datetime import datetime, time, timedelta
from random import Random
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pyotp
from sqlalchemy import insert, update

from recovery_api.db import ClinicScope, Vaults, clinic_transaction
from recovery_api.domain.check_in import CheckInFacts
from recovery_api.domain.escalation import assess_silence, replay
from recovery_api.domain.readings import EpisodeFacts, Reading
from recovery_api.ids import new_id
from recovery_api.models import tables
from recovery_api.packs.protocol_pack import check_in_days
from recovery_api.packs.rule_pack import rule_pack
from recovery_api.packs.texts import message_pack
from recovery_api.services.add_clinic import NewClinic, NewClinician, add_clinic, add_clinician, set_known_password
from recovery_api.services.answer_flags import Deed, acknowledge_flag, resolve_flag
from recovery_api.services.demo_staff import DemoLogIn
from recovery_api.services.enrol_patient import Enrolled, NewPatient, enrol_patient
from recovery_api.services.queue_texts import standing_values
from recovery_api.services.raise_flags import FlagSubject, raise_flags
from recovery_api.services.receive_sms import ReceivedText, file_text
from recovery_api.services.record_audit import SYSTEM
from recovery_api.simulator.made_up import MadeUpAnswer, MadeUpPatient, made_up_patients
from recovery_api.simulator.seed_questions import asked_days, seed_questions

ZONE = "America/New_York"
NUMBER = "+12125550199"
CLINIC = NewClinic("Spine Clinic", NUMBER, ZONE, "+12125550190")
STAFF = (
    ("nurse@demo.example", "Nerida Rosthwick, RN", "nurse", "+12125550191"),
    ("clinician@demo.example", "Dr Marek Penderin", "clinician", None),
    ("lead@demo.example", "Linnea Harrowel", "lead", None),
)
PASSWORD = "made-up-password-1"  # noqa: S105 - printed by the demo on purpose
KEPT_TEXTS = timedelta(days=14)
FRESH = timedelta(hours=20)
_TIME = time(8, 5)


def seed_demo(vaults: Vaults, now: datetime, patients: int = 60, seed: int = 1) -> tuple[UUID, list[DemoLogIn]]:
    """Make the clinic, its staff and its patients; returns the clinic and the log-ins. The same for the same seed."""
    clinic_id = add_clinic(CLINIC, vaults, now - timedelta(days=400))
    with clinic_transaction(clinic_id, vaults) as scope:
        staff, log_ins = _staff(scope, vaults, now)
    rng = Random(f"texts {seed}")
    for one in made_up_patients(patients, seed, now.astimezone(ZoneInfo(ZONE)).date()):
        with clinic_transaction(clinic_id, vaults) as scope:
            _seed_patient(scope, one, staff, rng, now)
    with clinic_transaction(clinic_id, vaults) as scope:
        _seed_inbox(scope, now)
    return clinic_id, log_ins


def _staff(scope: ClinicScope, vaults: Vaults, now: datetime) -> tuple[list[UUID], list[DemoLogIn]]:
    ids, log_ins = [], []
    for email, name, role, phone in STAFF:
        new = NewClinician(email, name, role, phone, is_paged=phone is not None)
        clinician_id, _ = add_clinician(scope, new, vaults, now)
        log_in = DemoLogIn(email, PASSWORD, pyotp.random_base32())
        set_known_password(scope, clinician_id, log_in.password, log_in.totp_secret)
        ids.append(clinician_id)
        log_ins.append(log_in)
    return ids, log_ins


def _seed_patient(scope: ClinicScope, one: MadeUpPatient, staff: Sequence[UUID], rng: Random, now: datetime) -> None:
    performed_on = now.astimezone(scope.zone).date() - timedelta(days=one.days_ago)
    visit_on = performed_on + timedelta(days=7 if one.days_ago < 7 else 30 if one.days_ago < 30 else 90)
    visit_at = datetime.combine(visit_on, time(10, 30), scope.zone)
    new = NewPatient(
        given_name=one.given_name,
        family_name=one.family_name,
        born_on=one.born_on,
        phone=one.phone,
        performed_on=performed_on,
        levels=one.levels,
        sex=one.sex,
        language=one.language,
        zone=ZONE,
        baseline_pain=one.baseline,
        check_in_time=time(9, 30),
        record_number=f"{440000 + int(one.phone[-4:])}",
        visits=(visit_at,) if visit_at > now else (),
        has_joined=True,
    )
    enrolled = enrol_patient(scope, new, SYSTEM, now - timedelta(minutes=1))
    messages = _seed_texts(scope, one, enrolled, rng, now)
    _seed_check_ins(scope, one, enrolled, messages, now)
    _seed_flags(scope, one, enrolled, messages, staff, now)
    _seed_fate(scope, one, enrolled, now)


def _at(scope: ClinicScope, one: MadeUpPatient, day: int, now: datetime) -> datetime:
    """When the answer of one day came: shortly after the question, on the last morning within the hour."""
    on = now.astimezone(scope.zone).date() - timedelta(days=one.days_ago - day)
    minutes = (int(one.phone[-4:]) * 7 + day * 13) % 50
    return min(datetime.combine(on, _TIME, scope.zone) + timedelta(minutes=minutes), now - timedelta(minutes=2))


def _facts(answer: MadeUpAnswer) -> CheckInFacts:
    return CheckInFacts(pain=answer.pain, activity_level=answer.activity, symptoms=answer.symptoms)


def _seed_check_ins(
    scope: ClinicScope, one: MadeUpPatient, enrolled: Enrolled, messages: dict[int, UUID], now: datetime
) -> None:
    rows = []
    for answer in one.answers:
        facts, at = _facts(answer), _at(scope, one, answer.day, now)
        local_on = at.astimezone(scope.zone).date()
        rows.append(
            {
                "clinic_id": scope.clinic_id,
                "id": new_id(),
                "version": 1,
                "episode_id": enrolled.episode_id,
                "facts_digest": facts.digest(at, local_on),
                "channel": "sms",
                "recorded_at": at,
                "received_at": at,
                "local_on": local_on,
                "day": answer.day,
                "pain": answer.pain,
                "activity_level": answer.activity,
                "symptoms": list(answer.symptoms),
                "message_id": messages.get(answer.day),
            }
        )
    if rows:
        scope.connection.execute(insert(tables.check_in), rows)


def _seed_texts(
    scope: ClinicScope, one: MadeUpPatient, enrolled: Enrolled, rng: Random, now: datetime
) -> dict[int, UUID]:
    """The questions of a month, answers and thanks of a fortnight; returns the answer's message by day."""
    rows: list[dict[str, Any]] = []
    answered: dict[int, UUID] = {}
    by_day = {answer.day: answer for answer in one.answers}
    question = message_pack().render("check_in_pain", one.language, standing_values(scope))
    asked = {day: _at(scope, one, day, now) - timedelta(minutes=rng.randint(2, 30)) for day in asked_days(one)}
    reminders = seed_questions(
        scope, enrolled.episode_id, {at.astimezone(scope.zone).date(): at for at in asked.values()}
    )
    for at in asked.values():
        sent = _text(scope, one, enrolled, "out", question, at)
        rows.append(sent | {"reminder_id": reminders[at.astimezone(scope.zone).date()]})
    for day in sorted(by_day):
        at, answer = _at(scope, one, day, now), by_day[day]
        if now - at > KEPT_TEXTS:
            continue
        if day not in asked:
            rows.append(_text(scope, one, enrolled, "out", question, at - timedelta(minutes=rng.randint(2, 30))))
        reply = _text(scope, one, enrolled, "in", answer.words, at)
        rows.append(reply)
        answered[day] = reply["id"]
        if not answer.symptoms:
            thanks = message_pack().render("saved", one.language, standing_values(scope) | {"n": str(answer.pain)})
            rows.append(_text(scope, one, enrolled, "out", thanks, at + timedelta(seconds=4)))
    if rows:
        scope.connection.execute(insert(tables.message), rows)
    return answered


def _text(
    scope: ClinicScope, one: MadeUpPatient, enrolled: Enrolled, direction: str, body: str, at: datetime
) -> dict[str, Any]:
    message_id = new_id()
    return {
        "clinic_id": scope.clinic_id,
        "id": message_id,
        "direction": direction,
        "state": "received" if direction == "in" else "delivered",
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
        "disposition": "recorded" if direction == "in" else None,
        "lane": None if direction == "in" else "bulk",
        "purpose": None if direction == "in" else "conversation",
    }


def _seed_flags(
    scope: ClinicScope,
    one: MadeUpPatient,
    enrolled: Enrolled,
    messages: dict[int, UUID],
    staff: Sequence[UUID],
    now: datetime,
) -> None:
    """Judge every answer as of its day; what is older than a day was seen to by somebody."""
    local_today = now.astimezone(scope.zone).date()
    performed_on = local_today - timedelta(days=one.days_ago)
    facts = EpisodeFacts(performed_on, one.baseline, check_in_days())
    readings = [
        Reading(
            day=answer.day,
            local_on=performed_on + timedelta(days=answer.day),
            recorded_at=_at(scope, one, answer.day, now),
            pain=answer.pain,
            symptoms=frozenset(answer.symptoms),
            activity=answer.activity,
        )
        for answer in one.answers
    ]
    judged = zip(one.answers, readings, replay(readings, facts, rule_pack(), now), strict=True)
    for answer, reading, findings in judged:
        subject = FlagSubject(
            enrolled.episode_id,
            enrolled.patient_id,
            message_id=messages.get(answer.day),
            quote=answer.words,
        )
        for flag in raise_flags(scope, subject, findings, reading.recorded_at):
            if now - reading.recorded_at > FRESH or one.fate == "seen_to":
                _see_to(scope, flag.id, staff, min(reading.recorded_at, now - timedelta(hours=3)), flag.must_page)
            elif one.fate == "taken":
                acknowledge_flag(scope, Deed(staff[1], flag.id, None), now - timedelta(minutes=5))
    silent = assess_silence(readings, facts, rule_pack(), local_today)
    raise_flags(scope, FlagSubject(enrolled.episode_id, enrolled.patient_id), silent, now - timedelta(hours=13))


def _see_to(scope: ClinicScope, flag_id: UUID, staff: Sequence[UUID], at: datetime, is_new: bool) -> None:
    """A past flag was taken and closed within hours, as it should be."""
    if not is_new:
        return
    nurse = staff[flag_id.int % len(staff)]
    acknowledge_flag(scope, Deed(nurse, flag_id, None), at + timedelta(minutes=35))
    note = "Called. Pain eased with rest; knows what to watch for and whom to call."
    resolve_flag(scope, Deed(nurse, flag_id, None), "advised", note, at + timedelta(hours=2))


def _seed_fate(scope: ClinicScope, one: MadeUpPatient, enrolled: Enrolled, now: datetime) -> None:
    fates = {"landline": {"channel": "voice"}, "opted_out": {"state": "opted_out"}}
    if one.fate in fates:
        point = tables.contact_point
        scope.connection.execute(
            update(point)
            .where(point.c.clinic_id == scope.clinic_id, point.c.id == enrolled.contact_point_id)
            .values(**fates[one.fate])
        )


def _seed_inbox(scope: ClinicScope, now: datetime) -> None:
    """Two texts that only a person can place."""
    for minutes, phone, body in (
        (52, "+12125550177", "is this the back clinic? what time is my visit"),
        (17, "+12125550178", "7"),
    ):
        text = ReceivedText(f"SM{new_id().hex}", phone, scope.number, body)
        file_text(scope, text, now - timedelta(minutes=minutes))
