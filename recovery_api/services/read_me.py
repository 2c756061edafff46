"""Read what a patient may see of themselves: preferences and consents."""

from dataclasses import dataclass
from datetime import datetime, time
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import distinct_on

from recovery_api.db import ClinicScope
from recovery_api.models import tables


@dataclass(frozen=True, slots=True)
class Channels:
    """How the patient is reached: whether texts may be sent, and that the app is in use."""

    sms: bool
    app: bool


@dataclass(frozen=True, slots=True)
class ConsentRead:
    """The last word on one purpose and channel."""

    purpose: str
    channel: str
    granted: bool
    recorded_at: datetime


@dataclass(frozen=True, slots=True)
class Me:
    """A patient's own view of themselves."""

    id: UUID
    given_name: str
    language: str
    zone: str
    check_in_time: time | None
    channels: Channels
    consent: tuple[ConsentRead, ...]


def read_me(scope: ClinicScope, patient_id: UUID) -> Me:
    """The patient's preferences and consents."""
    patient, episode, plan = tables.patient, tables.episode, tables.care_plan
    row = scope.connection.execute(
        select(patient.c.id, patient.c.given_name_sealed, patient.c.language, patient.c.zone, plan.c.check_in_time)
        .outerjoin(
            episode,
            (episode.c.clinic_id == patient.c.clinic_id)
            & (episode.c.patient_id == patient.c.id)
            & (episode.c.status != "ended"),
        )
        .outerjoin(
            plan,
            (plan.c.clinic_id == episode.c.clinic_id)
            & (plan.c.episode_id == episode.c.id)
            & plan.c.replaced_at.is_(None),
        )
        .where(patient.c.clinic_id == scope.clinic_id, patient.c.id == patient_id)
        .order_by(episode.c.started_on.desc())
        .limit(1)
    ).one()
    return Me(
        id=row.id,
        given_name=scope.vault.open("patient.given_name", row.id, row.given_name_sealed),
        language=row.language,
        zone=row.zone,
        check_in_time=row.check_in_time,
        channels=Channels(sms=_takes_texts(scope, patient_id), app=True),
        consent=tuple(_consents(scope, patient_id)),
    )


def _takes_texts(scope: ClinicScope, patient_id: UUID) -> bool:
    point = tables.contact_point
    statement = select(point.c.id).where(
        point.c.clinic_id == scope.clinic_id, point.c.patient_id == patient_id, point.c.state == "active"
    )
    return scope.connection.execute(statement.limit(1)).first() is not None


def _consents(scope: ClinicScope, patient_id: UUID) -> list[ConsentRead]:
    consent = tables.consent
    rows = scope.connection.execute(
        select(consent.c.purpose, consent.c.channel, consent.c.granted, consent.c.recorded_at)
        .where(consent.c.clinic_id == scope.clinic_id, consent.c.patient_id == patient_id)
        .order_by(consent.c.purpose, consent.c.channel, consent.c.recorded_at.desc(), consent.c.id.desc())
        .ext(distinct_on(consent.c.purpose, consent.c.channel))
    )
    return [ConsentRead(row.purpose, row.channel, row.granted, row.recorded_at) for row in rows]
