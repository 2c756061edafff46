"""A text's way: what each intent brings about, whose it is, and that no text ever makes a flag go away."""

import itertools
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from recovery_api.domain.errors import NotFound
from recovery_api.domain.segments import not_gsm
from recovery_api.domain.tiers import Tier
from recovery_api.models import tables
from recovery_api.services.answer_visit import VisitWords, visit_words
from recovery_api.services.receive_sms import ReceivedText, receive_sms, without_quotes
from tests.builders import BuiltClinic, ClockHand, PatientPersona, Persona, make_patient, record
from tests.services.phone import Phone

EMERGENCY = "my legs feel weak since last night"


@pytest.fixture
def phone(ann: PatientPersona, ben: Persona) -> Phone:
    """Ann's phone, in a clinic where Ben is paged."""
    return Phone(ann.clinic, ann.phone)


# reports


def test_a_number_is_saved_and_answered(phone: Phone, clock: ClockHand) -> None:
    outcome = phone.text("4")
    assert (outcome.disposition, outcome.answer, outcome.message.needs_person) == ("recorded", "saved", False)
    assert outcome.check_in is not None
    assert (outcome.check_in.pain, outcome.check_in.channel, outcome.check_in.day) == (4, "sms", 5)
    assert outcome.check_in.local_on == clock.now.date()
    assert "4" in outcome.bodies[0]
    assert phone.flags() == []


@pytest.mark.parametrize(
    ("question", "said", "who"),
    [
        ("pain", "her pain is 6", "caregiver"),
        ("medication", "my husband took 2", "caregiver"),
        ("activity", "mi mama camino 20 minutos", "caregiver"),
        ("medication", "took 2, my husband helped me", "patient"),
    ],
)
def test_an_answer_that_somebody_else_gave_from_the_patients_phone_is_kept_as_theirs(
    phone: Phone, clock: ClockHand, question: str, said: str, who: str
) -> None:
    phone.ask(question, clock.now.date(), clock.now)
    outcome = phone.text(said)
    assert outcome.check_in is not None
    assert outcome.check_in.answered_by == who


def test_an_answer_to_the_daily_question_is_followed_by_the_symptoms(phone: Phone, clock: ClockHand) -> None:
    phone.ask("pain", clock.now.date(), clock.now)
    assert phone.text("4").answer == "saved_then_symptoms"
    second = phone.text("N")
    assert (second.disposition, second.answer) == ("recorded", "saved_symptoms")
    assert second.check_in is not None
    assert second.check_in.symptoms == []


@pytest.mark.parametrize(
    ("body", "symptom", "tier", "answer"),
    [
        ("A", "leg_weakness", "emergency", "emergency"),
        (EMERGENCY, "leg_weakness", "emergency", "emergency"),
        ("I can't breathe", "breathing", "emergency", "emergency"),
        ("I want to die", "self_harm", "emergency", "lifeline"),
        ("C", "fever", "urgent", "urgent"),
        ("E", "wound", "urgent", "urgent"),
    ],
)
def test_danger_is_recorded_flagged_paged_and_answered_at_any_hour(
    phone: Phone, clock: ClockHand, body: str, symptom: str, tier: str, answer: str
) -> None:
    clock.forward(hours=17)
    phone.ask("symptoms", clock.now.date(), clock.now)
    outcome = phone.text(body)
    assert outcome.answer == answer
    assert outcome.check_in is not None
    assert symptom in outcome.check_in.symptoms
    assert phone.flags() == [("red_flag", tier)]
    texts = [row for row in phone.rows("message") if row.direction == "out"]
    assert {(row.purpose, row.lane) for row in texts} == {("safety", "alert"), ("page", "alert")}
    [page] = [row for row in texts if row.purpose == "page"]
    assert page.flag_id == phone.rows("flag")[0].id


def test_a_severe_score_a_second_time_is_flagged_and_the_patient_is_told_when_a_nurse_calls(
    phone: Phone, ann: PatientPersona
) -> None:
    for days_ago in (4, 3, 2):
        record(ann, 3, days_ago=days_ago)
    record(ann, 8, days_ago=1)
    outcome = phone.text("8")
    assert outcome.answer == "saved_worse"
    assert ("worsening", "urgent") in phone.flags()


def test_a_low_number_beside_danger_does_not_hide_it(phone: Phone) -> None:
    outcome = phone.text("2 but I can't breathe")
    assert outcome.answer == "emergency_saved"
    assert outcome.bodies[0].startswith("This may be an emergency. Call 911 now.")
    assert "We saved 2; if wrong, text FIX 7." in outcome.bodies[0]
    assert phone.flags() == [("red_flag", "emergency")]


def test_a_late_reply_belongs_to_the_day_that_was_asked_about(phone: Phone, clock: ClockHand) -> None:
    asked_on = clock.now.date()
    phone.ask("pain", asked_on, clock.now)
    clock.forward(hours=19)
    outcome = phone.text("6")
    assert outcome.check_in is not None
    assert clock.now.date() == asked_on + timedelta(days=1)
    assert (outcome.check_in.local_on, outcome.check_in.day) == (asked_on, 5)


def test_a_reply_long_after_the_question_belongs_to_its_own_day(phone: Phone, clock: ClockHand) -> None:
    phone.ask("pain", clock.now.date(), clock.now)
    clock.forward(hours=26)
    outcome = phone.text("6")
    assert outcome.check_in is not None
    assert (outcome.check_in.local_on, outcome.check_in.day) == (clock.now.date(), 6)


# requests


def test_a_one_word_stop_stops_everything_and_leaves_the_answer_to_the_carrier(phone: Phone) -> None:
    phone.text("4")
    outcome = phone.text("STOP")
    assert (outcome.disposition, outcome.answer) == ("opted_out", None)
    assert phone.states() == {"opted_out"}
    planned = [row for row in phone.rows("message") if row.direction == "out" and row.contact_point_id]
    assert {row.state for row in planned} == {"suppressed"}
    [ledger] = [row for row in phone.rows("consent") if not row.granted]
    assert (ledger.message_id, ledger.source) == (outcome.message.id, "opted_out")
    assert [row for row in phone.rows("due_work") if row.kind == "send_bulk"] == []


def test_a_stop_in_words_is_obeyed_and_confirmed_once(phone: Phone) -> None:
    outcome = phone.text("please stop texting me")
    assert (outcome.disposition, outcome.answer) == ("opted_out", "stopped")
    assert phone.states() == {"opted_out"}


def test_a_start_brings_texts_back_after_a_stop_and_only_then(phone: Phone) -> None:
    assert phone.text("START").disposition == "opted_in"
    assert len(phone.rows("consent")) == 1
    phone.text("STOP")
    assert phone.text("START").disposition == "opted_in"
    assert phone.states() == {"active"}
    assert [row.granted for row in sorted(phone.rows("consent"), key=lambda row: row.id)] == [True, False, True]


def test_an_emergency_while_opted_out_is_still_flagged_and_paged(phone: Phone) -> None:
    phone.text("STOP")
    outcome = phone.text(EMERGENCY)
    assert phone.flags() == [("delivery", "today"), ("red_flag", "emergency")]
    assert outcome.check_in is not None
    assert [row.purpose for row in phone.rows("message") if row.clinician_id] == ["page"]
    assert phone.states() == {"opted_out"}


def test_help_gets_the_clinics_phone_and_a_person_looks(phone: Phone) -> None:
    outcome = phone.text("HELP")
    assert (outcome.disposition, outcome.answer, outcome.message.needs_person) == ("helped", "help", True)
    assert "+12125550199" in outcome.bodies[0]


def test_a_wish_for_a_call_is_a_flag_for_today(phone: Phone) -> None:
    outcome = phone.text("call me")
    assert (outcome.disposition, outcome.answer) == ("call_asked", "call_back")
    assert phone.flags() == [("operations", "today")]


def ledger_sources(phone: Phone) -> list[str]:
    return [row.source for row in sorted(phone.rows("consent"), key=lambda row: row.id)]


def test_a_stop_is_a_flag_to_call_instead(phone: Phone) -> None:
    phone.text("STOP")
    [flag] = phone.rows("flag")
    assert (flag.family, flag.tier, flag.reason) == ("delivery", "today", "Opted out of texts: call instead")


def test_a_wrong_person_pauses_the_texts_until_a_start_and_a_person_is_told(phone: Phone) -> None:
    outcome = phone.text("wrong number")
    assert (outcome.disposition, outcome.answer, outcome.message.needs_person) == ("wrong_person",) * 2 + (True,)
    assert (phone.states(), phone.flags()) == ({"opted_out"}, [("operations", "today")])
    assert phone.text("START").disposition == "opted_in"
    assert phone.states() == {"active"}
    assert ledger_sources(phone) == ["enrolment", "wrong_person", "opted_in"]


def test_danger_from_a_phone_of_the_wrong_person_still_finds_its_patient(phone: Phone, ann: PatientPersona) -> None:
    with phone.clinic.open() as scope:
        scope.connection.execute(tables.contact_point.update().values(state="wrong_person"))
    for body in ("4", "START", "wrong number"):
        outcome = phone.text(body)
        assert (outcome.disposition, outcome.message.patient_id, outcome.answer) == ("unknown_sender", None, None)
    assert phone.states() == {"wrong_person"}
    assert phone.text(EMERGENCY).message.patient_id == ann.id
    assert [row.patient_id for row in phone.rows("flag")] == [ann.id]


@pytest.mark.parametrize("body", ["my husband died last week, pain 4", "my husband died. my pain is 4"])
def test_a_death_beside_a_score_is_an_answer_and_a_flag(phone: Phone, body: str) -> None:
    outcome = phone.text(body)
    assert outcome.check_in is not None
    assert (outcome.check_in.pain, outcome.message.needs_person, phone.states()) == (4, True, {"active"})
    assert ("operations", "today") in phone.flags()
    assert outcome.answer != "deceased"


def test_a_death_stops_the_texts_and_a_person_is_told(phone: Phone) -> None:
    outcome = phone.text("he died last week")
    assert (outcome.disposition, outcome.answer) == ("deceased", "deceased")
    assert ("operations", "today") in phone.flags()
    assert phone.states() == {"opted_out"}
    assert {row.status for row in phone.rows("patient")} == {"active"}, "only a clinician may believe it"
    phone.text("START")
    assert phone.states() == {"active"}
    assert ledger_sources(phone) == ["enrolment", "deceased", "opted_in"]


# visits


@pytest.mark.parametrize(
    ("body", "answer", "status", "flags"),
    [
        ("1", "visit_confirmed", "confirmed", []),
        ("2", "visit_change", "change_asked", [("operations", "today")]),
    ],
)
def test_a_visit_is_confirmed_or_asked_to_be_moved(
    clinic: BuiltClinic, clock: ClockHand, body: str, answer: str, status: str, flags: list[tuple[str, str]]
) -> None:
    person = make_patient(clinic, visits=[clock.now + timedelta(days=2), clock.now + timedelta(days=9)])
    phone = Phone(clinic, person.phone)
    phone.ask("appointment", clock.now.date(), clock.now)
    outcome = phone.text(body)
    assert (outcome.disposition, outcome.answer, outcome.check_in) == ("visit_answered", answer, None)
    visits = sorted(phone.rows("appointment"), key=lambda row: row.starts_at)
    assert [row.status for row in visits] == [status, "booked"]
    assert phone.flags() == flags


def test_a_visit_is_told_in_the_patients_language() -> None:
    starts_at, zone = datetime(2026, 11, 22, 20, 5, tzinfo=UTC), ZoneInfo("America/New_York")
    assert visit_words(starts_at, zone) == VisitWords("Sun Nov 22", "3:05 PM")
    assert visit_words(starts_at, zone, "es") == VisitWords("domingo 22 de noviembre", "3:05 PM")
    for month in range(1, 13):
        said = visit_words(starts_at.replace(month=month, day=month), zone, "es")
        assert not list(not_gsm(f"{said.date} {said.time}"))


def test_a_visit_is_confirmed_in_spanish(clinic: BuiltClinic, clock: ClockHand) -> None:
    person = make_patient(clinic, language="es", visits=[clock.now + timedelta(days=2)])
    phone = Phone(clinic, person.phone)
    phone.ask("appointment", clock.now.date(), clock.now)
    assert "domingo 22 de noviembre a las 10:00 AM" in phone.text("1").bodies[0]


def test_a_yes_without_a_visit_goes_to_a_person(phone: Phone, clock: ClockHand) -> None:
    phone.ask("appointment", clock.now.date(), clock.now)
    outcome = phone.text("1")
    assert (outcome.answer, outcome.message.needs_person) == ("unread_to_person", True)


# what cannot be read


def test_what_cannot_be_read_is_asked_once_then_a_person_reads_it_and_the_phone_falls_silent(phone: Phone) -> None:
    outcomes = [phone.text(body) for body in ("not better", "worse", "the same")]
    assert [one.answer for one in outcomes] == ["ask_pain_again", "unread_to_person", None]
    assert [one.message.needs_person for one in outcomes] == [False, True, True]
    assert phone.text("5").answer is not None


@pytest.mark.parametrize(
    ("body", "answer"),
    [
        ("banana", "ask_pain_again"),
        ("I just pour out of bed like honey", "ask_pain_again"),
        ("pain 4 and something odd with my elbow", "saved"),
        ("pain 4, the chest pain went away", "saved"),
    ],
)
def test_what_says_more_than_was_understood_is_answered_and_read_by_a_person_too(
    phone: Phone, body: str, answer: str
) -> None:
    outcome = phone.text(body)
    assert (outcome.answer, outcome.message.needs_person) == (answer, True)
    assert outcome.message.because.endswith("Not all of it was understood.")


@pytest.mark.parametrize("body", ["4", "pain 4, good morning nurse", "no fever no chills 3", "pain 2, slept well"])
def test_a_plain_answer_needs_nobody(phone: Phone, body: str) -> None:
    outcome = phone.text(body)
    assert (outcome.disposition, outcome.message.needs_person) == ("recorded", False)


def test_a_text_without_a_word_is_kept(phone: Phone) -> None:
    assert phone.text("").disposition == "asked_again"


def test_thanks_get_no_answer_and_nobody_has_to_read_them(phone: Phone) -> None:
    for body in ("thank you", "thanks"):
        outcome = phone.text(body)
        assert (outcome.disposition, outcome.answer, outcome.message.needs_person) == ("thanked", None, False)


def test_a_picture_goes_to_a_person_and_is_not_asked_for_a_number(phone: Phone) -> None:
    outcome = phone.text("", media=2)
    assert (outcome.answer, outcome.message.needs_person, outcome.message.media_count) == ("unread_to_person", True, 2)


@pytest.mark.parametrize("extra", [{"media": 1}, {"cut": True}])
def test_a_score_beside_what_cannot_be_read_is_saved_and_looked_at(phone: Phone, extra: dict[str, Any]) -> None:
    outcome = phone.text("4", **extra)
    assert (outcome.disposition, outcome.answer, outcome.message.needs_person) == ("recorded", "saved", True)


def test_the_patients_words_are_no_part_of_any_reason(phone: Phone) -> None:
    outcome = phone.text(EMERGENCY)
    reason = "Weak, numb or unsteady legs. Not well."
    assert (outcome.message.because, outcome.check_in is not None and outcome.check_in.words_because) == (reason,) * 2
    assert without_quotes('Fall: "fell hard". Fever: "hot". Pain 4.') == "Fall. Fever. Pain 4."
    assert without_quotes('Fall: "fell') == "Fall"


# without a recovery


def test_danger_after_the_recovery_ended_is_a_flag_of_the_patient_and_pages(phone: Phone, ann: PatientPersona) -> None:
    with phone.clinic.open() as scope:
        scope.connection.execute(tables.episode.update().values(status="ended"))
    outcome = phone.text(EMERGENCY)
    assert (outcome.answer, outcome.check_in, outcome.message.patient_id) == ("emergency", None, ann.id)
    [flag] = phone.rows("flag")
    assert (flag.family, flag.tier, flag.patient_id, flag.episode_id) == ("red_flag", "emergency", ann.id, None)
    assert len([row for row in phone.rows("message") if row.clinician_id]) == 1
    with phone.clinic.open() as scope:  # the first page has left; one that waits would stand for both
        paged = tables.message.c.clinician_id.is_not(None)
        scope.connection.execute(tables.message.update().where(paged).values(state="accepted"))
    phone.text("fever")
    assert len([row for row in phone.rows("message") if row.clinician_id]) == 2


# whose text it is


def test_a_text_from_an_unknown_number_is_kept_and_answered_by_nobody(phone: Phone) -> None:
    stranger = Phone(phone.clinic, "+13475550177")
    outcome = stranger.text("4")
    assert (outcome.disposition, outcome.answer, outcome.message.needs_person) == ("unknown_sender", None, True)
    assert outcome.message.patient_id is None
    assert stranger.rows("check_in") == []


def test_danger_from_an_unknown_number_is_flagged_once_and_paged(phone: Phone) -> None:
    stranger = Phone(phone.clinic, "+13475550177")
    stranger.text(EMERGENCY)
    stranger.text(EMERGENCY)
    [flag] = stranger.rows("flag")
    assert (flag.tier, flag.patient_id, flag.repeats) == ("emergency", None, 1)
    assert len([row for row in stranger.rows("message") if row.clinician_id]) == 1


@pytest.fixture
def couple(ann: PatientPersona, ben: Persona) -> tuple[Phone, dict[str, UUID]]:
    """Two patients on one phone."""
    other = make_patient(ann.clinic, given_name="Borvin", family_name="Samplewick", phone=ann.phone)
    return Phone(ann.clinic, ann.phone), {"AT": ann.id, "BS": other.id}


def test_a_number_from_a_shared_phone_is_nobodys_until_it_says_whose_it_is(
    couple: tuple[Phone, dict[str, UUID]],
) -> None:
    phone, _ = couple
    outcome = phone.text("4")
    assert (outcome.disposition, outcome.answer, outcome.check_in) == ("shared_phone", "who_is_answering", None)
    assert all(label in outcome.bodies[0] for label in ("AT", "BS"))
    assert outcome.message.patient_id is None


@pytest.mark.parametrize("body", ["BS 4", "bs: 4", "BS, 4"])
def test_a_label_says_whose_answer_it_is(couple: tuple[Phone, dict[str, UUID]], body: str) -> None:
    phone, people = couple
    outcome = phone.text(body)
    assert outcome.check_in is not None
    assert (outcome.message.patient_id, outcome.check_in.pain, outcome.answer) == (people["BS"], 4, "saved")


def test_danger_from_a_shared_phone_is_flagged_before_anybody_is_asked(
    couple: tuple[Phone, dict[str, UUID]],
) -> None:
    phone, _ = couple
    assert phone.text("9").answer == "who_is_answering"
    assert phone.flags() == [("red_flag", "urgent")]
    assert phone.text(EMERGENCY).answer == "emergency"
    assert phone.flags() == [("red_flag", "emergency")]
    assert phone.rows("check_in") == []


def test_a_stop_from_a_shared_phone_stops_it_for_both(couple: tuple[Phone, dict[str, UUID]]) -> None:
    phone, _ = couple
    assert phone.text("STOP").disposition == "opted_out"
    assert phone.states() == {"opted_out"}


def test_a_caregivers_answer_is_known_as_theirs(phone: Phone) -> None:
    with phone.clinic.open() as scope:
        scope.connection.execute(tables.contact_point.update().values(whose="caregiver"))
    outcome = phone.text("4")
    assert outcome.check_in is not None
    assert outcome.check_in.answered_by == "caregiver"


# once


def test_a_repeated_sid_changes_nothing(phone: Phone) -> None:
    sid = f"SM{uuid4().hex}"
    assert phone.send(EMERGENCY, sid)
    before = {name: phone.rows(name) for name in ("message", "check_in", "flag", "flag_event", "due_work")}
    assert not phone.send(EMERGENCY, sid)
    assert not phone.send("2", sid)
    assert {name: phone.rows(name) for name in before} == before


def test_a_number_that_is_no_clinics_is_refused(phone: Phone) -> None:
    text = ReceivedText(f"SM{uuid4().hex}", phone.number, "+13475550100", "4")
    with phone.clinic.app.app_context(), pytest.raises(NotFound):
        receive_sms(text, phone.clinic.wiring.vaults, phone.clinic.wiring.clock.now())


# monotone safety

_numbers = itertools.cycle(f"+1{area}55501{line:02}" for area in (646, 718, 917) for line in range(100))
BODIES = (
    "0", "1", "2", "4", "8", "9", "10", "N", "A", "B", "C", "E", "5-6", "FIX 0", "PAIN 1", "no pain", "all good now",
    EMERGENCY, "fever", "I can breathe again", "my legs are fine", "STOP", "START", "HELP", "stop bothering me",
    "call me", "wrong number", "he died last week", "change my appointment", "yes", "banana", "", "thank you",
    "false alarm, sorry", "ignore my last text", "cancel", "resolved",
)  # fmt: skip


DANGERS = (EMERGENCY, "A", "B", "C", "E", "fever", "8", "9", "10", "HELP", "call me", "change my appointment")
QUESTIONS = ("pain", "symptoms", "appointment", None)


@settings(
    max_examples=15,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    steps=st.lists(
        st.tuples(st.sampled_from(DANGERS) | st.sampled_from(BODIES), st.sampled_from(QUESTIONS)),
        min_size=4,
        max_size=8,
    )
)
def test_no_text_closes_lowers_or_delays_a_flag_and_each_gets_one_answer_at_most(
    clinic: BuiltClinic, ben: Persona, clock: ClockHand, steps: list[tuple[str, str | None]]
) -> None:
    phone = Phone(clinic, make_patient(clinic, phone=next(_numbers)).phone)
    seen: dict[UUID, tuple[int, object]] = {}
    for body, question in steps:
        if question is not None:
            phone.ask(question, clock.now.date(), clock.now)
        assert len(phone.text(body).answers) <= 1
        flags = {row.id: row for row in phone.rows("flag")}
        for flag_id, (rank, respond_by) in seen.items():
            assert flags[flag_id].status == "open"
            assert Tier(flags[flag_id].tier).rank <= rank
            assert flags[flag_id].respond_by <= respond_by
        seen = {flag_id: (Tier(row.tier).rank, row.respond_by) for flag_id, row in flags.items()}
        clock.forward(minutes=20)
