"""Two who change one recovery at once wait for each other in one order, and the second sees what the first planned."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from flask import Flask
from sqlalchemy import Row, delete, select, text, update

from recovery_api.clinic import procedure_views
from recovery_api.db import open_transaction
from recovery_api.domain.errors import Conflict
from recovery_api.models import tables
from recovery_api.services.answer_flags import Deed, acknowledge_flag, release_flag
from recovery_api.services.book_visits import book_visit, change_visit
from recovery_api.services.change_episode import EpisodeChanges, change_episode
from recovery_api.services.change_patient import change_patient
from recovery_api.services.change_preferences import Preferences, change_preferences
from recovery_api.services.record_audit import SYSTEM
from recovery_api.services.report_check_in import take_turn
from recovery_api.services.send_messages import begin_attempt
from recovery_api.services.settle_unknown import settle_with_list
from tests.builders import (
    NOW,
    BuiltClinic,
    ClockHand,
    PatientPersona,
    make_clinic,
    make_clinician,
    make_patient,
    record,
)
from tests.services.outbox import Outbox
from tests.services.scripted_carrier import LOST_REQUEST, RealTime, ScriptedCarrier
from tests.services.test_flag_races import wait_until_somebody_waits

ZONE = ZoneInfo("America/New_York")


@pytest.fixture
def mover(app: Flask, clock: ClockHand) -> Iterator[PatientPersona]:
    """Somebody before the procedure, in the database itself; the queue is taken away at the end."""
    clinic = make_clinic(app)
    yield make_patient(clinic, performed_on=NOW.date() + timedelta(days=2), baseline_pain=None)
    with app.app_context(), open_transaction() as connection:
        for table in (tables.due_work, tables.sender_number):
            connection.execute(delete(table).where(table.c.clinic_id == clinic.id))


def rows(clinic: BuiltClinic, table: str) -> list[Row[Any]]:
    with clinic.open() as scope:
        return list(scope.connection.execute(select(getattr(tables, table))).all())


def move_procedure(patient: PatientPersona) -> None:
    with patient.clinic.open() as scope:
        moved = EpisodeChanges(performed_on=NOW.date() + timedelta(days=9))
        change_episode(scope, patient.episode_id, moved, SYSTEM, NOW)


def move_hour(patient: PatientPersona) -> None:
    with patient.clinic.open() as scope:
        change_preferences(scope, patient.id, Preferences(check_in_time=time(11)), SYSTEM, NOW)


def choose_link(patient: PatientPersona) -> None:
    with patient.clinic.open() as scope:
        change_patient(scope, patient.id, {"sex": "female", "web_check_in": True}, SYSTEM, NOW)


def test_who_moves_a_procedure_waits_for_an_answer_that_keeps_the_pain_before_it(mover: PatientPersona) -> None:
    episode = tables.episode
    with ThreadPoolExecutor(1) as pool:
        with mover.clinic.open() as scope:
            take_turn(scope, mover.id)  # as every answer does first
            moving = pool.submit(move_procedure, mover)
            wait_until_somebody_waits(mover.clinic.wiring.settings.database_admin_url)
            scope.connection.execute(update(episode).where(episode.c.id == mover.episode_id).values(baseline_pain=7))
        moving.result(timeout=10)
    [row] = rows(mover.clinic, "episode")
    assert (row.baseline_pain, row.started_on) == (7, NOW.date() + timedelta(days=9))


def test_of_two_who_move_a_procedure_at_once_the_second_is_told(mover: PatientPersona) -> None:
    clinic, was = mover.clinic, NOW.date() + timedelta(days=2)

    def press(to: date) -> None:
        with clinic.app.app_context(), clinic.open() as scope:
            procedure_views.move_seen(scope, mover.id, str(to), str(was), SYSTEM)

    with ThreadPoolExecutor(1) as pool:
        with clinic.open() as scope:
            take_turn(scope, mover.id)
            second = pool.submit(press, was + timedelta(days=5))
            wait_until_somebody_waits(clinic.wiring.settings.database_admin_url)
            change_episode(scope, mover.episode_id, EpisodeChanges(performed_on=was + timedelta(days=7)), SYSTEM, NOW)
        with pytest.raises(Conflict):
            second.result(timeout=10)
    [row] = rows(clinic, "episode")
    assert row.started_on == was + timedelta(days=7)


def test_who_changes_a_patient_and_their_phones_waits_for_a_text_from_one_of_them(mover: PatientPersona) -> None:
    point = tables.contact_point
    with ThreadPoolExecutor(1) as pool:
        with mover.clinic.open() as scope:
            scope.connection.execute(select(point.c.id).with_for_update(key_share=True)).all()  # a text's first lock
            changing = pool.submit(choose_link, mover)
            wait_until_somebody_waits(mover.clinic.wiring.settings.database_admin_url)
            take_turn(scope, mover.id)
        changing.result(timeout=10)
    assert [row.takes_link for row in rows(mover.clinic, "contact_point")] == [True]


def test_an_hour_that_moves_while_a_visit_is_called_off_moves_every_text(mover: PatientPersona) -> None:
    with mover.clinic.open() as scope:
        visit = book_visit(scope, mover.episode_id, NOW + timedelta(days=8), SYSTEM, NOW)
    with ThreadPoolExecutor(1) as pool:
        with mover.clinic.open() as scope:
            change_visit(scope, visit.id, None, "cancelled", SYSTEM, NOW)
            moving = pool.submit(move_hour, mover)
            wait_until_somebody_waits(mover.clinic.wiring.settings.database_admin_url)
        moving.result(timeout=10)
    planned = [row for row in rows(mover.clinic, "reminder") if row.state == "planned"]
    asked = {row.due_at.astimezone(ZONE).time() for row in planned if row.kind == "check_in"}
    assert asked == {time(11)}
    assert {row.text_key for row in planned}.isdisjoint({"visit_coming", "visit_reminder"})


def test_who_takes_a_flag_back_waits_for_nobody_who_has_the_patients_text_in_hand(mover: PatientPersona) -> None:
    """A STOP holds the texts and then wants the flags: who holds a flag must not wait for a text."""
    nurse, flag = make_clinician(mover.clinic, "nurse"), tables.flag
    record(mover, 3, symptoms=("fever",))
    with mover.clinic.open() as scope:
        deed = Deed(nurse.id, scope.connection.execute(select(flag.c.id).limit(1)).scalar_one(), None)
        acknowledge_flag(scope, deed, NOW)
    with mover.clinic.open() as other, mover.clinic.open() as scope:
        other.connection.execute(select(tables.message.c.id).with_for_update()).all()
        scope.connection.execute(text("SET LOCAL lock_timeout = '200ms'"))
        release_flag(scope, deed, NOW)
    [row] = [row for row in rows(mover.clinic, "flag") if row.id == deed.flag_id]
    assert (row.status, row.patient_told_at) == ("open", NOW)


def test_a_text_whose_end_stays_unknown_is_given_up_behind_its_phone_as_every_text_is_locked(
    mover: PatientPersona, clock: ClockHand, real: RealTime, monkeypatch: pytest.MonkeyPatch
) -> None:
    outbox, message, point = Outbox(mover, ScriptedCarrier(), clock, real), tables.message, tables.contact_point
    monkeypatch.setitem(mover.clinic.wiring.__dict__, "gateway", outbox.carrier)
    message_id = outbox.queue_reminder()
    outbox.carrier.script.append(LOST_REQUEST)
    outbox.work()
    clock.forward(hours=3)
    real.forward(hours=3)
    outbox.carrier.list_is_reachable = False
    vaults = mover.clinic.wiring.vaults
    with mover.clinic.app.app_context():
        attempt = begin_attempt(outbox.claim()[0], vaults, "https://recovery.test", clock.now)
    assert attempt is not None

    def settle() -> None:
        with mover.clinic.app.app_context():
            settle_with_list(attempt, outbox.carrier, vaults, clock.now)

    with ThreadPoolExecutor(1) as pool:
        with mover.clinic.open() as scope:
            scope.connection.execute(select(point.c.id).with_for_update(key_share=True)).all()
            settling = pool.submit(settle)
            wait_until_somebody_waits(mover.clinic.wiring.settings.database_admin_url)
            scope.connection.execute(text("SET LOCAL lock_timeout = '200ms'"))
            scope.connection.execute(select(message.c.id).where(message.c.id == message_id).with_for_update()).all()
        settling.result(timeout=10)
    assert outbox.row(message_id).state == "expired"
