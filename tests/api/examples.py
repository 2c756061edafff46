"""One valid request for every operation, against a small world: one patient with all that can be asked about."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

from flask import Flask
from sqlalchemy import select
from werkzeug.test import TestResponse

from recovery_api.api.calls import Operation
from recovery_api.ids import new_id
from recovery_api.models import tables
from recovery_api.services.hold_episode import NewHold, hold_episode
from recovery_api.services.receive_sms import ReceivedText, receive_sms
from recovery_api.services.record_audit import SYSTEM
from tests.builders import BuiltClinic, PatientPersona, Persona, check_in_body, make_clinician, record

Request = tuple[str, dict[str, Any]]


@dataclass(frozen=True)
class World:
    """A patient, and the ids of what belongs to them."""

    patient: PatientPersona
    flag_id: UUID
    check_in_id: UUID
    appointment_id: UUID
    clinician_id: UUID
    new_patient_id: UUID
    wording_id: UUID
    device_id: UUID

    @property
    def now(self) -> Any:
        """The product's time."""
        return self.patient.clinic.wiring.clock.now()


def make_world(patient: PatientPersona, clinician: Persona, other: PatientPersona) -> World:
    """Give `patient` an urgent flag, a check-in by app and a visit; `other` has no recovery running."""
    record(patient, 3, symptoms=("fever",))
    made = patient.post("/me/check-ins", json=check_in_body(patient))
    flag = clinician.get("/flags").json["items"][0]
    starts_at = (patient.clinic.wiring.clock.now() + timedelta(days=9)).isoformat()
    visit = clinician.post(f"/episodes/{patient.episode_id}/appointments", json={"starts_at": starts_at})
    device = put_device(patient, device_id := new_id())
    assert device.status_code == 200, device.json
    ended = clinician.patch(f"/episodes/{other.episode_id}", json={"status": "ended"})
    assert (made.status_code, visit.status_code, ended.status_code) == (201, 201, 200)
    return World(
        patient,
        flag_id=UUID(flag["id"]),
        check_in_id=UUID(made.json["id"]),
        appointment_id=UUID(visit.json["id"]),
        clinician_id=clinician.id,
        new_patient_id=other.id,
        wording_id=propose(patient.clinic),
        device_id=device_id,
    )


def put_device(patient: PatientPersona, device_id: UUID) -> TestResponse:
    """Say where a phone of theirs is reached by push."""
    return patient.call("PUT", f"/me/devices/{device_id}", json=PUSH)


def day_sum(world: World, **changes: Any) -> dict[str, Any]:
    """What a phone counted today."""
    known = {"steps": 2140, "source": "healthkit", "coverage": "full", "computed_at": world.now.isoformat()}
    return known | changes


def propose(clinic: BuiltClinic) -> UUID:
    """Words that a lead proposed, and nobody has signed yet."""
    lead = make_clinician(clinic, "lead")
    words = {"key": "posture_sitting", "language": "en", "body": "Sit in a firm chair and move every 30 minutes."}
    answer = lead.post("/wordings", json=words)
    assert answer.status_code == 201, answer.json
    return UUID(answer.json["id"])


def waiting_text(world: World) -> UUID:
    """A text from a number that no patient has, which waits in the inbox."""
    clinic, sid = world.patient.clinic, f"SM{uuid4().hex}"
    with clinic.app.app_context():
        receive_sms(ReceivedText(sid, "+12125550149", clinic.number, "4"), clinic.wiring.vaults, world.now)
    with clinic.open() as scope:
        chosen = select(tables.message.c.id).where(tables.message.c.sid == sid)
        return UUID(str(scope.connection.execute(chosen).scalar_one()))


def phone_of(world: World) -> UUID:
    """The link of the patient with their phone."""
    point = tables.contact_point
    with world.patient.clinic.open() as scope:
        chosen = select(point.c.id).where(point.c.patient_id == world.patient.id)
        return UUID(str(scope.connection.execute(chosen).scalar_one()))


def new_hold(world: World) -> dict[str, Any]:
    """Three days in hospital."""
    ends_at = (world.now + timedelta(days=3)).isoformat()
    return {"ends_at": ends_at, "reason": "hospital", "owner_id": str(world.clinician_id)}


def held(world: World) -> str:
    """The address of the hold that the patient's recovery is on."""
    hold = NewHold(world.now + timedelta(days=3), owner_id=world.clinician_id)
    with world.patient.clinic.open() as scope:
        hold_episode(scope, world.patient.episode_id, hold, SYSTEM, world.now)
    return f"/episodes/{world.patient.episode_id}/hold"


PUSH = {"platform": "fcm", "token": "made-up-push-token"}
SEEN = {"headers": {"If-Match": "*"}}
EXAMPLES: dict[str, Callable[[World], Request]] = {
    "readDocument": lambda world: ("/openapi.json", {}),
    "readDocs": lambda world: ("/docs", {}),
    "readConfig": lambda world: ("/config", {}),
    "signInStaff": lambda world: (
        "/staff/token",
        {"json": {"email": "nobody@clinic.example", "password": "not anybody's", "totp": "123456"}},
    ),
    "refreshToken": lambda world: ("/token/refresh", {"json": {"refresh_token": world.patient.refresh_token}}),
    "beginEnrolment": lambda world: ("/enrol", {"json": {"code": "7K2M-9QXA-4TDE-P0VW"}}),
    "confirmEnrolment": lambda world: (
        "/enrol/confirm",
        {"json": {"challenge": "rte_" + "A" * 43, "otp": "123456", "device_name": "A made-up phone"}},
    ),
    "endToken": lambda world: ("/token", {}),
    "readMe": lambda world: ("/me", {}),
    "changeMe": lambda world: ("/me", {"json": {"language": "es"}}),
    "readMyEpisode": lambda world: ("/me/episode", {}),
    "reportCheckIn": lambda world: ("/me/check-ins", {"json": check_in_body(world.patient)}),
    "reportCheckIns": lambda world: ("/me/check-ins:batch", {"json": {"items": [check_in_body(world.patient)]}}),
    "listMyCheckIns": lambda world: ("/me/check-ins", {}),
    "correctCheckIn": lambda world: (f"/me/check-ins/{world.check_in_id}/corrections", {"json": {"pain": 2}}),
    "readMyPlan": lambda world: ("/me/plan", {}),
    "listMyMessages": lambda world: ("/me/messages", {}),
    "listMyAppointments": lambda world: ("/me/appointments", {}),
    "confirmMyAppointment": lambda world: (f"/me/appointments/{world.appointment_id}/confirm", {}),
    "askToChangeMyAppointment": lambda world: (f"/me/appointments/{world.appointment_id}/change", {}),
    "readMyCalendar": lambda world: (f"/me/appointments/{world.appointment_id}/calendar.ics", {}),
    "putActivityDay": lambda world: (f"/me/activity-days/{world.now.date()}", {"json": day_sum(world)}),
    "putActivityDays": lambda world: (
        "/me/activity-days:batch",
        {"json": {"items": [day_sum(world, date=world.now.date().isoformat())]}},
    ),
    "listMyQuestionnaires": lambda world: ("/me/questionnaires", {}),
    "answerQuestionnaire": lambda world: (
        "/me/questionnaires",
        {
            "json": {
                "client_id": str(uuid4()),
                "instrument": "rmdq",
                "score": 11,
                "recorded_at": world.now.isoformat(),
            }
        },
    ),
    "syncMe": lambda world: ("/me/sync", {}),
    "putMyDevice": lambda world: (f"/me/devices/{world.device_id}", {"json": PUSH}),
    "removeMyDevice": lambda world: (f"/me/devices/{world.device_id}", {}),
    "readMyPushes": lambda world: ("/me/pushes:read", {}),
    "issueEnrolCode": lambda world: (f"/patients/{world.patient.id}/enrol-code", {}),
    "signOutPatient": lambda world: (f"/patients/{world.patient.id}/sign-out", {}),
    "listPatients": lambda world: ("/patients", {}),
    "addPatient": lambda world: (
        "/patients",
        {
            "json": {
                "given_name": "Dorrit",
                "family_name": "Samplewick",
                "born_on": "1951-02-03",
                "phone": "+12125550143",
            }
        },
    ),
    "readPatient": lambda world: (f"/patients/{world.patient.id}", {}),
    "changePatient": lambda world: (f"/patients/{world.patient.id}", {"json": {"sex": "female"}}),
    "addPhone": lambda world: (f"/patients/{world.patient.id}/phones", {"json": {"phone": "+12125550148"}}),
    "putWrongPhoneAway": lambda world: (f"/patients/{world.patient.id}/phones/{phone_of(world)}/wrong", {}),
    "startEpisode": lambda world: (
        f"/patients/{world.new_patient_id}/episodes",
        {"json": {"procedure": {"performed_on": world.now.date().isoformat(), "levels": ["L2"]}, "baseline_pain": 8}},
    ),
    "readEpisode": lambda world: (f"/episodes/{world.patient.episode_id}", {}),
    "changeEpisode": lambda world: (f"/episodes/{world.patient.episode_id}", {"json": {"baseline_pain": 6}}),
    "readTrajectory": lambda world: (f"/episodes/{world.patient.episode_id}/trajectory", {}),
    "takeCheckIn": lambda world: (
        f"/episodes/{world.patient.episode_id}/check-ins",
        {"json": {"pain": 4, "client_id": str(uuid4())}},
    ),
    "holdEpisode": lambda world: (
        f"/episodes/{world.patient.episode_id}/hold",
        {"json": new_hold(world)},
    ),
    "liftHold": lambda world: (held(world), {}),
    "bookAppointment": lambda world: (
        f"/episodes/{world.patient.episode_id}/appointments",
        {"json": {"starts_at": (world.now + timedelta(days=20)).isoformat()}},
    ),
    "changeAppointment": lambda world: (f"/appointments/{world.appointment_id}", {"json": {"status": "cancelled"}}),
    "listFlags": lambda world: ("/flags", {}),
    "reportFlags": lambda world: ("/flags/report", {}),
    "readFlag": lambda world: (f"/flags/{world.flag_id}", {}),
    "acknowledgeFlag": lambda world: (f"/flags/{world.flag_id}/acknowledge", SEEN),
    "assignFlag": lambda world: (
        f"/flags/{world.flag_id}/assign",
        SEEN | {"json": {"assignee": str(world.clinician_id)}},
    ),
    "snoozeFlag": lambda world: (
        f"/flags/{world.flag_id}/snooze",
        SEEN | {"json": {"until": (world.now + timedelta(hours=2)).isoformat(), "reason": "asleep"}},
    ),
    "resolveFlag": lambda world: (
        f"/flags/{world.flag_id}/resolve",
        SEEN | {"json": {"outcome": "advised", "note": "called"}},
    ),
    "reopenFlag": lambda world: (f"/flags/{world.flag_id}/reopen", SEEN | {"json": {"note": "again"}}),
    "explainFlag": lambda world: (f"/flags/{world.flag_id}/explanation", {}),
    "listPatientMessages": lambda world: (f"/patients/{world.patient.id}/messages", {}),
    "writeToPatient": lambda world: (f"/patients/{world.patient.id}/messages", {"json": {"body": "How are you?"}}),
    "listInbox": lambda world: ("/inbox", {}),
    "placeInboxText": lambda world: (
        f"/inbox/{waiting_text(world)}/assign",
        {"json": {"patient_id": str(world.patient.id)}},
    ),
    "closeInboxText": lambda world: (f"/inbox/{waiting_text(world)}/close", {"json": {"note": "called"}}),
    "listTexts": lambda world: ("/texts", {"query_string": {"limit": "2"}}),
    "listWordings": lambda world: ("/wordings", {}),
    "proposeWording": lambda world: (
        "/wordings",
        {"json": {"key": "saved", "language": "en", "body": "{n} is saved. Wrong? Text FIX and the right number."}},
    ),
    "signWording": lambda world: (f"/wordings/{world.wording_id}/sign", {}),
    "refuseWording": lambda world: (f"/wordings/{world.wording_id}/refuse", {}),
}


def operations(app: Flask) -> dict[str, Operation]:
    """Every operation that the application routes, by name."""
    views = (app.view_functions[rule.endpoint] for rule in app.url_map.iter_rules() if rule.rule.startswith("/api/v1/"))
    return {view.operation.name: view.operation for view in views}
