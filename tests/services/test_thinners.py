"""A blood thinner that was stopped: its day on the care plan, a question on that day, and a nurse who hears in time."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Row

from recovery_api.domain.errors import Invalid
from recovery_api.ids import new_id
from recovery_api.models import tables
from recovery_api.packs.reading import reply_reader
from recovery_api.services.change_episode import EpisodeChanges, change_episode
from recovery_api.services.change_preferences import Preferences, change_preferences
from recovery_api.services.hand_over_reminders import hand_over_due
from recovery_api.services.hold_episode import NewHold, hold_episode, lift_hold
from recovery_api.services.plan_thinner import ThinnerPlan, settle_thinner
from recovery_api.services.preview_move import preview_move
from recovery_api.services.record_audit import SYSTEM, Actor
from recovery_api.services.watch_thinners import watch_thinners
from tests.builders import NOW, BuiltClinic, ClockHand, PatientPersona, Persona, make_clinic, make_patient, record
from tests.clinic.visitor import Visitor
from tests.services.phone import Phone

TODAY = NOW.date()  # a Friday
ASKED_AT = datetime(2026, 11, 20, 22, 0, tzinfo=UTC)  # five in the afternoon in New York
MIDNIGHT = datetime(2026, 11, 22, 5, 0, tzinfo=UTC)  # the end of the day after


@pytest.fixture
def zoe(clinic: BuiltClinic, ben: Persona) -> PatientPersona:
    """A patient on day 23, of which no other text is planned, in a clinic where Ben is paged."""
    return make_patient(clinic, performed_on=TODAY - timedelta(days=23))


@pytest.fixture
def phone(zoe: PatientPersona) -> Phone:
    """Zoe's phone; her blood thinner is to be started again today."""
    plan(zoe, TODAY)
    return Phone(zoe.clinic, zoe.phone)


def plan(patient: PatientPersona, restart_on: Any) -> None:
    now = patient.clinic.wiring.clock.now()
    with patient.clinic.open() as scope:
        change_episode(scope, patient.episode_id, EpisodeChanges(thinner=ThinnerPlan(restart_on)), SYSTEM, now)


def current(phone: Phone) -> Row[Any]:
    [row] = [row for row in phone.rows("care_plan") if row.replaced_at is None]
    return row


def hand_over(phone: Phone, at: datetime, push_by: tuple[str, ...] = ()) -> list[str]:
    """The questions about it that leave at an instant."""
    before = {row.id for row in phone.rows("message")}
    with phone.clinic.app.app_context():
        hand_over_due("tests:0:0", phone.clinic.wiring.vaults, at, push_by=push_by)
    mark_sent(phone, at)
    return [row.question for row in phone.rows("message") if row.id not in before and row.question == "thinner"]


def mark_sent(phone: Phone, at: datetime) -> None:
    """What waited to leave has left."""
    with phone.clinic.open() as scope:
        message = tables.message
        waiting = message.update().where(message.c.state == "planned")
        scope.connection.execute(waiting.values(state="delivered", attempted_at=at, settled_at=at))


def watch(phone: Phone, at: datetime) -> int:
    with phone.clinic.app.app_context():
        return watch_thinners(phone.clinic.wiring.vaults, at)


def flags(phone: Phone) -> list[tuple[str, str, str]]:
    return [(row.rule, row.tier, row.reason) for row in phone.rows("flag")]


def said(what: str) -> tuple[str, str, str]:
    return "MED-03", "today", f"A blood thinner was to be started again on 2026-11-20: {what}"


# the plan


def test_the_day_is_asked_about_then_and_once_more_and_the_usual_reminder_falls_away(zoe: PatientPersona) -> None:
    other = make_patient(zoe.clinic, phone="+12125550143", performed_on=TODAY)
    texts = Phone(zoe.clinic, other.phone)

    def planned() -> list[tuple[str, int]]:
        rows = [row for row in texts.rows("reminder") if row.episode_id == other.episode_id and row.state == "planned"]
        about = [row for row in rows if "thinner" in row.text_key]
        return sorted((row.text_key, (row.local_on - TODAY).days) for row in about)

    assert planned() == [("blood_thinner_again", 2)]
    plan(other, TODAY + timedelta(days=3))
    assert planned() == [("thinner_question", 3), ("thinner_question", 4)]
    plan(other, None)
    assert planned() == [("blood_thinner_again", 2)]


def test_each_day_is_a_version_of_the_care_plan_and_keeps_what_was_answered(
    phone: Phone, zoe: PatientPersona, clock: ClockHand
) -> None:
    assert len(phone.rows("care_plan")) == 2
    plan(zoe, TODAY)
    assert len(phone.rows("care_plan")) == 2, "the same day again is no change"
    phone.ask("thinner", TODAY, clock.now)
    phone.text("1")
    with zoe.clinic.open() as scope:
        change_preferences(scope, zoe.id, Preferences(zone="America/Chicago"), SYSTEM, clock.now)
    assert (current(phone).thinner_restart_on, current(phone).thinner_started) == (TODAY, True)
    plan(zoe, TODAY + timedelta(days=1))
    assert (current(phone).thinner_started, current(phone).thinner_settled_at) == (None, None)
    assert [row.thinner_restart_on for row in sorted(phone.rows("care_plan"), key=lambda row: str(row.id))] == [
        None, TODAY, TODAY, TODAY + timedelta(days=1),
    ]  # fmt: skip


@pytest.mark.parametrize("days", [-24, 68])
def test_a_day_before_the_procedure_or_long_after_it_is_refused(zoe: PatientPersona, days: int) -> None:
    with pytest.raises(Invalid):
        plan(zoe, TODAY + timedelta(days=days))


def test_a_clinician_enters_the_day_by_the_api(zoe: PatientPersona, ben: Persona) -> None:
    path = f"/episodes/{zoe.episode_id}"
    assert ben.get(path).json["blood_thinner"] == {"restart_on": None, "started": None}
    given = ben.patch(path, json={"blood_thinner": {"restart_on": "2026-11-21"}})
    assert given.json["blood_thinner"] == {"restart_on": "2026-11-21", "started": None}
    assert ben.patch(path, json={"blood_thinner": {"restart_on": "2026-10-14"}}).status_code == 422
    taken = ben.patch(path, json={"blood_thinner": {"restart_on": None}})
    assert taken.json["blood_thinner"] == {"restart_on": None, "started": None}
    assert ben.patch(path, json={"status": "ended"}).status_code == 200
    new = {"procedure": {"performed_on": "2026-11-20", "levels": ["L1"]}}
    begun = {
        answer.status_code: answer.json
        for answer in (
            ben.post(f"/patients/{zoe.id}/episodes", json=new | {"blood_thinner": {"restart_on": day}})
            for day in ("2026-11-19", "2026-11-22")
        )
    }
    assert (begun[201]["blood_thinner"]["restart_on"], set(begun)) == ("2026-11-22", {201, 422})


def move(patient: PatientPersona, changes: EpisodeChanges) -> None:
    with patient.clinic.open() as scope:
        change_episode(scope, patient.episode_id, changes, SYSTEM, patient.clinic.wiring.clock.now())


def test_where_the_procedure_moves_the_day_is_taken_away_and_somebody_names_a_new_one(
    phone: Phone, zoe: PatientPersona, clock: ClockHand
) -> None:
    to = TODAY + timedelta(days=2)
    with zoe.clinic.open() as scope:
        assert preview_move(scope, zoe.id, to, clock.now).clears_restart
    move(zoe, EpisodeChanges(performed_on=to))
    assert current(phone).thinner_restart_on is None
    assert flags(phone) == [("thinner_day_lost", "today", "The procedure moved: name a new day for the blood thinner")]
    assert hand_over(phone, ASKED_AT) == []
    with zoe.clinic.open() as scope:
        assert not preview_move(scope, zoe.id, TODAY, clock.now).clears_restart
    move(zoe, EpisodeChanges(performed_on=TODAY))
    assert phone.rows("flag")[0].repeats == 0, "there was no day any more"


def test_the_page_says_so_before_anybody_moves_it(phone: Phone, zoe: PatientPersona, ben: Persona) -> None:
    path, sentence = f"/patients/{zoe.id}/procedure?day=2026-11-22", "The day for the blood thinner is taken away"
    assert sentence in Visitor(ben).read(path)
    plan(zoe, None)
    assert sentence not in Visitor(ben).read(path)


def test_a_day_that_is_named_with_the_move_stands(phone: Phone, zoe: PatientPersona) -> None:
    to = TODAY + timedelta(days=2)
    move(zoe, EpisodeChanges(performed_on=to, thinner=ThinnerPlan(to)))
    assert (current(phone).thinner_restart_on, flags(phone)) == (to, [])
    move(zoe, EpisodeChanges(performed_on=to))
    assert (current(phone).thinner_restart_on, flags(phone)) == (to, []), "the same day is no move"


def test_nothing_is_asked_or_told_about_a_day_before_the_procedure(phone: Phone, zoe: PatientPersona) -> None:
    change(phone, "procedure", performed_on=TODAY + timedelta(days=1))
    change(phone, "episode", started_on=TODAY + timedelta(days=1))
    move(zoe, EpisodeChanges(baseline_pain=5))
    planned = [row for row in phone.rows("reminder") if row.state == "planned" and row.question == "thinner"]
    assert (planned, watch(phone, MIDNIGHT)) == ([], 0)


def change(phone: Phone, table: str, **values: Any) -> None:
    """Rows as only a mistake could make them."""
    with phone.clinic.open() as scope:
        scope.connection.execute(getattr(tables, table).update().values(**values))


# the question and its answers


@pytest.mark.parametrize("text", ["1", "2"])
@pytest.mark.parametrize("days", [-1, 1])
def test_an_answer_about_another_day_is_read_by_a_person(
    phone: Phone, zoe: PatientPersona, clock: ClockHand, text: str, days: int
) -> None:
    phone.ask("thinner", TODAY, clock.now - timedelta(minutes=5))
    plan(zoe, TODAY + timedelta(days=days))
    for answer in ("unread_to_person", None):
        outcome = phone.text(text)
        assert (outcome.answer, outcome.message.needs_person, outcome.check_in) == (answer, True, None)
    assert (current(phone).thinner_settled_at, flags(phone)) == (None, [])


def test_a_question_that_is_long_over_is_not_opened_again(phone: Phone, clock: ClockHand) -> None:
    phone.ask("thinner", TODAY, clock.now - timedelta(hours=21))
    change(phone, "contact_point", times_asked=1, written_to_at=clock.now - timedelta(hours=1))
    phone.text("hmm the thing")
    [link] = phone.rows("contact_point")
    assert (link.question, link.times_asked) == ("pain", 2)


@pytest.mark.parametrize("question", ["pain", "symptoms"])
def test_it_waits_while_another_question_is_open(phone: Phone, question: str) -> None:
    phone.ask(question, TODAY, ASKED_AT - timedelta(hours=2))
    assert hand_over(phone, ASKED_AT) == []


def test_on_a_shared_phone_an_answer_without_a_name_is_read_by_a_person_and_the_question_stays(
    phone: Phone, zoe: PatientPersona, clock: ClockHand
) -> None:
    make_patient(zoe.clinic, given_name="Borvin", family_name="Samplewick", phone=zoe.phone)
    links = {row.patient_id: row for row in phone.rows("contact_point")}
    point = tables.contact_point
    with zoe.clinic.open() as scope:
        asked = {"question": "thinner", "question_on": TODAY, "question_asked_at": clock.now}
        scope.connection.execute(point.update().where(point.c.id == links[zoe.id].id).values(**asked))
    unnamed = phone.text("1")
    assert (unnamed.answer, unnamed.message.needs_person, unnamed.check_in) == ("unread_to_person", True, None)
    named = phone.text(f"{links[zoe.id].label} 1")
    assert (named.answer, named.check_in) == ("thinner_started", None)


def test_a_care_plan_that_was_replaced_meanwhile_is_settled_by_nobody(
    phone: Phone, zoe: PatientPersona, clock: ClockHand
) -> None:
    old = current(phone)
    plan(zoe, TODAY + timedelta(days=1))
    with zoe.clinic.open() as scope:
        assert [settle_thinner(scope, old.id, clock.now, started) for started in (None, True, False)] == [False] * 3


def test_it_is_asked_until_it_is_answered(phone: Phone, clock: ClockHand) -> None:
    assert hand_over(phone, ASKED_AT) == ["thinner"]
    assert hand_over(phone, ASKED_AT + timedelta(hours=17)) == [], "the check-in of the day comes first"
    assert hand_over(phone, ASKED_AT + timedelta(days=1, minutes=1)) == ["thinner"]
    phone.ask("thinner", TODAY, clock.now)
    phone.text("1")
    assert hand_over(phone, ASKED_AT + timedelta(days=2)) == []


def test_it_is_asked_by_text_where_there_is_an_app_too(phone: Phone, zoe: PatientPersona) -> None:
    device = {"platform": "fcm", "token": "t" * 20}
    assert zoe.call("PUT", f"/me/devices/{new_id()}", json=device).status_code == 200
    assert hand_over(phone, ASKED_AT, push_by=("fcm",)) == ["thinner"]
    assert phone.rows("push") == [], "no screen of the app takes its answer"


def test_who_has_answered_is_not_asked_again(phone: Phone, clock: ClockHand) -> None:
    phone.ask("thinner", TODAY, clock.now)
    outcome = phone.text("1")
    assert (outcome.answer, outcome.check_in, outcome.message.intent) == ("thinner_started", None, "thinner_started")
    assert (current(phone).thinner_started, flags(phone)) == (True, [])
    assert hand_over(phone, ASKED_AT) == []
    assert watch(phone, MIDNIGHT) == 0


@pytest.mark.parametrize("text", ["2", "2.", "two", "no", "No!", "no i don't", "not yet", "will do later"])
def test_a_nurse_hears_that_it_was_not_started(phone: Phone, clock: ClockHand, text: str) -> None:
    phone.ask("thinner", TODAY, clock.now)
    outcome = phone.text(text)
    assert (outcome.answer, outcome.check_in) == ("thinner_not_started", None)
    assert "within 24 hours" in outcome.bodies[0]
    assert flags(phone) == [said("the answer to our question is that it was not")]
    assert current(phone).thinner_started is False
    assert watch(phone, MIDNIGHT) == 0, "it is told once"


@pytest.mark.parametrize("text", ["yes", "7", "11", "1 or 2", "I think so", "no worries i take it", "no problem"])
def test_what_may_mean_something_else_is_asked_about_again_and_then_read_by_a_person(
    phone: Phone, clock: ClockHand, text: str
) -> None:
    phone.ask("thinner", TODAY, clock.now)
    first = phone.text(text)
    assert (first.answer, first.check_in, first.message.intent) == ("thinner_again", None, "ask_again")
    second = phone.text(text)
    assert (second.answer, second.message.needs_person) == ("unread_to_person", True)
    assert (current(phone).thinner_settled_at, flags(phone)) == (None, [])


@pytest.mark.parametrize("text", ["2", "dos", "no", "aún no", "todavía no", "no la tomo", "no lo tomo"])
def test_no_in_spanish_says_that_it_was_not_started(text: str) -> None:
    assert reply_reader().read(text, "thinner", "es").intent == "thinner_not_started"


@pytest.mark.parametrize(
    ("text", "language"), [("no pain", "en"), ("no me duele", "es"), ("no hay problema", "es"), ("no more pain", "en")]
)
def test_a_no_to_something_else_says_nothing_of_the_blood_thinner(text: str, language: str) -> None:
    assert reply_reader().read(text, "thinner", language).intent not in ("thinner_started", "thinner_not_started")


def test_a_denial_of_pain_is_read_by_a_person_and_it_is_asked_again(phone: Phone, clock: ClockHand) -> None:
    phone.ask("thinner", TODAY, clock.now)
    outcome = phone.text("no pain")
    assert (outcome.answer, outcome.message.needs_person, flags(phone)) == ("thinner_again", True, [])
    phone.ask("thinner", TODAY, clock.now)
    assert not phone.text("yes").message.needs_person


@pytest.mark.parametrize("text", ["PAIN 6", "pain 6 and i walked 20 minutes", "E"])
def test_a_report_leaves_the_question_open_so_that_a_bare_1_is_its_answer(
    phone: Phone, clock: ClockHand, text: str
) -> None:
    phone.ask("thinner", TODAY, clock.now)
    assert phone.text(text).check_in is not None
    outcome = phone.text("1")
    assert (outcome.answer, outcome.check_in, current(phone).thinner_started) == ("thinner_started", None, True)


def test_a_bare_1_after_a_jump_beside_the_question_mends_no_score_and_a_person_reads_it(
    phone: Phone, zoe: PatientPersona, clock: ClockHand
) -> None:
    for days in range(8, 0, -1):
        record(zoe, 3, days_ago=days)
    phone.ask("thinner", TODAY, clock.now)
    assert phone.text("PAIN 7").answer == "saved_jump"
    outcome = phone.text("1")
    assert (outcome.check_in, outcome.message.needs_person) == (None, True)
    assert phone.text("3").check_in is not None, "no choice of ours"


def test_danger_beside_an_answer_is_heard_first(phone: Phone, clock: ClockHand) -> None:
    phone.ask("thinner", TODAY, clock.now)
    assert phone.text("1 and my legs feel weak").answer == "emergency"
    assert phone.flags() == [("red_flag", "emergency")]
    assert watch(phone, MIDNIGHT) == 1, "and what was asked stays open"


@given(st.text(max_size=12), st.sampled_from(["en", "es"]))
def test_no_text_but_a_plain_1_says_that_it_was_started(text: str, language: str) -> None:
    intent = reply_reader().read(text, "thinner", language).intent
    assert intent != "thinner_started" or any(one in text for one in "1\uff11\u00b9\u0661\u2460") or not text.isascii()


# silence


def test_no_answer_by_the_end_of_the_next_day_is_told_to_a_nurse_once(phone: Phone) -> None:
    hand_over(phone, ASKED_AT)
    assert watch(phone, MIDNIGHT - timedelta(minutes=1)) == 0
    assert watch(phone, MIDNIGHT) == 1
    assert watch(phone, MIDNIGHT + timedelta(minutes=5)) == 0
    assert flags(phone) == [said("no answer came to our question")]
    phone.ask("thinner", TODAY, phone.clinic.wiring.clock.now())
    phone.text("1")
    assert (current(phone).thinner_started, phone.flags()) == (True, [("medication", "today")]), "no text closes it"


def test_where_nobody_could_be_asked_a_nurse_is_told_so(phone: Phone) -> None:
    assert watch(phone, MIDNIGHT) == 1
    assert flags(phone) == [said("no question could be put to the patient")]


def test_nobody_is_told_of_a_patient_on_hold_until_the_hold_ends(
    phone: Phone, zoe: PatientPersona, ben: Persona, clock: ClockHand
) -> None:
    actor = Actor("clinician", ben.id, "clinician")
    with zoe.clinic.open() as scope:
        hold_episode(scope, zoe.episode_id, NewHold(clock.now + timedelta(days=9), "hospital"), actor, clock.now)
    assert watch(phone, MIDNIGHT) == 0
    with zoe.clinic.open() as scope:
        lift_hold(scope, zoe.episode_id, actor, clock.now)
    assert watch(phone, MIDNIGHT) == 1


def test_one_recovery_in_disorder_keeps_nobody_elses_nurse_waiting(phone: Phone) -> None:
    for number in (3, 4):
        other = make_patient(phone.clinic, phone=f"+1212555014{number}", performed_on=TODAY - timedelta(days=23))
        plan(other, TODAY - timedelta(days=number))
    with phone.clinic.open() as scope:
        late = tables.care_plan.c.thinner_restart_on == TODAY - timedelta(days=4)
        scope.connection.execute(tables.care_plan.update().where(late).values(zone="Nowhere/At_All"))
    assert watch(phone, MIDNIGHT) == 3, "the broken one's too, when its day is over everywhere"


def test_a_clinic_that_cannot_be_opened_keeps_no_other_waiting(phone: Phone) -> None:
    broken = make_clinic(phone.clinic.app)
    with broken.open() as scope:
        of_it = tables.clinic.c.id == broken.id
        scope.connection.execute(tables.clinic.update().where(of_it).values(wrapped_key=b"no key"))
    assert watch(phone, MIDNIGHT) == 1
