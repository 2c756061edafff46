"""Fill the demo's clinic: made-up patients, a year of answers judged by the real rules, a Monday's worklist."""

from collections.abc import Sequence
from datetime import datetime, time, timedelta
from random import Random
from uuid import UUID
from zoneinfo import ZoneInfo

import pyotp
from sqlalchemy import insert

from recovery_api.db import ClinicScope, Vaults, clinic_transaction
from recovery_api.domain.check_in import CheckInFacts
from recovery_api.ids import new_id
from recovery_api.models import tables
from recovery_api.services.add_clinic import NewClinic, NewClinician, add_clinic, add_clinician, set_known_password
from recovery_api.services.add_patient import NewPerson, add_patient
from recovery_api.services.change_consent import Evidence, stop_phone
from recovery_api.services.change_rota import NewShift, add_shift
from recovery_api.services.demo_staff import DemoLogIn
from recovery_api.services.enrol_patient import Enrolled
from recovery_api.services.receive_sms import ReceivedText, file_text
from recovery_api.services.record_audit import SYSTEM
from recovery_api.services.start_episode import NewEpisode, start_episode
from recovery_api.simulator.made_up import MadeUpAnswer, MadeUpPatient, made_up_patients
from recovery_api.simulator.seed_flags import seed_flags
from recovery_api.simulator.seed_questions import answered_at, last_asked
from recovery_api.simulator.seed_texts import seed_texts

ZONE = "America/New_York"
NUMBER = "+12125550199"
CLINIC = NewClinic("Spine Clinic", NUMBER, ZONE, "+12125550190")
STAFF = (
    ("nurse@demo.example", "Nerida Rosthwick, RN", "nurse", "+12125550191"),
    ("clinician@demo.example", "Dr Marek Penderin", "clinician", "+12125550192"),
    ("lead@demo.example", "Linnea Harrowel", "lead", "+12125550193"),
)
BEFORE = timedelta(days=3)  # a patient is enrolled before the procedure
PASSWORD = "made-up-password-1"  # noqa: S105 - printed by the demo on purpose


def seed_demo(vaults: Vaults, now: datetime, patients: int = 60, seed: int = 1) -> tuple[UUID, list[DemoLogIn]]:
    """Make the clinic, its staff and its patients; returns the clinic and the log-ins. The same for the same seed."""
    clinic_id = add_clinic(CLINIC, vaults, now - timedelta(days=400))
    with clinic_transaction(clinic_id, vaults) as scope:
        staff, log_ins = _staff(scope, vaults, now)
        _seed_rota(scope, staff, now)
    rng = Random(f"texts {seed}")
    for one in made_up_patients(patients, seed, now.astimezone(ZoneInfo(ZONE)).date()):
        with clinic_transaction(clinic_id, vaults) as scope:
            _seed_patient(scope, one, staff, rng, now)
    if patients:
        with clinic_transaction(clinic_id, vaults) as scope:
            _seed_inbox(scope, now)
    return clinic_id, log_ins


def _staff(scope: ClinicScope, vaults: Vaults, now: datetime) -> tuple[list[UUID], list[DemoLogIn]]:
    ids, log_ins = [], []
    for email, name, role, phone in STAFF:
        new = NewClinician(email, name, role, phone, is_paged=role == "nurse")
        clinician_id, _ = add_clinician(scope, new, vaults, now)
        log_in = DemoLogIn(email, PASSWORD, pyotp.random_base32())
        set_known_password(scope, clinician_id, log_in.password, log_in.totp_secret)
        ids.append(clinician_id)
        log_ins.append(log_in)
    return ids, log_ins


def _seed_rota(scope: ClinicScope, staff: Sequence[UUID], now: datetime) -> None:
    """The nurse by day on weekdays; the clinician on call and the lead at any hour."""
    whole_day = (time(0), time(0), range(7))
    for clinician_id, duty, (starts, ends, weekdays) in (
        (staff[0], "nurse", (time(8), time(18), range(5))),
        (staff[1], "on_call", whole_day),
        (staff[2], "lead", whole_day),
    ):
        add_shift(scope, NewShift(clinician_id, duty, starts, ends, weekdays), SYSTEM, now)


def _seed_patient(scope: ClinicScope, one: MadeUpPatient, staff: Sequence[UUID], rng: Random, now: datetime) -> None:
    performed_on = now.astimezone(scope.zone).date() - timedelta(days=one.days_ago)
    visit_on = performed_on + timedelta(days=7 if one.days_ago < 7 else 30 if one.days_ago < 30 else 90)
    visit_at = datetime.combine(visit_on, time(10, 30), scope.zone)
    visits = (visit_at,) if visit_at > now else ()
    episode = NewEpisode(performed_on, one.levels, one.baseline, time(9, 30), visits)
    enrolled_at = datetime.combine(performed_on, time(10), scope.zone) - BEFORE
    added = add_patient(scope, _person(one), SYSTEM, enrolled_at)
    episode_id = start_episode(scope, added.patient_id, episode, SYSTEM, now - timedelta(minutes=1))
    enrolled = Enrolled(added.patient_id, episode_id, added.contact_point_id)
    messages = seed_texts(scope, one, enrolled, rng, now)
    _seed_check_ins(scope, one, enrolled, messages, now)
    seed_flags(scope, one, enrolled, messages, staff, now)
    if one.fate == "opted_out":
        _stop(scope, one, now)


def _person(one: MadeUpPatient) -> NewPerson:
    return NewPerson(
        given_name=one.given_name,
        family_name=one.family_name,
        born_on=one.born_on,
        phone=one.phone,
        sex=one.sex,
        language=one.language,
        zone=ZONE,
        record_number=f"{440000 + int(one.phone[-4:])}",
        has_joined=True,
        channel="voice" if one.fate == "landline" else "sms",
    )


def _facts(answer: MadeUpAnswer) -> CheckInFacts:
    return CheckInFacts(pain=answer.pain, activity_level=answer.activity, symptoms=answer.symptoms)


def _seed_check_ins(
    scope: ClinicScope, one: MadeUpPatient, enrolled: Enrolled, messages: dict[int, UUID], now: datetime
) -> None:
    rows = []
    for answer in one.answers:
        facts, at = _facts(answer), answered_at(scope, one, answer.day, now)
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


def _stop(scope: ClinicScope, one: MadeUpPatient, now: datetime) -> None:
    """Texts were stopped an hour after the last answer."""
    at = answered_at(scope, one, last_asked(one), now) + timedelta(hours=1)
    stop_phone(scope, scope.phone_digest(one.phone), Evidence("opted_out"), at)


def _seed_inbox(scope: ClinicScope, now: datetime) -> None:
    """Two texts that only a person can place."""
    for minutes, phone, body in (
        (52, "+12125550177", "is this the back clinic? what time is my visit"),
        (17, "+12125550178", "7"),
    ):
        text = ReceivedText(f"SM{new_id().hex}", phone, scope.number, body)
        file_text(scope, text, now - timedelta(minutes=minutes))
