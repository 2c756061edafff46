"""A part that reads, judges or answers a text breaks: the words are kept, and a person is called to them."""

from datetime import timedelta

import psycopg
import pytest
from sqlalchemy import select
from sqlalchemy import text as sql

from recovery_api.db import ClinicScope
from recovery_api.domain.errors import MissingValue, PackError
from recovery_api.domain.messages import MessagePack
from recovery_api.domain.replies import ReplyReader
from recovery_api.gateways.sms import InboundText
from recovery_api.models import tables
from recovery_api.services import hand_to_person, judge_reading, tell_people
from recovery_api.services.reconcile_inbound import reconcile_inbound
from tests.builders import PatientPersona, Persona, check_in_body, make_patient
from tests.deployment import TOKEN, inbound_form, signed
from tests.services.phone import Outcome, Phone
from tests.services.scripted_carrier import RealTime, ScriptedCarrier

WORDS = "my legs are weak"


@pytest.fixture
def phone(ann: PatientPersona, ben: Persona) -> Phone:
    """Ann's phone, in a clinic where Ben is paged."""
    return Phone(ann.clinic, ann.phone)


def breaks(monkeypatch: pytest.MonkeyPatch, owner: object, name: str, error: Exception) -> None:
    def broken(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(owner, name, broken)


def pages(phone: Phone) -> int:
    return len([row for row in phone.rows("message") if row.purpose == "page"])


def is_handed_over(outcome: Outcome) -> bool:
    """Kept as it came, unread, with nothing said back and somebody called."""
    row = outcome.message
    return (row.disposition, row.needs_person, outcome.answers) == ("for_a_person", True, [])


@pytest.mark.parametrize("error", [ValueError(), KeyError(), RecursionError(), PackError("replies/en.yaml", "a", "b")])
def test_a_text_whose_reading_breaks_is_kept_flagged_and_paged(
    phone: Phone, ann: PatientPersona, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    breaks(monkeypatch, ReplyReader, "read", error)
    outcome = phone.text(WORDS)
    assert is_handed_over(outcome)
    assert (outcome.message.patient_id, outcome.message.episode_id) == (ann.id, ann.episode_id)
    [flag] = phone.rows("flag")
    assert (flag.rule, flag.tier, flag.patient_id) == ("triage_failed", "urgent", ann.id)
    assert (flag.message_id, pages(phone)) == (outcome.message.id, 1)
    with phone.clinic.open() as scope:
        assert scope.open("flag.quote", flag.id, flag.quote_sealed) == WORDS


def test_a_text_whose_answer_cannot_be_put_into_words_is_kept_though_no_page_can_be_either(
    phone: Phone, monkeypatch: pytest.MonkeyPatch
) -> None:
    breaks(monkeypatch, MessagePack, "render", MissingValue("no value"))
    assert is_handed_over(phone.text(WORDS))
    assert (phone.flags(), pages(phone)) == ([("operations", "urgent")], 0)
    assert [row.kind for row in phone.rows("due_work") if row.kind == "rung"], "the ladder calls again"


def test_a_page_that_the_database_refuses_takes_neither_text_nor_flag_with_it(
    phone: Phone, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(scope: ClinicScope, *_: object) -> None:
        scope.connection.execute(sql("SELECT 1 / 0"))

    breaks(monkeypatch, ReplyReader, "read", ValueError())
    monkeypatch.setattr(hand_to_person, "page_clinicians", refused)
    assert is_handed_over(phone.text(WORDS))
    assert (phone.flags(), pages(phone)) == ([("operations", "urgent")], 0)


def test_a_page_that_breaks_half_way_leaves_nothing_behind_but_its_flag(
    phone: Phone, monkeypatch: pytest.MonkeyPatch
) -> None:
    breaks(monkeypatch, ReplyReader, "read", ValueError())
    breaks(monkeypatch, tell_people, "add_event", ValueError())  # once the text of the page is queued
    assert is_handed_over(phone.text(WORDS))
    assert (phone.flags(), pages(phone)) == ([("operations", "urgent")], 0)
    assert [row.kind for row in phone.rows("due_work") if row.kind in ("rung", "send_alert")] == ["rung"]


def test_a_database_that_goes_away_while_a_page_is_made_lets_the_text_come_again(
    phone: Phone, monkeypatch: pytest.MonkeyPatch
) -> None:
    breaks(monkeypatch, ReplyReader, "read", ValueError())
    breaks(monkeypatch, hand_to_person, "page_clinicians", psycopg.OperationalError())
    with pytest.raises(psycopg.OperationalError):
        phone.send(WORDS)
    assert (phone.flags(), [row for row in phone.rows("message") if row.direction == "in"]) == ([], [])


def test_an_unread_text_is_filed_once_and_the_web_hook_takes_it(phone: Phone, monkeypatch: pytest.MonkeyPatch) -> None:
    breaks(monkeypatch, ReplyReader, "read", ValueError())
    settings = phone.clinic.wiring.settings
    body, headers = signed(
        f"{settings.public_url}/webhooks/twilio/inbound", inbound_form(phone.number, phone.clinic.number, WORDS), TOKEN
    )
    client = phone.clinic.app.test_client()
    for _ in range(2):
        answer = client.post("/webhooks/twilio/inbound", data=body, headers=headers)
        assert (answer.status_code, answer.data, answer.content_type) == (200, b"<Response/>", "text/xml")
    assert len([row for row in phone.rows("message") if row.direction == "in"]) == 1
    assert phone.flags() == [("operations", "urgent")]


def test_an_unread_text_of_two_people_or_of_nobody_names_no_patient(
    phone: Phone, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_patient(phone.clinic, given_name="Bede")
    breaks(monkeypatch, ReplyReader, "read", ValueError())
    for number in (phone.number, "+12125550188"):
        outcome = Phone(phone.clinic, number).text(WORDS)
        assert is_handed_over(outcome)
        assert outcome.message.patient_id is None
    assert phone.flags() == [("operations", "urgent")] * 2


def test_a_missed_text_whose_reading_breaks_is_filed_for_a_person(
    ann: PatientPersona, ben: Persona, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, carrier, phone = RealTime(monkeypatch), ScriptedCarrier(), Phone(ann.clinic, ann.phone)
    at = real.now - timedelta(hours=1)
    carrier.inbox.append(InboundText("SM" + "7" * 32, ann.phone, ann.clinic.number, WORDS, at))
    breaks(monkeypatch, ReplyReader, "read", ValueError())
    with ann.clinic.app.app_context():
        assert reconcile_inbound(carrier, ann.clinic.wiring.vaults, ann.clinic.wiring.clock.now()) == 1
    [row] = [row for row in phone.rows("message") if row.direction == "in"]
    assert (row.disposition, row.needs_person, row.created_at) == ("for_a_person", True, at)
    assert phone.flags() == [("operations", "urgent")]


# the rules break, and the reading does not


@pytest.mark.parametrize("error", [ZeroDivisionError(), AttributeError(), KeyError(), RecursionError(), TypeError()])
def test_an_answer_that_the_rules_break_on_is_kept_and_a_person_is_paged(
    phone: Phone, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    breaks(monkeypatch, judge_reading, "assess_between", error)
    outcome = phone.text("4")
    assert outcome.check_in is not None
    [flag] = phone.rows("flag")
    assert (flag.family, flag.rule, flag.tier) == ("operations", "triage_failed", "urgent")
    assert (flag.inputs, pages(phone)) == ({"error": type(error).__name__}, 1)
    assert "could not be judged by the rules" in flag.reason


def test_a_check_in_by_app_that_the_rules_break_on_is_kept_and_a_person_is_paged(
    phone: Phone, ann: PatientPersona, monkeypatch: pytest.MonkeyPatch
) -> None:
    breaks(monkeypatch, judge_reading, "assess_between", ZeroDivisionError())
    answer = ann.post("/me/check-ins", json=check_in_body(ann, pain=4))
    assert answer.status_code == 201
    [flag] = phone.rows("flag")
    assert (flag.rule, flag.tier, pages(phone)) == ("triage_failed", "urgent", 1)


def test_a_text_of_a_shared_phone_that_the_rules_break_on_is_flagged_at_its_worst(
    phone: Phone, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_patient(phone.clinic, given_name="Bede")
    breaks(monkeypatch, judge_reading, "assess_between", ZeroDivisionError())
    phone.text("4")
    with phone.clinic.open() as scope:
        flag = scope.connection.execute(select(tables.flag)).one()
    assert (flag.rule, flag.tier) == ("unattributed", "urgent")
