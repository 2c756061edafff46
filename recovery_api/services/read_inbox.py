"""The inbox: texts that only a person can place or understand, and the decision that closes each."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select, update

from recovery_api.db import ClinicScope
from recovery_api.domain.errors import Invalid, NotFound
from recovery_api.models import tables
from recovery_api.services.record_audit import Actor, record_audit

LONGEST_NOTE = 500
DECISIONS = (
    "nothing_to_do", "called", "written_to", "not_ours", "asked_to_stop", "visit_moved", "phone_put_away", "other",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class InboxText:
    """One text that waits for a person."""

    id: UUID
    at: datetime
    phone: str
    body: str
    disposition: str
    tier: str | None
    because: str
    patient_id: UUID | None


def read_inbox(scope: ClinicScope, most: int = 200, after: tuple[datetime, UUID] | None = None) -> list[InboxText]:
    """The texts that wait, longest first."""
    message = tables.message
    statement = (
        select(message)
        .where(message.c.clinic_id == scope.clinic_id, message.c.needs_person, message.c.handled_at.is_(None))
        .order_by(message.c.created_at, message.c.id)
        .limit(most)
    )
    if after is not None:
        later = (message.c.created_at > after[0]) | ((message.c.created_at == after[0]) & (message.c.id > after[1]))
        statement = statement.where(later)
    return [
        InboxText(
            id=row.id,
            at=row.created_at,
            phone=scope.vault.open("message.phone", row.id, row.phone_sealed),
            body=scope.vault.open("message.body", row.id, row.body_sealed),
            disposition=row.disposition or "for_a_person",
            tier=row.words_tier,
            because=row.because or "",
            patient_id=row.patient_id,
        )
        for row in scope.connection.execute(statement)
    ]


def who_closed(scope: ClinicScope, message_id: UUID) -> tuple[str, datetime] | None:
    """The name of the clinician who decided about a text, and when; None where nobody has."""
    message, clinician = tables.message, tables.clinician
    row = scope.connection.execute(
        select(clinician.c.id, clinician.c.name_sealed, message.c.handled_at)
        .join(clinician, (clinician.c.clinic_id == message.c.clinic_id) & (clinician.c.id == message.c.handled_by_id))
        .where(message.c.clinic_id == scope.clinic_id, message.c.id == message_id)
    ).one_or_none()
    return None if row is None else (scope.vault.open("clinician.name", row.id, row.name_sealed), row.handled_at)


def close_inbox_text(
    scope: ClinicScope, message_id: UUID, clinician_id: UUID, note: str, now: datetime, decision: str = "other"
) -> None:
    """A clinician has decided about the text; it leaves the inbox, not the record.

    The decision stands in the audit. Raises NotFound where the text is closed already, and Invalid.
    """
    if decision not in DECISIONS:
        raise Invalid(f"must be one of {', '.join(DECISIONS)}", field="decision")
    if decision == "other" and not note.strip():
        raise Invalid("is required", field="note")
    note_sealed = scope.seal("message.handled_note", message_id, note.strip()[:LONGEST_NOTE] or None)
    message = tables.message
    closed = scope.connection.execute(
        update(message)
        .where(
            message.c.clinic_id == scope.clinic_id,
            message.c.id == message_id,
            message.c.direction == "in",
            message.c.handled_at.is_(None),
        )
        .values(handled_at=now, handled_by_id=clinician_id, handled_note_sealed=note_sealed)
        .returning(message.c.patient_id)
    ).one_or_none()
    if closed is None:
        raise NotFound("There is no such message that waits.")
    actor = Actor("clinician", clinician_id)
    detail = {"decision": decision}
    record_audit(scope, actor, "message.handled", ("message", message_id), now, closed.patient_id, detail)
