"""Two findings on one phone at the same moment, on a database that really commits: one flag, and no answer lost."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest
from flask import Flask
from sqlalchemy import delete

from recovery_api.db import open_transaction
from recovery_api.domain.readings import Finding
from recovery_api.domain.tiers import Tier
from recovery_api.models import tables
from recovery_api.services.raise_flags import FlagSubject, raise_flags
from tests.builders import BuiltClinic, ClockHand, make_clinic
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
    deadline = time.monotonic() + 3
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
