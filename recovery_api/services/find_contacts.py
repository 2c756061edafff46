"""Whose phone is this: every living link from a number to patients, locked so that one phone is answered in turn."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import bindparam, select

from recovery_api.db import AnyRow, ClinicScope
from recovery_api.models import tables
from recovery_api.prepared import Prepared
from recovery_api.services.queue_texts import Recipient
from recovery_api.services.record_check_in import Recovery

QUESTION_LASTS = timedelta(hours=20)


@dataclass(frozen=True, slots=True)
class Contact:
    """One person's phone, with the recovery it reports on and the question that is open on it."""

    id: UUID
    phone: str
    label: str
    state: str
    whose: str
    language: str
    zone: ZoneInfo
    recovery: Recovery | None
    patient_id: UUID
    question: str | None
    question_on: date | None
    asked_at: datetime | None
    times_asked: int
    question_message_id: UUID | None = None

    def open_question(self, now: datetime) -> str | None:
        """The question that an answer at `now` belongs to, where one is still open."""
        fresh = self.asked_at is not None and now - self.asked_at <= QUESTION_LASTS
        return self.question if fresh else None

    def recipient(self) -> Recipient:
        """This phone as the address of a text."""
        episode_id = self.recovery.episode_id if self.recovery else None
        return Recipient(self.phone, self.language, self.id, self.patient_id, episode_id)


def find_contacts(scope: ClinicScope, phone: str) -> list[Contact]:
    """Every patient that `phone` speaks for, by the newest recovery of each; the links and the patients are locked.

    A link to the wrong person counts where nobody else has the phone: danger must still find its patient.
    """
    rows = _CONTACTS.rows(scope.connection, {"clinic": scope.clinic_id, "digest": scope.phone_digest(phone)})
    newest: dict[UUID, AnyRow] = {}
    for row in rows:
        newest.setdefault(row.id, row)
    found = [_contact(row, phone) for row in newest.values()]
    return [contact for contact in found if contact.state != "wrong_person"] or found


def _contact(row: AnyRow, phone: str) -> Contact:
    recovery = None
    if row.episode_id is not None:
        recovery = Recovery(row.patient_id, row.episode_id, row.performed_on, row.baseline_pain)
    return Contact(
        id=row.id,
        phone=phone,
        label=row.label,
        state=row.state,
        whose=row.whose,
        language=row.language,
        zone=ZoneInfo(row.zone),
        recovery=recovery,
        patient_id=row.patient_id,
        question=row.question,
        question_on=row.question_on,
        asked_at=row.question_asked_at,
        times_asked=row.times_asked,
        question_message_id=row.question_message_id,
    )


_c, _p, _e, _o = tables.contact_point, tables.patient, tables.episode, tables.procedure
_CONTACTS = Prepared(
    select(
        _c.c.id, _c.c.patient_id, _c.c.label, _c.c.state, _c.c.whose, _c.c.question, _c.c.question_on,
        _c.c.question_asked_at, _c.c.question_message_id, _c.c.times_asked, _p.c.language, _p.c.zone,
        _e.c.id.label("episode_id"), _e.c.baseline_pain, _o.c.performed_on,
    )
    .select_from(_c)
    .join(_p, (_p.c.clinic_id == _c.c.clinic_id) & (_p.c.id == _c.c.patient_id))
    .outerjoin(
        _e, (_e.c.clinic_id == _p.c.clinic_id) & (_e.c.patient_id == _p.c.id) & (_e.c.status != "ended")
    )
    .outerjoin(_o, (_o.c.clinic_id == _e.c.clinic_id) & (_o.c.id == _e.c.procedure_id))
    .where(
        _c.c.clinic_id == bindparam("clinic"),
        _c.c.phone_digest == bindparam("digest"),
    )
    .order_by(_c.c.created_at, _c.c.id, _e.c.started_on.desc())
    .with_for_update(of=[_c, _p], key_share=True)
)  # fmt: skip
