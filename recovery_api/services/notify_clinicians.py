"""Page the clinicians on duty: a text without a patient's name, for every flag that cannot wait."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import select

from recovery_api.db import ClinicScope
from recovery_api.domain.tiers import Tier
from recovery_api.models import tables
from recovery_api.services.queue_texts import Outgoing, Recipient, queue_texts
from recovery_api.services.raise_flags import RaisedFlag, add_event

PAGED_TIERS = (Tier.EMERGENCY, Tier.URGENT)


def page_clinicians(scope: ClinicScope, flags: Sequence[RaisedFlag], now: datetime) -> None:
    """Queue one page a clinician on duty, for the most urgent of `flags` that calls for one."""
    due = sorted((f for f in flags if f.must_page and f.tier in PAGED_TIERS), key=lambda flag: flag.tier.rank)
    if not due:
        return
    flag, on_duty = due[0], _on_duty(scope)
    values = {"tier": flag.tier, "code": page_code(flag.id)}
    pages = [
        Outgoing(
            recipient=Recipient(phone=phone, language="en", clinician_id=clinician_id),
            purpose="page",
            text_key="page_clinician",
            values=values,
            flag_id=flag.id,
        )
        for clinician_id, phone in on_duty
    ]
    queue_texts(scope, pages, now)
    for clinician_id, _ in on_duty:
        add_event(scope, flag.id, "paged", now, detail={"clinician_id": str(clinician_id)})


def page_code(flag_id: UUID) -> str:
    """The short code by which a page names a flag without naming a patient."""
    return flag_id.hex[-4:].upper()


def _on_duty(scope: ClinicScope) -> list[tuple[UUID, str]]:
    clinician = tables.clinician
    rows = scope.connection.execute(
        select(clinician.c.id, clinician.c.phone_sealed).where(
            clinician.c.clinic_id == scope.clinic_id,
            clinician.c.is_paged,
            clinician.c.disabled_at.is_(None),
            clinician.c.phone_sealed.is_not(None),
        )
    ).all()
    return [(row.id, scope.vault.open("clinician.phone", row.id, row.phone_sealed)) for row in rows]
