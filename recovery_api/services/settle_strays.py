"""Settle attempts of unknown end that no sender has looked at for a while, so that they do not wait for one."""

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import select

from recovery_api.clock import real_now
from recovery_api.db import ClinicScope, Vaults, clinic_transaction
from recovery_api.gateways.sms import SmsGateway
from recovery_api.models import tables
from recovery_api.services.claim_work import Claim, claim_rows
from recovery_api.services.list_clinics import list_clinics
from recovery_api.services.outbox_rows import UNDER_WAY, Attempt, finish_claim, outbox_row, release_claim
from recovery_api.services.settle_unknown import begin_settling, settle_with_list

LEFT_TO_THE_SENDERS = timedelta(minutes=2)
MOST = 100


def settle_strays(gateway: SmsGateway, holder: str, vaults: Vaults, now: datetime) -> int:
    """Ask the carrier's list about every stray attempt; returns how many, normally none."""
    settled = 0
    for clinic_id in list_clinics():
        for claim in _claim(clinic_id, holder, vaults):
            attempt = _begin(claim, vaults, now)
            if attempt is not None:
                settle_with_list(attempt, gateway, vaults, now)
                settled += 1
    return settled


def _claim(clinic_id: UUID, holder: str, vaults: Vaults) -> list[Claim]:
    """Strays that nobody holds, held by us from now on."""
    message = tables.message
    with clinic_transaction(clinic_id, vaults) as scope:
        ids = scope.connection.execute(
            select(message.c.id)
            .where(
                message.c.clinic_id == clinic_id,
                message.c.state.in_(UNDER_WAY),
                message.c.attempted_at < real_now() - LEFT_TO_THE_SENDERS,
            )
            .order_by(message.c.attempted_at)
            .limit(MOST)
        )
        return claim_rows(scope.connection, holder, clinic_id, ids.scalars().all())


def _begin(claim: Claim, vaults: Vaults, now: datetime) -> Attempt | None:
    with clinic_transaction(claim.clinic_id, vaults) as scope:
        row = outbox_row(scope, claim.row_id)
        if row is None:
            finish_claim(scope, claim)
            return None
        if row.state not in UNDER_WAY or row.sid is not None:
            _give_back(scope, claim)
            return None
        return begin_settling(scope, claim, row, "", now)


def _give_back(scope: ClinicScope, claim: Claim) -> None:
    """It moved on meanwhile: its sender's business."""
    release_claim(scope, claim, real_now())
