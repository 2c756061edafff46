"""A phone that several patients share: whose text it is, asked and told, and never guessed."""

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recovery_api.domain.errors import Invalid
from recovery_api.domain.labels import WORDS, default_label, label_rest
from recovery_api.models import tables
from recovery_api.services.hand_over_reminders import hand_over_due
from recovery_api.services.invite_phone import check_label
from recovery_api.services.queue_texts import Outgoing, Recipient, queue_texts
from tests.builders import BuiltClinic, ClockHand, PatientPersona, Persona, make_patient
from tests.services.phone import Phone

EMERGENCY = "my legs feel weak since last night"


@dataclass(frozen=True)
class Couple:
    """Two patients on one phone, labelled AT and BS."""

    phone: Phone
    at: UUID
    bs: UUID


@pytest.fixture
def couple(ann: PatientPersona, ben: Persona) -> Couple:
    """Annwyl Testerby and Borvin Samplewick."""
    other = make_patient(ann.clinic, given_name="Borvin", family_name="Samplewick", phone=ann.phone)
    return Couple(Phone(ann.clinic, ann.phone), ann.id, other.id)


def labels(clinic: BuiltClinic) -> list[str]:
    point = tables.contact_point
    with clinic.open() as scope:
        return [row.label for row in scope.connection.execute(point.select().order_by(point.c.id))]


# labels


@pytest.mark.parametrize(
    ("label", "text", "rest"),
    [
        ("BS", "BS 4", "4"),
        ("BS", "bs, my back is sore", "my back is sore"),
        ("BS", "BS.", ""),
        ("BS", "BSE 4", None),
        ("BS2", "BS2 4", "4"),
        ("BS", "BS2 4", None),
        ("AT", "AT 4", "4"),
        ("AT", "AT.", ""),
        ("AT", "At rest 4, walking 7", None),
        ("AT", "AT: my back is sore", "my back is sore"),
        ("A", "A 4", "4"),
        ("A", "A: 4", "4"),
        ("A", "A4", "4"),
        ("A", "a: BC", "BC"),
        ("A", "A bit better 3", None),
        ("A", "A", None),
        ("A", "A B", None),
        ("A", "A 4 is less than it was", None),
        ("I", "I can't breathe", None),
        ("NO", "NO 4", None),
        ("NO", "no", None),
        ("NO", "NO: 4", "4"),
        ("ME", "me 4", None),
        ("", "4", None),
        ("AT", "AT STOP", "STOP"),
        ("AT", "At time 10", "time 10"),
        ("AT", "AT TIME 2 PM", "TIME 2 PM"),
        ("AT", "At time of writing it is 7", None),
        ("AT", "AT FIX 5.", "FIX 5."),
        ("A", "A STOP", "STOP"),
        ("A", "A stop on the way hurt", None),
        ("BS", "STOP BS", "STOP"),
        ("BS", "Time 10 bs.", "Time 10"),
        ("BS", "START - BS", "START"),
        ("BS", "stop this BS", None),
        ("BS", "STOPBS", None),
        ("A", "STOP A", None),
        ("ME", "stop me", None),
        ("NO", "call no", None),
    ],
)
def test_a_label_counts_only_where_it_cannot_be_a_word(label: str, text: str, rest: str | None) -> None:
    assert label_rest(label, text, was_asked=False) == rest


def test_one_letter_alone_is_a_label_only_where_it_was_asked_for() -> None:
    assert label_rest("A", "A.", was_asked=True) == ""
    assert label_rest("A", "A bit", was_asked=True) is None
    assert label_rest("NO", "no", was_asked=True) is None


@given(st.text(max_size=6), st.text(max_size=6), st.lists(st.sampled_from(["AT", "AT2", "PT", "BS"]), max_size=4))
def test_a_default_label_has_two_letters_is_no_word_and_is_free(given: str, family: str, taken: list[str]) -> None:
    made = default_label(given, family, taken)
    assert len(made) >= 2
    assert made[:2].isalpha()
    assert made.isascii()
    assert made not in WORDS | set(taken)


@pytest.mark.parametrize("label", ["[[[[[[[[", "A€", "AT\n", "ÁT", "ABCDEFGHI"])
def test_a_label_that_costs_more_than_its_letters_is_refused(label: str) -> None:
    with pytest.raises(Invalid):
        check_label(label, "Annwyl", "Testerby")
    check_label("AT", "Annwyl", "Testerby")


def test_people_with_the_same_initials_get_labels_apart(ann: PatientPersona) -> None:
    make_patient(ann.clinic, given_name="Arvo", family_name="Tally", phone=ann.phone)
    make_patient(ann.clinic, given_name="Norbert", family_name="Ofsted", phone=ann.phone)
    make_patient(ann.clinic, given_name="Arvo", family_name="Tally", phone="+12125550142")
    assert labels(ann.clinic) == ["AT", "AT2", "NOF", "AT"]


def test_a_label_that_two_people_have_is_nobodys(couple: Couple) -> None:
    with couple.phone.clinic.open() as scope:
        scope.connection.execute(tables.contact_point.update().values(label="ZZ"))
    assert couple.phone.text("ZZ 4").message.patient_id is None


@pytest.mark.parametrize(
    ("words", "answer"),
    [
        ("BS STOP", "stopped"),
        ("BS START", "started"),
        ("BS JOIN", "started"),
        ("STOP BS", "stopped"),
        ("BS TIME 10", "hour_changed"),
        ("AT TIME 10", "hour_changed"),
        ("STOP", None),
        ("START", None),
    ],
)
def test_what_the_carrier_does_not_act_on_is_confirmed_by_us_once(
    couple: Couple, words: str, answer: str | None
) -> None:
    if answer == "started" or words == "START":
        couple.phone.text("BS STOP" if answer else "STOP")
    assert couple.phone.text(words).answer == answer


def test_a_start_in_nobodys_name_after_a_stop_of_ones_own_is_read_by_a_person(couple: Couple) -> None:
    couple.phone.text("BS STOP")
    assert couple.phone.text("START").message.needs_person
    couple.phone.text("BS START")
    assert not couple.phone.text("START").message.needs_person


# who is speaking


def test_a_held_answer_is_filed_once_somebody_says_whose_it_is(couple: Couple, clock: ClockHand) -> None:
    held = couple.phone.text("4")
    assert (held.answer, held.message.needs_person) == ("who_is_answering", True)
    asked_at = clock.now
    clock.forward(minutes=3)
    named = couple.phone.text("BS")
    [check_in] = couple.phone.rows("check_in")
    assert (check_in.pain, check_in.message_id, check_in.recorded_at) == (4, held.message.id, asked_at)
    assert check_in.local_on == asked_at.date()
    assert named.answer in ("saved", "saved_then_symptoms")
    rows = {row.id: row for row in couple.phone.rows("message")}
    for text in (held.message.id, named.message.id):
        row = rows[text]
        assert (row.patient_id, row.disposition, row.needs_person) == (couple.bs, "recorded", False)
    assert rows[held.message.id].episode_id == check_in.episode_id
    couple.phone.text("AT")
    assert len(couple.phone.rows("check_in")) == 1, "what was filed is not held any more"


def test_danger_in_a_held_text_is_judged_for_its_patient_as_well(couple: Couple) -> None:
    couple.phone.text("9")
    couple.phone.text("AT.")
    [check_in] = couple.phone.rows("check_in")
    assert check_in.pain == 9
    assert [flag.status for flag in couple.phone.rows("flag") if flag.rule == "unattributed"] == ["open"]


def test_a_label_with_a_score_of_its_own_leaves_the_held_text_to_a_person(couple: Couple) -> None:
    held = couple.phone.text("4")
    couple.phone.text("AT 6")
    couple.phone.text("BS")
    assert [row.pain for row in couple.phone.rows("check_in")] == [6]
    [kept] = [row for row in couple.phone.rows("message") if row.id == held.message.id]
    assert (kept.patient_id, kept.needs_person) == (None, True)


def test_a_held_text_that_a_person_took_is_left_to_them(couple: Couple, clock: ClockHand) -> None:
    held = couple.phone.text("4")
    with couple.phone.clinic.open() as scope:
        message = tables.message
        scope.connection.execute(message.update().where(message.c.id == held.message.id).values(handled_at=clock.now))
    couple.phone.text("AT")
    assert couple.phone.rows("check_in") == []


def test_a_label_long_after_the_question_files_nothing(couple: Couple, clock: ClockHand) -> None:
    couple.phone.text("4")
    clock.forward(hours=21)
    assert couple.phone.text("AT").answer == "ask_pain_again"
    assert couple.phone.rows("check_in") == []


def test_an_answer_about_a_visit_is_never_held_as_a_score(couple: Couple, clock: ClockHand) -> None:
    couple.phone.ask("appointment", clock.now.date(), clock.now)
    couple.phone.text("1")
    couple.phone.text("AT")
    assert couple.phone.rows("check_in") == []


def test_a_held_answer_belongs_to_the_day_that_was_asked_about(couple: Couple, clock: ClockHand) -> None:
    asked_on = clock.now.date()
    couple.phone.ask("pain", asked_on, clock.now)
    clock.forward(hours=19)
    assert clock.now.date() == asked_on + timedelta(days=1)
    couple.phone.text("4")
    couple.phone.text("AT")
    [check_in] = couple.phone.rows("check_in")
    assert check_in.local_on == asked_on


def asked_for_pain(couple: Couple, clock: ClockHand) -> None:
    """The daily question, which left to both of them a minute ago."""
    on, at = clock.now.date(), clock.now - timedelta(minutes=1)
    with couple.phone.clinic.open() as scope:
        for link in scope.connection.execute(tables.contact_point.select()).all():
            to = Recipient(couple.phone.number, "en", link.id, link.patient_id)
            text = Outgoing(to, "reminder", "check_in_pain", question="pain", question_on=on, due_at=at, expires_at=at)
            queue_texts(scope, [text], at)
        scope.flush()
        scope.connection.execute(tables.message.update().values(state="sent"))
    couple.phone.ask("pain", on, at)


@pytest.mark.parametrize("first", ["BS", "BS CALL", "BS 4"])
def test_who_has_not_answered_yet_still_answers_for_the_day_that_was_asked(
    couple: Couple, clock: ClockHand, first: str
) -> None:
    asked_on = clock.now.date()
    asked_for_pain(couple, clock)
    couple.phone.text("4")
    couple.phone.text(first)
    clock.forward(hours=17)
    assert clock.now.date() > asked_on
    outcome = couple.phone.text("AT 3")
    assert outcome.check_in is not None
    assert (outcome.check_in.local_on, outcome.answer) == (asked_on, "saved_then_symptoms")


def test_a_request_by_name_leaves_the_question_of_the_day_open(couple: Couple, clock: ClockHand) -> None:
    asked_on = clock.now.date()
    asked_for_pain(couple, clock)
    couple.phone.text("is anybody there")
    couple.phone.text("BS CALL")
    clock.forward(hours=17)
    outcome = couple.phone.text("BS 3")
    assert outcome.check_in is not None
    assert outcome.check_in.local_on == asked_on


# requests and danger


def test_a_start_from_a_shared_phone_brings_the_texts_back_for_both(couple: Couple) -> None:
    couple.phone.text("STOP")
    assert couple.phone.flags() == [("delivery", "today")] * 2
    outcome = couple.phone.text("START")
    assert (outcome.disposition, outcome.answer) == ("opted_in", None)
    assert couple.phone.states() == {"active"}


@pytest.mark.parametrize("body", ["please text us again", "we want the texts back"])
def test_the_wish_to_have_texts_again_on_a_shared_phone_is_for_a_person(couple: Couple, body: str) -> None:
    couple.phone.text("STOP")
    outcome = couple.phone.text(body)
    assert (outcome.message.needs_person, couple.phone.states()) == (True, {"opted_out"})


@pytest.mark.parametrize(
    ("body", "answer", "tier"),
    [
        (EMERGENCY, "emergency", "emergency"),
        ("I have a fever", "urgent", "urgent"),
        ("9", "who_is_answering", "urgent"),
    ],
)
def test_danger_on_a_shared_phone_is_told_what_to_do(couple: Couple, body: str, answer: str, tier: str) -> None:
    outcome = couple.phone.text(body)
    assert (outcome.answer, couple.phone.flags()) == (answer, [("red_flag", tier)])
    assert outcome.message.needs_person


def test_a_stop_with_danger_stops_and_tells_what_to_do(couple: Couple) -> None:
    outcome = couple.phone.text("STOP my legs are weak")
    assert (outcome.disposition, outcome.answer) == ("opted_out", "emergency")
    assert ("red_flag", "emergency") in couple.phone.flags()
    assert couple.phone.states() == {"opted_out"}


def test_a_yes_after_a_death_on_a_shared_phone_brings_nobody_back(couple: Couple) -> None:
    couple.phone.text("she died last night")
    assert couple.phone.text("Yes").message.needs_person
    assert couple.phone.states() == {"opted_out"}


def test_a_stop_and_a_start_never_bring_back_the_wrong_person(couple: Couple) -> None:
    point = tables.contact_point
    with couple.phone.clinic.open() as scope:
        scope.connection.execute(point.update().where(point.c.patient_id == couple.bs).values(state="wrong_person"))
    assert couple.phone.text("STOP").message.patient_id == couple.at
    assert couple.phone.states() == {"opted_out", "wrong_person"}
    couple.phone.text("START")
    assert couple.phone.states() == {"active", "wrong_person"}


# whom a text is about


def test_every_text_to_a_shared_phone_carries_the_label_that_the_clinic_chose(couple: Couple) -> None:
    assert couple.phone.text("BS 4").bodies[0].startswith("BS: ")
    assert couple.phone.text("AT: PAIN 2").bodies[0].startswith("AT: ")
    assert couple.phone.text("BS: I can't breathe").bodies[0].startswith("BS: This may be an emergency.")


def test_a_text_in_nobodys_name_carries_no_label(couple: Couple) -> None:
    for body in ("4", EMERGENCY, "HELP"):
        [said] = couple.phone.text(body).bodies
        assert not said.startswith(("AT: ", "BS: "))


def test_a_reminder_to_a_shared_phone_says_whom_it_is_about(couple: Couple, clock: ClockHand) -> None:
    clock.forward(days=1)
    with couple.phone.clinic.app.app_context():
        hand_over_due("tests:0:0", couple.phone.clinic.wiring.vaults, clock.now)
    said: dict[object, set[str]] = {}
    with couple.phone.clinic.open() as scope:
        for row in couple.phone.rows("message"):
            if row.purpose == "reminder":
                body = scope.vault.open("message.body", row.id, row.body_sealed)
                said.setdefault(row.patient_id, set()).add(body[:4])
    assert said == {couple.at: {"AT: "}, couple.bs: {"BS: "}}


def test_one_of_two_may_leave_and_the_other_stays(couple: Couple) -> None:
    outcome = couple.phone.text("BS: please stop texting me")
    assert (outcome.disposition, outcome.answer) == ("opted_out", "stopped")
    point = tables.contact_point
    with couple.phone.clinic.open() as scope:
        rows = scope.connection.execute(point.select()).all()
    assert {row.patient_id: row.state for row in rows} == {couple.at: "active", couple.bs: "opted_out"}


@pytest.mark.parametrize(
    ("body", "disposition", "rule"),
    [("she died last night", "deceased", "reported_deceased"), ("wrong number", "wrong_person", "says_wrong_number")],
)
def test_a_death_or_a_wrong_number_without_a_label_pauses_the_phone_and_asks_nothing(
    couple: Couple, body: str, disposition: str, rule: str
) -> None:
    outcome = couple.phone.text(body)
    assert (outcome.disposition, outcome.answer) == (disposition, disposition)
    assert couple.phone.states() == {"opted_out"}
    tasks = [flag.patient_id for flag in couple.phone.rows("flag") if flag.rule == rule]
    assert sorted(tasks) == sorted([couple.at, couple.bs])


def test_a_death_with_a_label_stops_that_person_alone(couple: Couple) -> None:
    assert couple.phone.text("BS: he died last night").answer == "deceased"
    point = tables.contact_point
    with couple.phone.clinic.open() as scope:
        rows = scope.connection.execute(point.select()).all()
    assert {row.patient_id: row.state for row in rows} == {couple.at: "active", couple.bs: "opted_out"}


def test_a_call_asked_for_on_a_shared_phone_is_a_task_for_each(couple: Couple) -> None:
    outcome = couple.phone.text("CALL")
    assert (outcome.disposition, outcome.answer) == ("call_asked", "call_back")
    assert sorted(flag.patient_id for flag in couple.phone.rows("flag")) == sorted([couple.at, couple.bs])


def test_help_on_a_shared_phone_is_given_to_whoever_asks(couple: Couple) -> None:
    assert couple.phone.text("HELP").answer == "help"


# who comes back


def states_of(couple: Couple) -> dict[UUID, str]:
    point = tables.contact_point
    with couple.phone.clinic.open() as scope:
        return {row.patient_id: row.state for row in scope.connection.execute(point.select())}


def grants_by_text(couple: Couple) -> list[UUID]:
    return [row.patient_id for row in couple.phone.rows("consent") if row.source == "opted_in"]


def test_a_start_by_name_brings_back_that_person_alone(couple: Couple) -> None:
    couple.phone.text("AT: stop")
    couple.phone.text("BS: stop")
    assert couple.phone.text("BS: start").disposition == "opted_in"
    assert states_of(couple) == {couple.at: "opted_out", couple.bs: "active"}
    assert grants_by_text(couple) == [couple.bs]
    couple.phone.text("AT: start")
    assert states_of(couple) == {couple.at: "active", couple.bs: "active"}


def test_a_start_in_nobodys_name_brings_back_nobody_who_left_by_name(couple: Couple, clock: ClockHand) -> None:
    couple.phone.text("STOP")
    couple.phone.text("AT: start")
    clock.forward(minutes=1)
    couple.phone.text("AT: stop")
    couple.phone.text("START")
    assert states_of(couple) == {couple.at: "opted_out", couple.bs: "active"}
    assert sorted(grants_by_text(couple)) == sorted([couple.at, couple.bs])
