"""Knocks at the doors: counted in one statement, for every process at once, and forgotten again."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import Connection, select, update

from recovery_api.domain.errors import TooMany
from recovery_api.models import tables
from recovery_api.services.count_knock import count_knock, network_of
from tests.builders import BuiltClinic


def knocks(app: Flask, address: str, a_minute: float = 6) -> bool:
    with app.app_context():
        try:
            count_knock(address, a_minute, app.extensions["recovery"].vaults)
        except TooMany as refused:
            return not 1 <= refused.wait <= 60
        return True


def test_of_many_at_once_as_many_as_a_minute_allows_get_in(app: Flask) -> None:
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _: knocks(app, "203.0.113.7"), range(24)))
    assert found.count(True) == 6


def test_it_refills_as_time_goes_by_and_is_forgotten(clinic: BuiltClinic, app: Flask, database: Connection) -> None:
    knock = tables.knock
    assert [knocks(app, "203.0.113.7") for _ in range(7)] == [True] * 6 + [False]
    assert knocks(app, "203.0.113.8"), "everybody has their own"
    database.execute(update(knock).values(full_at=knock.c.full_at - timedelta(seconds=10)))
    assert [knocks(app, "203.0.113.7") for _ in range(2)] == [True, False]
    database.execute(update(knock).values(full_at=knock.c.full_at - timedelta(hours=2)))
    assert knocks(app, "203.0.113.9")
    rows = database.execute(select(knock)).all()
    assert len(rows) == 1
    assert "203.0.113" not in str(rows)


@pytest.mark.parametrize(
    ("address", "network"),
    [("203.0.113.7", "203.0.113.7"), ("::ffff:203.0.113.7", "203.0.113.7"), ("2001:db8:1:2::7", "2001:db8:1:2::/64"),
     ("2001:db8:1:2:ffff::1", "2001:db8:1:2::/64"), ("", ""), ("unknown", "unknown")],
)  # fmt: skip
def test_a_household_is_one_caller(address: str, network: str) -> None:
    assert network_of(address) == network
