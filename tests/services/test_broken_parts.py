"""A template, a zone, the care team or the clinic's number that is broken anywhere: the next look says so."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import delete, select, update
from sqlalchemy.exc import ProgrammingError

from jobs.timetable import TIMETABLE
from recovery_api.db import Vaults
from recovery_api.domain.errors import Invalid
from recovery_api.models import tables
from recovery_api.packs import load_yaml
from recovery_api.packs.protocol_pack import SHIPPED, read_from
from recovery_api.services.add_clinic import NewClinic, add_clinic
from recovery_api.services.find_check_in_days import find_check_in_days
from recovery_api.services.find_ladder import LastResort
from recovery_api.services.find_ladder import _own as find_own
from recovery_api.services.hand_over_reminders import hand_over_due
from recovery_api.services.keep_watch import Watched, read_watches
from recovery_api.services.move_protocol import compare_version, move_protocol, publish_protocol
from recovery_api.services.read_answers import Answer, with_gaps
from recovery_api.services.read_trajectory import read_trajectory
from recovery_api.services.record_audit import SYSTEM
from recovery_api.services.set_ladder import set_ladder
from recovery_api.services.wake_flags import wake_flags
from recovery_api.services.watch_coverage import watch_coverage
from recovery_api.services.watch_replies import watch_replies
from tests.builders import NOW, BuiltClinic, PatientPersona, Persona

pytestmark = pytest.mark.usefixtures("real")
SOUND = {"episodes": 0, "messages": 0, "flags": 0, "texts": 0, "zones": 0, "numbers": 0, "people": 0}


def look(clinic: BuiltClinic, minutes: int = 0) -> int:
    with clinic.app.app_context():
        return watch_coverage(clinic.wiring.vaults, clinic.wiring.clock.now() + timedelta(minutes=minutes))


def watched(clinic: BuiltClinic) -> Watched:
    with clinic.app.app_context(), clinic.open() as scope:
        [found] = [one for one in read_watches(scope.connection, clinic.id) if one.kind == "coverage"]
    return found


def change(clinic: BuiltClinic, statement: Any) -> None:
    with clinic.open() as scope:
        scope.connection.execute(statement)


def publish(patient: PatientPersona, version: str = "2.0+1", **changes: Any) -> None:
    """A version of the clinic's own, to which the patient is moved."""
    shipped, signed = load_yaml(SHIPPED), {"signed_off_by": "Dr. Made-up, 2026-11-01"}
    content = {**shipped, "coaching": shipped["coaching"] | signed, "version": version, **signed, **changes}
    with patient.clinic.open() as scope:
        publish_protocol(scope, read_from("mine.yaml", "", content), content, SYSTEM, NOW)
        found = compare_version(scope, patient.episode_id, version, NOW)
        move_protocol(scope, patient.episode_id, version, found, SYSTEM, NOW)


def test_a_clinic_with_all_its_parts_is_sound(ann: PatientPersona, ben: Persona) -> None:
    publish(ann)
    assert look(ann.clinic) == 0
    assert (watched(ann.clinic).trouble, dict(watched(ann.clinic).counts)) == (None, SOUND)


def test_a_template_that_a_protocol_names_and_nobody_has_is_noticed(ann: PatientPersona, ben: Persona) -> None:
    content = {**load_yaml(SHIPPED), "version": "2.0+9", "signed_off_by": "Dr. Made-up"}
    lost = {**content, "steps": [{**content["steps"][0], "text": "no_such_text"}, *content["steps"][1:]]}
    publish(ann, "2.0+8")
    change(
        ann.clinic,
        update(tables.protocol).where(tables.protocol.c.version == "2.0+8").values(content=lost, version="2.0+9"),
    )
    assert look(ann.clinic) == 1
    assert watched(ann.clinic).trouble == "texts 1"


def test_a_reminder_whose_template_is_gone_is_noticed_when_it_falls_due(ann: PatientPersona, ben: Persona) -> None:
    with ann.clinic.open() as scope:
        first = scope.connection.execute(select(tables.reminder).order_by(tables.reminder.c.due_at)).first()
    assert first is not None
    change(ann.clinic, update(tables.reminder).where(tables.reminder.c.id == first.id).values(text_key="no_such_text"))
    with ann.clinic.app.app_context():
        assert watch_coverage(ann.clinic.wiring.vaults, first.due_at) == 0
        hand_over_due("tests:0:0", ann.clinic.wiring.vaults, first.due_at)
        assert watch_coverage(ann.clinic.wiring.vaults, first.due_at) == 1
    assert watched(ann.clinic).trouble == "texts 1"


@pytest.mark.parametrize("table", ["patient", "care_plan"])
def test_a_zone_that_no_clock_knows_is_noticed(ann: PatientPersona, ben: Persona, table: str) -> None:
    change(ann.clinic, update(getattr(tables, table)).values(zone="Mars/Base"))
    assert look(ann.clinic) == 1
    assert watched(ann.clinic).trouble == "zones 1"


def test_a_clinic_whose_own_zone_is_broken_is_noticed_and_hides_no_other(
    ann: PatientPersona, ben: Persona, other_clinic: BuiltClinic
) -> None:
    change(ann.clinic, update(tables.clinic).values(zone="Mars/Base"))
    assert look(other_clinic) == 1
    with other_clinic.app.app_context(), other_clinic.open() as scope:
        troubles = {one.clinic_id: one.trouble for one in read_watches(scope.connection) if one.kind == "coverage"}
    assert troubles == {ann.clinic.id: "clinic 1", other_clinic.id: None}


@pytest.mark.parametrize("watch", [wake_flags, watch_replies], ids=["wake_flags", "watch_replies"])
def test_a_clinic_whose_own_zone_is_broken_keeps_no_other_from_its_look(
    ann: PatientPersona, other_clinic: BuiltClinic, watch: Callable[[Vaults, datetime], int]
) -> None:
    change(ann.clinic, update(tables.clinic).where(tables.clinic.c.id == ann.clinic.id).values(zone="Mars/Base"))
    with other_clinic.app.app_context():
        assert watch(other_clinic.wiring.vaults, NOW) == 0


def test_a_care_team_of_nobody_is_noticed(ann: PatientPersona, ben: Persona) -> None:
    change(ann.clinic, update(tables.clinician).values(disabled_at=NOW))
    assert look(ann.clinic) == 1
    assert watched(ann.clinic).trouble == "people 1"


def test_a_clinic_that_lost_its_number_is_noticed_and_not_forgotten(ann: PatientPersona, ben: Persona) -> None:
    look(ann.clinic)
    number = tables.sender_number
    change(ann.clinic, delete(number).where(number.c.clinic_id == ann.clinic.id))
    assert look(ann.clinic) == 1
    assert watched(ann.clinic).trouble == "numbers 1"


@pytest.mark.parametrize(
    "broken", [{"phone": ""}, {"phone": "555-0199"}, {"emergency_number": ""}, {"emergency_number": "nine"}]
)
def test_a_number_to_call_that_is_broken_is_noticed_within_two_minutes(
    ann: PatientPersona, ben: Persona, broken: dict[str, str]
) -> None:
    assert look(ann.clinic) == 0
    change(ann.clinic, update(tables.clinic).values(**broken))
    assert look(ann.clinic, minutes=1) == 1
    assert watched(ann.clinic).trouble == "numbers 1"
    assert next(job.every_seconds for job in TIMETABLE if job.name == "watch_coverage") == 60


def test_a_number_to_text_from_that_is_broken_is_noticed(ann: PatientPersona, ben: Persona) -> None:
    number = tables.sender_number
    change(ann.clinic, update(number).where(number.c.clinic_id == ann.clinic.id).values(number="12125550100"))
    assert look(ann.clinic) == 1
    assert watched(ann.clinic).trouble == "numbers 1"


@pytest.mark.parametrize("emergency", ["", "9", "nine", "9111111"])
def test_a_clinic_without_an_emergency_number_is_refused(ann: PatientPersona, emergency: str) -> None:
    new = NewClinic("Pier Clinic", "+12125550111", "America/New_York", "+12125550198", emergency)
    with ann.clinic.app.app_context(), pytest.raises(Invalid, match="is not a number such as 911"):
        add_clinic(new, ann.clinic.wiring.vaults, NOW)


def test_the_clinics_own_ladder_that_is_broken_is_noticed(ann: PatientPersona, ben: Persona) -> None:
    with ann.clinic.open() as scope:
        own = load_yaml("ladders/default.yaml")
        set_ladder(scope, own, LastResort("+12125550195", None), SYSTEM, NOW)
    assert look(ann.clinic) == 0
    change(ann.clinic, update(tables.ladder).values(content={}))
    find_own.cache_clear()
    assert look(ann.clinic) == 1
    assert watched(ann.clinic).trouble == "clinic 1"


@pytest.mark.parametrize("table", ["clinician", "protocol", "clinic", "patient"])
def test_what_others_stand_on_cannot_be_deleted_by_the_product(ann: PatientPersona, ben: Persona, table: str) -> None:
    with pytest.raises(ProgrammingError, match="permission denied"):
        change(ann.clinic, delete(getattr(tables, table)))


# a protocol of the clinic's own


def steps_asking_on(days: list[int]) -> list[dict[str, Any]]:
    others = [step for step in load_yaml(SHIPPED)["steps"] if step["kind"] != "check_in"]
    return [{"id": "ask", "kind": "check_in", "text": "check_in_pain", "question": "pain", "days": days}, *others]


def test_days_without_an_answer_are_those_of_the_patients_own_protocol(ann: PatientPersona, ben: Persona) -> None:
    publish(ann, steps=steps_asking_on([2, 60]))
    performed_on = (NOW - timedelta(days=3)).date()
    with ann.clinic.open() as scope:
        days = find_check_in_days(scope, [ann.episode_id])[ann.episode_id]
        gaps = [gap.day for gap in read_trajectory(scope, ann.episode_id, SYSTEM, NOW + timedelta(days=20)).gaps]
    assert days == {2, 60}
    assert set(gaps) <= {2}
    told = with_gaps([Answer(0, performed_on, 5), Answer(3, performed_on, 4)], days, performed_on, 30)
    assert [answer.day for answer in told] == [0, 2, 3]


def test_a_protocol_that_asks_seldom_leaves_nobody_alone(ann: PatientPersona, ben: Persona) -> None:
    publish(ann, steps=steps_asking_on([60]))
    change(ann.clinic, delete(tables.due_work))
    change(ann.clinic, update(tables.reminder).values(state="replaced"))
    assert look(ann.clinic) == 0, "nothing is due within the two weeks that are planned"
