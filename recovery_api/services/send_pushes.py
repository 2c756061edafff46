"""Send due pushes: each offered again until it is taken or its text leaves; dead devices are forgotten."""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import exists, select, update

from recovery_api.clock import real_now
from recovery_api.db import AnyRow, ClinicScope, Vaults, clinic_transaction
from recovery_api.gateways.push import Gone, OutboundPush, Pushed, PushGateway, PushLater, PushOutcome, PushRefused
from recovery_api.models import tables
from recovery_api.models.pushes import UNREAD
from recovery_api.services.claim_work import Claim, claim_work, finish, release
from recovery_api.services.queue_pushes import KIND

MOST = 16
BACK_OFF = (15, 30, 60, 120, 300)  # seconds


@dataclass(frozen=True, slots=True)
class _Offer:
    """A push that is about to be offered."""

    claim: Claim
    gateway: PushGateway
    push: OutboundPush


def send_pushes(
    holder: str, vaults: Vaults, gateways: Mapping[str, PushGateway], now: datetime, most: int = MOST
) -> int:
    """Offer up to `most` pushes that are due; returns how many were looked at.

    No transaction is open during a call. One whose worker died is offered again: a push told twice does no harm.
    """
    claims = claim_work(KIND, holder, now, most)
    offers = [offer for claim in claims if (offer := _begin(claim, vaults, gateways, now)) is not None]
    if offers:
        with ThreadPoolExecutor(len(offers), thread_name_prefix="push") as pool:
            for offer, outcome in zip(offers, pool.map(_call, offers), strict=True):
                _write(offer.claim, outcome, vaults, now)
    return len(claims)


def _call(offer: _Offer) -> PushOutcome:
    return offer.gateway.push(offer.push)


def _begin(claim: Claim, vaults: Vaults, gateways: Mapping[str, PushGateway], now: datetime) -> _Offer | None:
    """Look whether the push is still wanted: while its text waits, and its device can be reached."""
    with clinic_transaction(claim.clinic_id, vaults) as scope:
        row = _row(scope, claim.row_id)
        if row.state != "planned" or row.message_state != "planned" or now >= row.expires_at:
            _settle(scope, claim, row, "needless" if row.state == "planned" else row.state, now)
            return None
        gateway = gateways.get(row.platform or "")
        if gateway is None or row.push_token_sealed is None:
            _settle(scope, claim, row, "gone", now)
            return None
        token = scope.vault.open("device.push_token", row.device_id, row.push_token_sealed)
        return _Offer(claim, gateway, OutboundPush(token, row.language, int((row.expires_at - now).total_seconds())))


def _row(scope: ClinicScope, push_id: UUID) -> AnyRow:
    push, device, message, patient = tables.push, tables.device, tables.message, tables.patient
    return scope.connection.execute(
        select(push, device.c.platform, device.c.push_token_sealed, patient.c.language, message.c.state.label(
            "message_state"
        ))
        .join(device, (device.c.clinic_id == push.c.clinic_id) & (device.c.id == push.c.device_id))
        .join(message, (message.c.clinic_id == push.c.clinic_id) & (message.c.id == push.c.message_id))
        .join(patient, (patient.c.clinic_id == push.c.clinic_id) & (patient.c.id == push.c.patient_id))
        .where(push.c.clinic_id == scope.clinic_id, push.c.id == push_id)
        .with_for_update(of=push)
    ).one()  # fmt: skip


def _write(claim: Claim, outcome: PushOutcome, vaults: Vaults, now: datetime) -> None:
    with clinic_transaction(claim.clinic_id, vaults) as scope:
        row = _row(scope, claim.row_id)
        match outcome:
            case Pushed():
                _settle(scope, claim, row, "taken" if row.state == "planned" else row.state, now)
            case Gone():
                _forget_token(scope, row)
                _settle(scope, claim, row, "gone", now)
            case PushRefused(why=why):
                _settle(scope, claim, row, "refused", now, why)
            case PushLater(why=why):
                wait = timedelta(seconds=BACK_OFF[min(row.attempts, len(BACK_OFF) - 1)])
                _change(scope, row.id, attempts=row.attempts + 1, why=why)
                release(scope.connection, KIND, claim.clinic_id, claim.row_id, real_now() + wait)


def _settle(scope: ClinicScope, claim: Claim, row: AnyRow, state: str, now: datetime, why: str | None = None) -> None:
    """Write how it ended; where no device of theirs is left to read it, the text leaves at once."""
    _change(scope, row.id, state=state, attempts=row.attempts + 1, why=why, settled_at=now)
    if state in ("gone", "refused"):
        _let_text_go(scope, row.message_id, now)
    finish(scope.connection, KIND, claim.clinic_id, claim.row_id)


def _let_text_go(scope: ClinicScope, message_id: UUID, now: datetime) -> None:
    work, push = tables.due_work, tables.push
    still_unread = exists().where(
        push.c.clinic_id == scope.clinic_id, push.c.message_id == message_id, push.c.state.in_(UNREAD)
    )
    scope.connection.execute(
        update(work)
        .where(
            work.c.clinic_id == scope.clinic_id,
            work.c.row_id == message_id,
            work.c.kind.in_(("send_alert", "send_bulk")),
            work.c.due_at > now,
            ~still_unread,
        )
        .values(due_at=now)
    )


def _forget_token(scope: ClinicScope, row: AnyRow) -> None:
    """Nothing is pushed to a dead device any more; a token that was put in its place meanwhile stays."""
    device = tables.device
    scope.connection.execute(
        update(device)
        .where(
            device.c.clinic_id == scope.clinic_id,
            device.c.id == row.device_id,
            device.c.push_token_sealed == row.push_token_sealed,
        )
        .values(push_token_sealed=None, platform=None)
    )


def _change(scope: ClinicScope, push_id: UUID, **values: Any) -> None:
    push = tables.push
    scope.connection.execute(
        update(push).where(push.c.clinic_id == scope.clinic_id, push.c.id == push_id).values(**values)
    )
