"""Two findings on one phone at the same moment, on a database that really commits: one flag, and no answer lost."""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import timedelta

import psycopg
import pytest
from flask import Flask
from sqlalchemy import delete, select, text, update

from recovery_api.db import ClinicScope, open_transaction
from recovery_api.domain.readings import Finding
from recovery_api.domain.tiers import Tier
from recovery_api.gateways.sms import InboundText
from recovery_api.models import tables
from recovery_api.services.answer_flags import Deed, reopen_flag, resolve_flag
from recovery_api.services.climb_ladder import climb_due
from recovery_api.services.notify_clinicians import page_clinicians
from recovery_api.services.raise_flags import FlagSubject, raise_flags
from recovery_api.services.reconcile_inbound import file_missed
from tests.builders import BuiltClinic, ClockHand, make_clinic, make_clinician, make_patient
from tests.services.phone import Phone

STRANGER = "+13475550177"


@pytest.fixture
def committed(app: Flask, clock: ClockHand) -> Iterator[BuiltClinic]:
    """A clinic in the database itself; its number and its queue are taken away at the end."""
    made = make_clinic(app)
    yield made
    with app.app_context(), open_transaction() as connection:
        for table in (tables.due_work, tables.sender_number):
            connection.execute(delete(table).where(table.c.clinic_id == made.id))


def wait_until_somebody_waits(admin_url: str) -> None:
    """Until a transaction waits for another one's end."""
    deadline = time.monotonic() + 20
    with psycopg.connect(admin_url, autocommit=True) as admin:
        while time.monotonic() < deadline:
            row = admin.execute("SELECT count(*) FROM pg_locks WHERE NOT granted").fetchone()
            if row is not None and row[0]:
                return
    raise AssertionError("nobody waits")


def test_a_second_dangerous_text_of_a_stranger_waits_for_the_first_and_joins_its_flag(
    committed: BuiltClinic, clock: ClockHand
) -> None:
    phone = Phone(committed, STRANGER)
    first = Finding("unattributed", "1", "red_flag", Tier.URGENT, "made up", 60, {})
    with ThreadPoolExecutor(1) as pool:
        with committed.open() as scope:
            raise_flags(scope, FlagSubject(phone_digest=scope.phone_digest(STRANGER)), [first], clock.now)
            scope.flush()
            second = pool.submit(phone.send, "my legs feel weak")
            wait_until_somebody_waits(committed.wiring.settings.database_admin_url)
        assert second.result(timeout=10)
    [flag] = phone.rows("flag")
    assert (flag.tier, flag.repeats) == ("emergency", 1)
    assert len(phone.rows("message")) == 1


def test_two_workers_that_find_the_same_of_a_patient_at_once_make_one_flag_and_page_once(
    committed: BuiltClinic, clock: ClockHand
) -> None:
    ann, _ = make_patient(committed), make_clinician(committed, "nurse", phone="+12125550130")
    subject = FlagSubject(ann.episode_id, ann.id)
    found = Finding("RF-X", "1", "red_flag", Tier.URGENT, "made up", 60, {"symptom": "fever"})

    def find(wait_inside: Callable[[], object] = lambda: None) -> None:
        with committed.open() as scope:
            page_clinicians(scope, raise_flags(scope, subject, [found], clock.now), clock.now)
            wait_inside()

    with ThreadPoolExecutor(1) as pool:
        seconds: list[Future[None]] = []

        def second_comes() -> None:
            seconds.append(pool.submit(find))
            wait_until_somebody_waits(committed.wiring.settings.database_admin_url)

        find(second_comes)
        seconds[0].result(timeout=10)
    with committed.open() as scope:
        [flag] = scope.connection.execute(select(tables.flag)).all()
        pages = scope.connection.execute(select(tables.message.c.id).where(tables.message.c.purpose == "page")).all()
    assert (flag.repeats, flag.status, len(pages)) == (1, "open", 1)


def test_a_flag_that_is_being_raised_is_left_by_the_ladder_for_a_moment_and_goes_on_by_its_new_tier(
    committed: BuiltClinic, clock: ClockHand
) -> None:
    ann, _ = make_patient(committed), make_clinician(committed, "nurse", phone="+12125550130")
    subject = FlagSubject(ann.episode_id, ann.id)

    def finding(tier: Tier) -> Finding:
        return Finding("RF-X", "1", "red_flag", tier, f"because of {tier}", 60, {})

    def climb() -> None:
        with committed.app.app_context():
            climb_due("tests:0:0", committed.wiring.vaults, ("sms",), clock.now)

    with committed.open() as scope:
        page_clinicians(scope, raise_flags(scope, subject, [finding(Tier.URGENT)], clock.now), clock.now)
    clock.forward(minutes=16)
    with ThreadPoolExecutor(1) as pool, committed.open() as scope:
        raised = raise_flags(scope, subject, [finding(Tier.EMERGENCY)], clock.now)
        scope.flush()
        pool.submit(climb).result(timeout=10)
        page_clinicians(scope, raised, clock.now)
    with committed.open() as scope:
        flag = scope.connection.execute(select(tables.flag)).one()
        work = scope.connection.execute(select(tables.due_work.c.due_at).where(tables.due_work.c.kind == "rung")).all()
        told = scope.connection.execute(select(tables.flag_event).where(tables.flag_event.c.kind == "paged")).all()
    assert (flag.tier, flag.next_rung) == ("emergency", 1), "the climb did not tell a rung of the calmer tier meanwhile"
    assert [row.due_at for row in work] == [flag.next_rung_at]
    assert flag.next_rung_at <= clock.now + timedelta(minutes=5)
    assert len(told) == 2


@pytest.fixture
def closed(committed: BuiltClinic, clock: ClockHand) -> Deed:
    """A deed on a stranger's flag that was closed."""
    nurse = make_clinician(committed, "nurse")
    found = Finding("unattributed", "1", "red_flag", Tier.URGENT, "made up", 60, {})
    with committed.open() as scope:
        [flag] = raise_flags(scope, FlagSubject(phone_digest=scope.phone_digest(STRANGER)), [found], clock.now)
        deed = Deed(nurse.id, flag.id, None)
        resolve_flag(scope, deed, "advised", "spoke", clock.now)
    return deed


def open_without_turn(scope: ClinicScope, deed: Deed) -> None:
    opened = {"status": "open", "outcome": None, "resolved_at": None}
    scope.connection.execute(update(tables.flag).where(tables.flag.c.id == deed.flag_id).values(**opened))


def test_a_dangerous_text_waits_for_a_flag_that_is_being_opened_again_and_joins_it(
    committed: BuiltClinic, closed: Deed, clock: ClockHand
) -> None:
    phone = Phone(committed, STRANGER)
    with ThreadPoolExecutor(1) as pool:
        with committed.open() as scope:
            reopen_flag(scope, closed, "", clock.now)
            second = pool.submit(phone.send, "my legs feel weak")
            wait_until_somebody_waits(committed.wiring.settings.database_admin_url)
            kinds = scope.connection.execute(text("SELECT locktype FROM pg_locks WHERE NOT granted")).scalars().all()
        assert second.result(timeout=10)
    assert kinds == ["advisory"], "it waits for its turn, not on the index"
    [flag] = phone.rows("flag")
    assert (flag.tier, flag.status) == ("emergency", "open")


def test_a_dangerous_text_that_meets_a_flag_opened_beside_it_is_filed_once_more_and_kept(
    committed: BuiltClinic, closed: Deed
) -> None:
    phone = Phone(committed, STRANGER)
    with ThreadPoolExecutor(1) as pool:
        with committed.open() as scope:
            open_without_turn(scope, closed)
            second = pool.submit(phone.send, "my legs feel weak")
            wait_until_somebody_waits(committed.wiring.settings.database_admin_url)
        assert second.result(timeout=10)
    [flag] = phone.rows("flag")
    assert (flag.tier, flag.status) == ("emergency", "open")
    assert len([row for row in phone.rows("message") if row.direction == "in"]) == 1


def test_a_missed_text_that_meets_such_a_flag_is_tried_again_and_not_taken_for_known(
    committed: BuiltClinic, closed: Deed, clock: ClockHand
) -> None:
    missed = InboundText("SM" + "a" * 32, STRANGER, committed.number, "my legs feel weak", clock.now)

    def file() -> tuple[int, int]:
        with committed.app.app_context():
            filed, stuck = file_missed(committed.id, committed.number, [missed], committed.wiring.vaults, clock.now)
        return filed, len(stuck)

    with ThreadPoolExecutor(1) as pool:
        with committed.open() as scope:
            open_without_turn(scope, closed)
            first = pool.submit(file)
            wait_until_somebody_waits(committed.wiring.settings.database_admin_url)
        assert first.result(timeout=10) == (0, 1)
    assert file() == (1, 0)


def test_a_death_stops_the_phones_before_it_takes_the_turn_of_a_flag(committed: BuiltClinic, clock: ClockHand) -> None:
    ann = make_patient(committed)
    nurse = make_clinician(committed, "nurse")
    nurse.post(f"/patients/{ann.id}/phones", json={"phone": "+12125550161", "label": "AT"})
    point, other = tables.contact_point, Phone(committed, "+12125550161")
    other.send("START")
    found = Finding("unreachable_phone", "1", "delivery", Tier.TODAY, "made up", 60, {})
    with ThreadPoolExecutor(1) as pool:
        with committed.open() as scope:
            own = point.c.phone_digest == scope.phone_digest(ann.phone)
            scope.connection.execute(select(point.c.id).where(own).with_for_update(key_share=True))
            told = pool.submit(other.send, "she died last night")
            wait_until_somebody_waits(committed.wiring.settings.database_admin_url)
            scope.connection.execute(text("SET LOCAL lock_timeout = '300ms'"))
            raise_flags(scope, FlagSubject(ann.episode_id, ann.id), [found], clock.now)
        assert told.result(timeout=10)
    assert {("delivery", "today"), ("operations", "today")} <= set(other.flags())
    assert other.states() == {"opted_out"}
