"""Tell a clinician that a colleague handed them a flag, where it is one that cannot wait."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import select

from recovery_api.db import AnyRow, ClinicScope
from recovery_api.domain.ladder import NEVER_WAITS
from recovery_api.domain.page_code import page_code
from recovery_api.domain.tiers import Tier
from recovery_api.models import tables
from recovery_api.services.add_flag_event import add_event
from recovery_api.services.queue_texts import Outgoing, Recipient, queue_texts
from recovery_api.services.tell_people import said


def tell_assignee(scope: ClinicScope, flag: AnyRow, assignee_id: UUID, now: datetime) -> None:
    """Queue one text to the new owner's phone; nothing for the lower tiers, or where they have no phone here."""
    tier, clinician = Tier(flag.tier), tables.clinician
    if tier not in NEVER_WAITS:
        return
    sealed = scope.connection.execute(
        select(clinician.c.phone_sealed).where(clinician.c.clinic_id == scope.clinic_id, clinician.c.id == assignee_id)
    ).scalar()
    phone = scope.open("clinician.phone", assignee_id, sealed)
    if phone is None:
        return
    text = Outgoing(
        Recipient(phone, "en", clinician_id=assignee_id),
        "page",
        text_key="page_assigned",
        values={"tier": tier, "code": page_code(flag.id, flag.climb)},
        flag_id=flag.id,
    )
    queue_texts(scope, [text], now)
    add_event(scope, flag.id, "paged", now, detail=said(assignee_id, "sms", 0))
