"""A text without an open question belongs to the day on the patient's own calendar, wherever the clinic is."""

from datetime import UTC, date, datetime, timedelta

import pytest

from recovery_api.gateways.sms import InboundText
from recovery_api.services.reconcile_inbound import reconcile_inbound
from tests.builders import BuiltClinic, ClockHand, Persona, make_patient
from tests.services.phone import Phone
from tests.services.scripted_carrier import RealTime, ScriptedCarrier

PROCEDURE = date(2026, 11, 15)
PLACES = [  # a zone, the instant in UTC, and what day it is there
    pytest.param("America/New_York", datetime(2026, 11, 21, 2, 0, tzinfo=UTC), date(2026, 11, 20), id="21:00-New-York"),
    pytest.param("Pacific/Apia", datetime(2026, 11, 20, 15, 0, tzinfo=UTC), date(2026, 11, 21), id="04:00-Apia"),
    pytest.param("Pacific/Apia", datetime(2026, 11, 20, 8, 0, tzinfo=UTC), date(2026, 11, 20), id="21:00-Apia"),
    pytest.param("Pacific/Honolulu", datetime(2026, 11, 21, 7, 0, tzinfo=UTC), date(2026, 11, 20), id="21:00-Honolulu"),
]


@pytest.mark.parametrize(("zone", "at", "on"), PLACES)
def test_a_text_out_of_the_blue_is_of_the_patients_own_day(
    clinic: BuiltClinic, ben: Persona, clock: ClockHand, zone: str, at: datetime, on: date
) -> None:
    patient = make_patient(clinic, zone=zone, performed_on=PROCEDURE)
    clock.set(at)
    first, mended = (Phone(clinic, patient.phone).text(words).check_in for words in ("4", "sorry meant 3"))
    assert first is not None
    assert mended is not None
    assert (first.local_on, first.day) == (mended.local_on, mended.day) == (on, (on - PROCEDURE).days)


@pytest.mark.parametrize(("zone", "at", "on"), PLACES)
def test_a_missed_text_is_of_the_day_on_which_it_was_written(
    clinic: BuiltClinic,
    ben: Persona,
    clock: ClockHand,
    monkeypatch: pytest.MonkeyPatch,
    zone: str,
    at: datetime,
    on: date,
) -> None:
    patient = make_patient(clinic, zone=zone, performed_on=PROCEDURE)
    real, carrier = RealTime(monkeypatch), ScriptedCarrier()
    carrier.inbox.append(InboundText("SM" + "8" * 32, patient.phone, clinic.number, "4", at))
    real.now = at + timedelta(hours=30)
    clock.set(real.now)
    with clinic.app.app_context():
        assert reconcile_inbound(carrier, clinic.wiring.vaults, real.now) == 1
    [row] = Phone(clinic, patient.phone).rows("check_in")
    assert (row.local_on, row.recorded_at) == (on, at)
