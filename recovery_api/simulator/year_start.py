"""The first day of a simulated clinic: its number, its nurse, and the people who are asked to join."""

from datetime import date, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from recovery_api.db import ClinicScope, clinic_transaction
from recovery_api.domain.schedule import local_instant
from recovery_api.services.add_clinic import NewClinic, NewClinician, add_clinic, add_clinician
from recovery_api.services.enrol_patient import NewPatient, enrol_patient
from recovery_api.services.invite_phone import NewPhone, link_phone
from recovery_api.services.record_audit import SYSTEM
from recovery_api.simulator.year_people import Person, caregiver_phone
from recovery_api.simulator.year_world import World

NUMBER = "+12125550110"
CLINIC = NewClinic("Simulated Clinic", NUMBER, "America/New_York", "+12125550120")
_VISITS = (9, 30, 88)


def start_clinic(year: World, people: list[Person]) -> dict[UUID, Person]:
    """Add the clinic, its nurse and everybody; returns the people by the ids of their rows as patients."""
    year.clinic_id, year.number = add_clinic(CLINIC, year.vaults, year.clock.at), NUMBER
    with clinic_transaction(year.clinic_id, year.vaults) as scope:
        nurse = NewClinician("nurse@simulated.example", "Made-up nurse", "nurse", "+12125550130", is_paged=True)
        year.nurse_id, _ = add_clinician(scope, nurse, year.vaults, year.clock.at)
    found: dict[UUID, Person] = {}
    for person in people:
        with clinic_transaction(year.clinic_id, year.vaults) as scope:
            found[_enrol(scope, year, person)] = person
    return found


def _enrol(scope: ClinicScope, year: World, person: Person) -> UUID:
    procedure_on = (year.clock.at + timedelta(days=person.procedure_in_days)).date()
    zone = ZoneInfo(person.zone)
    new = NewPatient(
        given_name=f"{person.label[0]}lia",
        family_name=f"{person.label[1]}estwick",
        born_on=date(1940, 1, 1) + timedelta(days=97 * person.place),
        phone=person.phone,
        performed_on=procedure_on,
        levels=("L1",),
        language=person.language,
        zone=person.zone,
        baseline_pain=None if person.place % 3 == 0 else 8,
        check_in_time=time(9 + person.place % 4, 30),
        label=person.label,
        visits=[local_instant(zone, procedure_on + timedelta(days=day), time(10, 30)) for day in _VISITS],
        has_joined=person.has("landline"),
    )
    patient_id = enrol_patient(scope, new, SYSTEM, year.clock.at).patient_id
    if person.has("caregiver"):
        link = NewPhone(
            patient_id, caregiver_phone(person), new.given_name, new.family_name, person.language, person.zone,
            whose="caregiver", has_joined=True,
        )  # fmt: skip
        link_phone(scope, link, year.clock.at)
    return patient_id
