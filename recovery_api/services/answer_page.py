"""Answer a page: a clinician's reply with its code takes the flag, as a click on the worklist would."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import exists, select

from recovery_api.db import ClinicScope
from recovery_api.domain.errors import Conflict, NotFound
from recovery_api.domain.page_code import page_code, read_page_code
from recovery_api.models import tables
from recovery_api.services.answer_flags import Deed, acknowledge_flag
from recovery_api.services.find_people import CARE
from recovery_api.services.queue_texts import Outgoing, Recipient, queue_texts


def answer_page(scope: ClinicScope, phone: str, body: str, message_id: UUID, now: datetime) -> UUID | None:
    """Take the flag whose code a clinician's phone replied; returns the clinician, None where this is no such reply.

    Only one who was paged about a flag can take it this way, and only while it waits: the code of an earlier call
    takes nothing.
    """
    code = read_page_code(body)
    clinician_id = _clinician(scope, phone) if code else None
    if code is None or clinician_id is None:
        return None
    scope.flush()
    taken = _take(scope, clinician_id, code, now)
    said = Outgoing(
        Recipient(phone, "en", clinician_id=clinician_id),
        "page",
        text_key="page_taken" if taken else "page_gone",
        values={"code": code},
        in_reply_to_id=message_id,
    )
    queue_texts(scope, [said], now)
    return clinician_id


def take_by_code(scope: ClinicScope, clinician_id: UUID, code: str, now: datetime) -> bool:
    """The same for a key pressed on a call: whether a flag was taken."""
    return _take(scope, clinician_id, code, now) is not None


def _clinician(scope: ClinicScope, phone: str) -> UUID | None:
    """Whose phone this is. Phones are sealed: the few of a clinic are opened, and only for a text that is a code."""
    clinician = tables.clinician
    rows = scope.connection.execute(
        select(clinician.c.id, clinician.c.phone_sealed).where(
            clinician.c.clinic_id == scope.clinic_id,
            clinician.c.disabled_at.is_(None),
            clinician.c.phone_sealed.is_not(None),
            clinician.c.role.in_(CARE) | clinician.c.is_paged | clinician.c.is_synthetic,
        )
    )
    for row in rows:
        if scope.open("clinician.phone", row.id, row.phone_sealed) == phone:
            return UUID(str(row.id))
    return None


def _take(scope: ClinicScope, clinician_id: UUID, code: str, now: datetime) -> UUID | None:
    """The one flag of this code that waits and that this clinician was told of; None for none, or for two."""
    flag, event = tables.flag, tables.flag_event
    told = exists().where(
        event.c.clinic_id == flag.c.clinic_id,
        event.c.flag_id == flag.c.id,
        event.c.kind == "paged",
        event.c.detail["clinician_id"].astext == str(clinician_id),
    )
    rows = scope.connection.execute(
        select(flag.c.id, flag.c.climb).where(
            flag.c.clinic_id == scope.clinic_id,
            (flag.c.status == "open") | ((flag.c.owner_id == clinician_id) & flag.c.next_rung_at.is_not(None)),
            told,
        )
    )
    found = [row.id for row in rows if page_code(row.id, row.climb) == code]
    if len(found) != 1:
        return None
    try:
        acknowledge_flag(scope, Deed(clinician_id, found[0], None), now)
    except (Conflict, NotFound):
        return None
    return UUID(str(found[0]))
