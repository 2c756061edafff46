"""The web hook is off for an hour while patients answer: the carrier's list brings every text, once and in order."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import Connection, select

from recovery_api.clock import real_now
from recovery_api.gateways.twilio import TwilioGateway
from recovery_api.models import tables
from recovery_api.services.reconcile_inbound import reconcile_inbound
from recovery_api.simulator.carrier import Carrier
from tests.builders import BuiltClinic, PatientPersona, make_clinic, make_patient
from tests.database import ACCOUNT, TOKEN

DANGER = "my legs feel weak since last night"
EVERY = 23  # one text in so many tells of danger


@pytest.fixture
def carrier() -> Iterator[Carrier]:
    """A carrier whose web hooks go nowhere."""
    with Carrier(ACCOUNT, TOKEN) as carrier:
        yield carrier


def text_all(carrier: Carrier, patients: list[PatientPersona], count: int) -> tuple[list[str], set[UUID]]:
    """As many texts, spread over the hour that is just over; their ids in order, and who is in danger."""
    began, sids, endangered = real_now() - timedelta(hours=1, minutes=1), [], set()
    for place in range(count):
        patient = patients[place % len(patients)]
        body = DANGER if place % EVERY == 3 else str(place % 5)
        if body == DANGER:
            endangered.add(patient.id)
        message, _ = carrier.delivery.receive(patient.phone, patient.clinic.number, body)
        message.created_at = message.sent_at = began + timedelta(hours=1) * place / count
        sids.append(message.sid)
    return sids, endangered


def stored(clinic: BuiltClinic) -> list[str]:
    with clinic.open() as scope:
        message = tables.message
        chosen = select(message.c.sid).where(message.c.direction == "in").order_by(message.c.id)
        return list(scope.connection.execute(chosen).scalars())


@pytest.mark.soak
def test_an_hour_without_a_web_hook_loses_doubles_and_reorders_nothing(
    app: Flask, database: Connection, carrier: Carrier, samples: Callable[[int, int], int]
) -> None:
    clinic = make_clinic(app)
    patients = [make_patient(clinic, phone=f"+121255501{place:02}") for place in range(samples(5, 100))]
    sids, endangered = text_all(carrier, patients, samples(60, 500))
    gateway = TwilioGateway(account_sid=ACCOUNT, auth_token=TOKEN, api_base=carrier.address)
    with app.app_context():
        rounds = [reconcile_inbound(gateway, clinic.wiring.vaults, clinic.wiring.clock.now()) for _ in range(2)]
    gateway.close()
    assert rounds == [len(sids), 0]
    assert stored(clinic) == sids
    with clinic.open() as scope:
        flag = tables.flag
        raised = scope.connection.execute(select(flag).where(flag.c.family == "red_flag")).all()
    assert {(row.tier, row.status) for row in raised} == {("emergency", "open")}
    assert {row.patient_id for row in raised} == endangered
    with clinic.open() as scope:
        answered = select(tables.message.c.id).where(tables.message.c.text_key == "emergency")
        assert len(scope.connection.execute(answered).all()) == sum(place % EVERY == 3 for place in range(len(sids)))
