"""Reminders: planned once, handed over once, never late, and a silence that somebody hears."""

import itertools
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from flask import Flask
from sqlalchemy import Row, delete, select, text, update

from recovery_api.db import open_transaction
from recovery_api.domain.pacing import Pace
from recovery_api.models import tables
from recovery_api.services.claim_work import claim_work
from recovery_api.services.hand_over_reminders import hand_over_due
from recovery_api.services.plan_reminders import plan_ahead
from recovery_api.services.send_messages import begin_attempt, call_carrier, write_outcome
from recovery_api.services.watch_silence import watch_silence
from tests.builders import NOW, BuiltClinic, ClockHand, PatientPersona, make_clinic, make_patient, record
from tests.services.phone import Phone
from tests.services.scripted_carrier import ScriptedCarrier


def rows(clinic: BuiltClinic, table: str) -> list[Row[Any]]:
    with clinic.open() as scope:
        return list(scope.connection.execute(select(getattr(tables, table))).all())


def hand_over(clinic: BuiltClinic, now: datetime, holder: str = "tests:0:0") -> int:
    with clinic.app.app_context():
        return hand_over_due(holder, clinic.wiring.vaults, now)


def watch(clinic: BuiltClinic, now: datetime) -> int:
    with clinic.app.app_context():
        return watch_silence("tests:0:0", clinic.wiring.vaults, now)


def plan(clinic: BuiltClinic, now: datetime) -> int:
    with clinic.app.app_context():
        return plan_ahead(clinic.wiring.vaults, now)


# planning


def test_two_weeks_are_planned_at_enrolment_and_planning_again_adds_nothing(ann: PatientPersona) -> None:
    planned = rows(ann.clinic, "reminder")
    assert max(row.local_on for row in planned) <= NOW.date() + timedelta(days=14)
    assert plan(ann.clinic, NOW) == 0
    assert rows(ann.clinic, "reminder") == planned


def test_planning_day_after_day_never_plans_one_thing_twice(ann: PatientPersona) -> None:
    added = [plan(ann.clinic, NOW + timedelta(days=day, hours=day % 5)) for day in range(30)]
    planned = rows(ann.clinic, "reminder")
    assert sum(added) > 0
    keys = [(row.kind, row.local_on, row.slot) for row in planned]
    assert len(keys) == len(set(keys))
    work = [row.row_id for row in rows(ann.clinic, "due_work") if row.kind == "reminder"]
    assert sorted(work) == sorted(row.id for row in planned)
    zone = ZoneInfo("America/New_York")
    asked = {row.due_at.astimezone(zone).time() for row in planned if row.kind == "check_in"}
    assert {time.isoformat("minutes") for time in asked} == {"09:30"}


def test_an_episode_that_ended_is_planned_no_further(ann: PatientPersona) -> None:
    with ann.clinic.open() as scope:
        scope.connection.execute(update(tables.episode).values(status="ended"))
    assert plan(ann.clinic, NOW + timedelta(days=5)) == 0


# handing over


def due(clinic: BuiltClinic) -> list[Row[Any]]:
    return sorted(rows(clinic, "reminder"), key=lambda row: (row.due_at, row.kind))


def test_a_due_reminder_becomes_one_text_with_its_question(ann: PatientPersona) -> None:
    first = next(row for row in due(ann.clinic) if row.kind == "check_in")
    assert hand_over(ann.clinic, first.due_at - timedelta(seconds=1)) == 0
    taken = hand_over(ann.clinic, first.due_at)
    assert taken >= 1
    assert hand_over(ann.clinic, first.due_at) == 0
    texts = [row for row in rows(ann.clinic, "message") if row.reminder_id == first.id]
    [text] = texts
    assert (text.purpose, text.lane, text.text_key, text.question) == ("reminder", "bulk", "check_in_pain", "pain")
    assert (text.question_on, text.expires_at) == (first.local_on, first.expires_at)
    after = next(row for row in rows(ann.clinic, "reminder") if row.id == first.id)
    assert (after.state, after.settled_at) == ("handed_over", first.due_at)


def test_a_reminder_past_its_time_is_skipped_with_a_record(ann: PatientPersona) -> None:
    first = next(row for row in due(ann.clinic) if row.kind == "check_in")
    hand_over(ann.clinic, first.expires_at)
    after = next(row for row in rows(ann.clinic, "reminder") if row.id == first.id)
    assert (after.state, after.why, after.settled_at) == ("skipped", "too_late", first.expires_at)
    assert [row for row in rows(ann.clinic, "message") if row.reminder_id == first.id] == []


@pytest.mark.parametrize(
    ("table", "values", "why"),
    [
        ("episode", {"status": "on_hold"}, "episode_not_active"),
        ("patient", {"status": "deceased"}, "episode_not_active"),
        ("contact_point", {"state": "opted_out"}, "no_phone"),
    ],
)
def test_a_reminder_that_may_not_leave_is_skipped_with_its_reason(
    ann: PatientPersona, table: str, values: dict[str, str], why: str
) -> None:
    with ann.clinic.open() as scope:
        scope.connection.execute(update(getattr(tables, table)).values(**values))
    first = due(ann.clinic)[0]
    hand_over(ann.clinic, first.due_at)
    after = next(row for row in rows(ann.clinic, "reminder") if row.id == first.id)
    assert (after.state, after.why) == ("skipped", why)
    assert rows(ann.clinic, "message") == []


def test_reminders_of_several_clinics_are_handed_over_in_one_round(
    clinic: BuiltClinic, other_clinic: BuiltClinic
) -> None:
    people = [make_patient(place, phone="+12125550143") for place in (clinic, other_clinic)]
    moment = max(due(person.clinic)[0].due_at for person in people)
    assert hand_over(clinic, moment) >= 2
    for person in people:
        assert [row.patient_id for row in rows(person.clinic, "message")] != []


def test_one_reminder_that_cannot_be_written_stops_nobody_elses(
    clinic: BuiltClinic, other_clinic: BuiltClinic, capsys: pytest.CaptureFixture[str]
) -> None:
    people = [make_patient(place, phone="+12125550143") for place in (clinic, clinic, other_clinic)]
    poisoned = next(row for row in due(clinic) if row.episode_id == people[0].episode_id)
    moment = max(row.due_at for row in due(clinic) if row.local_on == poisoned.local_on)
    with clinic.open() as scope:
        change = update(tables.reminder).where(tables.reminder.c.id == poisoned.id)
        scope.connection.execute(change.values(text_key="no_such_text"))
    fell_due = {row.id for place in (clinic, other_clinic) for row in due(place) if row.due_at <= moment}
    taken = hand_over(clinic, moment)
    assert taken == len(fell_due)
    states = {row.id: row.state for place in (clinic, other_clinic) for row in due(place) if row.due_at <= moment}
    assert states.pop(poisoned.id) == "planned"
    assert set(states.values()) <= {"handed_over", "skipped"}
    assert "handed_over" in states.values()
    assert {row.patient_id for place in (clinic, other_clinic) for row in rows(place, "message")} >= {
        people[1].id, people[2].id,
    }  # fmt: skip
    assert hand_over(clinic, moment) == 0, "it is set aside"
    said = capsys.readouterr().out
    assert "work.set_aside" in said
    assert str(poisoned.id) in said


# two tickers at once, on a database that really commits


@pytest.fixture
def committed(app: Flask, clock: ClockHand) -> Iterator[BuiltClinic]:
    """A clinic in the database itself; what it leaves to do is taken away at the end."""
    made = make_clinic(app)
    yield made
    with app.app_context(), open_transaction() as connection:
        connection.execute(delete(tables.due_work).where(tables.due_work.c.clinic_id == made.id))
        connection.execute(delete(tables.sender_number).where(tables.sender_number.c.clinic_id == made.id))


def test_two_tickers_and_four_senders_at_once_double_nothing(committed: BuiltClinic) -> None:
    for place in range(12):
        make_patient(committed, phone=f"+16465550{100 + place}")
    quiet_day = NOW.date() + timedelta(days=8)  # day 13 has a check-in and nothing else
    moment = max(row.due_at for row in rows(committed, "reminder") if row.local_on == quiet_day)
    carrier, ticked, began = ScriptedCarrier(), threading.Event(), threading.Barrier(6)

    def tick(number: int) -> int:
        began.wait()
        plan(committed, moment)
        with committed.app.app_context():
            return sum(hand_over_due(f"tests:{number}:0", committed.wiring.vaults, moment, most=5) for _ in range(24))

    def send(number: int) -> int:
        began.wait()
        sent, last_round = 0, False
        while not last_round:
            last_round = ticked.is_set()
            while taken := _send_some(committed, carrier, f"tests:{number}:1", moment):
                sent += taken
        return sent

    with ThreadPoolExecutor(6) as pool:
        senders = [pool.submit(send, number) for number in range(4)]
        tickers = [pool.submit(tick, number) for number in range(2)]
        taken = sum(ticker.result() for ticker in tickers)
        ticked.set()
        sent = sum(sender.result() for sender in senders)
    planned = [row for row in rows(committed, "reminder") if row.due_at <= moment]
    assert taken >= len(planned)
    assert {row.state for row in planned} <= {"handed_over", "skipped"}
    texts = rows(committed, "message")
    assert sorted(row.reminder_id for row in texts) == sorted(row.id for row in planned if row.state == "handed_over")
    assert {(row.state, row.attempts) for row in texts} <= {("accepted", 1), ("expired", 0)}
    accepted = [row.sid for row in texts if row.state == "accepted"]
    assert sent == len(texts)
    assert sorted(accepted) == sorted(carrier.taken)
    assert len(accepted) == len(carrier.offered) >= 12


def _send_some(clinic: BuiltClinic, carrier: ScriptedCarrier, holder: str, now: datetime) -> int:
    """What a sender does in one round, without its threads."""
    vaults = clinic.wiring.vaults
    with clinic.app.app_context():
        claims = claim_work("send_bulk", holder, now, 3)
        for claim in claims:
            attempt = begin_attempt(claim, vaults, "https://recovery.test", now, pace=Pace.of(1000))
            if attempt is not None:
                write_outcome(attempt, call_carrier(attempt, carrier), vaults, now)
    return len(claims)


def test_a_sender_takes_the_phone_before_the_text_as_an_incoming_text_does(committed: BuiltClinic) -> None:
    make_patient(committed, phone="+16465550140")
    moment = next(row.due_at for row in due(committed) if row.kind == "check_in")
    hand_over(committed, moment)
    waiting = text("SELECT count(*) FROM pg_locks WHERE NOT granted")
    with ThreadPoolExecutor(1) as pool:
        with committed.open() as scope:
            point, message = tables.contact_point, tables.message
            scope.connection.execute(select(point.c.id).with_for_update(key_share=True)).all()
            sender = pool.submit(_send_some, committed, ScriptedCarrier(), "tests:0:1", moment)
            tries = itertools.count()
            while scope.connection.execute(waiting).scalar() == 0 and next(tries) < 5000:
                pass
            scope.connection.execute(select(message.c.id).with_for_update(nowait=True)).all()
        assert sender.result() >= 1
    assert {row.state for row in rows(committed, "message")} == {"accepted"}


# silence


def ask(clinic: BuiltClinic, now: datetime, state: str = "accepted") -> None:
    """What is due is handed over, and its text ends in `state`."""
    hand_over(clinic, now)
    with clinic.open() as scope:
        message = tables.message
        scope.connection.execute(update(message).where(message.c.state == "planned").values(state=state))


def silent_days(clinic: BuiltClinic, days: int) -> list[tuple[int, str]]:
    """The clock moves on by six hours; the tiers of silence flags with the day on which each came."""
    heard: list[tuple[int, str]] = []
    for hour in range(0, days * 24, 6):
        now = NOW + timedelta(hours=hour)
        plan(clinic, now)
        ask(clinic, now)
        watch(clinic, now)
        flags = [row for row in rows(clinic, "flag") if row.family == "silence"]
        heard += [(hour // 24, row.tier) for row in flags if not heard]
    return heard


def test_three_missed_days_in_a_row_are_flagged_and_two_are_not(ann: PatientPersona) -> None:
    record(ann, 3)
    assert silent_days(ann.clinic, 3) == []
    [(day, tier)] = silent_days(ann.clinic, 6)
    assert day in (3, 4)
    assert tier in ("today", "urgent", "review")


def test_an_answer_in_between_breaks_the_silence(ann: PatientPersona, clock: ClockHand) -> None:
    phone = Phone(ann.clinic, ann.phone)
    record(ann, 3)
    for day in range(1, 7):
        clock.forward(days=1)
        ask(ann.clinic, clock.now)
        if day % 2 == 0:
            phone.text("3")
        watch(ann.clinic, clock.now)
    assert phone.flags() == []


def test_silence_of_several_clinics_is_heard_in_one_round(clinic: BuiltClinic, other_clinic: BuiltClinic) -> None:
    people = [make_patient(place, phone="+12125550143") for place in (clinic, other_clinic)]
    much_later = NOW + timedelta(days=6)
    for day in range(7):
        for place in (clinic, other_clinic):
            ask(place, NOW + timedelta(days=day))
    assert watch(clinic, much_later) > 2
    for person in people:
        assert [row.family for row in rows(person.clinic, "flag")] == ["silence"]


def test_nobody_is_called_silent_while_the_recovery_is_on_hold(ann: PatientPersona) -> None:
    with ann.clinic.open() as scope:
        scope.connection.execute(update(tables.episode).values(status="on_hold"))
    assert watch(ann.clinic, NOW + timedelta(days=6)) > 0
    assert rows(ann.clinic, "flag") == []


def silence_after(clinic: BuiltClinic, states: list[str]) -> list[list[int]]:
    """The missed days of silence flags, where the questions of days in a row ended in `states`."""
    for day, state in enumerate(states):
        ask(clinic, NOW + timedelta(days=day), state)
    watch(clinic, NOW + timedelta(days=len(states)))
    return [row.inputs["missed_days"] for row in rows(clinic, "flag") if row.family == "silence"]


@pytest.mark.parametrize("state", ["accepted", "queued", "sent", "delivered", "read", "unknown"])
def test_questions_that_left_and_were_not_answered_are_silence(ann: PatientPersona, state: str) -> None:
    [missed] = silence_after(ann.clinic, [state] * 4)
    assert len(missed) >= 3


@pytest.mark.parametrize("state", ["suppressed", "expired", "rejected", "undelivered", "failed", "planned"])
def test_questions_that_never_reached_the_patient_are_no_silence(ann: PatientPersona, state: str) -> None:
    assert silence_after(ann.clinic, [state] * 6) == []


def test_days_without_a_question_do_not_count_as_missed(ann: PatientPersona) -> None:
    record(ann, 3)
    assert silence_after(ann.clinic, ["expired", "sent", "expired", "sent", "failed"]) == []


def test_reminders_that_were_skipped_are_no_silence(ann: PatientPersona) -> None:
    hand_over(ann.clinic, NOW + timedelta(days=6))
    watch(ann.clinic, NOW + timedelta(days=6))
    assert rows(ann.clinic, "flag") == []


def test_judging_a_question_leaves_the_other_work_on_it_alone(ann: PatientPersona) -> None:
    watch(ann.clinic, NOW + timedelta(days=3))
    left = {row.row_id for row in rows(ann.clinic, "due_work") if row.kind == "reminder"}
    assert left == {row.id for row in rows(ann.clinic, "reminder")}


def test_a_clinic_that_cannot_be_judged_silences_no_other(
    clinic: BuiltClinic, other_clinic: BuiltClinic, capsys: pytest.CaptureFixture[str]
) -> None:
    for place in (clinic, other_clinic):
        make_patient(place, phone="+12125550143")
        for day in range(5):
            ask(place, NOW + timedelta(days=day))
    with clinic.open() as scope:
        scope.connection.execute(update(tables.clinic).values(zone="Nowhere/Land"))
    assert watch(clinic, NOW + timedelta(days=5)) > 2
    assert [row.family for row in rows(other_clinic, "flag")] == ["silence"]
    assert watch(clinic, NOW + timedelta(days=5)) == 0
    assert "work.set_aside" in capsys.readouterr().out
