"""A held text is taken by a nurse and by a label at the same moment, on a database that really commits."""

from concurrent.futures import ThreadPoolExecutor

from flask import Flask

from recovery_api.services.place_text import place_text
from recovery_api.services.record_audit import Actor
from tests.builders import ClockHand, make_clinic, make_clinician, make_patient
from tests.services.phone import Phone
from tests.services.test_flag_races import wait_until_somebody_waits


def test_a_held_text_that_a_nurse_places_meanwhile_is_one_patients_alone(app: Flask, clock: ClockHand) -> None:
    clinic = make_clinic(app)
    one = make_patient(clinic)
    phone = Phone(clinic, one.phone)
    make_patient(clinic, given_name="Borvin", family_name="Samplewick", phone=one.phone)
    nurse = make_clinician(clinic, "nurse")
    third = make_patient(clinic, given_name="Norbert", family_name="Ofsted", phone="+12125550142")
    held = phone.text("4").message.id
    with ThreadPoolExecutor(1) as pool:
        with clinic.open() as scope:
            place_text(scope, held, third.id, Actor("clinician", nurse.id), clock.now)
            label = pool.submit(phone.send, "BS")
            wait_until_somebody_waits(clinic.wiring.settings.database_admin_url)
        assert label.result(timeout=10)
    owners = {row.id: row.patient_id for row in phone.rows("episode")}
    assert [owners[row.episode_id] for row in phone.rows("check_in")] == [third.id]
    assert {row.id: row.patient_id for row in phone.rows("message")}[held] == third.id
