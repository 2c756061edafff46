"""Fixtures of the services: an outbox with a scripted carrier."""

import pytest

from tests.builders import ClockHand, PatientPersona
from tests.services.outbox import Outbox
from tests.services.scripted_carrier import RealTime, ScriptedCarrier


@pytest.fixture
def real(monkeypatch: pytest.MonkeyPatch) -> RealTime:
    """Real time, which leases keep."""
    return RealTime(monkeypatch)


@pytest.fixture
def outbox(real: RealTime, ann: PatientPersona, clock: ClockHand, monkeypatch: pytest.MonkeyPatch) -> Outbox:
    """Ann's outbox, whose carrier plays a script."""
    carrier = ScriptedCarrier()
    monkeypatch.setitem(ann.clinic.wiring.__dict__, "gateway", carrier)
    return Outbox(ann, carrier, clock, real)
