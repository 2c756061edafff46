"""The link in the check-in text: for who chose it, new with each question, one segment, hidden from others."""

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select

from recovery_api.domain.errors import Invalid
from recovery_api.domain.segments import measure
from recovery_api.domain.web_answers import STEPS, WebAnswers, step_before
from recovery_api.domain.wording import without_link
from recovery_api.models import tables
from recovery_api.services.hand_over_reminders import hand_over_due
from tests.builders import ClockHand, PatientPersona, Persona
from tests.patient.conftest import ADDRESS, choose_link

LINK = re.compile(rf"{ADDRESS}(/c/[a-z2-7]{{26}})$")


@pytest.fixture
def ask(ann: PatientPersona, clock: ClockHand) -> Callable[..., list[str]]:
    """Let tomorrow's questions fall due; returns the texts."""

    def asked(public_url: str = ADDRESS) -> list[str]:
        clock.forward(days=1)
        parts = ann.clinic.wiring
        with ann.clinic.app.app_context():
            hand_over_due("tests:0:0", parts.vaults, clock.now, public_url=public_url)
        message = tables.message
        with ann.clinic.open() as scope:
            chosen = select(message).where(
                message.c.patient_id == ann.id, message.c.question == "pain", message.c.created_at == clock.now
            )
            return [
                scope.open("message.body", row.id, row.body_sealed) or "" for row in scope.connection.execute(chosen)
            ]

    return asked


def test_who_chose_it_gets_a_link_in_place_of_the_plain_question(
    ann: PatientPersona, ben: Persona, ask: Callable[..., list[str]]
) -> None:
    changed = ben.patch(f"/patients/{ann.id}", json={"web_check_in": True}, headers={"If-Match": "*"})
    assert changed.status_code == 200, changed.json
    assert [phone["web_check_in"] for phone in changed.json["phones"]] == [True]
    [body] = ask()
    found = LINK.search(body)
    assert found
    assert measure(body).segments == 1
    page = ann.clinic.app.test_client().get(found[1], base_url=ADDRESS)
    assert "What year were you born?" in page.text


def test_everybody_else_is_asked_the_plain_question(ann: PatientPersona, ask: Callable[..., list[str]]) -> None:
    [body] = ask()
    assert "Reply with one number" in body
    with ann.clinic.open() as scope:
        assert scope.connection.execute(select(func.count()).select_from(tables.web_check_in)).scalar_one() == 0


def test_without_a_public_address_nobody_is_sent_a_link(ann: PatientPersona, ask: Callable[..., list[str]]) -> None:
    choose_link(ann)
    [body] = ask("")
    assert "Reply with one number" in body


def test_every_question_has_a_link_of_its_own(ann: PatientPersona, ask: Callable[..., list[str]]) -> None:
    choose_link(ann)
    assert len({LINK.search(ask()[0])[1] for _ in range(3)}) == 3  # type: ignore[index]


def test_a_clinician_does_not_see_the_link(ann: PatientPersona, ben: Persona, ask: Callable[..., list[str]]) -> None:
    choose_link(ann)
    [body] = ask()
    thread = ben.get(f"/patients/{ann.id}/messages").json["items"]
    assert body not in [text["body"] for text in thread]
    assert without_link(body) in [text["body"] for text in thread]


def test_neither_the_link_nor_its_session_lies_in_the_database(
    ann: PatientPersona, ask: Callable[..., list[str]]
) -> None:
    choose_link(ann)
    secret = LINK.search(ask()[0])[1].rpartition("/")[2]  # type: ignore[index]
    with ann.clinic.open() as scope:
        for table in (tables.credential, tables.web_check_in, tables.message):
            for row in scope.connection.execute(select(func.row_to_json(table.table_valued()))).scalars():
                assert secret not in str(row)
                assert secret.encode().hex() not in str(row)


FORMS = st.tuples(
    st.sampled_from([step for step in STEPS if step != "summary"]),
    st.sampled_from(["", "0", "7", "10", "11", "yes", "no", "none", "in_bed", "usual_day", "x", "٧"]),
    st.lists(st.sampled_from(["fever", "wound", "made_up"]), max_size=2),
)


@settings(max_examples=60, deadline=timedelta(seconds=2))
@given(st.lists(FORMS, max_size=12))
def test_whatever_is_pressed_in_whatever_order_leads_to_an_end(forms: list[tuple[str, str, list[str]]]) -> None:
    answers = WebAnswers({})
    for step, said, ticked in forms:
        try:
            answers = answers.with_answer(step, said, ticked)
        except Invalid:
            continue
        assert answers.next_step in STEPS
        assert set(answers.symptoms) <= {"fever", "wound"}
    for _ in STEPS:
        step = answers.next_step
        if step == "summary":
            break
        answers = answers.with_answer(step, {"new": "no", "symptoms": "none"}.get(step, ""))
    assert answers.next_step == "summary"
    assert answers.facts.says_something


def test_back_leads_to_the_first_question() -> None:
    step, seen = "summary", []
    while (before := step_before(step)) is not None:
        seen.append(before)
        step = before
    assert seen == ["new", "pills", "activity", "pain"]
