"""Consent: asked twice, written down with its words, taken back in any words, and looked at again before each text."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import Row, update

from recovery_api.gateways.sms import Rejected
from recovery_api.models import tables
from recovery_api.services import follow_delivery
from recovery_api.services.hand_over_reminders import hand_over_due
from tests.builders import BuiltClinic, ClockHand, PatientPersona, Persona, make_patient
from tests.deployment import TOKEN, inbound_form, signed
from tests.services.outbox import Outbox
from tests.services.phone import Phone

EMERGENCY = "my legs feel weak since last night"
CAREGIVER = "+12125550161"


@pytest.fixture
def phone(ann: PatientPersona, ben: Persona) -> Phone:
    """Ann's phone, in a clinic where Ben is paged."""
    return Phone(ann.clinic, ann.phone)


@pytest.fixture
def asked(clinic: BuiltClinic, ben: Persona) -> Phone:
    """The phone of somebody who was enrolled and has not joined yet."""
    person = make_patient(clinic, given_name="Odo", phone="+12125550160", has_joined=False)
    return Phone(clinic, person.phone)


def texts_out(phone: Phone) -> list[Row[Any]]:
    return sorted((row for row in phone.rows("message") if row.direction == "out"), key=lambda row: row.id)


def ledger(phone: Phone) -> list[tuple[str, str, bool]]:
    rows = sorted(phone.rows("consent"), key=lambda row: row.id)
    return [(row.purpose, row.source, row.granted) for row in rows]


def words_of(phone: Phone) -> list[str | None]:
    with phone.clinic.open() as scope:
        rows = scope.connection.execute(tables.consent.select().order_by(tables.consent.c.id)).all()
        return [scope.open("consent.words", row.id, row.words_sealed) for row in rows]


def hand_over(phone: Phone) -> int:
    with phone.clinic.app.app_context():
        return hand_over_due("tests:0:0", phone.clinic.wiring.vaults, phone.clinic.wiring.clock.now())


# joining


def test_who_is_enrolled_is_asked_and_gets_nothing_else_before_they_join(asked: Phone, clock: ClockHand) -> None:
    [question] = texts_out(asked)
    assert (question.text_key, question.purpose, question.due_at) == ("enrol_ask", "service", clock.now)
    assert question.expires_at.astimezone(ZoneInfo("America/New_York")).hour == 20
    assert asked.states() == {"invited"}
    clock.forward(days=1)
    assert hand_over(asked) >= 1
    assert [row.text_key for row in texts_out(asked)] == ["enrol_ask"]
    [flag] = asked.rows("flag")
    assert (flag.rule, flag.family, flag.tier) == ("no_texts", "delivery", "today"), "a nurse calls instead"


def test_who_never_joins_is_a_task_a_week_and_not_one_a_day(asked: Phone, clock: ClockHand) -> None:
    opened = []
    for _ in range(9):
        clock.forward(days=1)
        assert hand_over(asked) >= 1
        opened.append([row.rule for row in asked.rows("flag") if row.status == "open"])
        with asked.clinic.open() as scope:
            closed = {"status": "resolved", "outcome": "could_not_reach", "resolved_at": clock.now}
            scope.connection.execute(tables.flag.update().values(**closed))
    assert opened == [["no_texts"], *([[]] * 6), ["no_texts"], []]


def test_who_is_enrolled_in_the_evening_is_asked_the_next_morning(clinic: BuiltClinic, clock: ClockHand) -> None:
    clock.set(datetime(2026, 11, 21, 2, 30, tzinfo=UTC))  # half past nine in the evening in New York
    phone = Phone(clinic, make_patient(clinic, phone="+12125550162", has_joined=False).phone)
    [question] = texts_out(phone)
    assert question.due_at.astimezone(ZoneInfo("America/New_York")).isoformat() == "2026-11-21T09:00:00-05:00"


@pytest.mark.parametrize("word", ["START", "join", "UNIRME", "yes"])
def test_the_word_joins_and_is_welcomed_and_the_words_shown_are_kept(asked: Phone, word: str) -> None:
    outcome = asked.text(word)
    assert (outcome.disposition, outcome.answer) == ("opted_in", "enrol_welcome")
    assert asked.states() == {"active"}
    assert ledger(asked) == [("care_texts", "enrolment", True), ("care_texts", "joined", True)]
    shown = words_of(asked)
    assert shown[0] == shown[1]
    assert "Text START to join" in str(shown[0])
    [line] = [row for row in asked.rows("consent") if row.source == "joined"]
    assert (line.message_id, line.whose, line.channel, line.words_key) == (
        outcome.message.id, "patient", "sms", "enrol_ask",
    )  # fmt: skip


@pytest.mark.parametrize("body", ["4", "ok", "CALL"])
def test_no_other_text_joins_but_it_is_read_and_answered(asked: Phone, body: str) -> None:
    outcome = asked.text(body)
    assert asked.states() == {"invited"}
    assert len(ledger(asked)) == 1
    assert outcome.message.patient_id is not None


@pytest.mark.parametrize("body", ["no thanks", "ok", "what is this about"])
def test_who_has_not_joined_is_never_asked_for_their_pain(asked: Phone, body: str) -> None:
    first, second = asked.text(body), asked.text("really, no thanks")
    assert (first.answer, first.message.needs_person) == ("unread_to_person", True)
    assert (second.answer, second.message.needs_person) == (None, True)


def test_danger_before_joining_is_flagged_and_answered(asked: Phone) -> None:
    assert asked.text(EMERGENCY).answer == "emergency"
    assert ("red_flag", "emergency") in asked.flags()


def test_who_will_not_join_is_not_asked_again_and_is_called(asked: Phone) -> None:
    assert asked.text("STOP").disposition == "opted_out"
    assert {row.state for row in texts_out(asked)} == {"suppressed"}
    assert asked.flags() == [("delivery", "today")]


# stopping


@pytest.mark.parametrize("body", ["please stop texting me", "take me off this list", "ya no quiero mensajes"])
def test_a_stop_in_words_is_kept_with_its_words_and_confirmed_once(phone: Phone, body: str) -> None:
    first, second = phone.text(body), phone.text(body)
    assert (first.answer, second.answer) == ("stopped", None)
    assert ledger(phone) == [("care_texts", "enrolment", True), ("all_texts", "opted_out", False)]
    assert words_of(phone)[1] == body
    assert phone.flags() == [("delivery", "today")]


@pytest.mark.parametrize(
    ("body", "answer"), [("STOP", None), ("Unsubscribe", None), ("ALTO", "stopped"), ("basta", "stopped")]
)
def test_the_carrier_confirms_its_own_keywords_and_we_the_rest(phone: Phone, body: str, answer: str | None) -> None:
    outcome = phone.text(body)
    assert (outcome.disposition, outcome.answer) == ("opted_out", answer)


def test_a_stop_with_danger_stops_and_says_what_to_do(phone: Phone) -> None:
    outcome = phone.text("STOP my legs are weak")
    assert (outcome.disposition, outcome.answer) == ("opted_out", "emergency")
    assert phone.states() == {"opted_out"}
    assert {("red_flag", "emergency"), ("delivery", "today")} <= set(phone.flags())


@pytest.mark.parametrize(("body", "answer"), [("START", None), ("UNSTOP", None), ("JOIN", "started")])
def test_texts_that_come_back_are_announced_where_the_carrier_does_not(
    phone: Phone, body: str, answer: str | None
) -> None:
    phone.text("please stop texting me")
    outcome = phone.text(body)
    assert (outcome.disposition, outcome.answer) == ("opted_in", answer)
    assert phone.states() == {"active"}


@pytest.mark.parametrize("body", ["4", "hello again", "call me", "TIME 10"])
def test_nothing_but_a_start_brings_texts_back(phone: Phone, body: str) -> None:
    phone.text("STOP")
    phone.text(body)
    assert phone.states() == {"opted_out"}


@pytest.mark.parametrize(
    "body",
    ["please text me again", "text me again", "start texting me again please", "I want the texts back",
     "sign me back up", "Yes please text me", "send them again at 10", "I didnt mean to stop", "START please",
     "TIME 10", "por favor escr\u00edbanme de nuevo", "quiero recibir mensajes otra vez", "reanudar mensajes"],
)  # fmt: skip
def test_the_wish_to_have_texts_again_is_for_a_person_and_brings_no_text(phone: Phone, body: str) -> None:
    phone.text("STOP")
    before = len(texts_out(phone))
    outcome = phone.text(body)
    assert outcome.message.needs_person
    assert phone.states() == {"opted_out"}
    assert [row.state for row in texts_out(phone)[before:] if row.text_key != "hour_changed"] == []
    assert ledger(phone)[-1] == ("all_texts", "opted_out", False)


@pytest.mark.parametrize(("body", "is_read"), [("I want the texts back, pain is 3", True), ("3", False)])
def test_the_wish_beside_a_score_is_for_a_person_as_well(phone: Phone, body: str, is_read: bool) -> None:
    phone.text("STOP")
    outcome = phone.text(body)
    assert (outcome.disposition, outcome.message.needs_person, phone.states()) == ("recorded", is_read, {"opted_out"})


@pytest.mark.parametrize("body", ["START", "Start.", "join", "unstop"])
def test_a_start_word_alone_brings_texts_back_and_is_nobodys_task(phone: Phone, body: str) -> None:
    phone.text("please stop texting me")
    outcome = phone.text(body)
    assert (phone.states(), outcome.message.needs_person) == ({"active"}, False)


@pytest.mark.parametrize("stop", ["please stop texting me", "wrong number", "she died yesterday"])
@pytest.mark.parametrize("word", [None, "START"])
def test_a_yes_after_any_stop_but_the_carriers_own_is_read_by_a_person(
    phone: Phone, stop: str, word: str | None
) -> None:
    phone.text(stop)
    outcome = phone.text("Yes", carrier_word=word)
    assert (phone.states(), outcome.answer, outcome.message.needs_person) == ({"opted_out"}, None, True)
    phone.text("START")
    assert phone.states() == {"active"}


def test_a_yes_after_the_carriers_own_word_brings_texts_back_as_it_does_there(phone: Phone) -> None:
    phone.text("Stop")
    assert (phone.text("Yes").answer, phone.states()) == (None, {"active"})


# what the carrier took a text for


@pytest.mark.parametrize(
    ("word", "body", "state", "disposition", "answers"),
    [
        ("STOP", "PARE", "opted_out", "opted_out", []),  # a keyword of the account's own
        ("STOP", "ADIOS", "opted_out", "opted_out", []),
        ("STOP", "ALTO", "opted_out", "opted_out", []),
        (None, "ALTO", "opted_out", "opted_out", ["stopped"]),
        ("HELP", "SOCCORSO", "active", "helped", ["help"]),  # it says whom to call, which the carrier does not
        ("START", "yes", "active", "opted_in", []),
    ],
)
def test_the_carriers_word_counts_in_any_language_and_is_confirmed_once(
    phone: Phone, word: str | None, body: str, state: str, disposition: str, answers: list[str]
) -> None:
    outcome = phone.text(body, carrier_word=word)
    assert (phone.states(), outcome.disposition, outcome.answers) == ({state}, disposition, answers)
    assert outcome.message.needs_person is (disposition != "opted_in")


def test_a_stop_and_a_start_at_the_carrier_are_in_the_ledger_with_its_words(phone: Phone) -> None:
    assert phone.text("ADIOS", carrier_word="STOP").message.because == "They ask for the texts to stop."
    back = phone.text("VOLVER", carrier_word="START")
    assert (phone.states(), back.disposition, back.answers) == ({"active"}, "opted_in", [])
    assert ledger(phone)[1:] == [("all_texts", "opted_out", False), ("care_texts", "opted_in", True)]
    assert words_of(phone)[1] == "ADIOS"


def test_the_web_hook_hears_what_the_carrier_took_a_text_for(phone: Phone) -> None:
    url = f"{phone.clinic.wiring.settings.public_url}/webhooks/twilio/inbound"
    form = inbound_form(phone.number, phone.clinic.number, "ADIOS") | {"OptOutType": "STOP"}
    body, headers = signed(url, form, TOKEN)
    assert (
        phone.clinic.app.test_client().post("/webhooks/twilio/inbound", data=body, headers=headers).status_code == 200
    )
    assert (phone.states(), texts_out(phone)) == ({"opted_out"}, [])


def test_danger_in_what_the_carrier_took_for_a_stop_is_answered(phone: Phone) -> None:
    outcome = phone.text(EMERGENCY, carrier_word="STOP")
    assert (outcome.disposition, outcome.answer, phone.states()) == ("opted_out", "emergency", {"opted_out"})


def test_a_yes_to_a_question_is_an_answer_though_the_carrier_took_it_for_a_start(
    phone: Phone, clock: ClockHand
) -> None:
    phone.ask("appointment", clock.now.date(), clock.now)
    assert phone.text("yes", carrier_word="START").message.intent == "appointment_confirm"


def test_a_stop_at_the_carrier_is_one_transaction_with_what_waited_and_a_task(outbox: Outbox) -> None:
    waiting = outbox.queue_reminder(due_at=outbox.clock.now + timedelta(hours=1))
    refused = outbox.queue()
    outbox.carrier.script.append(Rejected(21610, "opted_out"))
    outbox.work()
    assert (outbox.row(refused).state, outbox.row(waiting).state) == ("rejected", "suppressed")
    assert not outbox.is_queued(waiting)
    assert outbox.contact_state() == "opted_out"
    with outbox.clinic.open() as scope:
        rows = scope.connection.execute(tables.consent.select().order_by(tables.consent.c.id)).all()
    assert [(row.source, row.granted, row.message_id) for row in rows][1:] == [("carrier", False, refused)]
    assert [(flag.family, flag.tier) for flag in outbox.flags()] == [("delivery", "today")]


@pytest.mark.parametrize("told_by", ["refusal", "callback"])
def test_of_a_stop_at_the_carrier_nothing_is_committed_unless_all_of_it_is(
    outbox: Outbox, monkeypatch: pytest.MonkeyPatch, told_by: str
) -> None:
    waiting = outbox.queue_reminder(due_at=outbox.clock.now + timedelta(hours=1))
    stopped = outbox.queue()

    def broken(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(follow_delivery, "flag_phone", broken)  # the last of its steps
    if told_by == "refusal":
        outbox.carrier.script.append(Rejected(21610, "opted_out"))
        with pytest.raises(ZeroDivisionError):
            outbox.work()
    else:
        outbox.work()
        with pytest.raises(ZeroDivisionError):
            outbox.callback(stopped, str(outbox.row(stopped).sid), "undelivered", 21610)
    assert (outbox.contact_state(), outbox.row(waiting).state, outbox.is_queued(waiting)) == ("active", "planned", True)
    assert outbox.row(stopped).state == ("sending" if told_by == "refusal" else "accepted")
    with outbox.clinic.open() as scope:
        assert all(row.granted for row in scope.connection.execute(tables.consent.select()))


def test_a_stop_between_the_queue_and_the_carrier_is_seen_at_the_last_moment(outbox: Outbox) -> None:
    message_id = outbox.queue()
    outbox.mark("contact_point", state="opted_out")
    outbox.work()
    assert outbox.row(message_id).state == "suppressed"
    assert outbox.carrier.offered == []


def test_no_more_than_three_texts_are_started_on_a_patients_own_day(outbox: Outbox) -> None:
    made = []
    for number in range(4):
        made.append(
            outbox.queue("posture_sitting", "reminder", expires_at=outbox.clock.now + timedelta(hours=4 - number))
        )
        outbox.work()
        outbox.clock.forward(minutes=40)
    assert [outbox.row(one).state for one in made] == ["accepted"] * 3 + ["suppressed"]
    outbox.clock.forward(days=1, hours=-2)
    later = outbox.queue("posture_sitting", "reminder", expires_at=outbox.clock.now + timedelta(hours=2))
    outbox.work()
    assert outbox.row(later).state == "accepted"


def test_a_clinicians_words_wait_for_the_morning_unless_the_patient_just_wrote(
    phone: Phone, ann: PatientPersona, ben: Persona, clock: ClockHand
) -> None:
    clock.set(datetime(2026, 11, 21, 2, 30, tzinfo=UTC))  # half past nine in the evening in New York
    assert ben.post(f"/patients/{ann.id}/messages", json={"body": "Please call us."}).status_code == 201
    phone.text("is it normal that it itches")
    assert ben.post(f"/patients/{ann.id}/messages", json={"body": "Yes, it is."}).status_code == 201
    due = [row.due_at for row in texts_out(phone) if row.purpose == "service"]
    assert due == [datetime(2026, 11, 21, 14, tzinfo=UTC), clock.now]


# whose consent


def test_a_caregivers_phone_is_asked_in_its_own_words_and_joins_for_itself(
    phone: Phone, ann: PatientPersona, ben: Persona
) -> None:
    answer = ben.post(f"/patients/{ann.id}/phones", json={"phone": CAREGIVER, "label": "AT"})
    assert answer.status_code == 201
    assert [(one["whose"], one["state"]) for one in answer.json["phones"]] == [
        ("patient", "active"), ("caregiver", "invited"),
    ]  # fmt: skip
    other = Phone(ann.clinic, CAREGIVER)
    [question] = [row for row in texts_out(other) if row.text_key == "enrol_ask_caregiver"]
    assert question.contact_point_id in other.contact_ids()
    assert other.text("START").answer == "enrol_welcome"
    [line] = [row for row in other.rows("consent") if row.source == "joined"]
    assert (line.whose, line.patient_id) == ("caregiver", ann.id)
    assert "the one you care for" in str(words_of(other)[-1])
    report = other.text("6")
    assert report.check_in is not None
    assert report.check_in.answered_by == "caregiver"
    assert report.bodies[0].startswith("AT: ")
    assert ann.get("/me/check-ins").json["items"][-1]["answered_by"] == "caregiver"
    other.text("STOP")
    assert (phone.states(), other.states()) == ({"active"}, {"opted_out"}), "one may leave and the other stay"


def test_a_caregiver_is_asked_about_the_one_they_care_for(ann: PatientPersona, ben: Persona, clock: ClockHand) -> None:
    ben.post(f"/patients/{ann.id}/phones", json={"phone": CAREGIVER, "label": "AT"})
    other, own = Phone(ann.clinic, CAREGIVER), Phone(ann.clinic, ann.phone)
    other.text("START")
    own.text("STOP")
    clock.forward(days=1)
    hand_over(other)
    [asked] = [row for row in texts_out(other) if row.purpose == "reminder" and row.question == "pain"]
    assert asked.text_key == "check_in_pain_caregiver"
    with other.clinic.open() as scope:
        body = scope.vault.open("message.body", asked.id, asked.body_sealed)
    assert body.startswith("AT: Harbour Clinic: How bad is their back pain today")


@pytest.mark.parametrize("words", ["she says 7", "mom says its a 7"])
def test_an_answer_by_somebody_else_on_the_patients_phone_is_known_as_theirs(phone: Phone, words: str) -> None:
    phone.ask("pain", phone.clinic.wiring.clock.now().date(), phone.clinic.wiring.clock.now())
    outcome = phone.text(words)
    assert outcome.check_in is not None
    assert (outcome.check_in.pain, outcome.check_in.answered_by) == (7, "caregiver")


@pytest.mark.parametrize("label", ["Annwyl", "fracture", "TESTERBY", "x" * 9, "\N{LATIN SMALL LETTER O WITH ACUTE}"])
def test_a_label_is_short_and_no_name(ann: PatientPersona, ben: Persona, label: str) -> None:
    answer = ben.post(f"/patients/{ann.id}/phones", json={"phone": CAREGIVER, "label": label})
    assert answer.status_code == 422


def test_a_phone_is_linked_to_a_patient_once(ann: PatientPersona, ben: Persona) -> None:
    assert ben.post(f"/patients/{ann.id}/phones", json={"phone": ann.phone}).status_code == 409


# wrong and recycled numbers


def phone_id(phone: Phone) -> UUID:
    [found] = phone.contact_ids()
    return found


def test_a_number_confirmed_wrong_never_comes_back_by_a_text(phone: Phone, ann: PatientPersona, ben: Persona) -> None:
    phone.text("wrong number")
    assert ben.post(f"/patients/{ann.id}/phones/{phone_id(phone)}/wrong").status_code == 200
    for body in ("START", "JOIN", "YES", "4", "it is me after all"):
        phone.text(body)
        assert phone.states() == {"wrong_person"}
    again = ben.post(f"/patients/{ann.id}/phones", json={"phone": ann.phone, "whose": "patient"})
    assert again.status_code == 201, "a clinician may link it anew"
    assert phone.states() == {"wrong_person", "invited"}


def test_a_recycled_number_speaks_for_its_new_owner_alone(phone: Phone, ann: PatientPersona, ben: Persona) -> None:
    ben.post(f"/patients/{ann.id}/phones/{phone_id(phone)}/wrong")
    new = make_patient(phone.clinic, given_name="Pell", phone=ann.phone)
    outcome = phone.text("4")
    assert (outcome.message.patient_id, outcome.answer) == (new.id, "saved")
    assert not outcome.bodies[0].startswith(("AT:", "PT:")), "nobody shares it any more"


def test_a_phone_of_another_patient_cannot_be_put_away(phone: Phone, ann: PatientPersona, ben: Persona) -> None:
    other = make_patient(phone.clinic, given_name="Pell", phone="+12125550163")
    assert ben.post(f"/patients/{other.id}/phones/{phone_id(phone)}/wrong").status_code == 404
    assert phone.states() == {"active"}


def test_a_death_stops_every_phone_of_that_person_kindly(ann: PatientPersona, ben: Persona) -> None:
    ben.post(f"/patients/{ann.id}/phones", json={"phone": CAREGIVER, "label": "AT"})
    other, own = Phone(ann.clinic, CAREGIVER), Phone(ann.clinic, ann.phone)
    other.text("START")
    outcome = other.text("she died last night")
    assert (outcome.disposition, outcome.answer) == ("deceased", "deceased")
    assert (own.states(), other.states()) == ({"opted_out"}, {"opted_out"})
    assert ("operations", "today") in own.flags()
    assert other.text("she died").answer is None


def test_a_wrong_number_leaves_the_persons_other_phone_alone(ann: PatientPersona, ben: Persona) -> None:
    ben.post(f"/patients/{ann.id}/phones", json={"phone": CAREGIVER, "label": "AT"})
    other, own = Phone(ann.clinic, CAREGIVER), Phone(ann.clinic, ann.phone)
    other.text("START")
    assert other.text("wrong number").answer == "wrong_person"
    assert (own.states(), other.states()) == ({"active"}, {"opted_out"})


def test_the_ledger_cannot_be_changed(phone: Phone) -> None:
    with pytest.raises(Exception, match="permission denied"), phone.clinic.open() as scope:
        scope.connection.execute(update(tables.consent).values(granted=True))
