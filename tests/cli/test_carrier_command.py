"""`carrier senders` and `carrier report`: how texts fare at the carrier, without a phone."""

from datetime import UTC, datetime, timedelta

import pytest
from click.testing import Result
from flask import Flask

from recovery_api.cli import register_commands
from recovery_api.clock import real_now
from recovery_api.gateways.sms import SentText
from recovery_api.services.compare_with_carrier import compare_day
from recovery_api.services.pace_senders import count_failure
from tests.builders import BuiltClinic, ClockHand, PatientPersona, make_clinic, make_patient
from tests.services.scripted_carrier import ScriptedCarrier


@pytest.fixture
def ann(app: Flask, clock: ClockHand) -> PatientPersona:
    """A patient of a clinic that stays until the end of the test: a command makes an application of its own."""
    return make_patient(make_clinic(app))


def run(clinic: BuiltClinic, *arguments: str) -> Result:
    with clinic.app.app_context():
        register_commands(clinic.app)
        return clinic.app.test_cli_runner().invoke(args=arguments)


def test_senders_shows_each_circuit_and_no_whole_number(ann: PatientPersona) -> None:
    with ann.clinic.open() as scope:
        count_failure(scope, ann.clinic.number, for_good=True, code=20003)
    said = run(ann.clinic, "carrier", "senders")
    assert said.exit_code == 0, said.output
    assert f"…{ann.clinic.number[-4:]}  open  5 failures, code 20003" in said.output
    assert ann.clinic.number not in said.output


def test_report_shows_what_differs_by_id_alone(ann: PatientPersona) -> None:
    carrier, day = ScriptedCarrier(), real_now().date() - timedelta(days=1)
    noon = datetime(day.year, day.month, day.day, 12, tzinfo=UTC)
    carrier.sent_box = [SentText("SM" + "e" * 32, "delivered", None, noon)]
    with ann.clinic.app.app_context():
        compare_day(ann.clinic.id, ann.clinic.number, day, carrier, ann.clinic.wiring.vaults, real_now())
    said = run(ann.clinic, "carrier", "report", "--ids")
    assert said.exit_code == 0, said.output
    assert "0 here, 1 there: 0 only here, 1 only there, 0 ended otherwise" in said.output
    assert "only_there: SM" + "e" * 32 in said.output
    assert ann.phone not in said.output


def test_metrics_tell_of_circuits_and_differences_without_a_number(ann: PatientPersona) -> None:
    with ann.clinic.open() as scope:
        count_failure(scope, ann.clinic.number, for_good=True, code=20003)
    said = ann.client.get("/metrics").get_data(as_text=True)
    assert 'recovery_sender_circuits{state="open"} 1.0' in said
    assert 'recovery_carrier_differences{where="only_there"} 0.0' in said
    assert ann.clinic.number not in said
