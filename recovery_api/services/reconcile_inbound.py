"""File the texts that the web hook missed: each number's own list at the carrier, in order, through the same road."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

import psycopg
from sqlalchemy import ARRAY, Text, any_, delete, literal, select, update
from sqlalchemy.exc import IntegrityError

from recovery_api.clock import real_now
from recovery_api.db import ClinicScope, Vaults, clinic_transaction, open_transaction
from recovery_api.gateways.sms import CarrierUnreachable, InboundText, SmsGateway
from recovery_api.logs import log, warn
from recovery_api.models import tables
from recovery_api.services.hand_to_person import NOT_READ
from recovery_api.services.pace_senders import note_of_sender, sender_note
from recovery_api.services.queue_texts import LIFETIMES
from recovery_api.services.receive_sms import ReceivedText, file_text, is_repeat
from recovery_api.services.set_aside import TROUBLE

FIRST_LOOK = timedelta(days=7)
OVERLAP = timedelta(minutes=10)
LEFT_TO_THE_HOOK = timedelta(seconds=30)


def list_numbers() -> list[tuple[UUID, str]]:
    """Every number of ours with its clinic."""
    sender = tables.sender_number
    with open_transaction() as connection:
        rows = connection.execute(select(sender.c.clinic_id, sender.c.number).order_by(sender.c.number))
        return [(row.clinic_id, row.number) for row in rows]


def reconcile_inbound(gateway: SmsGateway, vaults: Vaults, now: datetime) -> int:
    """File what every number received and we never heard of; returns how many texts, normally none."""
    filed = 0
    for clinic_id, number in list_numbers():
        try:
            filed += _reconcile(number, clinic_id, gateway, vaults, now)
        except TROUBLE as error:
            warn("inbound.number_stuck", clinic_id=str(clinic_id), error=type(error).__name__)
    return filed


def _reconcile(number: str, clinic_id: UUID, gateway: SmsGateway, vaults: Vaults, now: datetime) -> int:
    began = real_now()
    with clinic_transaction(clinic_id, vaults) as scope:
        note = sender_note(scope, number)
    since = note.received_until - OVERLAP if note and note.received_until else began - FIRST_LOOK
    try:
        listed = list(gateway.list_inbound(number, since))
    except CarrierUnreachable as away:
        warn("inbound.not_listed", clinic_id=str(clinic_id), reason=away.reason)
        return 0
    settled = [text for text in listed if text.received_at <= began - LEFT_TO_THE_HOOK]
    filed, stuck = file_missed(clinic_id, number, settled, vaults, now)
    with clinic_transaction(clinic_id, vaults) as scope:
        note_of_sender(scope, number, received_until=min([began, *stuck]))
    return filed


def file_missed(
    clinic_id: UUID, number: str, listed: Sequence[InboundText], vaults: Vaults, now: datetime
) -> tuple[int, list[datetime]]:
    """File those of `listed` that are not here yet, the oldest first; how many, and when those came that failed.

    The carrier lists the newest first and dates by the second: of two with one date, the one listed later is older.
    """
    with clinic_transaction(clinic_id, vaults) as scope:
        known = known_sids(scope, [text.sid for text in listed])
    missed = sorted((text for text in reversed(listed) if text.sid not in known), key=lambda text: text.received_at)
    filed, stuck = 0, []
    for text in missed:
        try:
            filed += _file(clinic_id, number, text, vaults, now)
        except TROUBLE as error:
            stuck.append(text.received_at)
            warn("inbound.stuck", clinic_id=str(clinic_id), error=type(error).__name__)
    if filed:
        log("inbound.filed_late", clinic_id=str(clinic_id), count=filed)
    return filed, stuck


def known_sids(scope: ClinicScope, sids: Sequence[str]) -> set[str]:
    """Those of the carrier's ids that are here already; however many, they are one value of one statement."""
    message = tables.message
    rows = scope.connection.execute(
        select(message.c.sid).where(
            message.c.clinic_id == scope.clinic_id, message.c.sid == any_(literal(list(sids), ARRAY(Text())))
        )
    )
    return set(rows.scalars())


def _file(
    clinic_id: UUID, number: str, text: InboundText, vaults: Vaults, now: datetime, broken: Exception | None = None
) -> bool:
    """One missed text on the road of every text; False where the web hook was faster after all."""
    sent_at = min(now, text.received_at + (now - real_now()))
    received = ReceivedText(text.sid, text.from_, number, text.body, text.media, sent_at=sent_at)
    try:
        with clinic_transaction(clinic_id, vaults) as scope:
            is_new = file_text(scope, received, now, broken)
            if is_new and now - sent_at > LIFETIMES["conversation"]:
                _leave_unsaid(scope, text.sid, now)
            return is_new
    except NOT_READ as error:
        if broken is not None:
            raise
        return _file(clinic_id, number, text, vaults, now, error)
    except (psycopg.errors.UniqueViolation, IntegrityError) as error:
        if not is_repeat(getattr(error, "orig", error)):
            raise
        return False


def _leave_unsaid(scope: ClinicScope, sid: str, now: datetime) -> None:
    """What would only have been said back at once is not said hours later; a person reads what we could not.

    What tells of danger, or of a stop, is said at any time.
    """
    scope.flush()
    message, work = tables.message, tables.due_work
    inside = message.c.clinic_id == scope.clinic_id
    answered = select(message.c.id).where(inside, message.c.sid == sid).scalar_subquery()
    unsaid = scope.connection.execute(
        update(message)
        .where(inside, message.c.in_reply_to_id == answered, message.c.purpose == "conversation")
        .values(state="expired", settled_at=now)
        .returning(message.c.id)
    )
    ids = unsaid.scalars().all()
    scope.connection.execute(delete(work).where(work.c.clinic_id == scope.clinic_id, work.c.row_id.in_(ids)))
    scope.connection.execute(
        update(message)
        .where(inside, message.c.sid == sid, message.c.disposition == "asked_again")
        .values(needs_person=True, disposition="for_a_person")
    )
