"""Two findings on one phone at the same moment, on a database that really commits: one flag, and no answer lost."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

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
