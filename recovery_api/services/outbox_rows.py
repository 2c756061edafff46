"""One text of the outbox in a sender's hands: its row, its claim, and what both may be changed to."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, select, update

from recovery_api.db import AnyRow, ClinicScope
from recovery_api.domain.pacing import Lane
from recovery_api.gateways.sms import OutboundText
from recovery_api.models import tables
from recovery_api.prepared import Prepared
from recovery_api.services.claim_work import Claim, finish, release

UNDER_WAY = ("sending", "unknown")
LIVE = ("planned", "throttled", *UNDER_WAY)
QUIET = {"bulk": timedelta(seconds=35), "alert": timedelta(seconds=8)}


@dataclass(frozen=True, slots=True)
class Attempt:
    """One call to the carrier that is about to be made, or whose end must be found out."""

    claim: Claim
    text: OutboundText
    lane: Lane
    attempts: int
    since: datetime
    must_settle: bool


def outbox_row(scope: ClinicScope, message_id: UUID) -> AnyRow | None:
    """One message, locked until the end of the transaction."""
    row: AnyRow | None = _MESSAGE.first(scope.connection, {"clinic": scope.clinic_id, "id": message_id})
    return row


def row_of(scope: ClinicScope, attempt: Attempt) -> AnyRow:
    """The message of an attempt, locked; a text is never deleted."""
    row: AnyRow = _MESSAGE.first(scope.connection, {"clinic": scope.clinic_id, "id": attempt.claim.row_id})
    return row


def attempt_on(
    scope: ClinicScope, claim: Claim, row: AnyRow, public_url: str, now: datetime, since: datetime, must_settle: bool
) -> Attempt:
    """What the carrier is to be handed, or asked about."""
    text = OutboundText(
        to=scope.vault.open("message.phone", row.id, row.phone_sealed),
        body=scope.vault.open("message.body", row.id, row.body_sealed),
        from_=row.sender_number,
        status_callback=f"{public_url}/webhooks/twilio/status?m={callback_id(claim.clinic_id, row.id)}",
        validity_seconds=int(max(60, (row.expires_at - now).total_seconds())),
    )
    return Attempt(claim, text, row.lane, row.attempts + (0 if must_settle else 1), since, must_settle)


def callback_id(clinic_id: UUID, message_id: UUID) -> str:
    """Our own name of a message in the carrier's callback: it needs no escaping and no look-up."""
    return clinic_id.hex + message_id.hex


def write_message(scope: ClinicScope, message_id: UUID, **values: Any) -> None:
    """Change one message at once."""
    _change(frozenset(values)).run(scope.connection, {**values, "clinic": scope.clinic_id, "message": message_id})


def finish_claim(scope: ClinicScope, claim: Claim) -> None:
    """Nobody has to look at this text any more."""
    finish(scope.connection, claim.kind, claim.clinic_id, claim.row_id)


def release_claim(scope: ClinicScope, claim: Claim, until: datetime) -> None:
    """Somebody has to look at this text again, from `until` on in real time."""
    release(scope.connection, claim.kind, claim.clinic_id, claim.row_id, until)


_m = tables.message
_MESSAGE = Prepared(
    select(_m).where(_m.c.clinic_id == bindparam("clinic"), _m.c.id == bindparam("id")).with_for_update()
)


@cache
def _change(names: frozenset[str]) -> Prepared:
    """The statement that changes these columns of one message."""
    chosen = update(_m).where(_m.c.clinic_id == bindparam("clinic"), _m.c.id == bindparam("message"))
    return Prepared(chosen, sorted(names))
