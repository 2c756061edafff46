"""The demo's phone shows the six digits for the app, which stand in no thread that clinicians read."""

from recovery_api.services.read_thread import read_thread
from recovery_api.simulator.play_patient import nameless_texts
from tests.api.test_enrolment import begin, print_code, texts
from tests.builders import PatientPersona, Persona, make_patient


def test_the_six_digits_are_on_the_phone_and_in_no_thread(ann: PatientPersona, ben: Persona) -> None:
    other = make_patient(ann.clinic, phone="+12125550143")
    begin(ann.client, print_code(ben, ann))
    [(_, digits)] = texts(ann.clinic)
    with ann.clinic.open() as scope:
        [shown] = nameless_texts(scope, ann.phone)
        thread = [text.body for text in read_thread(scope, ann.id)]
        assert nameless_texts(scope, other.phone) == []
    assert digits in shown.body
    assert shown.direction == "out"
    assert all(digits not in body for body in thread)
