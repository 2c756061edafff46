"""One question at a time: while a pain score is awaited, nothing else asks a phone for a number."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Row, update

from recovery_api.models import tables
from recovery_api.services.hand_over_reminders import hand_over_due
from tests.builders import PatientPersona, Persona
from tests.services.phone import Phone

PILLS_AT = datetime(2026, 11, 22, 22, 0, tzinfo=UTC)  # day 7, five in the afternoon in New York
LATE = timedelta(minutes=5)


@pytest.fixture
def phone(ann: PatientPersona, ben: Persona) -> Phone:
    """Ann's phone, in a clinic where Ben is paged."""
    return Phone(ann.clinic, ann.phone)


def hand_over(phone: Phone, at: datetime) -> None:
    """What is due at a moment, once the day's own question is out of the way."""
    message = tables.message
    with phone.clinic.app.app_context():
        hand_over_due("tests:0:0", phone.clinic.wiring.vaults, at.replace(hour=15))
    with phone.clinic.open() as scope:
        scope.connection.execute(update(message).where(message.c.question_on.is_not(None)).values(state="expired"))
    with phone.clinic.app.app_context():
        hand_over_due("tests:0:0", phone.clinic.wiring.vaults, at)


def texts(phone: Phone, question: str) -> list[Row[Any]]:
    return [row for row in phone.rows("message") if row.question == question]


def reminder(phone: Phone, text_key: str) -> Row[Any]:
    return min((row for row in phone.rows("reminder") if row.text_key == text_key), key=lambda row: row.due_at)


def test_pills_are_asked_about_once_the_score_is_there(phone: Phone) -> None:
    hand_over(phone, PILLS_AT + LATE)
    assert [row.text_key for row in texts(phone, "medication")] == ["check_in_pills"]


@pytest.mark.parametrize("asked", ["pain", "who"])
def test_pills_are_not_asked_about_while_a_score_is_awaited(phone: Phone, asked: str) -> None:
    phone.ask(asked, PILLS_AT.date(), PILLS_AT - timedelta(hours=7))
    hand_over(phone, PILLS_AT + LATE)
    assert texts(phone, "medication") == []
    assert (reminder(phone, "check_in_pills").state, reminder(phone, "check_in_pills").why) == (
        "skipped", "question_open",
    )  # fmt: skip


@pytest.mark.parametrize(("asked", "hours"), [("symptoms", 7), ("pain", 21)])
def test_letters_and_a_question_of_yesterday_keep_nothing_back(phone: Phone, asked: str, hours: int) -> None:
    phone.ask(asked, PILLS_AT.date(), PILLS_AT - timedelta(hours=hours))
    hand_over(phone, PILLS_AT + LATE)
    assert len(texts(phone, "medication")) == 1


@pytest.mark.parametrize("is_asked", [True, False])
def test_a_visit_is_told_of_without_a_choice_while_a_score_is_awaited(
    phone: Phone, ann: PatientPersona, ben: Persona, is_asked: bool
) -> None:
    booked = ben.post(f"/episodes/{ann.episode_id}/appointments", json={"starts_at": "2026-11-24T15:00:00Z"})
    assert booked.status_code == 201
    due_at = reminder(phone, "visit_reminder").due_at
    if is_asked:
        phone.ask("pain", due_at.date(), due_at - timedelta(hours=2))
    hand_over(phone, due_at + LATE)
    [told] = [row for row in phone.rows("message") if row.text_key in ("visit_reminder", "visit_tomorrow")]
    assert (told.text_key, told.question) == (
        ("visit_tomorrow", None) if is_asked else ("visit_reminder", "appointment")
    )
