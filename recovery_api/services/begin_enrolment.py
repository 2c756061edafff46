"""Begin to enrol a phone: a printed code brings six digits to the number that the clinic holds, and to no other.

Known and unknown codes leave the same row, run the same statements, and are answered alike after the same time.
"""

import secrets
import time
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Select, delete, func, insert, literal, select, text

from recovery_api.clock import monotonic, real_now
from recovery_api.db import AnyRow, ClinicScope, Vaults, enter_clinic, open_transaction
from recovery_api.domain.errors import TooMany
from recovery_api.ids import id_since, new_id
from recovery_api.models import tables
from recovery_api.services.credentials import digest_of
from recovery_api.services.invite_phone import shares_phone
from recovery_api.services.issue_enrol_code import TAKES_CODES
from recovery_api.services.queue_texts import Outgoing, Recipient, queue_texts
from recovery_api.services.record_audit import SYSTEM, record_audit

CODE_LIVES = timedelta(minutes=10)
AN_HOUR, TEXTS_AN_HOUR, TRIES_OF_CODE = timedelta(hours=1), 3, 10
LOGIN_TEXT = "login_code"
_ANSWERED_AFTER = 0.06  # seconds: longer than either road takes
_KEPT = timedelta(days=4)  # longer than a printed code lives
_NOBODY = "+12025550100"
_TURN = text("SELECT pg_advisory_xact_lock(:place)")


@dataclass(frozen=True, slots=True)
class Challenge:
    """What the six digits are to be sent back with, and for how many seconds."""

    challenge: str
    expires_in: int


@dataclass(frozen=True, slots=True)
class _Code:
    """A printed code as it stands: whom it speaks for, where it does."""

    clinic_id: UUID | None
    patient_id: UUID | None


def begin_enrolment(code: str, vaults: Vaults, now: datetime) -> Challenge:
    """Answer a printed code with a challenge; the text leaves where the code is good. Raises TooMany.

    The lives of codes run in real time; `now` is the product's, for the text.
    """
    began = monotonic()
    challenge, otp = f"rte_{secrets.token_urlsafe(32)}", f"{secrets.randbelow(1_000_000):06}"
    try:
        with open_transaction() as connection:
            found = _count_try(connection, digest_of(code), challenge, vaults.data_key.otp_digest(challenge, otp))
            if found.clinic_id is not None:
                scope = enter_clinic(connection, found.clinic_id, vaults)
                _text_otp(scope, found.patient_id, otp, now)
    finally:
        time.sleep(max(_ANSWERED_AFTER - (monotonic() - began), 0))
    return Challenge(challenge, int(CODE_LIVES.total_seconds()))


def _count_try(connection: Connection, code_digest: bytes, challenge: str, otp_digest: bytes) -> _Code:
    """Write the wish down, whatever the code. A code without a patient names some clinic, for the same work."""
    kept, now = tables.enrol_challenge, real_now()
    connection.execute(_TURN, {"place": int.from_bytes(code_digest[:8], "big", signed=True)})
    tried = list(
        connection.execute(
            select(kept.c.created_at).where(kept.c.code_digest == code_digest).order_by(kept.c.created_at.desc())
        ).scalars()
    )
    if len(tried) >= TEXTS_AN_HOUR and tried[TEXTS_AN_HOUR - 1] > now - AN_HOUR:
        wait = tried[TEXTS_AN_HOUR - 1] + AN_HOUR - now
        raise TooMany("This code was used three times within the hour.", wait.total_seconds())
    connection.execute(delete(kept).where(kept.c.created_at < now - _KEPT))
    connection.execute(
        insert(kept),
        {
            "digest": digest_of(challenge),
            "code_digest": code_digest,
            "otp_digest": otp_digest,
            "created_at": now,
            "expires_at": now + CODE_LIVES,
        },
    )
    row = connection.execute(_living_code(code_digest, now)).one()
    is_good = row.patient_id is not None and len(tried) < TRIES_OF_CODE
    return _Code(row.clinic_id or row.some_clinic_id, row.patient_id if is_good else None)


def _living_code(code_digest: bytes, now: datetime) -> Select[Any]:
    credential, number = tables.credential, tables.sender_number
    living = (
        select(credential.c.clinic_id, credential.c.subject_id)
        .where(
            credential.c.digest == code_digest,
            credential.c.kind == "enrol_code",
            credential.c.revoked_at.is_(None),
            credential.c.expires_at > now,
        )
        .subquery()
    )
    some_clinic = select(number.c.clinic_id).order_by(number.c.number).limit(1).scalar_subquery()
    always = select(literal(1)).subquery()
    return select(
        living.c.clinic_id, living.c.subject_id.label("patient_id"), some_clinic.label("some_clinic_id")
    ).select_from(always.outerjoin(living, literal(True)))


def _text_otp(scope: ClinicScope, patient_id: UUID | None, otp: str, now: datetime) -> None:
    """Queue the six digits; what was queued for nobody is undone again."""
    row = _phone_of(scope, patient_id or new_id())
    sends = row is not None and row.lately < TEXTS_AN_HOUR
    doing = scope.connection.begin_nested()
    queue_texts(scope, [_text(scope, row, otp, now)], now)
    record_audit(scope, SYSTEM, "enrol.begun", ("patient", patient_id), now, patient_id)
    scope.flush()
    if sends:
        doing.commit()
    else:
        doing.rollback()


def _phone_of(scope: ClinicScope, patient_id: UUID) -> AnyRow | None:
    """The patient's own phone, and how many codes it was sent within the hour, in real time."""
    point, patient, message = tables.contact_point, tables.patient, tables.message
    lately = (
        select(func.count(literal(1)))
        .where(
            message.c.clinic_id == scope.clinic_id,
            message.c.phone_digest == point.c.phone_digest,
            message.c.text_key == LOGIN_TEXT,
            message.c.id >= id_since(real_now() - AN_HOUR),
        )
        .scalar_subquery()
    )
    return scope.connection.execute(
        select(
            point.c.id, point.c.phone_sealed, point.c.label, patient.c.language,
            shares_phone(point).label("is_shared"), lately.label("lately"),
        )
        .join(patient, (patient.c.clinic_id == point.c.clinic_id) & (patient.c.id == point.c.patient_id))
        .where(
            point.c.clinic_id == scope.clinic_id,
            point.c.patient_id == patient_id,
            point.c.whose == "patient",
            point.c.channel == "sms",
            point.c.state.in_(TAKES_CODES),
            patient.c.status == "active",
        )
        .order_by(point.c.created_at)
        .limit(1)
    ).one_or_none()  # fmt: skip


def _text(scope: ClinicScope, row: AnyRow | None, otp: str, now: datetime) -> Outgoing:
    """The text names no patient, so that the digits stand in no thread that others read."""
    if row is None:
        to = Recipient(_NOBODY, "en")
    else:
        phone = scope.vault.open("contact_point.phone", row.id, row.phone_sealed)
        to = Recipient(phone, row.language, row.id, label=row.label if row.is_shared else "")
    return Outgoing(to, "conversation", LOGIN_TEXT, {"code": otp}, due_at=now, expires_at=now + CODE_LIVES)
