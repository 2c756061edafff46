"""The demo at first sight: dangers that were answered, questions that were asked once, a landline that was called."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pyotp import TOTP
from sqlalchemy import Row, select

from recovery_api.cli.demo import _seed
from recovery_api.db import clinic_transaction
from recovery_api.models import tables
from recovery_api.services.change_rota import read_rota
from recovery_api.services.find_patients import find_patients
from recovery_api.services.read_patient import PatientStory, read_patient
from recovery_api.services.record_audit import SYSTEM
from recovery_api.services.sign_in import sign_in
from recovery_api.simulator.made_up import FATES
from recovery_api.simulator.seed_demo import seed_demo
from tests.builders import BuiltClinic

MONDAY = datetime(2026, 11, 23, 14, 10, tzinfo=UTC)


Ledger = Mapping[Any, list[Row[Any]]]  # the lines of consent by patient, oldest first


@pytest.fixture
def seeded(clinic: BuiltClinic) -> tuple[dict[str, PatientStory], Ledger]:
    """Patients in trouble as their pages tell of them, the first of each kind; and the ledger of consent."""
    with clinic.app.app_context():
        vaults = clinic.wiring.vaults
        clinic_id, _ = seed_demo(vaults, MONDAY, patients=11)
        with clinic_transaction(clinic_id, vaults) as scope:
            found = find_patients(scope, "", None, 11, SYSTEM, MONDAY)
            assert all(read_rota(scope, MONDAY).now_on.values()), "somebody has every duty"
            named = dict(reversed([(fate.name, one.id) for fate, one in zip(FATES, found, strict=False)]))
            kinds = ("weakness", "fever", "landline", "opted_out")
            consent = tables.consent
            lines = scope.connection.execute(select(consent).order_by(consent.c.recorded_at)).all()
            ledger = {one.id: [line for line in lines if line.patient_id == one.id] for one in found}
            return {name: read_patient(scope, named[name], SYSTEM, MONDAY) for name in kinds}, ledger


@pytest.fixture
def stories(seeded: tuple[dict[str, PatientStory], Ledger]) -> dict[str, PatientStory]:
    """The patients alone."""
    return seeded[0]


def test_an_empty_demo_has_staff_who_can_sign_in_and_nobody_in_its_care(clinic: BuiltClinic) -> None:
    with clinic.app.app_context():
        log_ins = _seed(no_seed=True)
        assert (_seed(no_seed=True), len(log_ins)) == ([], 3), "a clinic that is there keeps its staff"
        opened = sign_in(log_ins[0].email, log_ins[0].password, TOTP(log_ins[0].totp_secret).now(), "session",
                         clinic.wiring.vaults, MONDAY)  # fmt: skip
        with clinic_transaction(opened.clinic_id, clinic.wiring.vaults) as scope:
            assert find_patients(scope, "", None, 1, SYSTEM, MONDAY) == []
            assert scope.connection.execute(select(tables.message.c.id)).first() is None


def test_the_demos_consents_are_as_old_as_its_enrolments_and_its_stop_is_in_the_ledger(
    seeded: tuple[dict[str, PatientStory], Ledger],
) -> None:
    stories, ledger = seeded
    for name, story in stories.items():
        agreed, *later = ledger[story.patient.id]
        assert story.patient.performed_on
        assert agreed.recorded_at.date() == story.patient.performed_on - timedelta(days=3), name
        assert (agreed.granted, agreed.channel) == (True, "voice" if name == "landline" else "sms")
        assert [(line.purpose, line.granted) for line in later] == [("all_texts", False)] * (name == "opted_out")
    stopped_at = ledger[stories["opted_out"].patient.id][1].recorded_at
    assert stopped_at < MONDAY - timedelta(days=10)
    assert all(text.at < stopped_at for text in stories["opted_out"].texts), "who opted out is asked no more"
    assert stories["opted_out"].phones[0].state == "opted_out"


def test_the_demos_dangers_were_answered_its_questions_asked_once_and_its_landline_called(
    stories: dict[str, PatientStory],
) -> None:
    for name, said in (("weakness", "Call 911 now"), ("fever", "A nurse will call you within")):
        last = max(stories[name].texts, key=lambda text: text.at)
        assert (last.direction, last.purpose, said in last.body) == ("out", "safety", True), last.body
        asks = [item.due_at.date() for item in stories[name].plan if item.text_key == "check_in_pain"]
        assert asks, "the next days are planned"
        assert MONDAY.date() not in asks, "who answered today is not asked again"
    thread = stories["landline"].texts
    assert thread
    assert {line.channel for line in thread} == {"voice"}
    assert {line.call.outcome for line in thread if line.call} == {"no_answer", "machine"}
    unanswered = [answer.day for answer in stories["landline"].answers]
    assert unanswered == [1, 2, 3, 4], "who never answered has gaps, not an empty chart"
