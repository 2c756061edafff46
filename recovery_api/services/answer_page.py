"""Answer a page: a clinician's reply with its code takes the flag, as a click on the worklist would."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import select

from recovery_api.db import AnyRow, ClinicScope
from recovery_api.domain.errors import Conflict, NotFound
from recovery_api.domain.page_code import page_code, read_page_code
from recovery_api.models import tables
from recovery_api.services.answer_flags import Deed, acknowledge_flag
from recovery_api.services.find_people import CARE
from recovery_api.services.queue_texts import Outgoing, Recipient, queue_texts
from recovery_api.vault import SealBroken


def answer_page(scope: ClinicScope, phone: str, body: str, message_id: UUID, now: datetime) -> UUID | None:
    """Take the flag whose code a clinician's phone replied; returns the clinician, None where this is no such reply.

    Only one who was paged about a flag can take it this way, and only while it waits: the code of an earlier call
    takes nothing. Of those who carry one phone in turn, the one who was paged last takes it.
    """
    code = read_page_code(body)
    carriers = _carriers(scope, phone) if code else []
    if code is None or not carriers:
        return None
    scope.flush()
    taken = _take(scope, carriers, code, now)
    clinician_id = taken or carriers[0]
    said = Outgoing(
        Recipient(phone, "en", clinician_id=clinician_id),
        "page",
        text_key="page_taken" if taken else "page_gone",
        values={"code": code},
        in_reply_to_id=message_id,
    )
    queue_texts(scope, [said], now)
    return clinician_id


def _carriers(scope: ClinicScope, phone: str) -> list[UUID]:
    """Whose phone this is: more than one's where a phone is handed on with the duty.

    Phones are sealed: the few of a clinic are opened, and only for a text that is a code.
    """
    clinician = tables.clinician
    rows = scope.connection.execute(
        select(clinician.c.id, clinician.c.phone_sealed).where(
            clinician.c.clinic_id == scope.clinic_id,
            clinician.c.disabled_at.is_(None),
            clinician.c.phone_sealed.is_not(None),
            clinician.c.role.in_(CARE) | clinician.c.is_synthetic,
        )
    )
    return [row.id for row in rows if _carries(scope, row, phone)]


def _carries(scope: ClinicScope, row: AnyRow, phone: str) -> bool:
    try:
        return scope.open("clinician.phone", row.id, row.phone_sealed) == phone
    except SealBroken:  # that of a colleague keeps nobody else from answering
        return False


def _take(scope: ClinicScope, carriers: Sequence[UUID], code: str, now: datetime) -> UUID | None:
    """Who of these takes the one flag of this code that waits and that they were told of; None for none, or for two."""
    flag, event = tables.flag, tables.flag_event
    who = event.c.detail["clinician_id"].astext
    rows = scope.connection.execute(
        select(flag.c.id, flag.c.climb, flag.c.owner_id, flag.c.status, who.label("told"))
        .join(event, (event.c.clinic_id == flag.c.clinic_id) & (event.c.flag_id == flag.c.id))
        .where(
            flag.c.clinic_id == scope.clinic_id,
            (flag.c.status == "open") | (flag.c.owner_id.in_(carriers) & flag.c.next_rung_at.is_not(None)),
            event.c.kind == "paged",
            who.in_([str(one) for one in carriers]),
        )
        .order_by(event.c.at.desc(), event.c.id.desc())
    )
    found = [row for row in rows if page_code(row.id, row.climb) == code]
    if len({row.id for row in found}) != 1:
        return None
    last = found[0]
    clinician_id = UUID(last.told) if last.status == "open" else last.owner_id
    try:
        acknowledge_flag(scope, Deed(clinician_id, last.id, None), now)
    except (Conflict, NotFound):
        return None
    return UUID(str(clinician_id))
