"""Who wants texts and who does not, when texts come late, phones change hands, and people share them: the last word."""

from datetime import timedelta

import pytest

from recovery_api.gateways.sms import OutboundText, Rejected, Unknown
from recovery_api.services.change_consent import Evidence, stop_phone
from tests.builders import ClockHand, PatientPersona, Persona, make_patient
from tests.services.outbox import Outbox
from tests.services.phone import Phone


@pytest.fixture
def phone(ann: PatientPersona, ben: Persona) -> Phone:
    """Annwyl Testerby's phone."""
    return Phone(ann.clinic, ann.phone)


def link(phone: Phone, patient: PatientPersona) -> str:
    """The state of one person's link with the phone."""
    [state] = [row.state for row in phone.rows("contact_point") if row.patient_id == patient.id]
    return str(state)


# texts that are filed late, as after an outage of the web hook


@pytest.mark.parametrize(
    ("late", "then", "state", "disposition"),
    [
        ("START", "STOP", "opted_out", "for_a_person"),
        ("START", "please stop texting me", "opted_out", "for_a_person"),
        ("START", "wrong number", "opted_out", "for_a_person"),
        ("STOP", "START", "active", "for_a_person"),
        ("stop texting me", "START", "active", "for_a_person"),
        ("STOP", "4", "opted_out", "opted_out"),
        ("START", "4", "active", "opted_in"),
    ],
)
def test_a_text_that_is_filed_late_undoes_no_newer_word(
    phone: Phone, clock: ClockHand, late: str, then: str, state: str, disposition: str
) -> None:
    if late == "START":
        phone.text("STOP")
    missed_at = clock.now + timedelta(minutes=1)
    clock.forward(minutes=6)
    phone.text(then)
    clock.forward(minutes=6)
    outcome = phone.text(late, sent_at=missed_at)
    assert phone.states() == {state}
    assert (outcome.disposition, outcome.message.needs_person) == (disposition, disposition != "opted_in")


def test_an_outage_in_which_somebody_left_and_came_back_ends_with_the_last_word(phone: Phone, clock: ClockHand) -> None:
    began = clock.now
    clock.forward(days=7)
    for body, day, state in (("STOP", 1, "opted_out"), ("START", 3, "active"), ("STOP", 5, "opted_out")):
        phone.text(body, sent_at=began + timedelta(days=day))
        assert phone.states() == {state}


@pytest.mark.parametrize(("stopped_after", "state"), [(2, "active"), (4, "opted_out")])
def test_a_stop_that_the_carrier_told_of_counts_from_when_it_did(
    phone: Phone, clock: ClockHand, stopped_after: int, state: str
) -> None:
    began = clock.now
    with phone.clinic.open() as scope:
        at = began + timedelta(days=stopped_after)
        stop_phone(scope, scope.phone_digest(phone.number), Evidence("carrier"), at)
    clock.forward(days=7)
    phone.text("START", sent_at=began + timedelta(days=3))
    assert phone.states() == {state}


@pytest.mark.parametrize(
    ("body", "key"),
    [
        ("STOP", None),
        ("please stop texting me, my legs are numb", "emergency"),
        ("leave me alone I want to kill myself", "lifeline"),
        ("no me escriban, no siento las piernas", "emergency"),
    ],
)
def test_danger_beside_a_wish_to_leave_is_answered_and_flagged_and_the_wish_is_granted(
    phone: Phone, body: str, key: str | None
) -> None:
    outcome = phone.text(body)
    assert (phone.states(), outcome.disposition, outcome.answer) == ({"opted_out"}, "opted_out", key)
    tiers = {tier for _, tier in phone.flags()}
    assert ("emergency" in tiers) == (key is not None)
    assert "today" in tiers, "the task to call"


def test_danger_in_a_stop_that_a_newer_start_undid_is_still_answered(phone: Phone, clock: ClockHand) -> None:
    missed_at = clock.now
    clock.forward(minutes=5)
    phone.text("START")
    outcome = phone.text("stop texting me, my legs are numb", sent_at=missed_at)
    assert (phone.states(), outcome.answer) == ({"active"}, "emergency")
    assert ("red_flag", "emergency") in phone.flags()


# one phone, several people


@pytest.fixture
def bs(ann: PatientPersona, phone: Phone) -> PatientPersona:
    """Borvin Samplewick on the same phone."""
    return make_patient(ann.clinic, given_name="Borvin", family_name="Samplewick", phone=ann.phone)


@pytest.mark.parametrize("who", ["AT", "BS"])
def test_where_one_of_two_has_left_the_other_is_still_asked_whose_text_it_is(
    phone: Phone, ann: PatientPersona, bs: PatientPersona, who: str
) -> None:
    phone.text(f"{who} STOP")
    outcome = phone.text("4")
    assert outcome.answer == "who_is_answering"
    [asked] = [row for row in phone.rows("message") if row.text_key == "who_is_answering"]
    stays = bs if who == "AT" else ann
    assert asked.patient_id == stays.id, "the link of whoever left would keep the question from leaving"


def test_a_late_stop_of_one_of_two_leaves_the_others_start_alone(
    phone: Phone, ann: PatientPersona, bs: PatientPersona, clock: ClockHand
) -> None:
    missed_at = clock.now + timedelta(minutes=1)
    clock.forward(minutes=5)
    phone.text("AT STOP")
    phone.text("AT START")
    phone.text("BS STOP", sent_at=missed_at)
    assert (link(phone, ann), link(phone, bs)) == ("active", "opted_out")
    phone.text("AT STOP", sent_at=missed_at)
    assert link(phone, ann) == "active"


@pytest.mark.parametrize(
    ("late", "now", "states"),
    [("STOP", "START", {"active"}), ("START", "STOP", {"opted_out"})],
)
def test_a_late_word_in_nobodys_name_undoes_no_newer_one(
    phone: Phone, bs: PatientPersona, clock: ClockHand, late: str, now: str, states: set[str]
) -> None:
    phone.text("STOP")
    missed_at = clock.now + timedelta(minutes=1)
    clock.forward(minutes=5)
    phone.text(now)
    phone.text(late, sent_at=missed_at)
    assert phone.states() == states


def test_the_newcomer_on_a_shared_phone_is_welcomed_though_the_first_has_left(
    phone: Phone, ann: PatientPersona, clock: ClockHand
) -> None:
    phone.text("STOP")
    clock.forward(days=1)
    pell = make_patient(ann.clinic, given_name="Pell", phone=ann.phone, has_joined=False)
    outcome = phone.text("START")
    assert outcome.answer == "enrol_welcome"
    [welcome] = [row for row in phone.rows("message") if row.text_key == "enrol_welcome"]
    assert (link(phone, pell), welcome.patient_id) == ("active", pell.id)


# recycled numbers


@pytest.mark.parametrize("said", ["wrong number", "STOP", "she died last night"])
def test_a_start_of_a_numbers_new_owner_brings_back_nobody_who_had_it_before(
    phone: Phone, ann: PatientPersona, clock: ClockHand, said: str
) -> None:
    phone.text(said)
    clock.forward(days=30)
    pell = make_patient(ann.clinic, given_name="Pell", phone=ann.phone, has_joined=False)
    outcome = phone.text("START")
    assert (link(phone, ann), link(phone, pell)) == ("opted_out", "active")
    assert outcome.message.needs_person, "who had the number before may be the one who is back"


def test_people_who_shared_a_phone_before_it_was_stopped_come_back_together(
    phone: Phone, ann: PatientPersona, bs: PatientPersona, clock: ClockHand
) -> None:
    clock.forward(days=1)
    phone.text("STOP")
    phone.text("START")
    assert (link(phone, ann), link(phone, bs)) == ("active", "active")


# an opt-out at the carrier while texts are on their way


def test_a_refusal_for_an_opt_out_keeps_back_a_text_whose_end_is_unknown(outbox: Outbox) -> None:
    unknown = outbox.queue()
    outbox.carrier.script.append(Unknown("lost"))
    outbox.work()
    refused = outbox.queue(text_key="saved", values={"n": "4"})
    outbox.carrier.script.append(Rejected(21610, "opted_out"))
    outbox.work()
    assert (outbox.row(refused).state, outbox.contact_state()) == ("rejected", "opted_out")
    for _ in range(6):
        outbox.real.forward(minutes=2)
        outbox.work()
    assert outbox.row(unknown).state == "suppressed"
    assert len(outbox.carrier.offered) == 2, "nothing was offered again after the opt-out"


def test_a_callback_that_came_first_and_a_refusal_after_it_end_in_one_place(outbox: Outbox) -> None:
    first, second = outbox.queue(), outbox.queue(text_key="saved", values={"n": "4"})

    def told_at_once(sid: str, _: OutboundText) -> None:
        outbox.callback(first, sid, "delivered")
        outbox.carrier.script.append(Rejected(21610, "opted_out"))

    outbox.carrier.while_sending = told_at_once
    outbox.work()
    assert (outbox.row(first).state, outbox.row(second).state) == ("delivered", "rejected")
    assert outbox.contact_state() == "opted_out"
    assert [flag.family for flag in outbox.flags()] == ["delivery"]
