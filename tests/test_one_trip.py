"""Statements that are asked together: one round trip, in their order, and an error ends what comes after it."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest
from flask import Flask
from sqlalchemy import Connection, text

from recovery_api import patience
from recovery_api.clock import monotonic, real_now
from recovery_api.db import begin
from recovery_api.patience import LONGEST_WAIT, DatabaseSilent, begin_patience, end_patience
from recovery_api.prepared import Prepared, driver_of, together
from recovery_api.services.record_audit import SYSTEM, record_audit
from tests.builders import BuiltClinic

SHARE = Prepared(text("SELECT 12 / CAST(:parts AS integer) AS share"))
MARK = Prepared(text("SELECT set_config('app.tested', :mark, false)"))
MARKED = Prepared(text("SELECT current_setting('app.tested', true) AS mark"))
AUDITED = Prepared(text("SELECT count(*) AS rows FROM audit_event WHERE action = 'tested'"))


@pytest.fixture
def connection(app: Flask, database: object) -> Iterator[Connection]:
    with app.app_context(), begin() as opened:
        yield opened


def test_answers_come_in_the_order_of_the_questions(connection: Connection) -> None:
    with together(connection):
        asked = [SHARE.ask(connection, {"parts": parts}) for parts in (1, 2, 3)]
        MARK.run(connection, {"mark": "first"})
        marked = MARKED.ask(connection, {})
        MARK.run(connection, {"mark": "then"})
    assert [one.first().share for one in asked] == [12, 6, 4]
    assert marked.first().mark == "first"
    assert MARKED.first(connection, {}).mark == "then"


def divide_by_nothing(connection: Connection) -> None:
    with together(connection):
        MARK.run(connection, {"mark": "inside"})
        SHARE.ask(connection, {"parts": 0})
        MARK.run(connection, {"mark": "never"})


def test_after_an_error_nothing_is_done_and_the_connection_goes_on_once_it_is_rolled_back(
    connection: Connection,
) -> None:
    MARK.run(connection, {"mark": "before"})
    savepoint = connection.begin_nested()
    with pytest.raises(psycopg.errors.DivisionByZero):
        divide_by_nothing(connection)
    savepoint.rollback()
    assert MARKED.first(connection, {}).mark == "before"
    assert SHARE.first(connection, {"parts": 4}).share == 3


def test_more_than_a_buffer_holds_is_sent_and_answered_all_the_same(connection: Connection) -> None:
    long = "x" * 100_000
    with together(connection):
        asked = []
        for _ in range(40):  # four megabytes each way
            MARK.run(connection, {"mark": long})
            asked.append(MARKED.ask(connection, {}))
    assert {one.first().mark for one in asked} == {long}


def test_what_waits_is_sent_between_questions_where_it_is_asked_for(clinic: BuiltClinic) -> None:
    with clinic.open() as scope:
        record_audit(scope, SYSTEM, "tested", ("clinic", scope.clinic_id), real_now())
        with together(scope.connection):
            before = AUDITED.ask(scope.connection, {})
            scope.flush()
            after = AUDITED.ask(scope.connection, {})
        assert (before.first().rows, after.first().rows) == (0, 1)


def test_a_transaction_begins_once_with_the_first_that_is_asked(app: Flask, database: object) -> None:
    notices: list[str] = []
    with app.app_context(), begin() as connection:
        driver_of(connection).add_notice_handler(lambda said: notices.append(said.message_primary or ""))
        with together(connection):
            SHARE.ask(connection, {"parts": 1})
            SHARE.ask(connection, {"parts": 2})
    assert notices == [], "a second BEGIN would be warned of"


def test_what_is_put_together_is_no_answer_of_the_database_until_one_came(connection: Connection) -> None:
    begin_patience(LONGEST_WAIT)
    try:
        SHARE.first(connection, {"parts": 1})
        with together(connection):
            patience._silence.noticed(monotonic())
            SHARE.ask(connection, {"parts": 2})
            with ThreadPoolExecutor() as another, pytest.raises(DatabaseSilent):
                another.submit(someone_asks).result()
        someone_asks()
    finally:
        end_patience()


def someone_asks() -> None:
    """As any request does, before it takes a connection."""
    begin_patience(LONGEST_WAIT)
    try:
        patience._silence.let_pass()
    finally:
        end_patience()
