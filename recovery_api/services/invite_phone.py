"""Link a phone to a patient and ask whoever holds it to join; nothing else is sent before they do."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, FromClause, exists, insert, select

from recovery_api.db import ClinicScope
from recovery_api.domain.consent import next_window
from recovery_api.domain.errors import Conflict, Invalid
from recovery_api.domain.labels import LONGEST_LABEL, default_label
from recovery_api.domain.private_words import named_conditions
from recovery_api.domain.segments import measure, not_gsm
from recovery_api.ids import new_id
from recovery_api.models import tables
from recovery_api.services.change_consent import INVITATION, Evidence, Link, invitation, write_ledger
from recovery_api.services.queue_texts import Outgoing, Recipient, queue_texts
from recovery_api.services.read_phone import PhoneKind, kind_of

CALL_WORDS = {
    "en": "{clinic} may call this number with recorded questions about your recovery. Press 9 in a call to end them.",
    "es": "{clinic} puede llamar a este número con preguntas grabadas sobre su recuperación. Marque 9 y terminan.",
}


@dataclass(frozen=True, slots=True)
class NewPhone:
    """A phone to be linked, E.164, and the person whom it speaks for; `has_joined` where they agreed before.

    A `channel` of voice is a landline: it is called where others are texted.
    """

    patient_id: UUID
    phone: str
    given_name: str
    family_name: str
    language: str
    zone: str
    whose: str = "patient"
    label: str = ""
    has_joined: bool = False
    channel: str = "sms"


def link_phone(scope: ClinicScope, new: NewPhone, now: datetime) -> UUID:
    """Store the link with what the clinic was told, and ask in the hours for texts. Raises Invalid or Conflict.

    A link that a clinician makes is new: one that was found to be the wrong person's stays as it is.
    """
    check_label(new.label, new.given_name, new.family_name)
    if kind_of(new.phone) is PhoneKind.NO_PERSON:  # a premium number costs its caller, and is how texts are pumped
        raise Invalid("is a service number: give the number of a person's phone", field="phone")
    digest = scope.phone_digest(new.phone)
    _check_free(scope, new, digest)
    point_id = new_id()
    scope.connection.execute(
        insert(tables.contact_point),
        {
            "clinic_id": scope.clinic_id,
            "id": point_id,
            "patient_id": new.patient_id,
            "whose": new.whose,
            "label": new.label or default_label(new.given_name, new.family_name, _labels_on(scope, digest)),
            "phone_sealed": scope.seal("contact_point.phone", point_id, new.phone),
            "phone_digest": digest,
            "channel": new.channel,
            "state": "active" if new.has_joined else "invited",
            "created_at": now,
        },
    )
    write_ledger(scope, Link(point_id, new.patient_id, new.whose), "care_texts", _evidence(scope, new), now)
    if not new.has_joined and new.channel == "sms":
        _ask_to_join(scope, new, point_id, now)
    return point_id


def call_words(clinic_name: str, language: str) -> str:
    """What is read to somebody whose landline will be called."""
    return CALL_WORDS[language].format(clinic=clinic_name)


def _evidence(scope: ClinicScope, new: NewPhone) -> Evidence:
    if new.channel == "voice":
        words = call_words(scope.name, new.language)
        return Evidence("enrolment", words=words, channel="voice", words_key="call_consent")
    return Evidence("enrolment", words=invitation(scope, new.language, new.whose))


def check_label(label: str, given_name: str, family_name: str) -> None:
    """Raise Invalid for a label that texts could not carry: too long, or a name, which no text may hold."""
    if len(label) > LONGEST_LABEL:
        raise Invalid(f"must be at most {LONGEST_LABEL} characters", field="label")
    if len(label) > 1 and label.casefold() in (given_name.casefold(), family_name.casefold()):
        raise Invalid("must not be a name: texts carry it", field="label")
    if named_conditions(label):
        raise Invalid("must not be a diagnosis or a procedure: texts carry it", field="label")
    if list(not_gsm(label)) or measure(label).characters > len(label) or not label.isprintable():
        raise Invalid("must hold plain letters and digits", field="label")


def _check_free(scope: ClinicScope, new: NewPhone, digest: bytes) -> None:
    point = tables.contact_point
    known = scope.connection.execute(
        select(point.c.id).where(
            point.c.clinic_id == scope.clinic_id,
            point.c.patient_id == new.patient_id,
            point.c.phone_digest == digest,
            point.c.state != "wrong_person",
        )
    ).first()
    if known is not None:
        raise Conflict("This phone is linked to this patient already.", field="phone")


def _ask_to_join(scope: ClinicScope, new: NewPhone, point_id: UUID, now: datetime) -> None:
    due_at, expires_at = next_window(now, ZoneInfo(new.zone))
    to = Recipient(new.phone, new.language, point_id, new.patient_id, whose=new.whose)
    text = Outgoing(to, "service", text_key=INVITATION, due_at=due_at, expires_at=expires_at)
    queue_texts(scope, [text], now)


def shares_phone(point: FromClause) -> ColumnElement[bool]:
    """Whether a link's phone speaks for somebody else as well, for a query that reads `point`."""
    other = tables.contact_point.alias()
    return exists().where(
        other.c.clinic_id == point.c.clinic_id,
        other.c.phone_digest == point.c.phone_digest,
        other.c.patient_id != point.c.patient_id,
        other.c.state != "wrong_person",
    )


def _labels_on(scope: ClinicScope, phone_digest: bytes) -> list[str]:
    """The labels that a phone is asked by already."""
    point = tables.contact_point
    chosen = select(point.c.label).where(point.c.clinic_id == scope.clinic_id, point.c.phone_digest == phone_digest)
    return list(scope.connection.execute(chosen).scalars())
