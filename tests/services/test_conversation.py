"""A conversation by text: scores mended, hours changed, calls asked for, and machines that fall silent."""

from datetime import date, datetime, time, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Row, select

from recovery_api.domain.answer_limits import (
    KEPT,
    MOST_A_DAY,
    MOST_AN_HOUR,
    MOST_SCORES_A_DAY,
    MOST_SCORES_AN_HOUR,
    may_answer,
    may_say_back,
    remembered,
)
from recovery_api.domain.segments import measure
from recovery_api.models import tables
from tests.builders import NOW, BuiltClinic, ClockHand, PatientPersona, Persona, make_patient, record
from tests.services.phone import Phone

AUTO_REPLY = "I am driving with Do Not Disturb on. I will see your message when I arrive. (Auto-Reply)"


@pytest.fixture
def phone(ann: PatientPersona, ben: Persona) -> Phone:
    """Ann's phone, in a clinic where Ben is paged."""
    return Phone(ann.clinic, ann.phone)


def versions(phone: Phone) -> list[tuple[int, int | None]]:
    """Every version of every check-in with its score, oldest first."""
    rows = sorted(phone.rows("check_in"), key=lambda row: (row.recorded_at, row.version))
    return [(row.version, row.pain) for row in rows]


# scores mended


@pytest.mark.parametrize("mend", ["FIX 3", "sorry meant 3", "CORRIJO 3"])
def test_a_mended_score_is_a_new_version_and_said_back(phone: Phone, clock: ClockHand, mend: str) -> None:
    phone.ask("pain", clock.now.date(), clock.now)
    first = phone.text("7")
    phone.text("N")
    clock.forward(minutes=4)
    outcome = phone.text(mend)
    assert (outcome.disposition, outcome.answer) == ("recorded", "saved_mended")
    assert "3" in outcome.bodies[0]
    assert first.check_in is not None
    assert outcome.check_in is not None
    assert (outcome.check_in.id, outcome.check_in.version) == (first.check_in.id, 2)
    assert (outcome.check_in.recorded_at, outcome.check_in.local_on) == (
        first.check_in.recorded_at, first.check_in.local_on,
    )  # fmt: skip
    assert [pair for pair in versions(phone) if pair[1] is not None] == [(1, 7), (2, 3)]


def test_a_mended_score_takes_no_flag_and_no_symptom_away(phone: Phone) -> None:
    phone.text("9 and I have a fever")
    flags = phone.flags()
    assert ("red_flag", "urgent") in flags
    outcome = phone.text("FIX 2")
    assert outcome.check_in is not None
    assert (outcome.check_in.version, outcome.check_in.pain, outcome.check_in.symptoms) == (2, 2, ["fever"])
    assert outcome.check_in.words_tier == "urgent"
    assert set(phone.flags()) >= set(flags)


def test_the_second_mend_is_the_third_version(phone: Phone) -> None:
    for body in ("7", "FIX 3", "FIX 4"):
        phone.text(body)
    assert versions(phone) == [(1, 7), (2, 3), (3, 4)]


def test_a_mend_without_a_score_to_mend_is_a_score(phone: Phone, ann: PatientPersona, clock: ClockHand) -> None:
    record(ann, 6, days_ago=2)
    outcome = phone.text("FIX 5")
    assert outcome.check_in is not None
    assert (outcome.check_in.version, outcome.check_in.local_on) == (1, clock.now.date())
    assert outcome.answer == "saved"


def test_a_score_from_the_app_is_never_mended_by_a_text(phone: Phone, ann: PatientPersona, clock: ClockHand) -> None:
    ann.post("/me/check-ins", json={"recorded_at": clock.now.isoformat(), "pain": 6, "client_id": str(ann.id)})
    outcome = phone.text("FIX 5")
    assert outcome.check_in is not None
    assert outcome.check_in.version == 1


@pytest.mark.parametrize("mend", ["FIX 3", "sorry meant 3"])
def test_what_was_said_on_one_phone_is_never_mended_from_another(
    phone: Phone, ann: PatientPersona, ben: Persona, mend: str
) -> None:
    ben.post(f"/patients/{ann.id}/phones", json={"phone": "+12125550177", "label": "AT"})
    caregiver = Phone(ann.clinic, "+12125550177")
    caregiver.text("START")
    phone.text("8")
    caregiver.text(mend)
    assert (1, 8) in versions(phone)
    assert max(version for version, _ in versions(phone)) == 1
    phone.text("FIX 7")
    assert (2, 7) in versions(phone)


@pytest.mark.parametrize("mend", ["FIX 4", "sorry meant 4"])
def test_a_mend_that_is_filed_late_mends_what_was_said_before_it_was_written(phone: Phone, mend: str) -> None:
    phone.text("2")
    phone.text("7", sent_at=NOW - timedelta(hours=50))
    phone.text(mend, sent_at=NOW - timedelta(hours=49))
    assert versions(phone) == [(1, 7), (2, 4), (1, 2)]


@pytest.mark.parametrize("body", ["wrong number FIX 4", "oops wrong number its 4", "n\u00famero equivocado, es 4"])
def test_a_wrong_number_behind_a_score_is_the_score_and_stops_nothing(phone: Phone, body: str) -> None:
    assert phone.text(body).answer == "wrong_person", "nobody has said a score on this phone yet"
    phone.text("START")
    phone.text("8")
    outcome = phone.text(body)
    assert (outcome.answer, outcome.message.needs_person, phone.states()) == ("ask_suggestion", True, {"active"})
    assert "4" in outcome.bodies[0]
    assert phone.text("wrong number").answer == "wrong_person"


def test_a_later_score_is_a_report_of_its_own(phone: Phone) -> None:
    phone.text("4")
    phone.text("PAIN 7")
    assert versions(phone) == [(1, 4), (1, 7)]


@pytest.mark.parametrize(
    ("body", "question", "answer"),
    [
        ("4", None, "saved"),
        ("4", "pain", "saved_then_symptoms"),
        ("PAIN 7", "appointment", "saved"),
        ("PAIN 7", "symptoms", "saved"),
        ("5-6", None, "saved_range"),
        ("12/10", None, None),
        ("7 and a fever", "pain", "urgent_saved"),
        ("3 but I can't breathe", "pain", "emergency_saved"),
        ("pain 7 please call me", None, "call_back_saved"),
        ("pain 6 and cancel my appointment", None, "visit_change_saved"),
    ],
)
@pytest.mark.parametrize("language", ["en", "es"])
def test_every_saved_score_is_said_back_in_one_segment_with_how_to_mend_it(
    clinic: BuiltClinic, clock: ClockHand, body: str, question: str | None, answer: str | None, language: str
) -> None:
    phone = Phone(clinic, make_patient(clinic, language=language).phone)
    if question is not None:
        phone.ask(question, clock.now.date(), clock.now)
    outcome = phone.text(body)
    assert outcome.check_in is not None
    assert answer in (None, outcome.answer)
    [said] = outcome.bodies
    assert str(outcome.check_in.pain) in said
    assert ("FIX 7" if language == "en" else "CORRIJO 7") in said
    assert measure(said).segments == 1


@pytest.mark.parametrize(("day", "asks"), [(14, True), (17, False), (21, True), (49, True), (90, True), (330, True)])
def test_symptoms_are_asked_for_daily_then_once_a_week_then_after_every_score(
    clinic: BuiltClinic, clock: ClockHand, day: int, asks: bool
) -> None:
    today = clock.now.date()
    phone = Phone(clinic, make_patient(clinic, performed_on=today - timedelta(days=day)).phone)
    phone.ask("pain", today, clock.now)
    assert phone.text("4").answer == ("saved_then_symptoms" if asks else "saved")


def test_a_visit_that_is_confirmed_beside_a_score_says_both(phone: Phone, ann: PatientPersona, ben: Persona) -> None:
    ben.post(f"/episodes/{ann.episode_id}/appointments", json={"starts_at": "2026-11-24T15:00:00Z"})
    phone.ask("appointment", NOW.date(), NOW)
    outcome = phone.text("yes I confirm, pain 3")
    assert outcome.answer == "visit_confirmed_saved"
    assert "We will see you Tue Nov 24 at 10:00 AM. We saved 3; if that is wrong, text FIX 7." in outcome.bodies[0]


def test_a_range_is_said_back_with_both_ends(phone: Phone) -> None:
    assert "You sent 5 to 6. We saved 6." in phone.text("5-6").bodies[0]


# what can be asked for at any time


def plan_of(phone: Phone) -> list[Row[tuple[object, ...]]]:
    reminder = tables.reminder
    with phone.clinic.open() as scope:
        chosen = select(reminder).where(reminder.c.state == "planned", reminder.c.kind == "check_in")
        return list(scope.connection.execute(chosen.order_by(reminder.c.due_at)).all())


@pytest.mark.parametrize(
    ("body", "at", "said"), [("TIME 10", time(10), "10:00 AM"), ("time 2 pm", time(14), "2:00 PM")]
)
@pytest.mark.parametrize("question", ["pain", "activity", "medication", None])
def test_the_hour_is_changed_by_a_text_for_all_that_is_still_to_come(
    phone: Phone, clock: ClockHand, body: str, at: time, said: str, question: str | None
) -> None:
    if question is not None:
        phone.ask(question, clock.now.date(), clock.now)
    outcome = phone.text(body)
    assert (outcome.disposition, outcome.answer, outcome.check_in) == ("hour_changed", "hour_changed", None)
    assert said in outcome.bodies[0]
    plans = phone.rows("care_plan")
    assert [row.check_in_time for row in plans if row.replaced_at is None] == [at]
    assert len(plans) == 2
    later = [row for row in plan_of(phone) if row.local_on > clock.now.date()]
    assert len(later) >= 5
    assert {row.due_at.astimezone(clinic_zone(phone)).time() for row in later} == {at}
    [event] = [row for row in phone.rows("audit_event") if row.action == "patient.preferences_changed"]
    assert event.actor_kind == "patient"


def clinic_zone(phone: Phone) -> object:
    with phone.clinic.open() as scope:
        return scope.zone


@pytest.mark.parametrize("body", ["TIME 8", "TIME 22", "TIME 20", "HORA 5"])
def test_an_hour_in_which_no_text_may_leave_is_refused_kindly(phone: Phone, body: str) -> None:
    outcome = phone.text(body)
    assert outcome.answer == "hour_refused"
    assert len(phone.rows("care_plan")) == 1


@pytest.mark.parametrize("question", ["pain", "symptoms", "appointment", "activity", "medication", None])
def test_a_call_and_a_score_with_its_word_are_understood_whatever_is_open(
    phone: Phone, clock: ClockHand, question: str | None
) -> None:
    if question is not None:
        phone.ask(question, clock.now.date(), clock.now)
    assert phone.text("CALL").disposition == "call_asked"
    assert ("operations", "today") in phone.flags()
    scored = phone.text("PAIN 7")
    assert scored.check_in is not None
    assert scored.check_in.pain == 7


@pytest.mark.parametrize("body", ["PAIN 7 TIME 10", "pain 7, time 10", "DOLOR 7 HORA 10", "dolor 7, hora 10"])
def test_an_hour_beside_a_score_is_never_taken_for_the_score(phone: Phone, body: str) -> None:
    outcome = phone.text(body)
    assert outcome.check_in is None or outcome.check_in.pain == 7
    assert outcome.answer in ("saved", "ask_pain_again", "ask_suggestion")


@pytest.mark.parametrize("question", ["activity", "medication", "appointment"])
def test_a_number_out_of_ten_is_a_score_whatever_was_asked(phone: Phone, clock: ClockHand, question: str) -> None:
    phone.ask(question, clock.now.date(), clock.now)
    outcome = phone.text("7 out of 10")
    assert outcome.check_in is not None
    assert (outcome.check_in.pain, outcome.check_in.pills_total, outcome.check_in.minutes_walked) == (7, None, None)


@pytest.mark.parametrize(
    ("question", "again"),
    [("pain", "ask_pain_again"), ("symptoms", "check_in_symptoms"), ("activity", "check_in_minutes"),
     ("medication", "check_in_pills"), ("appointment", "ask_pain_again")],
)  # fmt: skip
def test_what_was_asked_is_asked_once_more_and_then_a_person_reads(
    phone: Phone, clock: ClockHand, question: str, again: str
) -> None:
    phone.ask(question, clock.now.date(), clock.now)
    outcomes = [phone.text(body) for body in ("hmm well", "hmm you see", "hmm let me think")]
    assert [one.answer for one in outcomes] == [again, "unread_to_person", None]
    assert [one.message.needs_person for one in outcomes] == [False, True, True]


def test_a_score_after_a_visit_reminder_is_offered_back_and_never_a_visit(phone: Phone, clock: ClockHand) -> None:
    phone.ask("appointment", clock.now.date(), clock.now)
    asked = phone.text("4")
    assert (asked.answer, asked.check_in) == ("ask_suggestion", None)
    assert "PAIN 4" in asked.bodies[0]
    again = phone.text("4")
    assert again.check_in is not None
    assert again.check_in.pain == 4


def test_one_question_is_open_on_a_phone_and_a_new_one_takes_its_place(phone: Phone, clock: ClockHand) -> None:
    phone.ask("pain", clock.now.date(), clock.now)
    phone.text("4")
    [point] = phone.rows("contact_point")
    assert point.question == "symptoms"
    assert point.question_on == clock.now.date()


def test_a_reserved_word_is_no_answer_to_any_question(phone: Phone, clock: ClockHand) -> None:
    for question in ("pain", "symptoms", "activity", "medication"):
        phone.ask(question, clock.now.date(), clock.now)
        for word in ("YES", "Yes.", "START", "HELP", "INFO"):
            assert phone.text(word).check_in is None or word in ("HELP", "INFO"), (question, word)
    assert all(row.pain is None for row in phone.rows("check_in"))


# machines


def answers_sent(phone: Phone, since: datetime) -> int:
    return sum(row.direction == "out" and row.created_at >= since for row in phone.rows("message") if row.patient_id)


def test_an_auto_responder_gets_one_answer_and_a_person_sees_it(phone: Phone, clock: ClockHand) -> None:
    outcomes = []
    for _ in range(6):
        outcomes.append(phone.text(AUTO_REPLY))
        clock.forward(minutes=1)
    assert [one.answer for one in outcomes] == ["ask_pain_again", None, None, None, None, None]
    assert all(one.message.needs_person for one in outcomes)


def test_an_auto_responder_on_a_shared_phone_is_not_asked_for_ever_who_it_is(
    phone: Phone, ann: PatientPersona, clock: ClockHand
) -> None:
    make_patient(ann.clinic, given_name="Borvin", family_name="Samplewick", phone=ann.phone)
    outcomes = []
    for number in range(MOST_AN_HOUR + 4):
        outcomes.append(phone.text(f"busy {number}"))
        clock.forward(seconds=20)
    assert [one.answer for one in outcomes] == ["who_is_answering"] * MOST_AN_HOUR + [None] * 4
    assert {one.disposition for one in outcomes[MOST_AN_HOUR:]} == {"left_unanswered"}
    assert all(one.message.needs_person for one in outcomes)


@pytest.mark.parametrize("body", ["HELP", "call me", "wrong number", "please stop texting me"])
def test_the_same_request_over_and_over_is_answered_three_times_at_most(
    phone: Phone, clock: ClockHand, body: str
) -> None:
    for _ in range(5):
        phone.text(body)
        clock.forward(minutes=1)
    assert answers_sent(phone, NOW) <= 3
    assert phone.flags() != []


def test_a_machine_that_reports_scores_is_saved_in_silence_in_the_end(phone: Phone, clock: ClockHand) -> None:
    outcomes = []
    for _ in range(MOST_SCORES_AN_HOUR + 3):
        outcomes.append(phone.text("4"))
        clock.forward(minutes=1)
    assert all(one.check_in for one in outcomes)
    assert [one.answer for one in outcomes[-3:]] == [None] * 3
    assert all(one.message.needs_person for one in outcomes[-3:])
    clock.forward(hours=1)
    assert phone.text("4").answer == "saved"


def test_a_machine_that_goes_on_all_day_is_left_to_a_person(phone: Phone, clock: ClockHand) -> None:
    for number in range(MOST_A_DAY + 3):
        last = phone.text(f"Ticket {number} call me back")
        clock.forward(minutes=10)
    assert answers_sent(phone, NOW) == MOST_A_DAY
    assert last.message.needs_person
    clock.forward(days=1)
    assert phone.text("please call me back").answer == "call_back"


def test_a_machine_that_reports_scores_all_day_is_saved_in_silence_until_the_next() -> None:
    said = [NOW + timedelta(minutes=3 * number) for number in range(MOST_SCORES_A_DAY)]
    assert may_say_back(said[:-1], said[-1])
    assert not may_say_back(said, NOW + timedelta(hours=20))
    assert may_say_back(said, NOW + timedelta(hours=27))


def test_danger_is_answered_however_much_was_said_before(phone: Phone, clock: ClockHand) -> None:
    for number in range(10):
        assert phone.text(f"my legs feel weak since {number + 1} pm last night").answer == "emergency"
        clock.forward(minutes=1)


def test_a_phone_that_was_silent_for_an_hour_is_answered_again(phone: Phone, clock: ClockHand) -> None:
    for number in range(MOST_AN_HOUR + 2):
        phone.text(f"help me please {number}" if number % 2 else "HELP")
    assert phone.text("HELP").answer is None
    clock.forward(hours=25)
    assert phone.text("HELP").answer == "help"


instants = st.lists(st.integers(0, 50_000), min_size=1, max_size=80)


@settings(max_examples=40)
@given(instants, st.integers(1, 40), st.integers(1, 5))
def test_no_phone_is_answered_more_than_eight_times_in_any_hour(seconds: list[int], length: int, texts: int) -> None:
    past: list[tuple[datetime, bytes]] = []
    sent: list[datetime] = []
    for place, second in enumerate(sorted(seconds)):
        now, text = NOW + timedelta(seconds=second), bytes([place % texts])
        if may_answer(past, text, length, now):
            past = remembered(past, text, now)
            sent.append(now)
    assert len(past) <= KEPT
    for at in sent:
        assert sum(at - timedelta(hours=1) < other <= at for other in sent) <= MOST_AN_HOUR
        assert sum(at - timedelta(days=1) < other <= at for other in sent) <= MOST_A_DAY


def test_a_late_score_is_mended_on_the_day_it_answers(phone: Phone, clock: ClockHand) -> None:
    asked_on: date = clock.now.date()
    phone.ask("pain", asked_on, clock.now)
    clock.forward(hours=19)
    phone.text("6")
    clock.forward(hours=2)
    mended = phone.text("FIX 5")
    assert mended.check_in is not None
    assert (mended.check_in.local_on, mended.check_in.version) == (asked_on, 2)
