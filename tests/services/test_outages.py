"""After an outage the texts of a day leave one after the other: an hour apart, three a day, the question first."""

from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime, time, timedelta
from itertools import pairwise
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from flask import Flask
from sqlalchemy import Connection, Row, delete, select, update

from recovery_api.db import open_transaction
from recovery_api.domain.day_room import NEAR
from recovery_api.domain.protocol import TEXTS_A_DAY
from recovery_api.domain.schedule import local_instant, within_quiet_hours
from recovery_api.models import tables
from recovery_api.services.book_visits import book_visit
from recovery_api.services.hand_over_reminders import hand_over_due
from recovery_api.services.make_room import take_turns
from recovery_api.services.may_send import why_not_to_send
from recovery_api.services.plan_reminders import plan_ahead
from recovery_api.services.queue_texts import Outgoing, Recipient, queue_texts
from recovery_api.services.record_audit import SYSTEM
from recovery_api.services.watch_silence import watch_silence
from tests.builders import NOW, BuiltClinic, ClockHand, PatientPersona, make_clinic, make_patient
from tests.services.schedules import undone
from tests.services.test_flag_races import wait_until_somebody_waits

ZONE, TODAY = ZoneInfo("America/New_York"), NOW.date()
WAITS = ("planned", "throttled", "sending", "unknown")


def rows(clinic: BuiltClinic, table: str) -> list[Row[Any]]:
    with clinic.open() as scope:
        return list(scope.connection.execute(select(getattr(tables, table))).all())


def at(hour: int, minute: int = 0, on: date = TODAY) -> datetime:
    return local_instant(ZONE, on, time(hour, minute))


def tick(clinic: BuiltClinic, now: datetime, *, sends: bool = True) -> list[str]:
    """What the ticker hands over at a moment, and a sender delivers; returns the keys of the texts."""
    known = {row.id for row in rows(clinic, "message")}
    with clinic.app.app_context():
        hand_over_due("tests:0:0", clinic.wiring.vaults, now)
    if sends:
        send(clinic, now)
    return [row.text_key for row in rows(clinic, "message") if row.id not in known]


def send(clinic: BuiltClinic, now: datetime) -> None:
    """Everything that waits in the outbox leaves and arrives."""
    message = tables.message
    with clinic.open() as scope:
        scope.connection.execute(
            update(message).where(message.c.state.in_(WAITS)).values(state="delivered", settled_at=now)
        )


def fates(clinic: BuiltClinic, on: date = TODAY) -> dict[str, tuple[str, str | None]]:
    return {row.text_key: (row.state, row.why) for row in rows(clinic, "reminder") if row.local_on == on}


@pytest.fixture
def first_day(clinic: BuiltClinic) -> PatientPersona:
    """Somebody on the day after the procedure: a question at 9:30, lessons at 13:00 and 17:00."""
    return make_patient(clinic, performed_on=TODAY - timedelta(days=1))


def test_the_texts_of_an_outage_leave_an_hour_apart_and_what_finds_no_hour_has_a_record(
    first_day: PatientPersona,
) -> None:
    clinic = first_day.clinic
    assert tick(clinic, at(18)) == ["check_in_pain"]
    assert [tick(clinic, at(18, minute)) for minute in (1, 30, 59)] == [[], [], []]
    assert tick(clinic, at(19)) == ["pain_pills_safely"]
    assert tick(clinic, at(19, 59)) == []
    assert fates(clinic)["rest_short_walks"] == ("skipped", "no_time_left")
    work = [row for row in rows(clinic, "due_work") if row.kind == "reminder"]
    standing = {row.id for row in rows(clinic, "reminder") if row.state == "planned"}
    assert {row.row_id for row in work} == standing


def test_while_a_text_waits_for_a_sender_no_other_joins_it(first_day: PatientPersona) -> None:
    clinic = first_day.clinic
    assert tick(clinic, at(10), sends=False) == ["check_in_pain"]
    assert [tick(clinic, at(hour), sends=False) for hour in (13, 14, 15, 16)] == [[], [], [], []]
    send(clinic, at(16, 30))
    assert tick(clinic, at(17)) == []
    assert tick(clinic, at(17, 30)) == ["pain_pills_safely"]


def test_a_visit_that_is_booked_on_a_full_day_brings_no_fourth_text(
    first_day: PatientPersona,
) -> None:
    clinic = first_day.clinic
    tick(clinic, NOW)
    assert tick(clinic, at(13)) == ["missed_check_in"], "the question is asked again, in the place of the last lesson"
    assert tick(clinic, at(14)) == ["rest_short_walks"]
    with clinic.open() as scope:
        book_visit(scope, first_day.episode_id, at(15, on=TODAY + timedelta(days=1)), SYSTEM, at(14, 30))
    assert [tick(clinic, at(hour)) for hour in (15, 16, 17, 18, 19)] == [[], [], [], [], []]
    assert fates(clinic)["visit_reminder"] == ("skipped", "enough_today")


def test_texts_that_another_part_began_count_and_answers_do_not(first_day: PatientPersona) -> None:
    clinic = first_day.clinic
    point = next(row for row in rows(clinic, "contact_point") if row.patient_id == first_day.id)
    to = Recipient(first_day.phone, "en", point.id, first_day.id, first_day.episode_id)
    tick(clinic, NOW)
    incoming = next(row.id for row in rows(clinic, "message"))
    with clinic.open() as scope:
        answer = Outgoing(to, "conversation", "ask_pain_again", in_reply_to_id=incoming)
        queue_texts(scope, [answer, Outgoing(to, "service", "report_read", due_at=at(12, 50))], at(12, 50))
    send(clinic, at(12, 50))
    assert tick(clinic, at(13)) == [], "one was begun ten minutes ago"
    assert tick(clinic, at(13, 50)) == ["missed_check_in"]
    assert [tick(clinic, at(hour)) for hour in (15, 17, 18)] == [[], [], []]


def say(patient: PatientPersona, now: datetime, *keys: str | None) -> None:
    """Texts of other parts of the product leave; without a key they are a nurse's own words."""
    point = next(row for row in rows(patient.clinic, "contact_point") if row.patient_id == patient.id)
    to = Recipient(patient.phone, "en", point.id, patient.id, patient.episode_id)
    with patient.clinic.open() as scope:
        texts = [Outgoing(to, "service", key, own_words=None if key else "How are you?", due_at=now) for key in keys]
        queue_texts(scope, texts, now)
    send(patient.clinic, now)


def test_what_a_nurse_wrote_costs_the_lessons_and_not_the_question(first_day: PatientPersona) -> None:
    clinic = first_day.clinic
    say(first_day, at(8, 30), None, None, None)
    assert [tick(clinic, at(hour)) for hour in (10, 13, 17)] == [["check_in_pain"], [], ["pain_pills_safely"]]
    assert fates(clinic)["rest_short_walks"] == ("skipped", "enough_today")


def test_an_invitation_keeps_nobody_waiting_and_what_never_arrived_takes_nobodys_room(
    first_day: PatientPersona,
) -> None:
    clinic, message = first_day.clinic, tables.message
    say(first_day, at(9, 25), "enrol_ask", "report_read", "report_read", "report_read")
    with clinic.open() as scope:
        lost = update(message).where(message.c.text_key == "report_read").values(state="failed")
        scope.connection.execute(lost)
    assert tick(clinic, NOW) == ["check_in_pain"]
    assert tick(clinic, at(13)) == ["missed_check_in"]
    assert [tick(clinic, at(hour)) for hour in (15, 17, 18)] == [[], [], []], "the invitation took a lesson's room"


def test_how_to_prepare_is_not_lost_to_invitations(clinic: BuiltClinic) -> None:
    patient = make_patient(clinic, performed_on=TODAY + timedelta(days=1))
    say(patient, at(9, 20), "enrol_ask", "enrol_ask_caregiver", "enrol_ask_caregiver")
    left = [key for hour in (10, 11, 12, 13, 14, 15, 16, 17, 18, 19) for key in tick(clinic, at(hour))]
    assert "prepare_fasting" in left
    assert not [why for state, why in fates(clinic).values() if state == "skipped" and why == "enough_today"]


@pytest.mark.parametrize("began", ["report_read", "enrol_ask", None])
def test_the_last_look_counts_what_we_began_and_not_what_a_nurse_wrote(
    first_day: PatientPersona, began: str | None
) -> None:
    clinic, message = first_day.clinic, tables.message
    tick(clinic, NOW, sends=False)
    say(first_day, at(8, 30), began, began, began)
    with clinic.open() as scope:
        text = scope.connection.execute(select(message).where(message.c.text_key == "check_in_pain")).one()
        assert why_not_to_send(scope, text, NOW) == ("suppressed" if began == "report_read" else None)


def test_what_we_began_by_ourselves_leaves_no_room_for_a_fourth_text(first_day: PatientPersona) -> None:
    clinic = first_day.clinic
    say(first_day, at(8, 30), "report_read", "report_read", "report_read")
    assert [tick(clinic, at(hour)) for hour in (10, 13, 17)] == [[], [], []]
    assert fates(clinic)["check_in_pain"] == ("skipped", "enough_today")


def test_late_news_of_an_arrival_keeps_nobody_waiting(first_day: PatientPersona) -> None:
    clinic, message, tomorrow = first_day.clinic, tables.message, TODAY + timedelta(days=1)
    tick(clinic, NOW)
    with clinic.open() as scope:
        late = update(message).values(attempted_at=NOW, settled_at=at(9, 20, tomorrow))  # the phone was off
        scope.connection.execute(late)
    with clinic.app.app_context():
        plan_ahead(clinic.wiring.vaults, NOW)
    assert "check_in_pain" in tick(clinic, at(9, 30, tomorrow))


def test_no_lesson_gives_way_to_a_question_that_stays_here(first_day: PatientPersona) -> None:
    clinic = first_day.clinic
    tick(clinic, NOW)
    say(first_day, at(12), None, None)
    assert tick(clinic, at(13)) == []
    assert fates(clinic)["missed_check_in"] == ("skipped", "enough_today")
    assert tick(clinic, at(17)) == ["pain_pills_safely"]


# any outages


def live(patient: PatientPersona, chance: Random, days: int) -> None:
    """Some days on which the ticker and the sender are away now and then, for up to ten hours each."""
    clinic, now, end = patient.clinic, NOW, NOW + timedelta(days=days)
    no_ticker = no_sender = NOW
    while now < end:
        if now >= no_ticker:
            with clinic.app.app_context():
                plan_ahead(clinic.wiring.vaults, now)
                hand_over_due("tests:0:0", clinic.wiring.vaults, now)
                watch_silence("tests:0:0", clinic.wiring.vaults, now)
        if now >= no_sender:
            send(clinic, now)
        if chance.random() < 0.1:
            no_ticker = now + timedelta(minutes=chance.randint(30, 600))
        if chance.random() < 0.05:
            no_sender = now + timedelta(minutes=chance.randint(30, 600))
        now = after(clinic, now, chance)


def after(clinic: BuiltClinic, now: datetime, chance: Random) -> datetime:
    """The next moment at which anything is due, or some hours on."""
    work = [row for row in rows(clinic, "due_work") if row.kind in ("reminder", "unanswered")]
    ahead: list[datetime] = [row.due_at for row in work if row.due_at > now]
    return min([*ahead, now + timedelta(hours=chance.randint(1, 6))])


def broken(clinic: BuiltClinic, patients: list[PatientPersona]) -> Iterator[str]:
    """Every promise that does not hold."""
    for patient in patients:
        sent = [row for row in rows(clinic, "message") if row.patient_id == patient.id and row.direction == "out"]
        left = sorted(row.settled_at for row in sent)
        yield from (f"{late - early} apart" for early, late in pairwise(left) if late - early < NEAR)
        of_day = Counter(moment.astimezone(ZONE).date() for moment in left)
        yield from (f"{count} on {on}" for on, count in of_day.items() if count > TEXTS_A_DAY)
        yield from ("night" for row in sent if within_quiet_hours(row.created_at, ZONE))
    for row in rows(clinic, "reminder"):
        if row.state == "skipped" and row.why is None:
            yield f"{row.text_key} without a reason"


@pytest.mark.soak
def test_no_outages_of_ticker_and_sender_bring_texts_together_or_four_in_a_day(
    clinic: BuiltClinic, database: Connection, samples: Callable[[int, int], int]
) -> None:
    for seed in range(samples(2, 400)):
        chance = Random(seed)
        with undone(database):
            day = chance.randint(-6, 8)
            visit = at(15, on=TODAY + timedelta(days=2))
            patient = make_patient(clinic, performed_on=TODAY - timedelta(days=day), visits=[visit])
            live(patient, chance, 3)
            assert list(broken(clinic, [patient])) == [], seed


# two tickers, on a database that really commits


@pytest.fixture
def committed(app: Flask, clock: ClockHand) -> Iterator[BuiltClinic]:
    """A clinic in the database itself; its number and its queue are taken away at the end."""
    made = make_clinic(app)
    yield made
    with app.app_context(), open_transaction() as connection:
        for table in (tables.due_work, tables.sender_number):
            connection.execute(delete(table).where(table.c.clinic_id == made.id))


def test_a_ticker_waits_for_another_one_that_hands_over_to_the_same_patient(committed: BuiltClinic) -> None:
    patient = make_patient(committed, performed_on=TODAY - timedelta(days=1))
    point = next(row for row in rows(committed, "contact_point"))
    to = Recipient(patient.phone, "en", point.id, patient.id, patient.episode_id)
    one = next(row for row in rows(committed, "reminder") if row.text_key == "check_in_pain")
    with ThreadPoolExecutor(1) as pool:
        with committed.open() as scope:
            take_turns(scope, [one.id])
            queue_texts(scope, [Outgoing(to, "service", "report_read", due_at=NOW)], NOW)
            other = pool.submit(tick, committed, NOW, sends=False)
            wait_until_somebody_waits(committed.wiring.settings.database_admin_url)
        assert "check_in_pain" not in other.result(timeout=10)
    again = next(row for row in rows(committed, "reminder") if row.id == one.id)
    assert (again.state, again.due_at) == ("planned", NOW + timedelta(hours=1))
