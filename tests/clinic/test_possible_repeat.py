"""An alert that the patient may have got twice says so where a clinician reads of it."""

from sqlalchemy import update

from recovery_api.models import tables
from tests.builders import PatientPersona, Persona
from tests.clinic.visitor import Visitor
from tests.services.phone import Phone


def test_a_possible_repeat_is_said_in_the_thread_and_in_the_story(ann: PatientPersona, ben: Persona) -> None:
    Phone(ann.clinic, ann.phone).text("my legs feel weak since last night")
    nurse, message = Visitor(ben), tables.message
    assert "possible repeat" not in nurse.read(f"/patients/{ann.id}")
    with ann.clinic.open() as scope:
        scope.connection.execute(update(message).where(message.c.purpose == "safety").values(maybe_repeat=True))
    page = nurse.read(f"/patients/{ann.id}")
    assert page.count("possible repeat") == 2
    assert "Safety text: waiting to leave, possible repeat" in page


def test_an_end_that_nobody_knows_is_said_in_the_thread_until_it_is_known(ann: PatientPersona, ben: Persona) -> None:
    Phone(ann.clinic, ann.phone).text("my legs feel weak since last night")
    nurse, message = Visitor(ben), tables.message
    said = "the carrier never said whether it arrived"
    for state, times in (("sent", 2), ("delivered", 0)):
        with ann.clinic.open() as scope:
            given_up = {"state": state, "end_given_up_at": ann.clinic.wiring.clock.now()}
            scope.connection.execute(update(message).where(message.c.purpose == "safety").values(**given_up))
        assert nurse.read(f"/patients/{ann.id}").count(said) == times
