"""Ask the carrier for the end of texts that it took long ago and has not told of since."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select, update

from recovery_api.clock import real_now
from recovery_api.db import AnyRow, ClinicScope, Vaults, clinic_transaction
from recovery_api.domain.delivery import WITHOUT_END
from recovery_api.gateways.sms import CarrierUnreachable, SmsGateway
from recovery_api.logs import warn
from recovery_api.models import tables
from recovery_api.services.follow_delivery import follow_delivery
from recovery_api.services.give_up_end import give_up_end
from recovery_api.services.list_clinics import list_clinics
from recovery_api.services.set_aside import TROUBLE

OVERDUE = timedelta(minutes=15)
ASK_AGAIN = timedelta(hours=1)
GIVEN_UP = timedelta(days=3)  # since the attempt; a text is asked about at least once after that
MOST = 50


def chase_statuses(gateway: SmsGateway, vaults: Vaults, now: datetime) -> int:
    """Ask about up to MOST texts of each clinic, the oldest first; returns about how many the carrier was asked."""
    asked = 0
    for clinic_id in list_clinics():
        try:
            for row in _take_overdue(clinic_id, vaults):
                asked += 1
                _ask(clinic_id, row, gateway, vaults, now)
        except CarrierUnreachable as away:
            warn("statuses.not_asked", clinic_id=str(clinic_id), reason=away.reason)
            return asked
        except TROUBLE as error:
            warn("statuses.clinic_stuck", clinic_id=str(clinic_id), error=type(error).__name__)
    return asked


def _take_overdue(clinic_id: UUID, vaults: Vaults) -> Sequence[AnyRow]:
    with clinic_transaction(clinic_id, vaults) as scope:
        overdue = _overdue(scope)
        _note(scope, [row.id for row in overdue])
        return overdue


def _ask(clinic_id: UUID, row: AnyRow, gateway: SmsGateway, vaults: Vaults, now: datetime) -> None:
    """Ask about one text, for the last time where it is old; trouble with it holds up none of the others."""
    delivery = gateway.delivery_of(row.sid)
    try:
        if delivery is not None:
            follow_delivery(clinic_id, row.id, row.sid, delivery.status, delivery.error_code, vaults, now)
        if row.attempted_at < real_now() - GIVEN_UP:
            _give_up(clinic_id, row.id, vaults, now)
    except TROUBLE as error:
        warn("statuses.stuck", clinic_id=str(clinic_id), message_id=str(row.id), error=type(error).__name__)


def _give_up(clinic_id: UUID, message_id: UUID, vaults: Vaults, now: datetime) -> None:
    with clinic_transaction(clinic_id, vaults) as scope:
        given_up = give_up_end(scope, message_id, now)
    if given_up:
        warn("statuses.given_up", clinic_id=str(clinic_id), message_id=str(message_id))


def _overdue(scope: ClinicScope) -> Sequence[AnyRow]:
    message, real = tables.message, real_now()
    chosen: Any = (
        select(message.c.id, message.c.sid, message.c.attempted_at)
        .where(
            message.c.clinic_id == scope.clinic_id,
            message.c.state.in_(WITHOUT_END),
            message.c.sid.is_not(None),
            message.c.end_given_up_at.is_(None),
            message.c.attempted_at <= real - OVERDUE,
            message.c.status_asked_at.is_(None) | (message.c.status_asked_at < real - ASK_AGAIN),
        )
        .order_by(message.c.attempted_at)
        .limit(MOST)
    )
    return scope.connection.execute(chosen).all()


def _note(scope: ClinicScope, ids: Sequence[UUID]) -> None:
    message = tables.message
    scope.connection.execute(
        update(message)
        .where(message.c.clinic_id == scope.clinic_id, message.c.id.in_(ids))
        .values(status_asked_at=real_now())
    )
