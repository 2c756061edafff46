"""The simulator's eye: what is left alone or lost in a simulated clinic does not escape it."""

from datetime import timedelta
from typing import Any

import pytest

from recovery_api.prepared import driver_of
from recovery_api.services.plan_reminders import plan_ahead
from recovery_api.services.receive_sms import ReceivedText, file_text
from recovery_api.services.set_aside import ASIDE
from recovery_api.simulator.year_eye import Eye
from tests.builders import NOW, PatientPersona, Persona

NOON = NOW + timedelta(hours=9)


def look(ann: PatientPersona, *changes: str, lost: bool = False, at: Any = NOW) -> list[str]:
    """What the eye finds after the clinic was broken by hand."""
    with ann.clinic.open() as scope:
        driver = driver_of(scope.connection)
        for change in changes:
            driver.execute(change)
        eye = Eye(driver, ann.clinic.id)
        return eye.lost(at) if lost else eye.left_alone(at)


@pytest.fixture
def planned(ann: PatientPersona, ben: Persona) -> PatientPersona:
    """Ann with two weeks of texts ahead, and a dangerous text that flagged her."""
    with ann.clinic.app.app_context():
        plan_ahead(ann.clinic.wiring.vaults, NOW)
        with ann.clinic.open() as scope:
            file_text(scope, ReceivedText("SM" + "1" * 32, ann.phone, ann.clinic.number, "my legs are numb"), NOW)
    return ann


@pytest.mark.parametrize(
    ("breaks", "found"),
    [
        ("UPDATE episode SET status = status", []),
        ("UPDATE episode SET planned_until = NULL", []),  # texts lie ahead all the same
        ("UPDATE episode SET planned_until = NULL; DELETE FROM due_work WHERE kind = 'reminder'", ["1 recoveries"]),
        ("UPDATE episode SET status = 'on_hold'", ["1 holds"]),
        ("UPDATE message SET disposition = NULL, handled_at = NULL, needs_person = true", ["1 texts"]),
        ("DELETE FROM due_work WHERE kind = 'rung'", ["1 flags"]),
        ("UPDATE flag SET next_rung_at = NULL", ["1 flags"]),
        ("UPDATE flag SET status = 'acknowledged', owner_id = NULL", ["1 flags"]),
        ("UPDATE flag SET status = 'snoozed', snoozed_until = NULL", ["1 flags"]),
    ],
)
def test_the_eye_finds_who_and_what_nobody_looks_at(planned: PatientPersona, breaks: str, found: list[str]) -> None:
    assert look(planned, *breaks.split("; ")) == found


def test_the_eye_finds_a_rung_that_nobody_climbed(planned: PatientPersona) -> None:
    assert look(planned, at=NOW + timedelta(days=2)) == ["1 flags"]


@pytest.mark.parametrize(
    ("breaks", "found"),
    [
        ("UPDATE episode SET status = status", ["reminders that are due and still planned", "texts that are due"]),
        ("UPDATE reminder SET state = 'handed_over'; UPDATE message SET state = 'delivered'", []),
        ("UPDATE reminder SET state = 'skipped'; UPDATE message SET state = 'received'", ["reminders skipped without"]),
        (
            f"UPDATE reminder SET state = 'handed_over'; UPDATE message SET state = 'sent'; "
            f"UPDATE due_work SET holder = '{ASIDE}' WHERE kind = 'rung'",
            ["pieces of work set aside"],
        ),
    ],
)
def test_the_eye_finds_what_was_lost_on_a_day(planned: PatientPersona, breaks: str, found: list[str]) -> None:
    lost = look(planned, *breaks.split("; "), lost=True, at=NOON)
    assert [one.partition(" ")[2][: len(said)] for one, said in zip(lost, found, strict=True)] == found


def test_the_eye_knows_what_is_due_and_which_job_has_something_to_do(planned: PatientPersona) -> None:
    with planned.clinic.open() as scope:
        eye = Eye(driver_of(scope.connection), planned.clinic.id)
        due = eye.due(NOW)
        assert ("send_alert" in due.kinds, due.is_held) == (True, False)
        assert due.next_at is not None
        assert due.next_at > NOW
        assert tuple(eye.waits(NOW)) == (False, False, False, False)
        assert eye.waits(NOW + timedelta(days=2)).plan
        assert eye.nurse_has_work(NOW, timedelta(hours=2))
