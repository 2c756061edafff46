"""One valid request for every operation, against a small world: one patient with all that can be asked about."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

from flask import Flask

from recovery_api.api.calls import Operation
from tests.builders import PatientPersona, Persona, check_in_body, record

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
    ended = clinician.patch(f"/episodes/{other.episode_id}", json={"status": "ended"})
    assert (made.status_code, visit.status_code, ended.status_code) == (201, 201, 200)
    return World(
        patient,
        flag_id=UUID(flag["id"]),
        check_in_id=UUID(made.json["id"]),
        appointment_id=UUID(visit.json["id"]),
        clinician_id=clinician.id,
        new_patient_id=other.id,
    )


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
    "bookAppointment": lambda world: (
        f"/episodes/{world.patient.episode_id}/appointments",
        {"json": {"starts_at": (world.now + timedelta(days=20)).isoformat()}},
    ),
    "changeAppointment": lambda world: (f"/appointments/{world.appointment_id}", {"json": {"status": "cancelled"}}),
    "listFlags": lambda world: ("/flags", {}),
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
}


def operations(app: Flask) -> dict[str, Operation]:
    """Every operation that the application routes, by name."""
    views = (app.view_functions[rule.endpoint] for rule in app.url_map.iter_rules() if rule.rule.startswith("/api/v1/"))
    return {view.operation.name: view.operation for view in views}
