"""Rows that wait for the commit reach the clinic that they were written in."""

from sqlalchemy import text

from recovery_api.clock import real_now
from recovery_api.db import enter_clinic, open_transaction
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
