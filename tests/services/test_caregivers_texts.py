"""Reminders, lessons and answers to whoever cares for a patient who has no phone of their own."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, update

from recovery_api.domain.coaching import SLOT
from recovery_api.domain.schedule import PlannedReminder
from recovery_api.domain.wording import untwinned
from recovery_api.models import tables
from recovery_api.services.hand_over_reminders import hand_over_due
from recovery_api.services.plan_reminders import add_reminders, plan_facts
from recovery_api.services.read_texts import read_texts, shown_text
from tests.builders import ClockHand, PatientPersona
from tests.services.call_line import CallLine, ScriptedExchange
from tests.services.phone import Phone
from tests.services.scripted_carrier import RealTime

THEM = {"en": "If they can, short walks", "es": "Que quien usted cuida camine"}


@pytest.fixture
def line(real: RealTime, ann: PatientPersona, clock: ClockHand, monkeypatch: pytest.MonkeyPatch) -> CallLine:
    """Annwyl's landline."""
    exchange = ScriptedExchange()
    monkeypatch.setitem(ann.clinic.wiring.__dict__, "calls", exchange)
    made = CallLine(ann, exchange, clock)
    made.be_a_landline()
    return made


def cared_for(patient: PatientPersona, **changes: Any) -> None:
    """From now on the phone is that of whoever cares for this patient."""
    with patient.clinic.open() as scope:
        point = tables.contact_point
        scope.connection.execute(update(point).where(point.c.patient_id == patient.id).values(whose="caregiver"))
        person = {"status": "active", **changes}
        scope.connection.execute(update(tables.patient).where(tables.patient.c.id == patient.id).values(**person))


@pytest.mark.parametrize("language", ["en", "es"])
def test_a_lesson_reaches_a_caregiver_in_words_of_their_own_behind_the_label(
    ann: PatientPersona, clock: ClockHand, language: str
) -> None:
    cared_for(ann, language=language)
    at = clock.now + timedelta(hours=1)
    lesson = PlannedReminder(
        "activity", at.date(), SLOT, at, at + timedelta(hours=4), "coach_short_walks", None, {"because": "made up"}
    )
    with ann.clinic.open() as scope:
        scope.connection.execute(update(tables.reminder).values(state="skipped"))  # the day is this lesson's alone
        add_reminders(scope, plan_facts(scope, ann.episode_id), [lesson])
    with ann.clinic.app.app_context():
        hand_over_due("tests:0:0", ann.clinic.wiring.vaults, at)
    with ann.clinic.open() as scope:
        message = tables.message
        rows = scope.connection.execute(select(message).where(message.c.text_key.startswith("coach_"))).all()
        [(key, said)] = [(row.text_key, scope.vault.open("message.body", row.id, row.body_sealed)) for row in rows]
    assert key == "coach_short_walks_caregiver"
    assert said.startswith("AT: ")
    assert THEM[language] in said


def test_a_visit_that_a_caregiver_confirms_is_said_back_as_somebody_elses(
    ann: PatientPersona, clock: ClockHand
) -> None:
    cared_for(ann)
    with ann.clinic.open() as scope:
        starts_at = clock.now + timedelta(days=2)
        row = {"clinic_id": ann.clinic.id, "id": ann.id, "episode_id": ann.episode_id, "starts_at": starts_at}
        scope.connection.execute(tables.appointment.insert(), {**row, "status": "booked", "created_at": clock.now})
    phone = Phone(ann.clinic, ann.phone)
    phone.ask("appointment", clock.now.date(), clock.now)
    outcome = phone.text("1")
    assert outcome.answer == "visit_confirmed_caregiver"
    assert outcome.bodies[0].startswith("AT: Thank you. We will see them ")


def test_the_preview_counts_a_label_and_shows_a_caregivers_text_behind_one(ann: PatientPersona) -> None:
    with ann.clinic.open() as scope:
        texts = {text.key: text for text in read_texts(scope, "en")}
        shown = {key: shown_text(scope, text) for key, text in texts.items()}
    assert shown["coach_bending_caregiver"].startswith("ABCDEFGH: We heard")
    assert shown["coach_bending"].startswith("You wrote")
    assert texts["coach_bending"].characters == len(shown["coach_bending"]) + len("ABCDEFGH: ")
    assert texts["login_code"].longest == shown["login_code"]
    assert all(text.segments == 1 for text in texts.values())
    assert {key for key in shown if (untwinned(key) is None) == shown[key].startswith("ABCDEFGH: ")} == set()


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("en", ("back pain of the one you care for", "You pressed 4", "Are their legs", "Can they not pee")),
        ("es", ("a la persona que usted cuida", "Usted oprimió 4", "la persona que usted cuida", "orinar la persona")),
    ],
)
def test_a_call_asks_a_caregiver_about_the_one_they_care_for(
    line: CallLine, language: str, said: tuple[str, ...]
) -> None:
    cared_for(line.patient, language=language)
    line.ring()
    spoken = line.pick_up()
    for words, key in zip(said, ("1", "4", "1", "2"), strict=True):
        spoken = line.press(spoken, key)
        assert words in spoken.asked[0]
    assert {row.answered_by for row in line.rows("check_in")} == {"caregiver"}


@pytest.mark.parametrize("whose", ["patient", "caregiver"])
def test_whoever_calls_us_hears_words_of_their_own(line: CallLine, whose: str) -> None:
    line.mark("contact_point", whose=whose)
    said = " ".join(line.call_in().asked)
    assert ("tell us your pain" in said, "the one you care for" in said) == (whose == "patient", whose == "caregiver")


def test_a_call_names_nobody_whose_name_cannot_be_opened_and_is_heard_all_the_same(line: CallLine) -> None:
    line.mark("patient", given_name_sealed=b"nobody sealed this")
    line.ring()
    spoken = line.pick_up()
    assert "a short check-in for A T." in spoken.asked[0]
    line.press(spoken, "1", "9", "1")
    assert [row.pain for row in line.rows("check_in")] == [9]
    assert line.press(line.call_in(), "0").dial is not None
