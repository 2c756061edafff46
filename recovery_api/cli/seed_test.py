"""The command that seeds two small clinics for tests and prints all that a test needs to know of them."""

import json
import sys
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import click
import pyotp

from recovery_api.app import create_app
from recovery_api.cli.play import fill_in, migrate
from recovery_api.config import SettingsRefused
from recovery_api.db import ClinicScope, Vaults, clinic_transaction, db
from recovery_api.domain.errors import Conflict
from recovery_api.gateways.postgres import EmbeddedPostgresError
from recovery_api.ids import new_id
from recovery_api.models.clinics import ROLES
from recovery_api.services.add_clinic import NewClinic, NewClinician, add_clinic, add_clinician, set_known_password
from recovery_api.services.check_readiness import refuse_to_start
from recovery_api.services.credentials import issue
from recovery_api.services.enrol_patient import NewPatient, enrol_patient
from recovery_api.services.record_audit import SYSTEM
from recovery_api.wiring import wiring

PASSWORD = "made-up-test-password"  # noqa: S105 - printed on purpose, refused in production
TOKENS_LAST = timedelta(days=7)
CLINICS = (
    NewClinic("North Clinic", "+12125550110", "America/New_York", "+12125550120"),
    NewClinic("South Clinic", "+13055550110", "America/New_York", "+13055550120"),
)
PEOPLE = (
    ("Alwine", "Testerby", "Pacific/Apia", "0141"),
    ("Borvin", "Testerby", "Australia/Lord_Howe", "0141"),
    ("Cerise", "Samplewick", "America/New_York", "0142"),
)


@click.command("seed-test")
@click.option("--json", "as_json", is_flag=True, help="Print one line of JSON.")
def seed_test(as_json: bool) -> None:
    """Make two clinics with every role and three patients each. For demo and test alone."""
    if wiring().settings.in_production:
        click.echo("seed-test is refused: RECOVERY_ENV must be test or demo", err=True)
        sys.exit(1)
    try:
        settings = fill_in(wiring().settings)
        app = create_app(settings)
        if settings.database_admin_url:
            migrate(app)
        with app.app_context():
            refuse_to_start(settings)
            parts = wiring()
            hidden = not sys.stderr.isatty()
            with click.progressbar(CLINICS, label="Making clinics", file=sys.stderr, hidden=hidden) as shown:
                made = [_clinic(place, new, parts.vaults, parts.clock.now()) for place, new in enumerate(shown)]
            db.engine.dispose()
    except (SettingsRefused, EmbeddedPostgresError) as refused:
        click.echo(f"seed-test cannot start: {refused}", err=True)
        sys.exit(1)
    except Conflict as refused:
        raise click.ClickException(f"These clinics are here already: {refused.message}") from None
    if as_json:
        click.echo(json.dumps({"clinics": made}))
        return
    for one in made:
        click.echo(f"{one['name']} {one['number']}: {len(one['staff'])} staff, {len(one['patients'])} patients")


def _clinic(place: int, new: NewClinic, vaults: Vaults, now: datetime) -> dict[str, Any]:
    clinic_id = add_clinic(new, vaults, now)
    with clinic_transaction(clinic_id, vaults) as scope:
        staff = [_clinician(scope, role, place, vaults, now) for role in ROLES]
        area = new.number[2:5]
        patients = [_patient(scope, person, area, place, now) for person in PEOPLE]
    return {"id": str(clinic_id), "name": new.name, "number": new.number, "staff": staff, "patients": patients}


def _clinician(scope: ClinicScope, role: str, place: int, vaults: Vaults, now: datetime) -> dict[str, Any]:
    email, totp_secret = f"{role}{place + 1}@test.example", pyotp.random_base32()
    phone = f"{scope.phone[:8]}0130" if role == "nurse" else None
    new = NewClinician(email, f"{role.replace('_', ' ').capitalize()} {place + 1}", role, phone, phone is not None)
    clinician_id, _ = add_clinician(scope, new, vaults, now)
    set_known_password(scope, clinician_id, PASSWORD, totp_secret)
    token = issue(scope.connection, "staff_access", scope.clinic_id, clinician_id, TOKENS_LAST)
    return {"email": email, "role": role, "password": PASSWORD, "totp_secret": totp_secret, "access_token": token}


def _patient(
    scope: ClinicScope, person: tuple[str, str, str, str], area: str, place: int, now: datetime
) -> dict[str, Any]:
    given_name, family_name, zone, line = person
    today: date = now.astimezone(ZoneInfo(zone)).date()
    new = NewPatient(
        given_name=given_name,
        family_name=family_name,
        born_on=date(1948, 3, 12) + timedelta(days=400 * place),
        phone=f"+1{area}555{line}",
        performed_on=today - timedelta(days=5),
        levels=("L1",),
        zone=zone,
        baseline_pain=8,
        check_in_time=time(9, 30),
        label=given_name[0],
        visits=(datetime.combine(today + timedelta(days=9), time(10, 30), ZoneInfo(zone)),),
        has_joined=True,
    )
    enrolled = enrol_patient(scope, new, SYSTEM, now)
    return {
        "id": str(enrolled.patient_id),
        "episode_id": str(enrolled.episode_id),
        "phone": new.phone,
        "zone": zone,
        **_tokens(scope, enrolled.patient_id),
    }


def _tokens(scope: ClinicScope, patient_id: UUID) -> dict[str, str]:
    connection, family = scope.connection, new_id()
    return {
        "access_token": issue(connection, "patient_access", scope.clinic_id, patient_id, TOKENS_LAST, family),
        "refresh_token": issue(connection, "patient_refresh", scope.clinic_id, patient_id, None, family),
        "enrol_code": issue(connection, "enrol_code", scope.clinic_id, patient_id),
    }
