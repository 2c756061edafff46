"""The outbox: no text leaves twice where the carrier has it, none is lost, and none leaves that is no longer wanted."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from itertools import product
from uuid import UUID

import pytest
from sqlalchemy import Connection, text

from jobs.sender import _send_one
from recovery_api.clock import real_now
from recovery_api.gateways.sms import Accepted, NotSent, Rejected, SendOutcome, Throttled, Unknown
from recovery_api.services.claim_work import current_holders, release_dead_holders
from recovery_api.services.flag_refusals import NOT_PAGED, NOT_TOLD
from recovery_api.services.outbox_rows import LIVE, QUIET, Attempt, callback_id
from recovery_api.services.pace_senders import circuit_of, count_failure, list_senders
from recovery_api.services.queue_texts import Outgoing, Recipient, queue_texts
from recovery_api.services.requeue_texts import requeue_texts
from recovery_api.services.send_messages import WITHDRAWN, begin_attempt, still_wanted, write_outcome
from recovery_api.services.settle_unknown import settle_with_list
from tests.builders import make_clinic, record
from tests.services.outbox import STEPS, Outbox
from tests.services.phone import Phone
from tests.services.scripted_carrier import LOST_ANSWER, LOST_REQUEST

ALERT = {"text_key": "emergency", "purpose": "safety"}


# five outcomes


def test_an_accepted_text_keeps_the_carriers_id_and_leaves_the_queue(outbox: Outbox) -> None:
    message_id = outbox.queue()
    assert outbox.work() == 1
    row = outbox.row(message_id)
    [(sid, text)] = outbox.carrier.taken.items()
    assert (row.state, row.sid, row.attempts) == ("accepted", sid, 1)
    assert not outbox.is_queued(message_id)
    assert (text.to, text.from_) == (outbox.patient.phone, outbox.clinic.number)
    assert text.status_callback == (
        f"https://recovery.test/webhooks/twilio/status?m={callback_id(outbox.clinic.id, message_id)}"
    )
    assert text.validity_seconds == 2 * 3600


def test_one_refused_text_is_settled_with_its_code_and_never_tried_again(outbox: Outbox) -> None:
    message_id = outbox.queue()
    outbox.carrier.script.append(Rejected(21617, "content"))
    row = outbox.work_until_settled(message_id)
    assert (row.state, row.error_code, row.settled_at) == ("rejected", 21617, outbox.clock.now)
    assert len(outbox.carrier.offered) == 1
    assert outbox.contact_state() == "active"
    assert outbox.flags() == []


@pytest.mark.parametrize("code", [21617, 21999])
def test_texts_that_the_carrier_refuses_twice_in_a_row_are_a_flag(outbox: Outbox, code: int) -> None:
    outbox.carrier.script.extend([Rejected(code, "request_bug")] * 2)
    for _ in range(2):
        assert outbox.flags() == []
        outbox.queue()
        outbox.work()
        outbox.clock.forward(minutes=1)
    [flag] = outbox.flags()
    assert (flag.rule, flag.tier, flag.episode_id) == ("MS-03", "today", outbox.patient.episode_id)


def test_one_refused_emergency_text_tells_a_person_at_once_and_four_are_one_flag(outbox: Outbox) -> None:
    outbox.carrier.script.extend([Rejected(code, "request_bug") for code in (21617, 21999) for _ in range(2)])
    for _ in range(4):
        outbox.queue(**ALERT)
        outbox.work("alert")
        [flag] = outbox.flags()
        outbox.clock.forward(minutes=1)
    assert (flag.rule, flag.family, flag.tier, flag.reason) == ("safety_refused", "delivery", "urgent", NOT_TOLD)
    assert (flag.episode_id, flag.inputs) == (outbox.patient.episode_id, {"code": 21617})
    with outbox.clinic.open() as scope:
        said = scope.connection.execute(text("SELECT kind FROM flag_event WHERE flag_id = :id"), {"id": flag.id})
        assert {"paged", "nobody_told"} & set(said.scalars()), "the people on duty are told, or it says that nobody was"


def test_a_refused_page_is_a_flag_on_its_own_patient_and_pages_nobody(outbox: Outbox) -> None:
    outbox.carrier.script.append(Rejected(21999, "request_bug"))
    outbox.queue(**ALERT)
    outbox.work("alert")
    [about] = outbox.flags()
    with outbox.clinic.open() as scope:
        scope.connection.execute(text("UPDATE flag SET family = 'worsening' WHERE id = :id"), {"id": about.id})
        recipient = Recipient("+12125550199", "en")
        queue_texts(
            scope,
            [Outgoing(recipient, "page", "page_gone", {"code": "A7"}, flag_id=about.id)],
            outbox.clock.now,
        )
    outbox.carrier.script.append(Rejected(21999, "request_bug"))
    outbox.clock.forward(seconds=1)
    while outbox.work("alert"):
        pass
    [_, flag] = outbox.flags()
    assert (flag.rule, flag.tier, flag.reason) == ("page_refused", "today", NOT_PAGED)
    assert flag.episode_id == outbox.patient.episode_id


@pytest.mark.parametrize(
    ("code", "kind", "state", "channel"),
    [
        (21610, "opted_out", "opted_out", "sms"),
        (21614, "recipient_permanent", "active", "voice"),
        (21211, "recipient_permanent", "unusable", "sms"),
    ],
)
def test_a_refusal_for_good_marks_the_phone_and_tells_a_person(
    outbox: Outbox, code: int, kind: str, state: str, channel: str
) -> None:
    outbox.queue()
    outbox.carrier.script.append(Rejected(code, kind))
    outbox.work()
    assert (outbox.contact_state(), outbox.contact_channel()) == (state, channel)
    [flag] = outbox.flags()
    assert (flag.family, flag.tier, flag.inputs) == ("delivery", "today", {"code": code})


def test_a_throttled_text_waits_as_long_as_the_carrier_asks(outbox: Outbox) -> None:
    message_id = outbox.queue()
    outbox.carrier.script.append(Throttled(40, 20429))
    outbox.work()
    assert outbox.row(message_id).state == "throttled"
    outbox.real.forward(seconds=39)
    assert outbox.work() == 0
    outbox.real.forward(seconds=2)
    assert outbox.work() == 1
    assert outbox.row(message_id).state == "accepted"


def test_a_carrier_that_asks_for_no_pause_gets_one_all_the_same(outbox: Outbox) -> None:
    outbox.queue()
    outbox.carrier.script.append(Throttled(0, 20429))
    outbox.work()
    assert outbox.work() == 0
    outbox.real.forward(seconds=2)
    assert outbox.work() == 1


def test_a_text_that_never_left_is_offered_again_soon(outbox: Outbox) -> None:
    message_id = outbox.queue()
    outbox.carrier.script.extend([NotSent("refused")] * 3)
    row = outbox.work_until_settled(message_id, rounds=4)
    assert (row.state, row.attempts) == ("accepted", 4)
    assert outbox.carrier.times_asked == 0


@pytest.mark.parametrize("lane", ["bulk", "alert"])
def test_an_unknown_end_is_settled_by_the_carriers_list(outbox: Outbox, lane: str) -> None:
    message_id = outbox.queue(**(ALERT if lane == "alert" else {}))
    outbox.carrier.script.append(LOST_ANSWER)
    outbox.work(lane)
    assert outbox.row(message_id).state == "unknown"
    row = outbox.work_until_settled(message_id, lane)
    assert (row.state, row.sid, row.attempts) == ("accepted", *outbox.carrier.taken, 1)
    assert len(outbox.carrier.offered) == 1


# quiet, then the list twice, then again


@pytest.mark.parametrize("lane", ["bulk", "alert"])
def test_a_lost_request_is_sent_again_only_after_quiet_and_two_empty_lists(outbox: Outbox, lane: str) -> None:
    message_id = outbox.queue(**(ALERT if lane == "alert" else {}))
    outbox.carrier.script.append(LOST_REQUEST)
    outbox.work(lane)
    quiet = QUIET[lane].total_seconds()
    outbox.real.forward(seconds=quiet - 1)
    assert outbox.work(lane) == 0
    assert outbox.carrier.times_asked == 0
    outbox.real.forward(seconds=2)
    asked = []
    for _ in range(3):
        outbox.work(lane)
        asked.append((outbox.carrier.times_asked, len(outbox.carrier.offered)))
        outbox.real.forward(seconds=10)
    assert asked == [(1, 1), (2, 1), (2, 2)]
    assert outbox.row(message_id).state == "accepted"
    assert outbox.row(message_id).maybe_repeat is (lane == "alert"), "the first call may have lasted longer than this"


@pytest.mark.parametrize(("seconds", "state"), [(-1, "accepted"), (0, "expired")])
def test_a_page_that_is_older_than_twelve_hours_does_not_leave(outbox: Outbox, seconds: int, state: str) -> None:
    page = outbox.queue("page_gone", "page", values={"code": "A7"})
    outbox.clock.forward(hours=12, seconds=seconds)
    outbox.work("alert")
    assert (outbox.row(page).state, len(outbox.carrier.offered)) == (state, int(state == "accepted"))


def test_an_alert_that_is_sent_again_after_the_longest_call_is_no_repeat(outbox: Outbox) -> None:
    message_id = outbox.queue(**ALERT)
    outbox.die_after("mark", "alert")
    assert outbox.work_until_settled(message_id, "alert").state == "accepted"
    assert (len(outbox.carrier.offered), outbox.row(message_id).maybe_repeat) == (1, False)


def test_an_identical_text_of_another_message_is_not_taken_for_this_one(outbox: Outbox) -> None:
    outbox.queue()
    outbox.work()
    second = outbox.queue()
    outbox.carrier.script.append(LOST_REQUEST)
    row = outbox.work_until_settled(second)
    assert len(outbox.carrier.taken) == 2
    assert row.sid == list(outbox.carrier.taken)[1]


# a sender that dies


@pytest.mark.parametrize(("step", "lane"), list(product(STEPS, ("bulk", "alert"))))
def test_a_text_is_sent_once_wherever_its_sender_dies(outbox: Outbox, step: str, lane: str) -> None:
    message_id = outbox.queue(**(ALERT if lane == "alert" else {}))
    outbox.die_after(step, lane)
    row = outbox.work_until_settled(message_id, lane)
    assert (row.state, row.sid) == ("accepted", *outbox.carrier.taken)
    assert not outbox.is_queued(message_id)


@pytest.mark.parametrize("deaths", list(product(("claim", "mark", "call"), repeat=3)))
def test_a_text_is_sent_once_though_sender_after_sender_dies(outbox: Outbox, deaths: tuple[str, ...]) -> None:
    message_id = outbox.queue()
    for step in deaths:
        outbox.die_after(step)
        outbox.real.forward(seconds=61)
    row = outbox.work_until_settled(message_id)
    assert (row.state, row.sid) == ("accepted", *outbox.carrier.taken)


@pytest.mark.parametrize("lane", ["bulk", "alert"])
@pytest.mark.parametrize("step", ["mark", "call"])
def test_the_call_of_a_sender_that_just_died_gets_its_quiet_before_the_list_is_asked(
    outbox: Outbox, step: str, lane: str
) -> None:
    message_id = outbox.queue(**(ALERT if lane == "alert" else {}))
    outbox.die_after(step, lane)
    with outbox.clinic.app.app_context():
        release_dead_holders(["tests:0:0"])
    assert outbox.work(lane) == 1, "the next sender finds it at once"
    assert (outbox.carrier.times_asked, outbox.row(message_id).state) == (0, "unknown")
    outbox.real.now += QUIET[lane] - timedelta(seconds=1)
    assert (outbox.work(lane), outbox.carrier.times_asked) == (0, 0)
    outbox.real.forward(seconds=2)
    assert (outbox.work(lane), outbox.carrier.times_asked) == (1, 1)
    assert outbox.row(message_id).state == ("accepted" if step == "call" else "unknown")


def test_what_a_living_sender_holds_is_taken_by_nobody_else_until_its_lease_ends(outbox: Outbox) -> None:
    outbox.queue()
    assert len(outbox.claim()) == 1
    outbox.real.forward(seconds=59)
    assert outbox.claim() == []
    outbox.real.forward(seconds=2)
    assert len(outbox.claim()) == 1


def test_what_a_dead_sender_held_is_free_at_once(outbox: Outbox) -> None:
    outbox.queue()
    outbox.claim()
    with outbox.clinic.app.app_context():
        assert current_holders() == ["tests:0:0"]
        release_dead_holders(["tests:0:0"])
        assert current_holders() == []
    assert len(outbox.claim()) == 1


def test_a_sender_that_was_frozen_past_its_fence_calls_nobody(outbox: Outbox) -> None:
    message_id = outbox.queue()
    assert outbox.work(seconds_since_claim=20.5) == 1
    assert outbox.carrier.offered == []
    assert outbox.row(message_id).state == "planned"
    outbox.real.forward(seconds=5)
    outbox.work(seconds_since_claim=19.5)
    assert outbox.row(message_id).state == "accepted"


def test_an_outcome_that_comes_late_changes_nothing_that_was_settled(outbox: Outbox) -> None:
    message_id = outbox.queue()
    [claim] = outbox.claim()
    parts = outbox.clinic.wiring
    with outbox.clinic.app.app_context():
        attempt = begin_attempt(claim, parts.vaults, "https://recovery.test", outbox.clock.now)
        assert attempt is not None
    settled = outbox.work_until_settled(message_id)
    with outbox.clinic.app.app_context():
        for outcome in (Unknown("late"), NotSent("late"), Rejected(21610, "opted_out"), Throttled(1, 20429)):
            write_outcome(attempt, outcome, parts.vaults, outbox.clock.now)
    assert outbox.row(message_id) == settled
    assert outbox.contact_state() == "active"


def frozen_while_a_second_attempt_began(outbox: Outbox, message_id: UUID) -> Attempt:
    """A sender marks its attempt and freezes; others find the list empty twice, and one of them marks the next."""
    [claim] = outbox.claim()
    with outbox.clinic.app.app_context():
        attempt = begin_attempt(claim, outbox.clinic.wiring.vaults, "https://recovery.test", outbox.clock.now)
    assert attempt is not None
    while outbox.row(message_id).state != "planned":
        outbox.real.forward(seconds=61)
        outbox.work()
    outbox.die_after("mark")
    assert (outbox.row(message_id).state, outbox.row(message_id).attempts) == ("sending", 2)
    return attempt


@pytest.mark.parametrize(
    "late", [Unknown("late"), NotSent("late"), Rejected(21610, "opted_out"), Throttled(1, 20429)], ids=type
)
def test_an_outcome_of_an_attempt_that_was_given_up_leaves_the_next_one_alone(
    outbox: Outbox, late: SendOutcome
) -> None:
    message_id = outbox.queue()
    attempt = frozen_while_a_second_attempt_began(outbox, message_id)
    before, work = outbox.row(message_id), outbox.queue_row(message_id)
    with outbox.clinic.app.app_context():
        write_outcome(attempt, late, outbox.clinic.wiring.vaults, outbox.clock.now)
    assert outbox.row(message_id) == before
    assert outbox.queue_row(message_id) == work
    assert outbox.contact_state() == "active"
    assert outbox.work_until_settled(message_id).state == "accepted"


@pytest.mark.parametrize("is_reachable", [True, False])
def test_the_list_asked_for_an_attempt_that_was_given_up_leaves_the_next_one_alone(
    outbox: Outbox, is_reachable: bool
) -> None:
    message_id = outbox.queue()
    attempt = frozen_while_a_second_attempt_began(outbox, message_id)
    outbox.real.forward(seconds=61)
    outbox.work()
    before, work = outbox.row(message_id), outbox.queue_row(message_id)
    assert (before.state, before.attempts, before.asked_list) == ("unknown", 2, 1)
    outbox.real.forward(seconds=1)
    outbox.carrier.list_is_reachable = is_reachable
    with outbox.clinic.app.app_context():
        settle_with_list(attempt, outbox.carrier, outbox.clinic.wiring.vaults, outbox.clock.now)
    assert (outbox.row(message_id), outbox.queue_row(message_id)) == (before, work)


def test_a_text_whose_first_attempt_turns_out_to_have_been_taken_is_not_sent_again(outbox: Outbox) -> None:
    message_id = outbox.queue()
    attempt = frozen_while_a_second_attempt_began(outbox, message_id)
    work, sid = outbox.queue_row(message_id), "SM" + "a" * 32
    with outbox.clinic.app.app_context():
        write_outcome(attempt, Accepted(sid, "queued"), outbox.clinic.wiring.vaults, outbox.clock.now)
    assert (outbox.row(message_id).state, outbox.queue_row(message_id)) == ("sending", work)
    row = outbox.work_until_settled(message_id)
    assert (row.state, row.sid, outbox.carrier.offered) == ("accepted", sid, [])
    assert not outbox.is_queued(message_id)


# texts that nobody looks at


@pytest.mark.parametrize("lane", ["bulk", "alert"])
@pytest.mark.parametrize("state", LIVE)
def test_a_text_that_fell_out_of_the_queue_is_put_back_and_leaves(outbox: Outbox, state: str, lane: str) -> None:
    message_id = outbox.queue(**(ALERT if lane == "alert" else {}))
    untouched = outbox.queue("ask_pain_again", "conversation")
    outbox.work()
    outbox.mark_one(message_id, state=state, attempted_at=outbox.real.now, sid=None)
    outbox.strand(message_id)
    settled = outbox.row(untouched)
    with outbox.clinic.app.app_context():
        found = [requeue_texts(outbox.clinic.wiring.vaults, outbox.clock.now) for _ in range(2)]
    assert found == [1, 0]
    assert outbox.queue_row(message_id).kind == f"send_{lane}"
    assert outbox.work_until_settled(message_id, lane).state == "accepted"
    assert outbox.row(untouched) == settled


# the list cannot be reached


def test_an_alert_leaves_after_five_minutes_without_a_list_and_is_marked_as_a_repeat(outbox: Outbox) -> None:
    message_id = outbox.queue(**ALERT)
    outbox.carrier.script.append(LOST_REQUEST)
    outbox.carrier.list_is_reachable = False
    outbox.work("alert")
    began = real_now()
    sent_again: datetime | None = None
    while sent_again is None and real_now() - began < timedelta(minutes=7):
        outbox.real.forward(seconds=6)
        outbox.work("alert")
        sent_again = real_now() if outbox.carrier.taken else None
    assert sent_again is not None
    assert timedelta(minutes=5) < sent_again - began < timedelta(minutes=5, seconds=30)
    row = outbox.row(message_id)
    assert (row.state, row.maybe_repeat) == ("accepted", True)


def test_a_reminder_waits_for_the_list_and_expires_with_a_record(outbox: Outbox) -> None:
    message_id = outbox.queue_reminder()
    outbox.carrier.script.append(LOST_REQUEST)
    outbox.carrier.list_is_reachable = False
    row = outbox.work_until_settled(message_id, rounds=8)
    assert row.state == "unknown"
    outbox.clock.forward(hours=3)
    row = outbox.work_until_settled(message_id, rounds=1)
    assert (row.state, row.settled_at) == ("expired", outbox.clock.now)
    assert len(outbox.carrier.offered) == 1
    assert not outbox.is_queued(message_id)


# the callback that is faster than the answer


def test_a_callback_before_the_answer_settles_the_text(outbox: Outbox) -> None:
    message_id = outbox.queue()
    outbox.carrier.while_sending = lambda sid, text: _callback(outbox, sid, "sent")
    outbox.work()
    row = outbox.row(message_id)
    assert (row.state, row.sid) == ("sent", *outbox.carrier.taken)
    assert not outbox.is_queued(message_id)


def test_a_callback_heals_a_text_whose_sender_died(outbox: Outbox) -> None:
    message_id = outbox.queue()
    outbox.carrier.while_sending = lambda sid, text: _callback(outbox, sid, "delivered")
    outbox.die_after("call")
    row = outbox.work_until_settled(message_id)
    assert (row.state, row.sid) == ("delivered", *outbox.carrier.taken)
    assert outbox.carrier.times_asked == 0


def _callback(outbox: Outbox, sid: str, status: str) -> None:
    ours = outbox.carrier.taken[sid].status_callback.partition("?m=")[2]
    assert outbox.callback(UUID(ours[32:]), sid, status)


# the last look before it leaves


@pytest.mark.parametrize(
    ("table", "values"),
    [
        ("contact_point", {"state": "opted_out"}),
        ("contact_point", {"state": "unusable"}),
        ("contact_point", {"state": "wrong_person"}),
        ("patient", {"status": "deceased"}),
        ("patient", {"status": "left"}),
    ],
)
@pytest.mark.parametrize("lane", ["bulk", "alert"])
def test_no_text_leaves_to_whoever_must_not_be_written_to_any_more(
    outbox: Outbox, table: str, values: dict[str, str], lane: str
) -> None:
    message_id = outbox.queue(**(ALERT if lane == "alert" else {}))
    outbox.mark(table, **values)
    row = outbox.work_until_settled(message_id, lane, rounds=2)
    assert (row.state, row.settled_at) == ("suppressed", outbox.clock.now)
    assert outbox.carrier.offered == []
    assert not outbox.is_queued(message_id)


def test_consent_is_looked_at_again_before_a_second_attempt(outbox: Outbox) -> None:
    message_id = outbox.queue()
    outbox.carrier.script.append(NotSent("refused"))
    outbox.work()
    outbox.mark("contact_point", state="opted_out")
    assert outbox.work_until_settled(message_id, rounds=2).state == "suppressed"
    assert outbox.carrier.taken == {}


def test_a_phone_that_is_called_from_now_on_gets_none_of_the_texts_that_waited_but_safety(outbox: Outbox) -> None:
    asked, told = outbox.queue_reminder(), outbox.queue("help", "service")
    stopped, alert = outbox.queue("stopped", "service"), outbox.queue(**ALERT)
    answer = outbox.queue("saved", values={"n": "4"}, in_reply_to_id=phone_text(outbox))
    outbox.mark("contact_point", channel="voice")
    outbox.work("alert")
    outbox.work()
    states = [outbox.row(one).state for one in (asked, told, stopped, alert, answer)]
    assert states == ["suppressed", "suppressed", "accepted", "accepted", "accepted"]
    assert not outbox.is_queued(asked)


def phone_text(outbox: Outbox) -> UUID:
    """A text of the patient that asks for nothing."""
    text_id: UUID = Phone(outbox.clinic, outbox.patient.phone).text("thanks").message.id
    return text_id


def test_a_fourth_text_of_the_day_stays_here_unless_a_person_wrote_it(outbox: Outbox) -> None:
    started = [outbox.queue("help", "service") for _ in range(4)]
    own = outbox.queue(None, "service", own_words="We will call you at noon.")
    outbox.work()
    assert sorted(outbox.row(one).state for one in started) == ["accepted", "accepted", "accepted", "suppressed"]
    assert outbox.row(own).state == "accepted"


def test_the_confirmation_of_a_stop_still_leaves(outbox: Outbox) -> None:
    message_id = outbox.queue("stopped", "service")
    outbox.mark("contact_point", state="opted_out")
    outbox.work()
    assert outbox.row(message_id).state == "accepted"


def test_danger_that_is_written_after_a_stop_is_answered_all_the_same(outbox: Outbox) -> None:
    phone = Phone(outbox.clinic, outbox.patient.phone)
    phone.text("STOP")
    outbox.clock.forward(minutes=5)
    danger = phone.text("my legs feel weak since last night").message
    answer, unasked = outbox.queue(**ALERT, in_reply_to_id=danger.id), outbox.queue(**ALERT)
    saved = outbox.queue("saved", in_reply_to_id=danger.id, values={"n": "4"})
    outbox.work("alert")
    outbox.work()
    assert [outbox.row(one).state for one in (answer, unasked, saved)] == ["accepted", "suppressed", "suppressed"]


def test_an_answer_to_danger_that_was_under_way_at_the_stop_is_not_sent_after_it(outbox: Outbox) -> None:
    phone = Phone(outbox.clinic, outbox.patient.phone)
    thanks = phone.text("thanks").message
    answer = outbox.queue(**ALERT, in_reply_to_id=thanks.id)
    outbox.die_after("mark", "alert")
    outbox.clock.forward(minutes=5)
    phone.text("STOP")
    assert outbox.work_until_settled(answer, "alert").state == "suppressed"
    assert outbox.carrier.offered == []


@pytest.mark.parametrize("state", ["unusable", "wrong_person"])
def test_not_even_an_answer_to_danger_goes_to_a_phone_that_is_no_longer_the_patients(
    outbox: Outbox, state: str
) -> None:
    thanks = Phone(outbox.clinic, outbox.patient.phone).text("thanks").message
    answer = outbox.queue(**ALERT, in_reply_to_id=thanks.id)
    outbox.mark("contact_point", state=state)
    outbox.work("alert")
    assert outbox.row(answer).state == "suppressed"


@pytest.mark.parametrize("status", ["on_hold", "ended"])
def test_a_recovery_that_is_not_running_gets_no_reminder_but_its_safety_texts(outbox: Outbox, status: str) -> None:
    reminder, alert = outbox.queue_reminder(), outbox.queue(**ALERT)
    outbox.mark("episode", status=status)
    outbox.work()
    outbox.work("alert")
    assert (outbox.row(reminder).state, outbox.row(alert).state) == ("suppressed", "accepted")


def test_a_question_that_was_answered_meanwhile_is_not_asked(outbox: Outbox) -> None:
    message_id = outbox.queue_reminder()
    record(outbox.patient, 4)
    outbox.work()
    assert outbox.row(message_id).state == "suppressed"


def test_a_text_past_its_time_expires_with_a_record(outbox: Outbox) -> None:
    message_id = outbox.queue()
    outbox.clock.forward(hours=2)
    outbox.work()
    row = outbox.row(message_id)
    assert (row.state, row.settled_at) == ("expired", outbox.clock.now)
    assert outbox.carrier.offered == []
    assert not outbox.is_queued(message_id)


def test_no_reminder_leaves_at_night_while_a_safety_text_does(outbox: Outbox) -> None:
    outbox.clock.forward(hours=17)
    later = outbox.clock.now + timedelta(hours=12)
    reminder, alert = outbox.queue_reminder(expires_at=later), outbox.queue(**ALERT)
    outbox.work()
    outbox.work("alert")
    assert (outbox.row(reminder).state, outbox.row(alert).state) == ("expired", "accepted")


def test_what_waits_while_the_patient_moves_keeps_the_hours_of_the_new_place(outbox: Outbox) -> None:
    evening = datetime(2026, 11, 21, 0, 50, tzinfo=UTC)  # ten to eight in New York, ten to five in Los Angeles
    outbox.clock.set(evening)
    reminder = outbox.queue_reminder(expires_at=evening + timedelta(hours=3))
    morning = datetime(2026, 11, 21, 14, tzinfo=UTC)
    words = outbox.queue(
        None, "service", own_words="Call us.", due_at=morning, expires_at=morning + timedelta(hours=11)
    )
    outbox.live_in("America/Los_Angeles")
    assert (outbox.row(reminder).expires_at, outbox.row(words).due_at) == (
        evening + timedelta(hours=3), morning + timedelta(hours=3),
    )  # fmt: skip
    assert outbox.queue_row(words).due_at == morning + timedelta(hours=3)
    outbox.live_in("America/New_York")
    outbox.work()
    [text] = outbox.carrier.offered
    assert (outbox.row(reminder).state, text.validity_seconds) == ("accepted", 600)


def test_alerts_have_a_lane_of_their_own_and_safety_goes_first_in_it(outbox: Outbox) -> None:
    outbox.queue()
    outbox.queue("page_clinician", "page", values={"tier": "urgent", "code": "AAAA"})
    outbox.queue(**ALERT)
    assert outbox.work("alert") == 2
    assert outbox.carrier.offered[0].body.partition(".")[0] == "This may be an emergency"
    assert outbox.work("bulk") == 1


# the pace of a number, and a carrier that is away


def test_reminders_wait_for_their_number_and_alerts_do_not(outbox: Outbox) -> None:
    asked = phone_text(outbox)
    reminders = [outbox.queue("help", "service", in_reply_to_id=asked) for _ in range(14)]
    rounds = [outbox.work() for _ in range(2)]
    left = [one for one in reminders if outbox.row(one).state == "accepted"]
    assert (rounds[0], len(left)) == (10, 10)
    assert outbox.work() == 0
    outbox.queue(**ALERT)
    assert outbox.work("alert") == 1
    outbox.real.forward(seconds=1)
    assert outbox.work() == 0, "the alert's segment is waited off first"
    outbox.real.forward(seconds=60)
    outbox.work()
    assert all(outbox.row(one).state == "accepted" for one in reminders)


def test_the_pace_counts_segments_and_not_texts(outbox: Outbox) -> None:
    asked = phone_text(outbox)
    texts = [
        outbox.queue(None, "service", own_words="Please bring your brace. " * 10 + str(place), in_reply_to_id=asked)
        for place in range(6)
    ]  # of two segments each
    outbox.work()
    assert [outbox.row(one).state for one in texts] == ["accepted"] * 5 + ["planned"]


def test_one_number_that_must_wait_holds_up_no_other(outbox: Outbox) -> None:
    other = make_clinic(outbox.clinic.app)
    for clinic, code in ((outbox.clinic, 20003), (other, None)):
        with clinic.open() as scope:
            count_failure(scope, clinic.number, for_good=code is not None, code=code)
    with outbox.clinic.app.app_context():
        circuits = {row.number: circuit_of(row, outbox.real.now) for row in list_senders()}
    assert circuits == {outbox.clinic.number: "open", other.number: "closed"}
    with other.open() as scope:
        text = Outgoing(Recipient("+12125550177", "en"), "service", own_words="Hello.")
        [elsewhere] = queue_texts(scope, [text], outbox.clock.now)
    held = outbox.queue()
    assert [claim.row_id for claim in outbox.claim()] == [elsewhere]
    assert outbox.row(held).state == "planned"


def test_a_waiting_reminder_gives_way_to_an_answer_that_came_later(outbox: Outbox) -> None:
    asked = phone_text(outbox)
    for _ in range(12):
        outbox.queue("help", "service", in_reply_to_id=asked)
    outbox.work()
    answer = outbox.queue("saved", values={"n": "4"})
    outbox.real.forward(seconds=1, milliseconds=100)
    outbox.work()
    assert outbox.row(answer).state == "accepted"


@pytest.mark.parametrize("unusual", ["nestloop", "hashjoin", "mergejoin"])
def test_what_is_claimed_comes_the_most_pressing_first_whatever_plan_the_database_chose(
    outbox: Outbox, database: Connection, unusual: str
) -> None:
    others = {"nestloop", "hashjoin", "mergejoin"} - {unusual}
    for plan in sorted(others):
        database.execute(text(f"SET LOCAL enable_{plan} = off"))
    reminders = [outbox.queue("help", "service") for _ in range(8)]
    answer = outbox.queue("saved", values={"n": "4"})
    claimed = [claim.row_id for claim in outbox.claim()]
    assert claimed[0] == answer
    assert set(claimed) == {answer, *reminders}


def test_five_failures_in_a_row_open_the_circuit_and_one_text_at_a_time_probes_it(outbox: Outbox) -> None:
    texts = [outbox.queue() for _ in range(8)]
    outbox.carrier.script.extend([NotSent("refused")] * 9)
    outbox.work()
    offered = len(outbox.carrier.offered)
    assert offered == 5
    outbox.real.forward(seconds=29)
    assert outbox.work() == 0
    outbox.real.forward(seconds=2)
    outbox.work()
    assert len(outbox.carrier.offered) == offered + 1
    outbox.carrier.script.clear()
    for _ in range(8):
        outbox.real.forward(seconds=301)
        outbox.work()
    assert {outbox.row(one).state for one in texts} == {"accepted"}


def test_alerts_probe_every_five_seconds_while_reminders_wait(outbox: Outbox) -> None:
    outbox.queue()
    alert = outbox.queue(**ALERT)
    outbox.carrier.script.extend([NotSent("refused")] * 5)
    for _ in range(5):
        outbox.work("alert")
        outbox.real.forward(seconds=16)
    outbox.carrier.script.append(NotSent("refused"))
    outbox.work("alert")
    assert outbox.work() == 0
    outbox.real.forward(seconds=16)
    outbox.work("alert")
    assert outbox.row(alert).state == "accepted"
    assert outbox.work() == 1


def test_a_refusal_of_our_own_number_keeps_the_text_and_opens_the_circuit_at_once(outbox: Outbox) -> None:
    message_id = outbox.queue()
    outbox.carrier.script.append(Rejected(20003, "sender_config"))
    outbox.work()
    row = outbox.row(message_id)
    assert (row.state, row.error_code, row.settled_at) == ("planned", 20003, None)
    assert outbox.flags() == []
    outbox.real.forward(seconds=10)
    assert outbox.work() == 0
    outbox.real.forward(seconds=25)
    outbox.work()
    assert outbox.row(message_id).state == "accepted"


def test_a_fenced_sender_says_nothing_of_the_carrier(outbox: Outbox) -> None:
    message_id = outbox.queue()
    for _ in range(6):
        outbox.work(seconds_since_claim=20.5)
        outbox.real.forward(seconds=301)
    outbox.work()
    assert outbox.row(message_id).state == "accepted"


def test_a_stop_between_the_mark_and_the_call_keeps_the_text_here(outbox: Outbox) -> None:
    message_id = outbox.queue()
    [claim] = outbox.claim()
    parts = outbox.clinic.wiring
    with outbox.clinic.app.app_context():
        attempt = begin_attempt(claim, parts.vaults, "https://recovery.test", outbox.clock.now)
        assert attempt is not None
        assert still_wanted(attempt, parts.vaults, outbox.clock.now)
    Phone(outbox.clinic, outbox.patient.phone).text("STOP")
    with outbox.clinic.app.app_context():
        assert not still_wanted(attempt, parts.vaults, outbox.clock.now)
        write_outcome(attempt, WITHDRAWN, parts.vaults, outbox.clock.now)
    assert outbox.work_until_settled(message_id, rounds=2).state == "suppressed"
    assert outbox.carrier.offered == []


def test_two_texts_with_the_same_words_do_not_take_each_others_id(outbox: Outbox) -> None:
    lost, taken = outbox.queue(**ALERT), outbox.queue(**ALERT)
    outbox.carrier.script.append(LOST_REQUEST)
    [first, second] = outbox.claim("alert")
    with outbox.clinic.app.app_context():
        _send_one(outbox.jobs_app, first, 0.0, lambda: 0.0)
    outbox.real.forward(minutes=2)
    outbox.carrier.script.append(LOST_ANSWER)
    outbox.work("alert")
    for _ in range(6):
        outbox.real.forward(seconds=61)
        outbox.work("alert")
    sent = Counter(text.status_callback for text in outbox.carrier.taken.values())
    assert set(sent.values()) == {1}
    assert len(sent) == 2
    assert {outbox.row(one).state for one in (lost, taken)} == {"accepted"}
    assert second.row_id != first.row_id


def test_two_texts_with_the_same_words_are_never_under_way_together(outbox: Outbox) -> None:
    lost, taken, other = (
        outbox.queue(**ALERT),
        outbox.queue(**ALERT),
        outbox.queue("urgent", "safety", values={"h": "2"}),
    )
    outbox.carrier.script.extend([LOST_REQUEST, LOST_ANSWER])
    outbox.work("alert")
    assert [outbox.row(one).state for one in (lost, taken, other)] == ["unknown", "planned", "unknown"]
    for _ in range(8):
        outbox.real.forward(seconds=15)
        outbox.work("alert")
    sent = Counter(text.status_callback for text in outbox.carrier.taken.values())
    assert (len(sent), set(sent.values())) == (3, {1})
    assert {outbox.row(one).state for one in (lost, taken, other)} == {"accepted"}


def test_a_callback_takes_its_id_back_from_a_text_that_adopted_it(outbox: Outbox) -> None:
    adopter, owner, sid = outbox.queue(), outbox.queue(), "SM" + "d" * 32
    outbox.mark_one(adopter, state="accepted", sid=sid, attempted_at=outbox.real.now)
    outbox.mark_one(owner, state="unknown", attempted_at=outbox.real.now)
    assert outbox.callback(owner, sid, "delivered")
    assert (outbox.row(owner).state, outbox.row(owner).sid) == ("delivered", sid)
    assert (outbox.row(adopter).state, outbox.row(adopter).sid) == ("unknown", None)


def test_a_text_whose_adopted_id_was_taken_back_is_settled_anew_and_leaves_once(outbox: Outbox) -> None:
    adopter, owner = outbox.queue(), outbox.queue()
    outbox.carrier.script.append(LOST_REQUEST)
    [first, second] = outbox.claim()
    with outbox.clinic.app.app_context():
        _send_one(outbox.jobs_app, first, 0.0, lambda: 0.0)
        outbox.mark_one(adopter, state="throttled")  # or its twin would wait for it
        _send_one(outbox.jobs_app, second, 0.0, lambda: 0.0)
    [sid] = outbox.carrier.taken
    outbox.mark_one(owner, state="unknown", sid=None, attempted_at=outbox.real.now)
    outbox.mark_one(adopter, state="accepted", sid=sid, attempted_at=outbox.real.now, asked_list=1)
    outbox.strand(adopter)
    assert outbox.callback(owner, sid, "sent")
    assert (outbox.row(adopter).state, outbox.row(adopter).sid, outbox.row(adopter).asked_list) == ("unknown", None, 0)
    assert outbox.callback(owner, sid, "delivered"), "its id is its own now"
    with outbox.clinic.app.app_context():
        assert requeue_texts(outbox.clinic.wiring.vaults, outbox.clock.now) == 1
    assert outbox.work_until_settled(adopter).state == "accepted"
    sent = Counter(text.status_callback for text in outbox.carrier.taken.values())
    assert (len(sent), set(sent.values())) == (2, {1})
    assert outbox.row(owner).state == "delivered"
