"""Rows that wait for the commit reach the clinic that they were written in."""

from contextlib import suppress

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from recovery_api.clock import real_now
from recovery_api.db import ClinicScope, enter_clinic, open_transaction
from recovery_api.domain.errors import NotFound
from recovery_api.services.record_audit import SYSTEM, record_audit
from tests.builders import BuiltClinic


def test_rows_of_two_clinics_in_one_transaction_each_reach_their_own(
    clinic: BuiltClinic, other_clinic: BuiltClinic
) -> None:
    with clinic.app.app_context():
        vaults = clinic.wiring.vaults
        with open_transaction() as connection:
            for built in (clinic, other_clinic):
                record_audit(
                    enter_clinic(connection, built.id, vaults), SYSTEM, "tested", ("clinic", built.id), real_now()
                )
        for built in (clinic, other_clinic):
            with open_transaction() as connection:
                enter_clinic(connection, built.id, vaults)
                found = connection.execute(text("SELECT count(*) FROM audit_event WHERE action = 'tested'")).scalar()
                assert found == 1


def actions(clinic: BuiltClinic) -> set[str]:
    with clinic.open() as scope:
        return set(scope.connection.execute(text("SELECT action FROM audit_event")).scalars())


def note(scope: ClinicScope, action: str) -> None:
    record_audit(scope, SYSTEM, action, ("clinic", scope.clinic_id), real_now())


def undo(scope: ClinicScope, *, flushed: bool) -> None:
    with scope.savepoint():
        note(scope, "undone")
        if flushed:
            scope.flush()
        raise NotFound("made up")


@pytest.mark.parametrize("flushed", [True, False])
def test_a_savepoint_that_is_undone_takes_its_own_rows_along_and_no_others(clinic: BuiltClinic, flushed: bool) -> None:
    before = actions(clinic)
    with clinic.open() as scope:
        note(scope, "before")
        with pytest.raises(NotFound):
            undo(scope, flushed=flushed)
        with scope.savepoint():
            note(scope, "inside")
        note(scope, "after")
    assert actions(clinic) - before == {"before", "inside", "after"}


def test_an_error_of_the_database_that_was_swallowed_is_no_success(clinic: BuiltClinic) -> None:
    def swallow() -> None:
        with clinic.open() as scope, suppress(DBAPIError):
            scope.connection.execute(text("SELECT 1 / 0"))

    with pytest.raises(RuntimeError, match="failed"):
        swallow()
