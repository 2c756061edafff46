"""Builders of made-up clinics, clinicians and patients, and the personas that act through the API."""

import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from recovery_api.db import ClinicScope, clinic_transaction
from recovery_api.domain.check_in import CheckInFacts
from recovery_api.ids import new_id
from recovery_api.services.add_clinic import NewClinic, NewClinician, add_clinic, add_clinician, set_known_password
from recovery_api.services.credentials import issue
from recovery_api.services.enrol_patient import NewPatient, enrol_patient
from recovery_api.services.read_history import Recovery
from recovery_api.services.record_audit import SYSTEM
from recovery_api.services.record_check_in import Recorded, Report, record_check_in
from recovery_api.wiring import Wiring

NOW = datetime(2026, 11, 20, 15, 0, tzinfo=UTC)  # a Friday, ten in the morning in New York
PASSWORD, TOTP_SECRET = "a made-up passphrase", "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
_AREAS = (201, 202, 203, 205, 206, 207, 208, 209, 210, 213, 214, 215, 216, 217, 218, 219, 224, 225, 228, 229)
_numbers = itertools.count(1)


class ClockHand:
    """Moves the product's clock, which stands still in between."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self.now = NOW
        self.set(NOW)

    def set(self, instant: datetime) -> None:
        """Let it be `instant`."""
        self.now = instant
        self._file.write_text(f"{instant.isoformat()}\n")

    def forward(self, **by: float) -> None:
        """Let time pass, as for timedelta."""
        self.set(self.now + timedelta(**by))


@dataclass(frozen=True)
class BuiltClinic:
    """A clinic that is there."""

    app: Flask
    id: UUID
    number: str

    @property
    def wiring(self) -> Wiring:
        """The parts of the application."""
        return self.app.extensions["recovery"]

    @contextmanager
    def open(self) -> Iterator[ClinicScope]:
        """A committed transaction inside the clinic."""
        with self.app.app_context(), clinic_transaction(self.id, self.wiring.vaults) as scope:
            yield scope


@dataclass
class Persona:
    """Somebody with a token, who calls the API; paths are given without /api/v1."""

    clinic: BuiltClinic
    id: UUID
    token: str
    headers: dict[str, str] = field(default_factory=dict)

    @property
    def client(self) -> FlaskClient:
        """A client without a token."""
        return self.clinic.app.test_client(use_cookies=False)

    def call(self, method: str, path: str, **options: Any) -> TestResponse:
        """One request."""
        headers = {"Authorization": f"Bearer {self.token}"} | self.headers | options.pop("headers", {})
        return self.client.open(f"/api/v1{path}", method=method, headers=headers, **options)

    def get(self, path: str, **options: Any) -> TestResponse:
        """GET."""
        return self.call("GET", path, **options)

    def post(self, path: str, **options: Any) -> TestResponse:
        """POST."""
        return self.call("POST", path, **options)

    def patch(self, path: str, **options: Any) -> TestResponse:
        """PATCH."""
        return self.call("PATCH", path, **options)

    def delete(self, path: str, **options: Any) -> TestResponse:
        """DELETE."""
        return self.call("DELETE", path, **options)


@dataclass
class PatientPersona(Persona):
    """A patient with an app, in a recovery."""

    episode_id: UUID = field(default_factory=uuid4)
    refresh_token: str = ""
    phone: str = ""


def make_clinic(app: Flask, **changes: Any) -> BuiltClinic:
    """A clinic with a number of its own."""
    place = next(_numbers)
    number = f"+1{_AREAS[place // 100 % len(_AREAS)]}55501{place % 100:02}"
    known = {"name": "Harbour Clinic", "zone": "America/New_York", "phone": "+12125550199", "emergency_number": "911"}
    with app.app_context():
        parts = app.extensions["recovery"]
        clinic_id = add_clinic(NewClinic(**{"number": number, **known, **changes}), parts.vaults, parts.clock.now())
    return BuiltClinic(app, clinic_id, number)


def make_clinician(
    clinic: BuiltClinic, role: str = "clinician", *, phone: str | None = None, email: str = "", signs_in: bool = False
) -> Persona:
    """A clinician with an access token, paged where a phone is given; `signs_in` with PASSWORD and TOTP_SECRET."""
    email = email or f"{role}-{uuid4().hex[:12]}@clinic.example"
    new = NewClinician(email, f"Made-up {role.replace('_', ' ')}", role, phone, phone is not None)
    with clinic.open() as scope:
        clinician_id, _ = add_clinician(scope, new, clinic.wiring.vaults, clinic.wiring.clock.now())
        if signs_in:
            set_known_password(scope, clinician_id, PASSWORD, TOTP_SECRET)
        token = issue(scope.connection, "staff_access", clinic.id, clinician_id)
    return Persona(clinic, clinician_id, token)


def make_patient(clinic: BuiltClinic, **changes: Any) -> PatientPersona:
    """A patient on day 5 whose pain before the procedure was 7, with tokens of one device."""
    now = clinic.wiring.clock.now()
    known: dict[str, Any] = {
        "given_name": "Annwyl",
        "family_name": "Testerby",
        "born_on": date(1948, 3, 12),
        "phone": "+12125550141",
        "performed_on": now.date() - timedelta(days=5),
        "levels": ("L1",),
        "baseline_pain": 7,
        "has_joined": True,
    }
    new, family = NewPatient(**{**known, **changes}), new_id()
    with clinic.open() as scope:
        enrolled = enrol_patient(scope, new, SYSTEM, now)
        access, refresh = (
            issue(scope.connection, kind, clinic.id, enrolled.patient_id, family_id=family)
            for kind in ("patient_access", "patient_refresh")
        )
    return PatientPersona(
        clinic, enrolled.patient_id, access, {}, enrolled.episode_id, refresh_token=refresh, phone=new.phone
    )


def record(
    patient: PatientPersona, pain: int | None = None, *, days_ago: int = 0, symptoms: tuple[str, ...] = ()
) -> Recorded:
    """A check-in of `patient` by text, some days before now, through the common road."""
    now = patient.clinic.wiring.clock.now() - timedelta(days=days_ago)
    with patient.clinic.open() as scope:
        recovery = recovery_of(scope, patient)
        report = Report(
            facts=CheckInFacts(pain=pain, symptoms=symptoms, answered_symptoms=True),
            channel="sms",
            recorded_at=now,
            local_on=now.date(),
        )
        return record_check_in(scope, recovery, report, now)


def recovery_of(scope: ClinicScope, patient: PatientPersona) -> Recovery:
    """The patient's recovery as the road needs it."""
    from recovery_api.services.find_recovery import find_recovery

    return find_recovery(scope, patient.id).recovery


def check_in_body(patient: PatientPersona, **changes: Any) -> dict[str, Any]:
    """The body of a check-in with a fresh id, recorded now."""
    now = patient.clinic.wiring.clock.now()
    known = {"client_id": str(uuid4()), "recorded_at": now.isoformat(), "pain": 4}
    return {name: value for name, value in {**known, **changes}.items() if value is not None}
