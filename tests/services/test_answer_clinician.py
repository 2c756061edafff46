"""A reply to what a clinician wrote: no number is taken for pain by guess, and a person reads what was said."""

from datetime import timedelta

import pytest

from tests.builders import NOW, ClockHand, PatientPersona, Persona
from tests.services.phone import Phone


@pytest.fixture
def phone(ann: PatientPersona, ben: Persona) -> Phone:
    """Ann's phone, in a clinic where Ben is paged."""
    return Phone(ann.clinic, ann.phone)


def write(ben: Persona, ann: PatientPersona, body: str) -> None:
    assert ben.post(f"/patients/{ann.id}/messages", json={"body": body}).status_code == 201


def scores(phone: Phone) -> list[int | None]:
    return [row.pain for row in phone.rows("check_in")]


@pytest.mark.parametrize("is_open", [True, False])
def test_a_bare_number_after_a_nurses_question_is_offered_back_and_read_by_a_person(
    phone: Phone, ann: PatientPersona, ben: Persona, clock: ClockHand, is_open: bool
) -> None:
    if is_open:
        phone.ask("pain", NOW.date(), NOW - timedelta(hours=1))
    write(ben, ann, "How many pills did you take today?")
    clock.forward(minutes=20)
    offered = phone.text("6")
    assert (offered.answer, offered.check_in, offered.message.needs_person) == ("ask_suggestion", None, True)
    saved = phone.text("PAIN 6")
    assert saved.check_in is not None
    assert scores(phone) == [6]


def test_words_after_a_nurses_text_go_to_a_person_and_are_not_asked_for_a_number(
    phone: Phone, ann: PatientPersona, ben: Persona
) -> None:
    write(ben, ann, "When can you come in?")
    outcome = phone.text("purple elephants on tuesday")
    assert (outcome.disposition, outcome.answer, outcome.message.needs_person) == (
        "for_a_person", "unread_to_person", True,
    )  # fmt: skip


@pytest.mark.parametrize("body", ["pain 6", "my pain is 6 today"])
def test_a_score_that_says_so_is_saved_and_a_person_reads_it_too(
    phone: Phone, ann: PatientPersona, ben: Persona, body: str
) -> None:
    write(ben, ann, "How many pills did you take today?")
    outcome = phone.text(body)
    assert scores(phone) == [6]
    assert outcome.message.needs_person


def test_a_number_is_a_score_again_after_two_hours_or_where_nothing_was_asked(
    phone: Phone, ann: PatientPersona, ben: Persona, clock: ClockHand
) -> None:
    write(ben, ann, "Thank you. Please rest today.")
    assert phone.text("4").check_in is not None
    write(ben, ann, "How many pills did you take today?")
    clock.forward(hours=2, minutes=1)
    late = phone.text("5")
    assert late.check_in is not None
    assert not late.message.needs_person


def test_danger_after_a_nurses_question_is_flagged_and_answered_as_ever(
    phone: Phone, ann: PatientPersona, ben: Persona
) -> None:
    write(ben, ann, "How do you feel?")
    assert phone.text("my legs feel weak").answer == "emergency"
    assert ("red_flag", "emergency") in phone.flags()


@pytest.mark.parametrize(
    ("words", "question"),
    [
        ("How is your back pain now, 0 to 10? Reply with one number.", "pain"),
        ("Del 0 al 10, ¿cuánto le duele?", "pain"),
        ("How many pills did you take today?", None),
    ],
)
def test_a_nurse_who_names_the_scale_asks_the_question_about_pain(
    phone: Phone, ann: PatientPersona, ben: Persona, words: str, question: str | None
) -> None:
    write(ben, ann, words)
    [row] = [row for row in phone.rows("message") if row.clinician_id is None and row.text_key is None]
    assert (row.question, row.question_on) == (question, NOW.date() if question else None)
