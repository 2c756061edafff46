"""Whose phone is this: every living link from a number to patients, locked so that one phone is answered in turn."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, bindparam, select

from recovery_api.db import AnyRow, ClinicScope, Vaults, ask_to_enter, enter_clinic_of_number, entered
from recovery_api.models import tables
from recovery_api.prepared import Asked, Prepared, together
from recovery_api.services.queue_texts import Recipient
from recovery_api.services.read_history import READING, Recovery, latest_versions

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
    late_on: date | None = None  # the day that a text answers which is filed after a newer question
    question_message_id: UUID | None = None
    is_shared: bool = False
    written_to_at: datetime | None = None  # when a clinician last wrote to this phone
    answered: tuple[tuple[datetime, bytes], ...] = ()  # when texts were answered unasked, and digests of those texts

    def open_question(self, now: datetime) -> str | None:
        """The question that an answer at `now` belongs to, where one is still open."""
        fresh = self.asked_at is not None and now - self.asked_at <= QUESTION_LASTS
        return self.question if fresh else None

    def recipient(self, named: bool = True) -> Recipient:
        """This phone as the address of a text; `named` says whom it is about, where that could be somebody else."""
        episode_id = self.recovery.episode_id if self.recovery else None
        label = self.label if named and (self.is_shared or self.whose == "caregiver") else ""
        return Recipient(self.phone, self.language, self.id, self.patient_id, episode_id, label=label, whose=self.whose)


@dataclass(frozen=True, slots=True)
class Sender:
    """Who may have sent a text, inside the clinic that it was sent to, and whether its SID is here already."""

    scope: ClinicScope
    contacts: list[Contact]
    is_repeat: bool


def meet_sender(connection: Connection, number: str, phone: str, sid: str, vaults: Vaults) -> Sender:
    """Enter the clinic that sends from `number` and find whose phone this is, as a rule in one round trip.

    Raises NotFound where the number is no clinic's.
    """
    guess = vaults.guess(number)
    if guess is None:
        return find_sender(enter_clinic_of_number(connection, number, vaults), phone, sid)
    clinic_id, vault = guess
    with together(connection):
        clinic = ask_to_enter(connection, number)
        asked = _ask(connection, clinic_id, vault.digest("phone", phone), sid)
    scope = entered(connection, clinic, vaults)
    if (scope.clinic_id, scope.vault) != guess:  # the number has moved to another clinic: nothing was found or locked
        return find_sender(scope, phone, sid)
    return _sender(scope, phone, asked)


def find_sender(scope: ClinicScope, phone: str, sid: str) -> Sender:
    """Every patient that `phone` speaks for, by the newest recovery of each; the links and the patients are locked."""
    with together(scope.connection):
        asked = _ask(scope.connection, scope.clinic_id, scope.phone_digest(phone), sid)
    return _sender(scope, phone, asked)


def _ask(connection: Connection, clinic_id: UUID, digest: bytes, sid: str) -> tuple[Asked, Asked, Asked]:
    """The links first: whoever waited for their locks reads recoveries and SIDs as they are after that.

    What is read in the statement that waits is as it was before: a procedure may have been moved meanwhile.
    """
    by_phone = {"clinic": clinic_id, "digest": digest}
    return (
        _CONTACTS.ask(connection, by_phone),
        _RECOVERIES.ask(connection, by_phone),
        _STORED.ask(connection, {"clinic": clinic_id, "sid": sid}),
    )


def _sender(scope: ClinicScope, phone: str, asked: tuple[Asked, Asked, Asked]) -> Sender:
    """A link to the wrong person counts where nobody else has the phone: danger must still find its patient."""
    links, readings, stored = (question.rows() for question in asked)
    recoveries = _newest_recoveries(readings)
    found = [_contact(link, phone, recoveries.get(link.patient_id)) for link in links]
    living = [contact for contact in found if contact.state != "wrong_person"] or found
    if len({contact.patient_id for contact in living}) > 1:
        living = [replace(contact, is_shared=True) for contact in living]
    return Sender(scope, living, is_repeat=bool(stored))


def asked_before(contact: Contact, sent_at: datetime | None) -> Contact:
    """The contact as a text of `sent_at` found it: without a question that was asked only after that. None is now."""
    if sent_at is None or contact.asked_at is None or contact.asked_at <= sent_at:
        return contact
    return replace(contact, question=None, question_on=None, asked_at=None, question_message_id=None, times_asked=0)


def _newest_recoveries(readings: Sequence[AnyRow]) -> dict[UUID, Recovery]:
    """Each patient's recovery that began last, with its history, from a row for each report, or one without any."""
    newest: dict[UUID, AnyRow] = {}
    for row in readings:
        known = newest.setdefault(row.patient_id, row)
        if (row.started_on, row.episode_id) > (known.started_on, known.episode_id):
            newest[row.patient_id] = row
    return {patient_id: _recovery(row, readings) for patient_id, row in newest.items()}


def _recovery(row: AnyRow, readings: Sequence[AnyRow]) -> Recovery:
    told = (one for one in readings if one.episode_id == row.episode_id and one.id is not None)
    return Recovery(row.patient_id, row.episode_id, row.performed_on, row.baseline_pain, tuple(latest_versions(told)))


def _contact(row: AnyRow, phone: str, recovery: Recovery | None) -> Contact:
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
        written_to_at=row.written_to_at,
        answered=tuple(zip(row.answered_at or (), row.answered_texts or (), strict=False)),
    )


_c, _p, _e, _o = tables.contact_point, tables.patient, tables.episode, tables.procedure
_CONTACTS = Prepared(
    select(
        _c.c.id, _c.c.patient_id, _c.c.label, _c.c.state, _c.c.whose, _c.c.question, _c.c.question_on,
        _c.c.question_asked_at, _c.c.question_message_id, _c.c.times_asked, _c.c.answered_at,
        _c.c.answered_texts, _c.c.written_to_at, _p.c.language, _p.c.zone,
    )
    .select_from(_c)
    .join(_p, (_p.c.clinic_id == _c.c.clinic_id) & (_p.c.id == _c.c.patient_id))
    .where(
        _c.c.clinic_id == bindparam("clinic"),
        _c.c.phone_digest == bindparam("digest"),
    )
    .order_by(_c.c.created_at, _c.c.id)
    .with_for_update(of=[_c, _p], key_share=True)
)  # fmt: skip
_r = tables.check_in
_RECOVERIES = Prepared(
    select(
        _e.c.patient_id, _e.c.id.label("episode_id"), _e.c.started_on, _e.c.baseline_pain, _o.c.performed_on, *READING
    )
    .join(_o, (_o.c.clinic_id == _e.c.clinic_id) & (_o.c.id == _e.c.procedure_id))
    .outerjoin(_r, (_r.c.clinic_id == _e.c.clinic_id) & (_r.c.episode_id == _e.c.id))
    .where(
        _e.c.clinic_id == bindparam("clinic"),
        _e.c.status != "ended",
        _e.c.patient_id.in_(
            select(_c.c.patient_id).where(
                _c.c.clinic_id == bindparam("clinic"), _c.c.phone_digest == bindparam("digest")
            )
        ),
    )
)
_m = tables.message
_STORED = Prepared(select(_m.c.id).where(_m.c.clinic_id == bindparam("clinic"), _m.c.sid == bindparam("sid")))
