"""Calls to landlines: through the same road as a text, each step once, never two for one item, and never silence."""

from datetime import timedelta

import pytest
from sqlalchemy import Text, delete

from recovery_api.domain.call_script import QUESTIONS
from recovery_api.domain.errors import NotFound
from recovery_api.gateways.sms import NotSent, Rejected, Throttled
from recovery_api.models import tables
from recovery_api.services.answer_call import answer_out
from recovery_api.services.claim_work import claim_work, release_dead_holders
from recovery_api.services.end_call import follow_call
from recovery_api.services.hand_over_reminders import hand_over_due
from recovery_api.services.place_calls import QUIET, begin_call
from recovery_api.services.queue_calls import KIND
from recovery_api.services.receive_sms import ReceivedText, file_text
from recovery_api.services.settle_calls import settle_calls
from tests.builders import BuiltClinic, ClockHand, PatientPersona, Persona, make_patient
from tests.services.call_line import CallLine, ScriptedExchange
from tests.services.scripted_carrier import RealTime

NO_TO_ALL = ("2",) * len(QUESTIONS)
CALM = ("1", "4", "1", *NO_TO_ALL)


@pytest.fixture
def line(real: RealTime, ann: PatientPersona, clock: ClockHand, monkeypatch: pytest.MonkeyPatch) -> CallLine:
    exchange = ScriptedExchange()
    monkeypatch.setitem(ann.clinic.wiring.__dict__, "calls", exchange)
    made = CallLine(ann, exchange, clock)
    made.be_a_landline()
    return made


# the road of an answer


def test_a_landline_is_called_at_the_hour_of_its_check_in_and_not_texted(line: CallLine) -> None:
    line.ring()
    [(sid, call)] = line.exchange.made.items()
    assert (call.to, call.from_) == (line.patient.phone, line.clinic.number)
    assert line.rows("message") == []
    [row] = line.calls()
    assert (row.state, row.sid, row.try_number) == ("accepted", sid, 1)
    assert line.patient.phone not in call.url + call.status_callback


def test_a_calm_call_is_one_check_in_by_voice_on_the_day_asked_about(line: CallLine) -> None:
    line.ring()
    spoken = line.press(line.pick_up(), *CALM)
    assert line.check_ins() == [(4, [], "voice"), (None, [], "voice")]
    assert {row.local_on for row in line.rows("check_in")} == {line.calls()[0].asked_on}
    assert (spoken.asked, spoken.dial) == ((), None)
    assert line.calls()[0].outcome == "finished"
    assert line.flags() == []


def test_calls_stand_in_the_thread_among_the_texts_with_how_they_went(line: CallLine, ben: Persona) -> None:
    line.ring()
    line.end("busy")
    line.clock.set(line.calls()[-1].due_at + timedelta(seconds=1))
    line.place()
    line.press(line.pick_up(), "1", "6", "1", "2", "2", "1", "2", "2", "2")
    line.clock.forward(minutes=5)
    with line.clinic.open() as scope:
        text = ReceivedText("SM" + "e" * 32, line.patient.phone, line.clinic.number, "thanks")
        file_text(scope, text, line.clock.now)
    thread = ben.get(f"/patients/{line.patient.id}/messages").json["items"]
    busy, spoken = [one["call"] for one in thread[::-1] if one["channel"] == "voice"]
    assert [one["channel"] for one in thread][-2:] == ["voice", "voice"]
    assert busy == {"outcome": "busy", "try_number": 1, "is_answered": False, "pain": None, "symptoms": []}
    assert spoken == {"outcome": None, "try_number": 2, "is_answered": True, "pain": 6, "symptoms": ["fever"]}
    first = ben.get(f"/patients/{line.patient.id}/messages?limit=2").json
    rest = ben.get(f"/patients/{line.patient.id}/messages", query_string={"cursor": first["next"], "limit": 200}).json
    assert first["items"] + rest["items"] == thread
    own = line.patient.get("/me/messages").json["items"]
    assert len(own) == len(thread) - 2


def test_a_call_that_was_not_made_stands_in_no_thread(line: CallLine, ben: Persona) -> None:
    line.due()
    assert len(line.calls()) == 1
    assert ben.get(f"/patients/{line.patient.id}/messages").json["items"] == []


def test_who_is_called_is_written_to_by_nobody(line: CallLine, ben: Persona) -> None:
    answer = ben.post(f"/patients/{line.patient.id}/messages", json={"body": "Hello"})
    assert (answer.status_code, answer.json["code"]) == (409, "conflict")


def test_the_person_is_asked_for_by_given_name_and_nothing_else_is_said_of_them(line: CallLine) -> None:
    line.ring()
    spoken = line.pick_up()
    words = " ".join((*spoken.told, *spoken.asked))
    assert "Harbour Clinic" in words
    assert "Annwyl" in words
    assert "Testerby" not in words


def test_a_spanish_speaker_hears_spanish_in_a_spanish_voice(line: CallLine) -> None:
    line.mark("patient", language="es")
    line.ring()
    spoken = line.press(line.pick_up(), "1", "7")
    assert (spoken.voice, spoken.asked[0].split(".")[0]) == ("es-MX", "Usted oprimió 7")


def test_a_score_is_read_back_and_not_saved_before_it_is_confirmed(line: CallLine) -> None:
    line.ring()
    spoken = line.press(line.pick_up(), "1", "7")
    assert "You pressed 7" in spoken.asked[0]
    assert line.check_ins() == []


def test_a_repeated_web_hook_changes_nothing_and_hears_the_same_words(line: CallLine) -> None:
    line.ring()
    asked_to_confirm = line.press(line.pick_up(), "1", "7")
    first = line.press(asked_to_confirm, "1")
    again = line.press(asked_to_confirm, "1")
    assert first == again
    assert line.check_ins() == [(7, [], "voice")]
    assert line.pick_up() == first


def test_weak_legs_are_told_what_to_do_flagged_and_put_through(line: CallLine, ben: Persona) -> None:
    line.ring()
    spoken = line.press(line.pick_up(), "1", "4", "1", "1")
    assert "Call 9 1 1 now" in spoken.told[0]
    assert ("red_flag", "emergency") in [(family, tier) for _, family, tier in line.flags()]
    assert [row.purpose for row in line.rows("message")] == ["page"]
    spoken = line.press(spoken, "1")
    assert spoken.dial == "+12125550199"
    assert line.press(spoken, "", dialed="completed").dial is None
    assert line.calls()[0].outcome == "put_through"


def test_fever_says_at_once_that_a_nurse_calls_and_goes_on_with_the_questions(line: CallLine) -> None:
    line.ring()
    spoken = line.press(line.pick_up(), "1", "4", "1", "2", "2", "1")
    [flag] = line.rows("flag")
    hours = (flag.respond_by - line.clock.now) / timedelta(hours=1)
    assert f"nurse will call you within {hours:.0f} hours" in spoken.told[0]
    assert "chest pain" in spoken.asked[0]
    assert ("red_flag", "urgent") in [(family, tier) for _, family, tier in line.flags()]


def test_a_nurse_who_takes_no_call_leaves_an_urgent_task(line: CallLine) -> None:
    line.ring()
    spoken = line.press(line.pick_up(), "1", "4", "1", "1", "1")
    spoken = line.press(spoken, "", dialed="no-answer")
    assert "Call 9 1 1 now" in spoken.told[0]
    assert ("call_unfinished", "operations", "urgent") in line.flags()


def test_silence_three_times_becomes_a_task_and_saves_nothing(line: CallLine) -> None:
    line.ring()
    line.press(line.pick_up(), "1", "", "11", "*")
    assert line.check_ins() == []
    assert line.flags() == [("call_unfinished", "operations", "today")]


def test_hanging_up_on_a_severe_unconfirmed_score_is_an_urgent_task_and_no_check_in(line: CallLine) -> None:
    line.ring()
    line.press(line.pick_up(), "1", "9")
    assert line.end()
    assert line.check_ins() == []
    assert line.flags() == [("call_unfinished", "operations", "urgent")]
    assert line.rows("flag")[0].inputs["unconfirmed_pain"] == 9


def test_hanging_up_after_the_score_is_no_reason_to_call_again(line: CallLine) -> None:
    line.ring()
    line.press(line.pick_up(), "1", "3", "1")
    line.end()
    assert len(line.calls()) == 1
    assert line.flags() == []


def test_what_cannot_be_said_by_call_is_left_out_and_a_visit_goes_on_the_call_list(line: CallLine) -> None:
    line.mark("reminder", kind="follow_up_visit", slot=tables.reminder.c.id.cast(Text))
    line.clock.forward(days=1)
    with line.clinic.app.app_context():
        hand_over_due("tests:0:0", line.clinic.wiring.vaults, line.clock.now)
    assert (line.rows("message"), line.rows("phone_call")) == ([], [])
    assert line.flags() == [("visit_by_phone", "visits", "today")]


# nobody there


def test_a_machine_hears_name_and_number_alone_and_the_phone_is_tried_again(line: CallLine) -> None:
    line.ring()
    spoken = line.pick_up("machine_end_beep")
    assert spoken.told == ("This is Harbour Clinic. Please call us at 2 1 2, 5 5 5, 0 1 9 9.",)
    assert (spoken.asked, spoken.dial) == ((), None)
    assert [call.state for call in line.calls()] == ["ended", "planned"]


@pytest.mark.parametrize("status", ["busy", "no-answer", "failed"])
def test_an_unanswered_phone_is_tried_at_other_hours_and_then_a_person_calls(line: CallLine, status: str) -> None:
    line.ring()
    for _ in range(2):
        assert line.end(status)
        again = line.calls()[-1]
        assert (again.state, again.due_at > line.clock.now + timedelta(minutes=44)) == ("planned", True)
        line.clock.set(again.due_at + timedelta(seconds=1))
        assert line.place() == 1
    line.end(status)
    assert [call.try_number for call in line.calls()] == [1, 2, 3]
    assert line.flags() == [("calls_unanswered", "silence", "today")]


def test_a_repeated_status_plans_one_more_try_and_not_two(line: CallLine) -> None:
    line.ring()
    call = line.calls()[-1]
    for _ in range(3):
        with line.clinic.app.app_context():
            follow_call(line.clinic.id, call.id, call.sid, "busy", line.clinic.wiring.vaults, line.clock.now)
    assert len(line.calls()) == 2


def test_two_patients_on_one_line_are_called_one_after_the_other(line: CallLine, real: RealTime) -> None:
    make_patient(line.clinic, given_name="Bertold", phone=line.patient.phone)
    line.be_a_landline()
    line.due()
    line.exchange.script.append("lost answer")
    assert line.place() == 2
    assert sorted(call.state for call in line.calls()) == ["planned", "unknown"]
    real.forward(seconds=61)
    line.place()
    assert sorted(call.state for call in line.calls()) == ["accepted", "planned"]
    line.mark("phone_call", state="ended", ended_at=line.clock.now, outcome="no_answer", only={"state": "accepted"})
    real.forward(seconds=61)
    line.place()
    assert len(line.exchange.made) == 2
    assert len({call.sid for call in line.calls()}) == 2


def test_the_wrong_number_is_never_called_again_and_a_person_is_told(line: CallLine) -> None:
    line.ring()
    line.press(line.pick_up(), "3")
    assert line.flags() == [("says_wrong_number", "delivery", "today")]
    assert line.rows("contact_point")[0].state == "opted_out"
    line.clock.forward(days=1)
    line.due()
    assert line.place() == 0


def test_nine_stops_every_call_with_a_line_in_the_ledger(line: CallLine) -> None:
    line.ring()
    line.press(line.pick_up(), "9")
    ledger = [(row.channel, row.granted, row.source) for row in line.rows("consent")]
    assert ("voice", False, "opted_out") in ledger
    assert line.flags() == [("opted_out", "delivery", "today")]


# the outbox


def test_a_lost_answer_is_settled_by_the_carriers_list_and_never_called_twice(line: CallLine, real: RealTime) -> None:
    line.exchange.script = ["lost answer"]
    line.ring()
    assert line.calls()[0].state == "unknown"
    for _ in range(4):
        real.forward(seconds=61)
        line.place()
    assert (line.calls()[0].state, len(line.exchange.made)) == ("accepted", 1)


def test_a_lost_request_is_made_again_only_after_quiet_and_two_empty_lists(line: CallLine, real: RealTime) -> None:
    line.exchange.script = ["lost request"]
    line.ring()
    real.forward(seconds=QUIET.total_seconds() - 2)
    assert line.place() == 0
    made = []
    for _ in range(3):
        real.forward(seconds=61)
        line.place()
        made.append((line.exchange.times_asked, len(line.exchange.made)))
    assert made == [(1, 0), (2, 0), (2, 1)]
    assert line.calls()[0].attempts == 2


def test_a_call_of_a_sender_that_died_is_left_in_quiet_before_the_list_is_asked(line: CallLine, real: RealTime) -> None:
    line.due()
    with line.clinic.app.app_context():
        [claim] = claim_work(KIND, "tests:0:0", line.clock.now, 1)
        assert begin_call(claim, line.clinic.wiring.vaults, "https://recovery.test", line.clock.now) is not None
        release_dead_holders(["tests:0:0"])
    line.place()
    assert (line.calls()[0].state, line.exchange.times_asked, line.exchange.made) == ("unknown", 0, {})


def test_while_the_list_cannot_be_reached_no_second_call_is_made(line: CallLine, real: RealTime) -> None:
    line.exchange.script, line.exchange.list_is_reachable = ["lost answer"], False
    line.ring()
    for _ in range(5):
        real.forward(seconds=61)
        line.place()
    assert len(line.exchange.made) == 1


def test_a_second_call_for_one_item_is_ended_without_a_word(line: CallLine) -> None:
    line.ring()
    line.pick_up()
    call = line.calls()[0]
    with line.clinic.app.app_context():
        spoken = answer_out(
            line.clinic.id, call.id, "CA" + "9" * 32, "human", line.clinic.wiring.vaults, line.clock.now
        )
    assert (spoken.told, spoken.asked, spoken.dial) == ((), (), None)


@pytest.mark.parametrize("outcome", [NotSent("refused"), Throttled(1, 20429), Rejected(20003, "sender_config")])
def test_a_call_that_never_left_is_offered_again(line: CallLine, real: RealTime, outcome: object) -> None:
    line.exchange.script = [outcome]  # type: ignore[list-item]
    line.ring()
    real.forward(seconds=61)
    assert line.place() == 1
    assert (line.calls()[0].state, line.calls()[0].attempts) == ("accepted", 2)


def test_a_number_that_cannot_be_called_is_tried_by_a_person(line: CallLine) -> None:
    line.exchange.script = [Rejected(21211, "recipient_permanent")] * 3
    line.ring()
    for _ in range(2):
        line.clock.set(line.calls()[-1].due_at + timedelta(seconds=1))
        line.place()
    assert line.flags() == [("calls_unanswered", "silence", "today")]


@pytest.mark.parametrize(
    ("table", "changes", "state"),
    [
        ("contact_point", {"state": "opted_out"}, "suppressed"),
        ("contact_point", {"channel": "sms"}, "suppressed"),
        ("patient", {"status": "deceased"}, "suppressed"),
        ("episode", {"status": "ended"}, "suppressed"),
    ],
    ids=["opted out", "texted again", "deceased", "ended"],
)
def test_no_phone_rings_that_must_not(line: CallLine, table: str, changes: dict[str, str], state: str) -> None:
    line.due()
    line.mark(table, **changes)
    line.place()
    assert (line.calls()[0].state, line.exchange.made) == (state, {})


def test_no_phone_rings_in_quiet_hours_and_a_person_calls_instead(line: CallLine) -> None:
    line.due()
    line.mark("phone_call", expires_at=line.clock.now + timedelta(days=2))
    line.clock.forward(hours=12)
    line.place()
    assert (line.calls()[0].state, line.exchange.made) == ("expired", {})
    assert line.flags() == [("calls_unanswered", "silence", "today")]


def test_a_day_that_is_answered_already_is_not_called_about(line: CallLine) -> None:
    line.due()
    spoken = line.call_in()
    line.press(spoken, "1", "2", "1")
    line.place()
    assert line.exchange.made == {}


def test_a_call_whose_last_callback_was_lost_ends_and_is_tried_again(line: CallLine, real: RealTime) -> None:
    line.ring()
    real.forward(hours=1)
    with line.clinic.app.app_context():
        assert settle_calls(line.clinic.wiring.vaults, line.clock.now) == 1
    assert [call.state for call in line.calls()] == ["ended", "planned"]


def test_a_call_that_lost_its_place_in_the_queue_is_made_all_the_same(line: CallLine) -> None:
    line.due()
    with line.clinic.open() as scope:
        scope.connection.execute(delete(tables.due_work).where(tables.due_work.c.kind == "call"))
    assert line.place() == 0
    with line.clinic.app.app_context():
        assert settle_calls(line.clinic.wiring.vaults, line.clock.now) == 1
        assert settle_calls(line.clinic.wiring.vaults, line.clock.now) == 0
    assert line.place() == 1


# calls to us


def test_a_patient_calls_and_reports_by_keys(line: CallLine) -> None:
    spoken = line.call_in()
    assert "Annwyl" not in " ".join(spoken.asked)
    line.press(spoken, "1", "5", "1", *NO_TO_ALL)
    assert line.check_ins() == [(5, [], "voice"), (None, [], "voice")]


def test_a_patient_calls_and_is_put_through(line: CallLine) -> None:
    assert line.press(line.call_in(), "0").dial == "+12125550199"


def test_two_on_one_phone_are_asked_for_by_label_and_never_guessed(line: CallLine) -> None:
    other = make_patient(line.clinic, given_name="Bertold", phone=line.patient.phone)
    spoken = line.call_in()
    assert "Bertold" not in " ".join(spoken.asked)
    line.press(spoken, "2", "1", "6", "1")
    [row] = line.rows("check_in")
    assert row.episode_id == other.episode_id


def test_a_shared_phone_whose_people_changed_in_the_midst_is_put_through_and_never_guessed(line: CallLine) -> None:
    make_patient(line.clinic, given_name="Bertold", phone=line.patient.phone)
    spoken = line.call_in()
    make_patient(line.clinic, given_name="Cara", phone=line.patient.phone)
    assert line.press(spoken, "2").dial is not None
    assert line.calls()[0].patient_id is None


def test_a_phone_that_was_the_wrong_one_is_a_strangers(line: CallLine) -> None:
    line.mark("contact_point", state="wrong_person")
    assert line.call_in().dial is not None


def test_a_stranger_is_put_through_and_nobody_is_guessed(line: CallLine) -> None:
    spoken = line.call_in("+12125550177")
    assert spoken.dial == "+12125550199"
    line.press(spoken, "", dialed="busy")
    [flag] = line.rows("flag")
    assert (flag.patient_id, flag.rule) == (None, "call_unfinished")


def test_a_repeated_call_to_us_is_filed_once(line: CallLine) -> None:
    sid = "CA" + "7" * 32
    assert line.call_in(sid=sid) == line.call_in(sid=sid)
    assert len(line.calls()) == 1


def test_a_call_of_another_clinic_cannot_be_answered(line: CallLine, other_clinic: BuiltClinic) -> None:
    line.ring()
    call = line.calls()[0]
    with line.clinic.app.app_context(), pytest.raises(NotFound):
        answer_out(other_clinic.id, call.id, call.sid, "human", line.clinic.wiring.vaults, line.clock.now)
