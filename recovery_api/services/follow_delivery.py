"""Follow a text to its end: the carrier's callbacks by rank, and what a failure teaches about a phone."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select, update

from recovery_api.db import AnyRow, ClinicScope, Vaults, clinic_transaction
from recovery_api.domain.delivery import advance, kind_of
from recovery_api.domain.readings import Finding
from recovery_api.domain.tiers import Tier
from recovery_api.models import tables
from recovery_api.packs.carrier_codes import carrier_codes
from recovery_api.services.claim_work import finish
from recovery_api.services.raise_flags import FlagSubject, raise_flags

_OUR_OWN = ("planned", "sending", "unknown", "throttled", "suppressed", "expired", "rejected")
_STORED_AS = {"sending": "queued", "scheduled": "accepted", "partially_delivered": "sent"}
_DEAD_ENDS = {"opted_out": "opted_out", "recipient_permanent": "unusable"}
_REASONS = {
    "opted_out": "Opted out at the carrier: texts no longer reach this phone",
    "recipient_permanent": "Texts cannot reach this phone: landline or unreachable number",
}


def follow_delivery(
    clinic_id: UUID, message_id: UUID, sid: str, status: str, code: int | None, vaults: Vaults, now: datetime
) -> bool:
    """Apply one status callback; False where the message is not ours. Order and repeats make no difference."""
    kind = kind_of(code, carrier_codes()) if status in ("failed", "undelivered") else ""
    with clinic_transaction(clinic_id, vaults) as scope:
        message = tables.message
        if kind in _DEAD_ENDS:
            lock_phone(scope, message_id)
        row = scope.connection.execute(
            select(message)
            .where(message.c.clinic_id == clinic_id, message.c.id == message_id, message.c.direction == "out")
            .with_for_update()
        ).one_or_none()
        if row is None or (row.sid is not None and row.sid != sid):
            return False
        step = advance("" if row.state in _OUR_OWN else row.state, _STORED_AS.get(status, status))
        changes: dict[str, Any] = {} if row.sid else {"sid": sid}
        if step.changed:
            changes |= {"state": step.status, "error_code": code, "settled_at": now}
        if step.conflict:
            changes["conflict"] = status
        if changes:
            scope.connection.execute(
                update(message).where(message.c.clinic_id == clinic_id, message.c.id == message_id).values(**changes)
            )
        if step.changed:
            finish(scope.connection, f"send_{row.lane}", clinic_id, message_id)
        if step.changed and kind:
            learn_from_failure(scope, row, kind, code, now)
        return True


def lock_phone(scope: ClinicScope, message_id: UUID) -> None:
    """Lock every link of the phone that a text goes to: always before the text itself, as an incoming text does."""
    point, message = tables.contact_point, tables.message
    digest = select(message.c.phone_digest).where(message.c.clinic_id == scope.clinic_id, message.c.id == message_id)
    scope.connection.execute(
        select(point.c.id)
        .where(point.c.clinic_id == scope.clinic_id, point.c.phone_digest == digest.scalar_subquery())
        .order_by(point.c.created_at, point.c.id)
        .with_for_update(key_share=True)
    )


def learn_from_failure(scope: ClinicScope, message: AnyRow, kind: str, code: int | None, now: datetime) -> None:
    """A phone that can no longer be reached is marked, and a person is told."""
    if kind not in _DEAD_ENDS or message.contact_point_id is None:
        return
    point = tables.contact_point
    scope.connection.execute(
        update(point)
        .where(
            point.c.clinic_id == scope.clinic_id,
            point.c.phone_digest == message.phone_digest,
            point.c.state == "active",
        )
        .values(state=_DEAD_ENDS[kind])
    )
    finding = Finding("unreachable_phone", "1", "delivery", Tier.TODAY, _REASONS[kind], 24 * 60, {"code": code})
    subject = FlagSubject(
        episode_id=message.episode_id, patient_id=message.patient_id, phone_digest=message.phone_digest
    )
    raise_flags(scope, subject, [finding], now)
